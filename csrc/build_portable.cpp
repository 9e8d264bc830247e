// The engine compiled for any processor, in float32 and, for checks, in float64.
#define ELMAN_BUILD portable
#define ELMAN_VECTOR_BYTES 16
#include "recurrence_build.hpp"

const elman::Engine& elman::portable_engine() {
  static const Engine engine{"portable", &portable::forward<float>, &portable::backward<float>};
  return engine;
}

void elman::forward(const Layout& layout, const Forward<double>& f) {
  portable::forward(layout, f);
}

void elman::backward(const Layout& layout, const Backward<double>& b) {
  portable::backward(layout, b);
}
