// The backward pass: the chain of d_h, then the gradients of the input and of the weights.
#pragma once

#include <cstdint>

#include "buffer.hpp"
#include "cells.hpp"
#include "forward.hpp"
#include "gradient.hpp"
#include "product.hpp"
#include "share.hpp"

namespace elman::ELMAN_BUILD {

// The weights transposed and packed: R by gates as in PackedWeights, W for the gradient of x.
template <typename A>
struct TransposedWeights {
  using S = typename A::Sum;

  TransposedWeights(const Layout& L, const Backward<S>& b)
      : R(b.weights.R, L.H, PackedWeights<A>::in_place(L), 1, L.H),
        R_n(b.weights.R + PackedWeights<A>::in_place(L) * L.H, is_gru(L.cell) ? L.H : 0, L.H, 1,
            L.H),
        W(b.weights.W, b.d_x ? L.I : 0, gates_of(L.cell) * L.H, 1, L.I) {}

  Panels<A> R, R_n, W;
};

// One thread's rows, from the last step to the first.
template <typename A>
class BackwardPass {
 public:
  using S = typename A::Sum;
  using Operand = typename A::Operand;

  // d_Wx [N, G·H] gradients of the gates' pre-activations; d_q [N, H] of the product that a
  // reset-after candidate's reset gate multiplies.
  BackwardPass(const Layout& layout, const Backward<S>& backward,
               const TransposedWeights<A>& transposed, const Share& rows, S* d_Wx, S* d_q)
      : L(layout),
        b(backward),
        weights(transposed),
        share(rows),
        d_gates(d_Wx),
        d_candidates(d_q),
        all_gates(gates_of(L.cell) * L.H),
        product_rows(share.rows_of_run(rows_at_once(L))),
        operands(A::numbers == 1 ? 0
                                 : share.rows_of_run(rows_at_once(L)) * operands_of<A>(all_gates)),
        d_gated(L.cell == Cell::gru_before ? share.all() * L.H : 0),
        d_initial(L.resets ? 2 * share.all() * L.H : 0) {}

  void run() {
    if (L.resets) clear(d_initial.data(), 2 * share.all() * L.H);
    for (int64_t n = 0; n < L.T;) {
      const int64_t begin = n, end = share.run(n, true, rows_at_once(L));
      for (; n < end; ++n) step(share.step(n, true));
      if (b.d_x) input(begin, end);
    }
    if (L.resets)
      for (int64_t m = 0; m < share.all(); ++m) {
        add(d_initial_of(m), d_h(m));
        if (b.d_c) add(d_initial_of(m) + L.H, d_c(m));
      }
  }

 private:
  S* d_h(int64_t m) const { return b.d_h + share.row(m) * L.H; }
  S* d_c(int64_t m) const { return b.d_c + share.row(m) * L.H; }
  S* d_initial_of(int64_t m) { return d_initial.data() + 2 * m * L.H; }  // of h, then of c
  const S* h_before(int64_t t, int64_t m) const {
    return share.before(t, m, b.y, b.y_stride, b.h_0);
  }
  void add(const S* from, S* to) const {
    for (int64_t u = 0; u < L.H; ++u) to[u] += from[u];
  }

  void step(int64_t t) {
    for (int64_t m = 0; m < share.count(t); ++m) {
      const int64_t position = share.position(t, m);
      const S* gates = b.gates ? b.gates + position * all_gates : nullptr;
      const S* d_y = b.d_y + position * b.d_y_stride;
      S* d_row = d_gates + position * all_gates;
      if (L.cell == Cell::lstm) {
        Lstm<S>::backward(L.H, gates, share.before(t, m, b.c, L.H, b.c_0), b.c + position * L.H,
                          d_y, d_h(m), d_c(m), d_row);
      } else if (L.cell == Cell::gru_after) {
        GruAfter<S>::backward(L.H, gates, b.c + position * L.H, h_before(t, m), d_y, d_h(m), d_row,
                              d_candidates + position * L.H);
      } else if (L.cell == Cell::gru_before) {
        GruBefore<S>::backward(L.H, gates, h_before(t, m), d_y, d_h(m), d_row);
      } else {
        Rnn<S>::backward(L.H, L.cell == Cell::rnn_tanh, b.y + position * b.y_stride, d_y, d_h(m),
                         d_row);
      }
    }
    if (L.cell == Cell::gru_before) reset_gates(t);
    if (L.cell == Cell::gru_after) through(t, d_candidates, L.H, L.H, weights.R_n);
    through(t, d_gates, all_gates, PackedWeights<A>::in_place(L), weights.R);
    if (L.resets) begin_anew(t);
  }

  // d_h += gradients [K] of each row · R.
  void through(int64_t t, const S* gradients, int64_t stride, int64_t K, const Panels<A>& R) {
    const int64_t rows = share.count(t);
    for (int64_t m = 0; m < rows; ++m)
      product_rows.data()[m] = {operand(gradients + share.position(t, m) * stride, K, m), d_h(m),
                                d_h(m)};
    multiply(product_rows.data(), rows, R);
  }

