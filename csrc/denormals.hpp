// Numbers near 0 that the processor is slow with count as 0 while this lives.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace elman {

class FlushedDenormals {
 public:
  FlushedDenormals() noexcept {
#if defined(__SSE2__)
    before_ = _mm_getcsr();
    _mm_setcsr(static_cast<unsigned>(before_) | 0x8040u);  // flush to zero, denormals are zero
#elif defined(__aarch64__)
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" : : "r"(before_ | 1u << 24) : "memory");  // flush to zero
#endif
  }
  ~FlushedDenormals() {
#if defined(__SSE2__)
    _mm_setcsr(static_cast<unsigned>(before_));
#elif defined(__aarch64__)
    asm volatile("msr fpcr, %0" : : "r"(before_) : "memory");
#endif
  }
  FlushedDenormals(const FlushedDenormals&) = delete;
  FlushedDenormals& operator=(const FlushedDenormals&) = delete;

 private:
  std::uint64_t before_ = 0;
};

}  // namespace elman
