#include "naive.hpp"

#include <algorithm>
#include <cmath>

#include "tape.hpp"

namespace elman::test {
namespace {

using std::size_t;

size_t at(int64_t n) { return static_cast<size_t>(n); }

Number function_of(const Activation& f, const Number& a) {
  switch (f.function) {
    case Function::tanh: {
      const double value = std::tanh(a.value);
      return {value, {{a.place, 1 - value * value}}};
    }
    case Function::sigmoid: {
      const double value = 1 / (1 + std::exp(-a.value));
      return {value, {{a.place, value * (1 - value)}}};
    }
    case Function::relu: return a.value > 0 ? a : Number();
    default: {
      const Number line = f.alpha * a + f.beta;
      return line.value <= 0 ? Number() : line.value >= 1 ? Number(1) : line;
    }
  }
}

Number clipped(const Number& a, double clip) {
  return clip == 0 || std::abs(a.value) < clip ? a : Number(std::copysign(clip, a.value));
}

// (a - mean) / √(variance + ε).
Numbers normalised(const Numbers& a) {
  const double count = static_cast<double>(a.size());
  Number mean, variance;
  for (const Number& one : a) mean = mean + one / count;
  for (const Number& one : a) variance = variance + (one - mean) * (one - mean) / count;
  Numbers normal;
  for (const Number& one : a) normal.push_back((one - mean) / sqrt(variance + 1e-5));
  return normal;
}

// The nearest of the numbers with 8 binary digits, ties to even; the gradient passes unchanged.
Number rounded(const Number& a) {
  int exponent;
  const double digits = std::frexp(a.value, &exponent);
  return {std::ldexp(std::nearbyint(std::ldexp(digits, 8)), exponent - 8), {{a.place, 1}}};
}

struct State {
  Numbers h, c;
};

class Naive {
 public:
  Naive(const Case& of, const Problem& with) : c(of), problem(with) {
    for (int name = 0; name < inputs; ++name)
      for (double value : problem.input[name]) in[name].push_back(Number::variable(value));
    W_ = operands(in[W]), R_ = operands(in[R]), projection_ = operands(in[projection]);
  }

  Results run() {
    Results results;
    results.y.resize(problem.d_y.size());
    Number loss;
    for (int64_t row = 0; row < c.B(); ++row) {
      State state = initial(row, h_0, c_0);
      const int64_t length = c.lengths[at(row)];
      for (int64_t n = 0; n < length; ++n) {
        const int64_t position = problem.start[at(c.reverse ? length - 1 - n : n)] + row;
        state = next(row, position, state);
        add_to(loss, state.h, problem.d_y, position * c.P());
        for (int64_t u = 0; u < c.P(); ++u)
          results.y[at(position * c.P() + u)] = state.h[at(u)].value;
      }
      add_to(loss, state.h, problem.d_h_n, row * c.P());
      add_to(loss, state.c, problem.d_c_n, row * c.H);
      for (const Number& one : state.h) results.h_n.push_back(one.value);
      for (const Number& one : state.c) results.c_n.push_back(one.value);
    }
    results.loss = loss.value;
    const std::vector<double> all = gradients(loss), sizes = gradients(loss, true);
    for (int name = 0; name < inputs; ++name)
      for (const Number& one : in[name]) {
        results.gradient[name].push_back(all[at(one.place)]);
        results.size[name] = std::max(results.size[name], sizes[at(one.place)]);
      }
    return results;
  }

 private:
  static void add_to(Number& loss, const Numbers& part, const std::vector<double>& d, int64_t from) {
    for (size_t u = 0; u < part.size(); ++u) loss = loss + d[at(from) + u] * part[u];
  }

  // As products take them.
  Numbers operands(const Numbers& numbers) const {
    Numbers all = numbers;
    if (c.precision == Precision::bf16)
      for (Number& one : all) one = rounded(one);
    return all;
  }

  // Rows from `first` of matrix · v.
  Numbers product(const Numbers& matrix, int64_t first, int64_t rows, const Numbers& v) const {
    const Numbers right = operands(v);
    Numbers all;
    for (int64_t row = first; row < first + rows; ++row)
      all.push_back(dot(&matrix[at(row) * v.size()], right.data(), v.size()));
    return all;
  }

  // Of a product: γ ⊙ LN(product) + b, or without a norm product + b; from row `first` of b on.
  Numbers sum(Numbers product, Input gain, Input bias, int64_t first = 0) const {
    if (c.cell.norm) {
      product = normalised(product);
      for (size_t n = 0; n < product.size(); ++n) product[n] = in[gain][n] * product[n];
    }
    if (c.bias)
      for (size_t n = 0; n < product.size(); ++n) product[n] = product[n] + in[bias][at(first) + n];
    return product;
  }

