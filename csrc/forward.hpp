// The forward pass of every cell.
//
// A few steps at a time: their inputs are projected, so that the projections are still in cache when
// the recurrence adds R h to them and makes them into gates, in place.
#pragma once

#include <cstdint>
#include <stdexcept>

#include "buffer.hpp"
#include "cells.hpp"
#include "product.hpp"
#include "share.hpp"

namespace elman::ELMAN_BUILD {

// Numbers of projections computed at once: 256 KiB of floats.
constexpr int64_t run_numbers = 1 << 16;

inline int64_t rows_at_once(const Layout& L) {
  const int64_t rows = run_numbers / (gates_of(L.cell) * L.H);
  return rows < 32 ? 32 : rows;
}

// The weights packed. The recurrent product of the first `in_place` outputs is added to the
// projection; that of a GRU's candidate stands apart.
template <typename A>
class PackedWeights : public Packed {
 public:
  using S = typename A::Sum;

  PackedWeights(const Layout& L, const Weights<S>& w)
      : W(w.W, gates_of(L.cell) * L.H, L.I, L.I, 1),
        R(w.R, in_place(L), L.H, L.H, 1),
        R_n(w.R + in_place(L) * L.H, gates_of(L.cell) * L.H - in_place(L), L.H, L.H, 1),
        b(gates_of(L.cell) * L.H),
        b_n(L.H) {
    const int64_t all = gates_of(L.cell) * L.H;
    const int64_t early = L.cell == Cell::gru_after ? 2 * L.H : all;
    for (int64_t o = 0; o < all; ++o)
      b.data()[o] = (w.b ? w.b[o] : S{}) + (w.b_ && o < early ? w.b_[o] : S{});
    for (int64_t u = 0; u < L.H; ++u) b_n.data()[u] = w.b_ && early < all ? w.b_[early + u] : S{};
  }

  static int64_t in_place(const Layout& L) { return (is_gru(L.cell) ? 2 : gates_of(L.cell)) * L.H; }

  Panels<A> W, R, R_n;
  Buffer<S> b;    // [G·H] every bias that may be added early
  Buffer<S> b_n;  // [H] the inner bias of a reset-after candidate
};

// One thread's rows, from the first step to the last.
template <typename A>
class ForwardPass {
 public:
  using S = typename A::Sum;
  using Operand = typename A::Operand;

  ForwardPass(const Layout& layout, const Forward<S>& forward, const PackedWeights<A>& packed,
              const Share& rows)
      : L(layout),
        f(forward),
        weights(packed),
        share(rows),
        all_gates(gates_of(L.cell) * L.H),
        capacity(share.rows_of_run(rows_at_once(L))),
        projected(f.gates ? 0 : capacity * all_gates),
        product_rows(capacity),
        gates(capacity),
        operands(A::numbers == 1 ? 0 : capacity * operands_of<A>(L.I > L.H ? L.I : L.H)),
        candidates(L.cell == Cell::gru_after && !f.gates ? share.all() * L.H : 0),
        gated(L.cell == Cell::gru_before ? share.all() * L.H : 0) {}

  void run() {
    if (L.cell == Cell::lstm && !f.c)
      for (int64_t m = 0; m < share.all(); ++m)
        copy(f.c_0 + share.row(m) * L.H, L.H, f.c_n + share.row(m) * L.H);
    for (int64_t n = 0; n < L.T;) {
      const int64_t end = share.run(n, false, rows_at_once(L));
      project(n, end);
      for (current = 0; n < end; ++n) {
        const int64_t t = share.step(n, false);
        step(t);
        current += share.count(t);
      }
    }
    write_final();
  }

