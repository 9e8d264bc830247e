// Numbers that remember what they were computed from, so that their gradients can be computed.
// Source: Griewank, Walther (2008), Evaluating Derivatives, chapter 3 (the reverse mode).
#pragma once

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <vector>

namespace elman::test {

class Number;
using Numbers = std::vector<Number>;

// All that was computed: of each number the numbers that it was made of, with the slopes.
struct Tape {
  struct Edge {
    int from;
    double slope;
  };
  std::vector<Edge> edges;
  std::vector<std::size_t> ends;  // of each number's edges

  void clear() {
    edges.clear();
    ends.clear();
  }
  void edge(int from, double slope) {
    if (from >= 0) edges.push_back({from, slope});
  }
  int end() {
    ends.push_back(edges.size());
    return static_cast<int>(ends.size()) - 1;
  }
};
inline Tape tape;

class Number {
 public:
  Number(double constant = 0) : value(constant), place(-1) {}
  Number(double result, std::initializer_list<Tape::Edge> made_of) : value(result) {
    for (const Tape::Edge& one : made_of) tape.edge(one.from, one.slope);
    place = tape.end();
  }
  static Number variable(double value) { return Number(value, {}); }

  double value;
  int place;  // on the tape; -1: a constant
};

inline Number operator+(const Number& a, const Number& b) {
  return {a.value + b.value, {{a.place, 1}, {b.place, 1}}};
}
inline Number operator-(const Number& a, const Number& b) {
  return {a.value - b.value, {{a.place, 1}, {b.place, -1}}};
}
inline Number operator*(const Number& a, const Number& b) {
  return {a.value * b.value, {{a.place, b.value}, {b.place, a.value}}};
}
inline Number operator/(const Number& a, const Number& b) {
  const double value = a.value / b.value;
  return {value, {{a.place, 1 / b.value}, {b.place, -value / b.value}}};
}
inline Number sqrt(const Number& a) {
  const double value = std::sqrt(a.value);
  return {value, {{a.place, 0.5 / value}}};
}

// a[0] b[0] + ... + a[count - 1] b[count - 1].
inline Number dot(const Number* a, const Number* b, std::size_t count) {
  Number sum;
  for (std::size_t n = 0; n < count; ++n) {
    sum.value += a[n].value * b[n].value;
    tape.edge(a[n].place, b[n].value);
    tape.edge(b[n].place, a[n].value);
  }
  sum.place = tape.end();
  return sum;
}

// The gradient of `of` with respect to every number on the tape; or, with `sizes`, what it would be
// if nothing in it cancelled, which is what its rounding is a share of.
inline std::vector<double> gradients(const Number& of, bool sizes = false) {
  std::vector<double> all(tape.ends.size());
  all[static_cast<std::size_t>(of.place)] = 1;
  for (std::size_t place = tape.ends.size(); place-- > 0;)
    for (std::size_t n = place ? tape.ends[place - 1] : 0; n < tape.ends[place]; ++n) {
      const double slope = tape.edges[n].slope;
      all[static_cast<std::size_t>(tape.edges[n].from)] +=
          all[place] * (sizes ? std::abs(slope) : slope);
    }
  return all;
}

}  // namespace elman::test
