// The backward pass of every cell: the chain of d_h, a row of the batch at a time.
#pragma once

#include <cstdint>

#include "buffer.hpp"
#include "cells.hpp"
#include "forward.hpp"
#include "product.hpp"
#include "share.hpp"

namespace elman::ELMAN_BUILD {

// The weights transposed and packed: R by gates as in PackedWeights, W for the gradient of x.
template <typename A>
struct TransposedWeights {
  using S = typename A::Sum;

  TransposedWeights(const Layout& L, const Backward<S>& b)
      : R(b.weights.R, L.P, in_place(L), 1, L.P),
        R_n(b.weights.R + in_place(L) * L.P, L.cell.is_gru() ? L.P : 0, L.H, 1, L.P),
        projection(b.weights.projection, b.weights.projection ? L.H : 0, L.P, 1, L.H),
        W(b.weights.W, b.d_x ? L.I : 0, L.all_gates(), 1, L.I) {}

  Panels<A> R, R_n, projection, W;
};

// The gradients that the chain leaves for the products that follow it.
template <typename S>
struct Chain {
  explicit Chain(const Layout& L)
      : gates(L.N * L.all_gates()),
        q(L.cell.kind == Kind::gru_after ? L.N * L.H : 0),
        recurrent(L.cell.norm ? L.N * L.all_gates() : 0),
        projected(L.P == L.H ? 0 : L.N * L.P) {}

  Buffer<S> gates;      // [N, G·H] of the gates' sums; with the joint norm of W x
  Buffer<S> q;          // [N, H] of q, as in gru_after_backward
  Buffer<S> recurrent;  // [N, G·H] with the joint norm: of R h
  Buffer<S> projected;  // [N, P] of the h of an LSTM with a projection
};

// Where the gradients of the weights that belong to single units stand, one after the other.
struct UnitWeights {
  const Layout& L;

  int64_t size() const { return L.cell.peephole || L.cell.norm ? 5 * L.H + 4 * L.all_gates() : 0; }
  int64_t peephole() const { return 0; }
  int64_t norm_c() const { return 3 * L.H; }
  int64_t norm_c_bias() const { return 4 * L.H; }
  int64_t norm_ih() const { return 5 * L.H; }
  int64_t norm_hh() const { return norm_ih() + L.all_gates(); }
  int64_t b() const { return norm_hh() + L.all_gates(); }
  int64_t b_() const { return b() + L.all_gates(); }
};

// Their sums over the rows of one thread: block by block, since a long sum of floats in a row loses
// more.
template <typename S>
class UnitSums {
 public:
  // total: [size], where the sums go.
  UnitSums(const Layout& L, S* total) : at_{L}, block_(at_.size()), total_(total) {
    clear(block_.data(), at_.size());
    clear(total_, at_.size());
  }

  void end_block() {
    add(block_.data(), at_.size(), total_);
    clear(block_.data(), at_.size());
  }

  LstmSums<S> lstm() {
    if (!at_.size()) return {};
    S* block = block_.data();
    return {block + at_.peephole(), block + at_.norm_c(), block + at_.norm_c_bias()};
  }
  S* norm_ih() { return block_.data() + at_.norm_ih(); }
  S* norm_hh() { return block_.data() + at_.norm_hh(); }
  S* b() { return block_.data() + at_.b(); }
  S* b_() { return block_.data() + at_.b_(); }

 private:
  UnitWeights at_;
  Buffer<S> block_;
  S* total_;
};

// One thread's rows, from the last step to the first.
template <typename A, typename O>
class BackwardPass {
 public:
  using S = typename A::Sum;

  BackwardPass(const Layout& layout, const Backward<S>& backward,
               const TransposedWeights<A>& transposed, const Share& rows, Chain<S>& to,
               UnitSums<S>& unit_sums)
      : L(layout),
        b(backward),
        weights(transposed),
        share(rows),
        options(L.cell),
        past(L, share, b.states, b.y, b.y_stride, L.cell.kind == Kind::lstm ? b.kept.c : nullptr),
        chain(to),
        sums(unit_sums),
        all_gates(L.all_gates()),
        product_rows(share.rows_of_run(rows_at_once(L))),
        operands(share.rows_of_run(rows_at_once(L)), all_gates > L.P ? all_gates : L.P),
        rows_room(share.all() * (L.H > L.P ? L.H : L.P)),
        masked(b.states.mask ? share.all() * L.P : 0),
        room(4 * L.H),
        own_restart(owns_restart() ? share.all() * (L.P + L.H) : 0) {}

