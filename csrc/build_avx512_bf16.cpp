// The engine compiled for one instruction set; CMakeLists.txt gives this file its flags.
#define ELMAN_BUILD avx512_bf16
#define ELMAN_VECTOR_BYTES 64
#include "functions.hpp"

const elman::Engine& elman::avx512_bf16_engine() {
  static const Engine engine{"avx512_bf16", avx512_bf16::all_functions<float>};
  return engine;
}
