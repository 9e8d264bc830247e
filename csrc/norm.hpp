// Layer normalisation of one row, and its derivative.
// Source: Ba, Kiros, Hinton (2016), arXiv:1607.06450, equation 3.
#pragma once

#include <cmath>
#include <cstdint>

#include "units.hpp"
#include "vector.hpp"

namespace elman::ELMAN_BUILD {

using std::int64_t;

// That of src/elman/cells/sums.py, JOINT_EPSILON.
constexpr double norm_epsilon = 1e-5;

// Gives use(lanes, n, normed) (a - mean) · scale of each unit of a row, when a is no longer read
// there; returns the scale, 1 / √(variance + ε).
template <typename S, typename Use>
S normalise(const S* a, int64_t count, const Use& use) {
  const auto value = [=](auto lanes, int64_t n) { return lanes.load(a + n); };
  const S mean = sum_over<S>(count, value) / static_cast<S>(count);
  const auto square = [=](auto lanes, int64_t n) {
    const Vector<S> d = lanes.only(lanes.load(a + n) - mean);
    return d * d;
  };
  const S variance = sum_over<S>(count, square) / static_cast<S>(count);
  const S scale = 1 / std::sqrt(variance + static_cast<S>(norm_epsilon));
  over_units<S>(count, [&](auto lanes, int64_t n) {
    use(lanes, n, (lanes.load(a + n) - mean) * scale);
  });
  return scale;
}

// The gradient d of a row, from that of its normalised row a, which d_a(lanes, n, a_n) gives of each
// unit once: (d_a - mean d_a - a · mean(d_a ⊙ a)) · scale.
template <typename S, typename Of>
void through_norm(const S* a, S scale, int64_t count, const Of& d_a, S* d) {
  Vector<S> total{}, along{};
  over_units<S>(count, [&](auto lanes, int64_t n) {
    const Vector<S> a_n = lanes.load(a + n), d_n = d_a(lanes, n, a_n);
    lanes.store(d + n, d_n);
    total += lanes.only(d_n);
    along += lanes.only(d_n * a_n);
  });
  const S mean = sum_of<S>(total) / static_cast<S>(count), share = sum_of<S>(along) / static_cast<S>(count);
  over_units<S>(count, [&](auto lanes, int64_t n) {
    lanes.store(d + n, (lanes.load(d + n) - mean - lanes.load(a + n) * share) * scale);
  });
}

// The gradients of b + gain ⊙ a, a being the normalised row, from that of the sum: of gain and b,
// which are added to what is there, and d of the row itself. d may be d_sum.
template <typename S>
void through_gain_and_norm(const S* a, S scale, const S* gain, int64_t count, const S* d_sum,
                           S* d_gain, S* d_b, S* d) {
  const auto d_a = [=](auto lanes, int64_t n, Vector<S> a_n) {
    const Vector<S> d_n = lanes.load(d_sum + n);
    lanes.store(d_gain + n, lanes.load(d_gain + n) + d_n * a_n);
    lanes.store(d_b + n, lanes.load(d_b + n) + d_n);
    return d_n * lanes.load(gain + n);
  };
  through_norm(a, scale, count, d_a, d);
}

}  // namespace elman::ELMAN_BUILD