  void run() {
    if (owns_restart()) clear(own_restart.data(), share.all() * (L.P + L.H));
    if (b.d_h_restart)
      for (int64_t m = 0; m < share.all(); ++m) {
        clear(d_h_restart(m), L.P);
        if (b.d_c) clear(d_c_restart(m), L.H);
      }
    for (int64_t n = 0; n < L.T;) {
      const int64_t begin = n, end = share.run(n, true, rows_at_once(L));
      for (; n < end; ++n) step(share.step(n, true));
      if constexpr (O::varied) {
        if (L.cell.norm) through_projection_norm(begin, end);
        sums.end_block();
      }
      if (b.d_x) input(begin, end);
    }
    if (owns_restart())
      for (int64_t m = 0; m < share.all(); ++m) {
        add(d_h_restart(m), L.P, d_h(m));
        if (b.d_c) add(d_c_restart(m), L.H, d_c(m));
      }
  }

 private:
  bool owns_restart() const { return L.resets && !b.d_h_restart; }
  S* d_h(int64_t m) const { return b.d_h + share.row(m) * L.P; }
  S* d_c(int64_t m) const { return b.d_c + share.row(m) * L.H; }
  S* d_h_restart(int64_t m) {
    return b.d_h_restart ? b.d_h_restart + share.row(m) * L.P : own_restart.data() + m * (L.P + L.H);
  }
  S* d_c_restart(int64_t m) {
    return b.d_h_restart ? b.d_c_restart + share.row(m) * L.H
                         : own_restart.data() + m * (L.P + L.H) + L.P;
  }
  S* d_gates(int64_t t, int64_t m) {
    return chain.gates.data() + share.position(t, m) * all_gates;
  }
  const S* seen(int64_t t, int64_t m) { return past.seen(t, m, masked.data() + m * L.P); }

  void step(int64_t t) {
    const int64_t rows = share.count(t);
    if (L.P != L.H) unproject(t);
    for (int64_t m = 0; m < rows; ++m) cell(t, m);
    if (L.cell.kind == Kind::gru_before) reset_gates(t);
    if (O::varied && L.cell.norm) {
      through_recurrent_norm(t);
      through(t, chain.recurrent.data(), all_gates, in_place(L), weights.R);
      if (L.cell.is_gru())
        through(t, chain.recurrent.data() + in_place(L), all_gates, L.H, weights.R_n);
    } else {
      through(t, chain.gates.data(), all_gates, in_place(L), weights.R);
      if (L.cell.kind == Kind::gru_after) through(t, chain.q.data(), L.H, L.H, weights.R_n);
    }
    if (L.resets) begin_anew(t);
  }

  void cell(int64_t t, int64_t m) {
    const int64_t position = share.position(t, m);
    const S* gates = b.kept.gates ? b.kept.gates + position * all_gates : nullptr;
    const S* c = b.kept.c ? b.kept.c + position * L.H : nullptr;
    const S* d_y = b.d_y + position * b.d_y_stride;
    const Past<S> before = past.before(t, m);
    if (L.cell.kind == Kind::lstm) {
      const bool projected = L.P != L.H;
      lstm_backward<S, O>(options, L.H, gates, c,
                          {b.weights.peephole, b.weights.norm_c, b.weights.norm_c_bias}, before,
                          projected ? rows_room.data() + m * L.H : d_y,
                          projected ? nullptr : d_h(m), d_c(m), d_gates(t, m), sums.lstm(),
                          room.data());
    } else if (L.cell.kind == Kind::gru_after) {
      gru_after_backward<S, O>(options, L.H, gates, c, before, d_y, d_h(m), d_gates(t, m),
                               chain.q.data() + position * L.H);
    } else if (L.cell.kind == Kind::gru_before) {
      gru_before_backward<S, O>(options, L.H, gates, before, d_y, d_h(m), d_gates(t, m));
    } else {
      rnn_backward<S>(Variant(L.cell), L.H, gates ? gates : b.y + position * b.y_stride, before,
                      d_y, d_h(m), d_gates(t, m));
    }
  }

  // The gradient of what an LSTM projects, of each row, in rows_room; d_h is all used up.
  void unproject(int64_t t) {
    for (int64_t m = 0; m < share.count(t); ++m) {
      const int64_t position = share.position(t, m);
      S* d = chain.projected.data() + position * L.P;
      copy(b.d_y + position * b.d_y_stride, L.P, d);
      add(d_h(m), L.P, d);
      clear(d_h(m), L.P);
      product_rows.data()[m] = {operands.of(d, L.P, m), nullptr, rows_room.data() + m * L.H};
    }
    multiply(product_rows.data(), share.count(t), weights.projection);
  }