  // The reset gate of a reset-before GRU: its gradient comes through R_n.
  void reset_gates(int64_t t) {
    const int64_t rows = share.count(t);
    for (int64_t m = 0; m < rows; ++m) {
      const S* d_n = d_gates + share.position(t, m) * all_gates + 2 * L.H;
      product_rows.data()[m] = {operand(d_n, L.H, m), nullptr, d_gated.data() + m * L.H};
    }
    multiply(product_rows.data(), rows, weights.R_n);
    for (int64_t m = 0; m < rows; ++m) {
      const int64_t place = share.position(t, m) * all_gates;
      GruBefore<S>::backward_reset(L.H, b.gates + place, h_before(t, m), d_gated.data() + m * L.H,
                                   d_h(m), d_gates + place);
    }
  }

  // Where the state was the initial one, the gradient goes there and no further.
  void begin_anew(int64_t t) {
    for (int64_t m = 0; m < share.count(t); ++m) {
      if (!share.reset(t, m)) continue;
      add(d_h(m), d_initial_of(m));
      clear(d_h(m), L.H);
      if (!b.d_c) continue;
      add(d_c(m), d_initial_of(m) + L.H);
      clear(d_c(m), L.H);
    }
  }

  // The gradient of the input of the steps from n to end.
  void input(int64_t n, int64_t end) {
    int64_t r = 0;
    for (; n < end; ++n) {
      const int64_t t = share.step(n, true);
      for (int64_t m = 0; m < share.count(t); ++m, ++r) {
        const int64_t position = share.position(t, m);
        S* d_x = b.d_x + position * L.I;
        product_rows.data()[r] = {operand(d_gates + position * all_gates, all_gates, r),
                                  b.add_d_x ? d_x : nullptr, d_x};
      }
    }
    multiply(product_rows.data(), r, weights.W);
  }

  // K numbers as operands; those of row r of a product live until the next product.
  const Operand* operand(const S* numbers, int64_t K, int64_t r) {
    if constexpr (A::numbers == 1) {
      return numbers;
    } else {
      Operand* to = operands.data() + r * operands_of<A>(K);
      convert<A>(numbers, K, to);
      return to;
    }
  }

  const Layout& L;
  const Backward<S>& b;
  const TransposedWeights<A>& weights;
  const Share& share;
  S* d_gates;
  S* d_candidates;
  const int64_t all_gates;  // G·H
  Buffer<Row<A>> product_rows;
  Buffer<Operand> operands;
  Buffer<S> d_gated;        // of r ⊙ h
  Buffer<S> d_initial;      // what resets gave to the initial state so far: of h and of c
};

// The state before each step, in packed order, one after the other; and, for a reset-before GRU's
// candidate, r ⊙ that state.
template <typename S>
class StatesBefore {
 public:
  StatesBefore(const Layout& layout, const Backward<S>& b, bool gated)
      : L(layout), y_(b.y), stride_(b.y_stride), h_0_(b.h_0), gates_(gated ? b.gates : nullptr) {}

  const S* operator()(int64_t n, S* scratch) {
    while (n >= L.start[t_] + L.alive[t_]) ++t_;
    const Share whole(L, 0, 1);
    const S* h = whole.before(t_, n - L.start[t_], y_, stride_, h_0_);
    if (!gates_) return h;
    const S* r = gates_ + n * 3 * L.H;
    for (int64_t u = 0; u < L.H; ++u) scratch[u] = r[u] * h[u];
    return scratch;
  }

 private:
  const Layout& L;
  const S* y_;
  int64_t stride_;
  const S* h_0_;
  const S* gates_;
  int64_t t_ = 0;
};

template <typename A>
void weight_gradients(const Layout& L, const Backward<typename A::Sum>& b,
                      const typename A::Sum* d_Wx, const typename A::Sum* d_q) {
  using S = typename A::Sum;
  const int64_t H = L.H, all = gates_of(L.cell) * H, first = PackedWeights<A>::in_place(L);
  const auto steps = [&b, &L](int64_t n, S*) { return b.x + n * L.I; };
  if (b.d_W) transposed_product<A>(L.threads, L.N, {d_Wx, all, all}, steps, L.I, b.d_W, b.d_b);
  if (b.d_b_) copy(b.d_b, all, b.d_b_);
  if (!b.d_R) return;
  transposed_product<A>(L.threads, L.N, {d_Wx, all, first}, StatesBefore<S>(L, b, false), H, b.d_R,
                        static_cast<S*>(nullptr));
  if (!is_gru(L.cell)) return;
  const bool after = L.cell == Cell::gru_after;
  const Columns<S> d_n = after ? Columns<S>{d_q, H, H} : Columns<S>{d_Wx + first, all, H};
  transposed_product<A>(L.threads, L.N, d_n, StatesBefore<S>(L, b, !after), H, b.d_R + first * H,
                        after && b.d_b_ ? b.d_b_ + first : nullptr);
}

template <typename A>
void backward(const Layout& L, const Backward<typename A::Sum>& b) {
  using S = typename A::Sum;
  const TransposedWeights<A> weights(L, b);
  Buffer<S> d_Wx(L.N * gates_of(L.cell) * L.H), d_q(L.cell == Cell::gru_after ? L.N * L.H : 0);
  share_out(L, [&](const Share& share) {
    BackwardPass<A>(L, b, weights, share, d_Wx.data(), d_q.data()).run();
  });
  weight_gradients<A>(L, b, d_Wx.data(), d_q.data());
}

}  // namespace elman::ELMAN_BUILD
