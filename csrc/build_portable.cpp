// The engine compiled for any processor, in float32 and, for checks, in float64.
#define ELMAN_BUILD portable
#define ELMAN_VECTOR_BYTES 16
#include "functions.hpp"

const elman::Engine& elman::portable_engine() {
  static const Engine engine{"portable", portable::all_functions<float>};
  return engine;
}

template <>
const elman::Functions<double>& elman::functions<double>() {
  return portable::all_functions<double>;
}
