// Chooses the build of the engine at run time, by what the processor says.
#include <algorithm>
#include <atomic>

#include "processor.hpp"
#include "recurrence.hpp"

namespace elman {

Builds builds() {
  Builds found{};
#if defined(__x86_64__)
  const ProcessorFeatures features = processor_features();
  if (features.avx512f) found.engine[found.count++] = &avx512_engine();
  if (features.avx2) found.engine[found.count++] = &avx2_engine();
#endif
  found.engine[found.count++] = &portable_engine();
  return found;
}

namespace {

std::atomic<const Engine*>& current() {
  static std::atomic<const Engine*> engine{builds().engine[0]};
  return engine;
}

}  // namespace

void choose(const Engine& engine) { current() = &engine; }
const Engine& chosen() { return *current().load(); }

template <>
const Functions<float>& functions<float>() {
  return chosen().functions;
}

template <typename S>
void states_before(const Layout& L, const S* y, std::int64_t y_stride, const S* h_0, S* to) {
  for (std::int64_t t = 0; t < L.T; ++t) {
    const std::int64_t previous = L.reverse ? t + 1 : t - 1;
    const bool inside = previous >= 0 && previous < L.T;
    const std::int64_t begun = inside ? std::min(L.alive[t], L.alive[previous]) : 0;
    for (std::int64_t row = 0; row < L.alive[t]; ++row) {
      const S* from = row < begun ? y + (L.start[previous] + row) * y_stride : h_0 + row * L.H;
      std::copy_n(from, L.H, to + (L.start[t] + row) * L.H);
    }
  }
}

template void states_before(const Layout&, const float*, std::int64_t, const float*, float*);
template void states_before(const Layout&, const double*, std::int64_t, const double*, double*);

}  // namespace elman
