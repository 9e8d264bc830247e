// Chooses the build of the engine at run time, by what the processor says.
#include <atomic>

#include "processor.hpp"
#include "recurrence.hpp"

namespace elman {

Builds builds() {
  Builds found{};
#if defined(__x86_64__)
  const ProcessorFeatures features = processor_features();
  const bool bf16 = features.avx512f && features.avx512_bf16;
  if (bf16 && features.amx_bf16) found.engine[found.count++] = &amx_engine();
  if (bf16) found.engine[found.count++] = &avx512_bf16_engine();
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

}  // namespace elman
