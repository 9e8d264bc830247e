#include "processor.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace elman {

#if defined(__x86_64__)
namespace {

// Linux saves the tiles' registers for processes that have asked for it (since 5.16).
bool tiles_are_granted() noexcept {
#if defined(SYS_arch_prctl)
  constexpr long request = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request, tile_data) == 0;
#else
  return false;
#endif
}

}  // namespace
#endif

ProcessorFeatures processor_features() noexcept {
#if defined(__x86_64__)
  // The compiler's run-time also asks whether the operating system saves the wide registers.
  __builtin_cpu_init();
  return {
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"),
      static_cast<bool>(__builtin_cpu_supports("avx512f")),
      static_cast<bool>(__builtin_cpu_supports("avx512bf16")),
      __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") &&
          tiles_are_granted(),
  };
#else
  return {false, false, false, false};
#endif
}

}  // namespace elman