 private:
  // W x + b of the steps from n to end, row after row; gates[r] says where.
  void project(int64_t n, int64_t end) {
    int64_t r = 0;
    for (; n < end; ++n) {
      const int64_t t = share.step(n, false);
      for (int64_t m = 0; m < share.count(t); ++m, ++r) {
        const int64_t position = share.position(t, m);
        gates.data()[r] =
            f.gates ? f.gates + position * all_gates : projected.data() + r * all_gates;
        product_rows.data()[r] = {operand(f.x + position * L.I, L.I, r), weights.b.data(),
                                  gates.data()[r]};
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

  const S* h_before(int64_t t, int64_t m) const {
    return share.before(t, m, f.y, f.y_stride, f.h_0);
  }
  S* y(int64_t t, int64_t m) const { return f.y + share.position(t, m) * f.y_stride; }
  S* gates_of_row(int64_t m) { return gates.data()[current + m]; }

  void step(int64_t t) {
    const int64_t rows = share.count(t);
    for (int64_t m = 0; m < rows; ++m)
      product_rows.data()[m] = {operand(h_before(t, m), L.H, m), gates_of_row(m), gates_of_row(m)};
    multiply(product_rows.data(), rows, weights.R);
    if (L.cell == Cell::lstm) {
      f.gates ? lstm<true>(t) : lstm<false>(t);
    } else if (L.cell == Cell::gru_after) {
      gru_after(t);
    } else if (L.cell == Cell::gru_before) {
      gru_before(t);
    } else {
      for (int64_t m = 0; m < rows; ++m)
        Rnn<S>::forward(L.H, L.cell == Cell::rnn_tanh, gates_of_row(m), y(t, m));
    }
  }

  template <bool keep>
  void lstm(int64_t t) {
    for (int64_t m = 0; m < share.count(t); ++m) {
      S* running = f.c_n + share.row(m) * L.H;
      const S* initial = f.c_0 + share.row(m) * L.H;
      const S* c_before = keep                 ? share.before(t, m, f.c, L.H, f.c_0)
                          : share.reset(t, m) ? initial
                                               : running;
      S* c = keep ? f.c + share.position(t, m) * L.H : running;
      Lstm<S>::template forward<keep>(L.H, gates_of_row(m), c_before, c, y(t, m));
    }
  }

  void gru_after(int64_t t) {
    const int64_t rows = share.count(t);
    for (int64_t m = 0; m < rows; ++m) {
      S* q = f.gates ? f.c + share.position(t, m) * L.H : candidates.data() + m * L.H;
      product_rows.data()[m].plus = weights.b_n.data();
      product_rows.data()[m].to = q;
    }
    multiply(product_rows.data(), rows, weights.R_n);
    for (int64_t m = 0; m < rows; ++m) {
      const S* q = product_rows.data()[m].to;
      f.gates ? GruAfter<S>::template forward<true>(L.H, gates_of_row(m), q, h_before(t, m), y(t, m))
              : GruAfter<S>::template forward<false>(L.H, gates_of_row(m), q, h_before(t, m),
                                                     y(t, m));
    }
  }

  void gru_before(int64_t t) {
    const int64_t rows = share.count(t);
    for (int64_t m = 0; m < rows; ++m) {
      S* rh = gated.data() + m * L.H;
      S* n = gates_of_row(m) + 2 * L.H;
      GruBefore<S>::reset(L.H, gates_of_row(m), h_before(t, m), rh);
      product_rows.data()[m] = {operand(rh, L.H, m), n, n};
    }
    multiply(product_rows.data(), rows, weights.R_n);
    for (int64_t m = 0; m < rows; ++m)
      GruBefore<S>::forward(L.H, gates_of_row(m), h_before(t, m), y(t, m));
  }

  // Each row's last state, and of a sequence without a step the initial one.
  void write_final() {
    int64_t length = L.T;
    for (int64_t m = 0; m < share.all(); ++m) {
      const int64_t row = share.row(m);
      while (length > 0 && L.alive[length - 1] <= row) --length;
      const int64_t last = length ? share.position(L.reverse ? 0 : length - 1, m) : 0;
      copy(length ? f.y + last * f.y_stride : f.h_0 + row * L.H, L.H, f.h_n + row * L.H);
      if (L.cell == Cell::lstm && f.c)
        copy(length ? f.c + last * L.H : f.c_0 + row * L.H, L.H, f.c_n + row * L.H);
    }
  }

  const Layout& L;
  const Forward<S>& f;
  const PackedWeights<A>& weights;
  const Share& share;
  const int64_t all_gates;  // G·H
  const int64_t capacity;   // rows of a run of steps
  Buffer<S> projected;      // [capacity, G·H], unless the caller keeps the gates
  Buffer<Row<A>> product_rows;
  Buffer<S*> gates;         // of each row of the current run
  Buffer<Operand> operands;
  Buffer<S> candidates;     // q of each row, unless the caller keeps it
  Buffer<S> gated;          // r ⊙ h of each row
  int64_t current = 0;      // the current step's first row in its run
};

template <typename A>
void run_forward(const Layout& L, const Forward<typename A::Sum>& f,
                 const PackedWeights<A>& weights) {
  share_out(L, [&](const Share& share) { ForwardPass<A>(L, f, weights, share).run(); });
}

template <typename A>
void forward(const Layout& L, const Forward<typename A::Sum>& f) {
  if (!f.packed) return run_forward(L, f, PackedWeights<A>(L, f.weights));
  const auto* packed = dynamic_cast<const PackedWeights<A>*>(f.packed);
  if (!packed) throw std::invalid_argument("the weights were packed by another build of the engine");
  run_forward(L, f, *packed);
}

}  // namespace elman::ELMAN_BUILD
