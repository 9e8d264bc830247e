// The engine compiled for one instruction set; CMakeLists.txt gives this file its flags.
#define ELMAN_BUILD amx
#define ELMAN_VECTOR_BYTES 64
#include "functions.hpp"

const elman::Engine& elman::amx_engine() {
  static const Engine engine{"amx", amx::all_functions<float>};
  return engine;
}
