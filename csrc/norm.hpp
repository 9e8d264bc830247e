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

// (a - mean) · scale in place of a; returns the scale, 1 / √(variance + ε).
template <typename S>
S normalise(S* a, int64_t count) {
  Vector<S> total{};
  over_units<S>(count, [&](auto lanes, int64_t n) { total += lanes.load(a + n); });
  const S mean = sum_of<S>(total) / static_cast<S>(count);
  Vector<S> squares{};
  over_units<S>(count, [&](auto lanes, int64_t n) {
    const Vector<S> d = lanes.only(lanes.load(a + n) - mean);
    squares += d * d;
  });
  const S variance = sum_of<S>(squares) / static_cast<S>(count);
  const S scale = 1 / std::sqrt(variance + static_cast<S>(norm_epsilon));
  over_units<S>(count, [&](auto lanes, int64_t n) {
    lanes.store(a + n, (lanes.load(a + n) - mean) * scale);
  });
  return scale;
}

// From the gradient of the normalised row that of the row itself: (d - mean d - a · mean(d ⊙ a)) ·
// scale, a being the normalised row.
template <typename S>
void through_norm(const S* a, S scale, int64_t count, S* d) {
  Vector<S> total{}, along{};
  over_units<S>(count, [&](auto lanes, int64_t n) {
    total += lanes.load(d + n);
    along += lanes.load(d + n) * lanes.load(a + n);
  });
  const S mean = sum_of<S>(total) / static_cast<S>(count), share = sum_of<S>(along) / static_cast<S>(count);
  over_units<S>(count, [&](auto lanes, int64_t n) {
    lanes.store(d + n, (lanes.load(d + n) - mean - lanes.load(a + n) * share) * scale);
  });
}

}  // namespace elman::ELMAN_BUILD