  State initial(int64_t row, Input h, Input c_) const {
    const auto part = [&](const Numbers& all, int64_t width) {
      return all.empty() ? Numbers()
                         : Numbers(&all[at(row * width)], &all[at(row * width)] + width);
    };
    return {part(in[h], c.P()), part(in[c_], c.H)};
  }

  State next(int64_t row, int64_t position, State state) const {
    if (c.resets && problem.resets[at(position)])
      state = c.restart ? initial(row, h_restart, c_restart) : initial(row, h_0, c_0);
    Numbers seen = state.h;
    if (c.mask)
      for (int64_t u = 0; u < c.P(); ++u) seen[at(u)] = seen[at(u)] * problem.mask[at(row * c.P() + u)];
    const auto from = in[x].begin() + position * c.I;
    const Numbers Wx = sum(product(W_, 0, c.cell.gates() * c.H, Numbers(from, from + c.I)), norm_ih, b);
    State after = c.cell.kind == Kind::rnn    ? rnn(Wx, seen)
                  : c.cell.kind == Kind::lstm ? lstm(Wx, seen, state)
                                              : gru(Wx, seen, state);
    mix(problem.kept_h, position, state.h, after.h);
    mix(problem.kept_c, position, state.c, after.c);
    return after;
  }

  void mix(const std::vector<double>& kept, int64_t position, const Numbers& old, Numbers& part) const {
    if (kept.empty()) return;
    for (size_t u = 0; u < part.size(); ++u) {
      const double k = kept[c.zoneout == Zoneout::each_step ? at(position) * part.size() + u : u];
      part[u] = k * old[u] + (1 - k) * part[u];
    }
  }

  Number gate(const Number& a) const { return function_of(c.cell.gate, clipped(a, c.cell.clip)); }
  Number candidate(const Number& a) const {
    return function_of(c.cell.candidate, clipped(a, c.cell.clip));
  }
  Numbers recurrent(const Numbers& seen) const {
    return sum(product(R_, 0, c.cell.gates() * c.H, seen), norm_hh, b_);
  }

  State rnn(const Numbers& Wx, const Numbers& seen) const {
    const Numbers Rh = recurrent(seen);
    State after;
    for (size_t u = 0; u < at(c.H); ++u) after.h.push_back(candidate(Wx[u] + Rh[u]));
    return after;
  }

  State lstm(const Numbers& Wx, const Numbers& seen, const State& state) const {
    const Numbers Rh = recurrent(seen);
    const size_t H = at(c.H);
    const auto peep = [&](size_t block, size_t u, const Number& c_) {
      return c.cell.peephole ? in[peephole][block * H + u] * c_ : Number();
    };
    State after;
    Numbers o;
    for (size_t u = 0; u < H; ++u) {
      const Number i = gate(Wx[u] + Rh[u] + peep(0, u, state.c[u]));
      const Number f = c.cell.coupled ? Number(1) - i
                                      : gate(Wx[H + u] + Rh[H + u] + peep(1, u, state.c[u]));
      const Number g = candidate(Wx[2 * H + u] + Rh[2 * H + u]);
      after.c.push_back(f * state.c[u] + i * g);
      o.push_back(gate(Wx[3 * H + u] + Rh[3 * H + u] + peep(2, u, after.c[u])));
    }
    Numbers inner = c.cell.norm ? normalised(after.c) : after.c;
    for (size_t u = 0; u < H; ++u) {
      if (c.cell.norm) inner[u] = in[norm_c][u] * inner[u] + in[norm_c_bias][u];
      after.h.push_back(o[u] * function_of(c.cell.state, inner[u]));
    }
    if (c.projection) after.h = product(projection_, 0, c.P(), after.h);
    return after;
  }

  State gru(const Numbers& Wx, const Numbers& seen, const State& state) const {
    const size_t H = at(c.H);
    const bool reset_after = c.cell.kind == Kind::gru_after;
    const Numbers Rh = reset_after ? recurrent(seen) : sum(product(R_, 0, 2 * c.H, seen), norm_hh, b_);
    Numbers r, z, inner;
    for (size_t u = 0; u < H; ++u) {
      r.push_back(gate(Wx[u] + Rh[u]));
      z.push_back(gate(Wx[H + u] + Rh[H + u]));
      inner.push_back(reset_after ? r[u] * Rh[2 * H + u] : r[u] * seen[u]);
    }
    if (!reset_after) inner = sum(product(R_, 2 * c.H, c.H, inner), norm_hh, b_, 2 * c.H);
    State after;
    for (size_t u = 0; u < H; ++u) {
      const Number n = candidate(Wx[2 * H + u] + inner[u]);
      after.h.push_back((Number(1) - z[u]) * n + z[u] * state.h[u]);
    }
    return after;
  }

  const Case& c;
  const Problem& problem;
  Numbers in[inputs], W_, R_, projection_;
};

}  // namespace

Results naive(const Case& c, const Problem& problem) {
  tape.clear();
  return Naive(c, problem).run();
}

}  // namespace elman::test
