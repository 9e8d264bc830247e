// Vectors of S as the compiler's own vector types, so that one source serves every instruction set.
// ELMAN_VECTOR_BYTES is the width of a register of the build: 64 (AVX-512), 32 (AVX2), 16 (others).
#pragma once

#if ELMAN_VECTOR_BYTES > 16
#include <immintrin.h>
#endif

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace elman::ELMAN_BUILD {

template <typename S>
struct VectorOf {
  typedef S type __attribute__((vector_size(ELMAN_VECTOR_BYTES)));
};

template <typename S>
using Vector = typename VectorOf<S>::type;

// Lanes of a vector.
template <typename S>
constexpr int W = ELMAN_VECTOR_BYTES / static_cast<int>(sizeof(S));

template <typename S>
inline Vector<S> load(const S* from) {
  Vector<S> v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <typename S>
inline void store(S* to, Vector<S> v) {
  std::memcpy(to, &v, sizeof v);
}

// The first `count` lanes; the others are 0.
template <typename S>
inline Vector<S> load_first(const S* from, int count) {
  if (count >= W<S>) return load(from);
  Vector<S> v{};
  std::memcpy(&v, from, static_cast<size_t>(count) * sizeof(S));
  return v;
}

template <typename S>
inline void store_first(S* to, Vector<S> v, int count) {
  if (count >= W<S>) {
    store(to, v);
  } else {
    std::memcpy(to, &v, static_cast<size_t>(count) * sizeof(S));
  }
}

// x held between -limit and limit; NaN stays NaN.
inline Vector<float> held(Vector<float> x, float limit) {
#if ELMAN_VECTOR_BYTES == 64
  // Masked with all lanes: GCC 12 calls the plain forms uninitialised (its bug 105593).
  const __mmask16 all = 0xffff;
  const __m512 below = _mm512_maskz_min_ps(all, _mm512_set1_ps(limit), x);
  return _mm512_maskz_max_ps(all, _mm512_set1_ps(-limit), below);
#elif ELMAN_VECTOR_BYTES == 32
  return _mm256_max_ps(_mm256_set1_ps(-limit), _mm256_min_ps(_mm256_set1_ps(limit), x));
#else
  x = x > limit ? limit - Vector<float>{} : x;
  return x < -limit ? -limit - Vector<float>{} : x;
#endif
}

// e^x = scale · (1 + rest), scale being a power of 2 and rest = e^r - 1 with |r| ≤ ½ ln 2, by a
// polynomial whose relative error is 1.3e-8. For |x| ≤ 87. NaN makes rest NaN.
// Source of the reduction: Cody, Waite (1980), Software Manual for the Elementary Functions, ch. 6.
struct Power {
  Vector<float> scale, rest;
};
inline Power power(Vector<float> x) {
  // Adding 1.5 · 2^23 rounds to a whole number, which then stands in the lowest bits.
  const Vector<float> shifted = x * 1.44269504088896341f + 12582912.0f;
  const Vector<float> n = shifted - 12582912.0f;
  const Vector<float> r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  Vector<float> p = r * 1.3882515486e-3f + 8.3665475249e-3f;
  p = p * r + 4.1667200625e-2f;
  p = p * r + 1.6666543484e-1f;
  p = p * r + 4.9999997020e-1f;
  typedef Vector<std::uint32_t> Bits;  // signed, those of NaN would overflow
  const Bits scale = (reinterpret_cast<Bits>(shifted) << 23) + 0x3f800000u;
  return {reinterpret_cast<Vector<float>>(scale), p * (r * r) + r};
}

// tanh x = (e^2x - 1) / (e^2x + 1), the numerator without cancellation near 0. Error under 3 units
// in the last place; beyond ±9.02 the result rounds to ±1.
inline Vector<float> tanh(Vector<float> x) {
  const Power e = power(held(x + x, 18.1f));
  const Vector<float> numerator = e.scale * e.rest + (e.scale - 1.0f);
  return numerator / (numerator + 2.0f);
}

// For double, which serves checks: the library's, lane by lane.
inline Vector<double> tanh(Vector<double> x) {
  for (int lane = 0; lane < W<double>; ++lane) x[lane] = std::tanh(x[lane]);
  return x;
}

// σ(x) = 1 / (1 + e^-x)
inline Vector<float> sigmoid(Vector<float> x) {
  const Power e = power(held(-x, 87.0f));
  return 1.0f / (e.scale * e.rest + (e.scale + 1.0f));
}
inline Vector<double> sigmoid(Vector<double> x) {
  for (int lane = 0; lane < W<double>; ++lane) x[lane] = 1.0 / (1.0 + std::exp(-x[lane]));
  return x;
}

// NaN stays NaN.
template <typename V>
inline V relu(V x) {
  return x < 0 ? V{} : x;
}

}  // namespace elman::ELMAN_BUILD
