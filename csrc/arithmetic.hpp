// The two ways to multiply: in the numbers' own type, or with operands rounded to bfloat16.
//
// An operand is what a register tile multiplies: one number, or two neighbouring bfloat16 numbers
// in one 32-bit word (the first in the low half), both of which one instruction multiplies and adds.
// Where AMX multiplies, a row's operands are filled up to whole tiles with 0.
#pragma once

#include <cstdint>
#include <cstring>

#include "vector.hpp"

namespace elman::ELMAN_BUILD {

template <typename S>
struct Full {
  using Sum = S;
  using Operand = S;
  static constexpr int numbers = 1;  // in one operand
  static constexpr int step = 1;     // a row has a multiple of so many operands
  static constexpr bool tiled = false;

  static Vector<S> multiply_add(S a, Vector<S> b, Vector<S> sum) { return sum + a * b; }

  // W operands from W numbers.
  static Vector<S> operands(const S* from) { return load(from); }
  static S operand(S first, S) { return first; }
};

struct Bf16 {
  using Sum = float;
  using Operand = std::uint32_t;
  static constexpr int numbers = 2;
#if defined(__AMX_BF16__)
  static constexpr int step = 16;
  static constexpr bool tiled = true;
#else
  static constexpr int step = 1;
  static constexpr bool tiled = false;
#endif

  static Vector<float> multiply_add(Operand a, Vector<Operand> b, Vector<float> sum) {
#if defined(__AVX512BF16__)
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(a))),
                            reinterpret_cast<__m512bh>(b));
#else
    return sum + number(a << 16) * reinterpret_cast<Vector<float>>(b << 16) +
           number(a & 0xffff0000u) * reinterpret_cast<Vector<float>>(b & 0xffff0000u);
#endif
  }

  // W operands from 2 W numbers.
  static Vector<Operand> operands(const float* from) {
#if defined(__AVX512BF16__)
    return reinterpret_cast<Vector<Operand>>(
        _mm512_cvtne2ps_pbh(load(from + W<float>), load(from)));
#else
    Vector<Operand> all;
    for (int lane = 0; lane < W<float>; ++lane)
      all[lane] = operand(from[2 * lane], from[2 * lane + 1]);
    return all;
#endif
  }
  static Operand operand(float first, float second) {
    return rounded(first) | rounded(second) << 16;
  }

  static Vector<Operand> operands(Vector<float> first, Vector<float> second) {
    return rounded(first) | rounded(second) << 16;
  }

 private:
  // The nearest bfloat16, ties to even.
  static Operand rounded(float x) {
    Operand bits;
    std::memcpy(&bits, &x, sizeof bits);
    return x != x ? 0x7fc0u : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  }
  static Vector<Operand> rounded(Vector<float> x) {
    const auto bits = reinterpret_cast<Vector<Operand>>(x);
    const Vector<Operand> nearest = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    return x != x ? Vector<Operand>{} + 0x7fc0u : nearest;
  }
  static float number(Operand bits) {
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
  }
};

// Operands of a row that holds K numbers.
template <typename A>
constexpr std::int64_t operands_of(std::int64_t K) {
  constexpr std::int64_t numbers = A::step * A::numbers;
  return (K + numbers - 1) / numbers * A::step;
}

// K numbers as a row of operands, filled up with 0.
template <typename A>
inline void convert(const typename A::Sum* from, std::int64_t K, typename A::Operand* to) {
  using S = typename A::Sum;
  constexpr int n = A::numbers;
  std::int64_t k = 0;
  for (; k + n * W<S> <= K; k += n * W<S>) store(to + k / n, A::operands(from + k));
  for (; k < K; k += n) to[k / n] = A::operand(from[k], k + 1 < K ? from[k + 1] : S{});
  if constexpr (A::step > 1)
    for (; k < operands_of<A>(K) * n; k += n) to[k / n] = 0;
}

// Two rows of numbers side by side as one row of operands, in scratch; `second` counts as 0 when it
// is null. Where an operand is one number, that is the first row as it lies.
template <typename A>
inline const typename A::Operand* join(const typename A::Sum* first, const typename A::Sum* second,
                                       std::int64_t count, typename A::Operand* scratch) {
  using S = typename A::Sum;
  if constexpr (A::numbers == 1) {
    return first;
  } else {
    std::int64_t n = 0;
    for (; n + W<S> <= count; n += W<S>)
      store(scratch + n, A::operands(load(first + n), second ? load(second + n) : Vector<S>{}));
    for (; n < count; ++n) scratch[n] = A::operand(first[n], second ? second[n] : S{});
    return scratch;
  }
}

}  // namespace elman::ELMAN_BUILD
