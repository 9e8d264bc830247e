// Walks over the units of a row, a vector at a time.
#pragma once

#include <cstdint>

#include "vector.hpp"

namespace elman::ELMAN_BUILD {

using std::int64_t;

// Loads and stores of W units, or of the few that are left at the end of a row; what is loaded
// beyond them is 0.
template <typename S>
struct AllLanes {
  Vector<S> load(const S* from) const { return elman::ELMAN_BUILD::load(from); }
  void store(S* to, Vector<S> v) const { elman::ELMAN_BUILD::store(to, v); }
  Vector<S> only(Vector<S> v) const { return v; }
};
template <typename S>
struct FirstLanes {
  int count;
  Vector<S> load(const S* from) const { return load_first(from, count); }
  void store(S* to, Vector<S> v) const { store_first(to, v, count); }
  // The first lanes, the others 0.
  Vector<S> only(Vector<S> v) const {
    for (int lane = count; lane < W<S>; ++lane) v[lane] = 0;
    return v;
  }
};

// Calls body(lanes, u) for each vector of units, u being its first.
template <typename S, typename Body>
inline void over_units(int64_t H, const Body& body) {
  int64_t u = 0;
  for (; u + W<S> <= H; u += W<S>) body(AllLanes<S>{}, u);
  if (u < H) body(FirstLanes<S>{static_cast<int>(H - u)}, u);
}

// In pairs, which neither waits for each addition nor loses as much as a sum in a row.
template <typename S>
inline S sum_of(Vector<S> v) {
  S lanes[W<S>];
  store(lanes, v);
#pragma GCC unroll 4
  for (int half = W<S> / 2; half > 0; half /= 2)
#pragma GCC unroll 8
    for (int lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  return lanes[0];
}

// The sum of term(lanes, n) over the units, in four sums side by side, since one sum would wait for
// each addition.
template <typename S, typename Term>
inline S sum_over(int64_t count, const Term& term) {
  Vector<S> sums[4]{};
  int64_t n = 0;
  for (; n + 4 * W<S> <= count; n += 4 * W<S>)
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) sums[k] += term(AllLanes<S>{}, n + k * W<S>);
  over_units<S>(count - n, [&](auto lanes, int64_t rest) { sums[0] += term(lanes, n + rest); });
  return sum_of<S>((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

// to += from.
template <typename S>
inline void add(const S* from, int64_t count, S* to) {
  over_units<S>(count, [=](auto lanes, int64_t n) {
    lanes.store(to + n, lanes.load(to + n) + lanes.load(from + n));
  });
}

// to += a ⊙ b.
template <typename S>
inline void add_product(const S* a, const S* b, int64_t count, S* to) {
  over_units<S>(count, [=](auto lanes, int64_t n) {
    lanes.store(to + n, lanes.load(to + n) + lanes.load(a + n) * lanes.load(b + n));
  });
}

// to = a ⊙ b.
template <typename S>
inline void put_product(const S* a, const S* b, int64_t count, S* to) {
  over_units<S>(count, [=](auto lanes, int64_t n) {
    lanes.store(to + n, lanes.load(a + n) * lanes.load(b + n));
  });
}

}  // namespace elman::ELMAN_BUILD
