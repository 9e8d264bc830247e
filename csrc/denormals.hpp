// Numbers near 0 that the processor is slow with count as 0 while this lives.
#pragma once

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace elman {

class FlushedDenormals {
 public:
  FlushedDenormals() noexcept {
#if defined(__SSE2__)
    before_ = _mm_getcsr();
    _mm_setcsr(before_ | 0x8040u);  // flush to zero, denormals are zero
#endif
  }
  ~FlushedDenormals() {
#if defined(__SSE2__)
    _mm_setcsr(before_);
#endif
  }
  FlushedDenormals(const FlushedDenormals&) = delete;
  FlushedDenormals& operator=(const FlushedDenormals&) = delete;

 private:
  unsigned before_ = 0;
};

}  // namespace elman