  // d_h += (gradients [K] of each row · R) ⊙ mask.
  void through(int64_t t, const S* gradients, int64_t stride, int64_t K, const Panels<A>& R) {
    const int64_t rows = share.count(t);
    const bool mask = b.states.mask;
    for (int64_t m = 0; m < rows; ++m)
      product_rows.data()[m] = {operands.of(gradients + share.position(t, m) * stride, K, m),
                                mask ? nullptr : d_h(m),
                                mask ? rows_room.data() + m * L.P : d_h(m)};
    multiply(product_rows.data(), rows, R);
    if (mask)
      for (int64_t m = 0; m < rows; ++m) add_seen(m, rows_room.data() + m * L.P);
  }

  // d_h += the gradient of what the recurrent weights saw of h.
  void add_seen(int64_t m, const S* d_seen) const {
    b.states.mask ? add_product(d_seen, b.states.mask + share.row(m) * L.P, L.P, d_h(m))
                  : add(d_seen, L.P, d_h(m));
  }

  // The reset gate of a reset-before GRU: its gradient comes through R_n.
  void reset_gates(int64_t t) {
    const int64_t rows = share.count(t);
    for (int64_t m = 0; m < rows; ++m)
      product_rows.data()[m] = {operands.of(d_gates(t, m) + 2 * L.H, L.H, m), nullptr,
                                rows_room.data() + m * L.H};
    multiply(product_rows.data(), rows, weights.R_n);
    for (int64_t m = 0; m < rows; ++m) {
      S* d_gated = rows_room.data() + m * L.H;
      gru_before_reset_backward<S, O>(options, L.H,
                                      b.kept.gates + share.position(t, m) * all_gates, seen(t, m),
                                      d_gated, d_gates(t, m));
      add_seen(m, d_gated);
    }
  }

  // From the gradients of the sums, those of R h before its norm.
  void through_recurrent_norm(int64_t t) {
    const int64_t early = in_place(L);
    for (int64_t m = 0; m < share.count(t); ++m) {
      const int64_t position = share.position(t, m);
      const S* normed = b.kept.normed + (L.N + position) * all_gates;
      const S* d_sum = d_gates(t, m);
      S* d = chain.recurrent.data() + position * all_gates;
      if (L.cell.is_gru()) {
        copy(d_sum, early, d);
        copy(chain.q.data() + position * L.H, L.H, d + early);
        d_sum = d;
      }
      through_gain_and_norm(normed, b.kept.scales[2 * position + 1], b.weights.norm_hh, all_gates,
                            d_sum, sums.norm_hh(), sums.b_(), d);
    }
  }

  // From the gradients of the sums, those of W x before its norm, in place.
  void through_projection_norm(int64_t n, int64_t end) {
    for (; n < end; ++n) {
      const int64_t t = share.step(n, true);
      for (int64_t m = 0; m < share.count(t); ++m) {
        const int64_t position = share.position(t, m);
        const S* normed = b.kept.normed + position * all_gates;
        S* d = d_gates(t, m);
        through_gain_and_norm(normed, b.kept.scales[2 * position], b.weights.norm_ih, all_gates, d,
                              sums.norm_ih(), sums.b(), d);
      }
    }
  }

  // Where the state was put in place, the gradient goes to what it was, and no further.
  void begin_anew(int64_t t) {
    for (int64_t m = 0; m < share.count(t); ++m) {
      if (!share.reset(t, m)) continue;
      add(d_h(m), L.P, d_h_restart(m));
      clear(d_h(m), L.P);
      if (!b.d_c) continue;
      add(d_c(m), L.H, d_c_restart(m));
      clear(d_c(m), L.H);
    }
  }

  // The gradient of the input of the steps from n to end.
  void input(int64_t n, int64_t end) {
    int64_t r = 0;
    for (; n < end; ++n) {
      const int64_t t = share.step(n, true);
      for (int64_t m = 0; m < share.count(t); ++m, ++r) {
        S* d_x = b.d_x + share.position(t, m) * L.I;
        product_rows.data()[r] = {operands.of(d_gates(t, m), all_gates, r),
                                  b.add_d_x ? d_x : nullptr, d_x};
      }
    }
    multiply(product_rows.data(), r, weights.W);
  }

  const Layout& L;
  const Backward<S>& b;
  const TransposedWeights<A>& weights;
  const Share& share;
  const O options;
  const PastStates<S> past;
  Chain<S>& chain;
  UnitSums<S>& sums;
  const int64_t all_gates;  // G·H
  Buffer<Row<A>> product_rows;
  Operands<A> operands;
  Buffer<S> rows_room;      // of each row what a product gives before it goes to its place
  Buffer<S> masked;         // h ⊙ mask of each row
  Buffer<S> room;
  Buffer<S> own_restart;    // what resets gave to the initial state so far: of h and of c
};

}  // namespace elman::ELMAN_BUILD
