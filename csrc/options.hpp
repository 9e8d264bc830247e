// What a cell may do beyond its plain form. `Plain` and `Normed` have it decided when they are
// compiled, so that no function is asked for at run time; `Variant` asks for all.
#pragma once

#include <type_traits>

#include "recurrence.hpp"
#include "vector.hpp"

namespace elman::ELMAN_BUILD {

// A vector of one number.
template <typename V>
inline V all(double x) {
  return V{} + static_cast<std::decay_t<decltype(V{}[0])>>(x);
}

template <typename V>
inline V value_of(const Activation& a, V x) {
  switch (a.function) {
    case Function::tanh: return tanh(x);
    case Function::sigmoid: return sigmoid(x);
    case Function::relu: return relu(x);
    default: {
      x = all<V>(a.alpha) * x + all<V>(a.beta);
      return x < 0 ? V{} : x > 1 ? all<V>(1) : x;
    }
  }
}

// The derivative of a function, from its value.
template <typename V>
inline V slope_of(const Activation& a, V y) {
  switch (a.function) {
    case Function::tanh: return 1 - y * y;
    case Function::sigmoid: return y * (1 - y);
    case Function::relu: return y > 0 ? all<V>(1) : V{};
    default: return (y > 0) & (y < 1) ? all<V>(a.alpha) : V{};
  }
}

struct Plain {
  static constexpr bool varied = false, peephole = false, coupled = false, norm = false;

  explicit Plain(const Cell&) {}

  template <typename V> V gate(V a) const { return sigmoid(a); }
  template <typename V> V candidate(V a) const { return tanh(a); }
  template <typename V> V state(V c) const { return tanh(c); }
  template <typename V> V gate_slope(V y) const { return y * (1 - y); }
  template <typename V> V candidate_slope(V y) const { return 1 - y * y; }
  template <typename V> V state_slope(V y) const { return 1 - y * y; }
};

// The plain cell with the joint norm, and with what a call may bring along (zoneout).
struct Normed : Plain {
  static constexpr bool varied = true, norm = true;

  using Plain::Plain;
};

struct Variant {
  static constexpr bool varied = true;
  const Cell cell;
  const bool peephole, coupled, norm;

  explicit Variant(const Cell& c)
      : cell(c), peephole(c.peephole), coupled(c.coupled), norm(c.norm) {}

  template <typename V> V gate(V a) const { return value_of(cell.gate, clipped(a)); }
  template <typename V> V candidate(V a) const { return value_of(cell.candidate, clipped(a)); }
  template <typename V> V state(V c) const { return value_of(cell.state, c); }
  template <typename V> V gate_slope(V y) const { return slope(cell.gate, y); }
  template <typename V> V candidate_slope(V y) const { return slope(cell.candidate, y); }
  template <typename V> V state_slope(V y) const { return slope_of(cell.state, y); }

 private:
  template <typename V> V clipped(V a) const {
    if (cell.clip == 0) return a;
    const V high = all<V>(cell.clip), low = all<V>(-cell.clip);
    a = a > high ? high : a;
    return a < low ? low : a;
  }

  // 0 where the sum was clipped: the functions rise, or a hard sigmoid of negative alpha falls, so
  // those are the values beyond clip's own.
  template <typename V> V slope(const Activation& a, V y) const {
    const V s = slope_of(a, y);
    if (cell.clip == 0) return s;
    const V high = value_of(a, all<V>(cell.clip)), low = value_of(a, all<V>(-cell.clip));
    return ((y < high) & (y > low)) | ((y > high) & (y < low)) ? s : V{};
  }
};

}  // namespace elman::ELMAN_BUILD
