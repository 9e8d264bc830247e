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

template <typename S>
inline S sum_of(Vector<S> v) {
  S sum = 0;
  for (int lane = 0; lane < W<S>; ++lane) sum += v[lane];
  return sum;
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
