// Vectors of S as the compiler's own vector types, so that one source serves every instruction set.
// ELMAN_VECTOR_BYTES is the width of a register of the build: 64 (AVX-512), 32 (AVX2), 16 (others).
#pragma once

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

// e^x for float, by 2^n · e^r with |r| ≤ ½ ln 2 and a polynomial for e^r; error under 1 unit in the
// last place. Beyond ±87 the argument is held there. NaN gives an unspecified number.
// Source of method and coefficients: Moshier, Cephes, expf.
inline Vector<float> exp(Vector<float> x) {
  x = x > 87.0f ? 87.0f - Vector<float>{} : x;
  x = x < -87.0f ? -87.0f - Vector<float>{} : x;
  // Adding 1.5 · 2^23 rounds to a whole number, which then stands in the lowest bits.
  const Vector<float> shifted = x * 1.44269504088896341f + 12582912.0f;
  const Vector<float> n = shifted - 12582912.0f;
  const Vector<float> r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  Vector<float> p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  return reinterpret_cast<Vector<float>>(reinterpret_cast<Vector<std::int32_t>>(p) +
                                         (reinterpret_cast<Vector<std::int32_t>>(shifted) << 23));
}

// tanh for float: near 0 a polynomial, elsewhere (1 - e^-2|x|) / (1 + e^-2|x|). Error under 2 units
// in the last place. Source of the polynomial: Moshier, Cephes, tanhf.
inline Vector<float> tanh(Vector<float> x) {
  const Vector<float> s = x * x;
  Vector<float> p = s * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * s + -5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s + -3.33332819422e-1f;
  const Vector<float> size = x < 0 ? -x : x;
  const Vector<float> t = exp(size * -2.0f);
  const Vector<float> far = (1.0f - t) / (1.0f + t);
  const Vector<float> near = p * s * x + x;
  return (size < 0.625f) | (x != x) ? near : (x < 0 ? -far : far);
}

// For double, which serves checks: the library's, lane by lane.
inline Vector<double> tanh(Vector<double> x) {
  for (int lane = 0; lane < W<double>; ++lane) x[lane] = std::tanh(x[lane]);
  return x;
}

// σ(x) = 1 / (1 + e^-x), NaN stays NaN
inline Vector<float> sigmoid(Vector<float> x) {
  const Vector<float> y = 1.0f / (1.0f + exp(-x));
  return x != x ? x : y;
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
