// The engine compiled for one instruction set; CMakeLists.txt gives this file its flags.
#define ELMAN_BUILD avx2
#define ELMAN_VECTOR_BYTES 32
#include "functions.hpp"

const elman::Engine& elman::avx2_engine() {
  static const Engine engine{"avx2", avx2::all_functions<float>};
  return engine;
}
