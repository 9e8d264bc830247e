// The engine compiled for one instruction set; CMakeLists.txt gives this file its flags.
#define ELMAN_BUILD avx512
#define ELMAN_VECTOR_BYTES 64
#include "functions.hpp"

const elman::Engine& elman::avx512_engine() {
  static const Engine engine{"avx512", avx512::all_functions<float>};
  return engine;
}
