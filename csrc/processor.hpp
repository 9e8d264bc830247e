// What the processor we run on can do. Asked at run time, so that one build serves every machine.
#pragma once

namespace elman {

struct ProcessorFeatures {
  bool avx2;         // AVX2 and FMA, which no processor has one of without the other
  bool avx512f;      // AVX-512 Foundation
  bool avx512_bf16;  // bfloat16 dot products
  bool amx_bf16;     // bfloat16 tiles, which the operating system has let this process use
};

// All false on a processor that is not x86-64.
ProcessorFeatures processor_features() noexcept;

}  // namespace elman
