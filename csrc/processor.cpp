#include "processor.hpp"

namespace elman {

ProcessorFeatures processor_features() noexcept {
#if defined(__x86_64__)
  // The compiler's run-time also asks whether the operating system saves the wide registers.
  __builtin_cpu_init();
  return {
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"),
      static_cast<bool>(__builtin_cpu_supports("avx512f")),
      static_cast<bool>(__builtin_cpu_supports("avx512bf16")),
  };
#else
  return {false, false, false};
#endif
}

}  // namespace elman
