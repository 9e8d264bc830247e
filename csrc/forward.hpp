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
#include "weights.hpp"

namespace elman::ELMAN_BUILD {

// Numbers of projections computed at once: 256 KiB of floats.
constexpr int64_t run_numbers = 1 << 16;

inline int64_t rows_at_once(const Layout& L) {
  const int64_t rows = run_numbers / L.all_gates();
  return rows < 32 ? 32 : rows;
}

// Rows of numbers as operands. Those of row r live until the next product.
template <typename A>
class Operands {
 public:
  using S = typename A::Sum;
  using Operand = typename A::Operand;

  Operands(int64_t rows, int64_t K) : converted(A::numbers == 1 ? 0 : rows * operands_of<A>(K)) {}

  const Operand* of(const S* numbers, int64_t K, int64_t r) {
    if constexpr (A::numbers == 1) {
      return numbers;
    } else {
      Operand* to = converted.data() + r * operands_of<A>(K);
      convert<A>(numbers, K, to);
      return to;
    }
  }

 private:
  Buffer<Operand> converted;
};

// The states that a step reads, forward and backward.
template <typename S>
class PastStates {
 public:
  // y, c: the states after each step; c null where they are not kept.
  PastStates(const Layout& layout, const Share& rows, const States<S>& states, const S* y,
             int64_t y_stride, const S* c)
      : L(layout), share(rows), s(states), y_(y), y_stride_(y_stride), c_(c) {}

  Past<S> before(int64_t t, int64_t m) const {
    const int64_t kept = share.position(t, m) * s.kept_stride;
    return {h(t, m), c_ ? share.before(t, m, c_, L.H, s.c_0, s.c_restart, L.H) : nullptr,
            s.kept_h ? s.kept_h + kept : nullptr, s.kept_c ? s.kept_c + kept : nullptr};
  }

  const S* h(int64_t t, int64_t m) const {
    return share.before(t, m, y_, y_stride_, s.h_0, s.h_restart, L.P);
  }

  // What the recurrent weights see of h: all, or what recurrent dropout leaves, which goes to room.
  const S* seen(int64_t t, int64_t m, S* room) const {
    if (!s.mask) return h(t, m);
    put_product(h(t, m), s.mask + share.row(m) * L.P, L.P, room);
    return room;
  }

 private:
  const Layout& L;
  const Share& share;
  const States<S>& s;
  const S* y_;
  int64_t y_stride_;
  const S* c_;
};

// One thread's rows, from the first step to the last.
template <typename A, typename O>
class ForwardPass {
 public:
  using S = typename A::Sum;

  ForwardPass(const Layout& layout, const Forward<S>& forward, const PackedWeights<A>& packed,
              const Share& rows)
      : L(layout),
        f(forward),
        weights(packed),
        share(rows),
        options(L.cell),
        past(L, share, f.states, f.y, f.y_stride, f.kept.c),
        all_gates(L.all_gates()),
        capacity(share.rows_of_run(rows_at_once(L))),
        projected(f.kept.gates ? 0 : capacity * all_gates),
        product_rows(capacity),
        gates(capacity),
        operands(capacity, L.I > L.H ? L.I : L.H),
        masked(f.states.mask ? share.all() * L.P : 0),
        recurrent(O::varied && L.cell.norm && !f.kept.normed ? share.all() * all_gates : 0),
        inner(L.cell.kind == Kind::gru_before ||
                      (L.cell.kind == Kind::gru_after && !f.kept.c)
                  ? share.all() * L.H
                  : 0),
        hidden(L.P != L.H ? share.all() * L.H : 0),
        room(O::varied ? L.H : 0) {}

  void run() {
    if (f.c_n && !f.kept.c)
      for (int64_t m = 0; m < share.all(); ++m)
        copy(f.states.c_0 + share.row(m) * L.H, L.H, f.c_n + share.row(m) * L.H);
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
    const S* bias = L.cell.norm ? nullptr : weights.b.data();
    int64_t r = 0;
    for (int64_t s = n; s < end; ++s) {
      const int64_t t = share.step(s, false);
      for (int64_t m = 0; m < share.count(t); ++m, ++r) {
        const int64_t position = share.position(t, m);
        S* a = f.kept.gates ? f.kept.gates + position * all_gates
                            : projected.data() + r * all_gates;
        gates.data()[r] = a;
        product_rows.data()[r] = {operands.of(f.x + position * L.I, L.I, r), bias, a};
      }
    }
    multiply(product_rows.data(), r, weights.W);
    if constexpr (O::varied) {
      if (L.cell.norm) norm_projections(n, end);
    }
  }

  void norm_projections(int64_t n, int64_t end) {
    int64_t r = 0;
    for (; n < end; ++n) {
      const int64_t t = share.step(n, false);
      for (int64_t m = 0; m < share.count(t); ++m, ++r) {
        const int64_t position = share.position(t, m);
        S* a = gates.data()[r];
        S* kept = f.kept.normed ? f.kept.normed + position * all_gates : nullptr;
        const S *gain = weights.norm_ih.data(), *bias = weights.b.data();
        const S scale = normalise(a, all_gates, [=](auto lanes, int64_t n, Vector<S> normed) {
          if (kept) lanes.store(kept + n, normed);
          lanes.store(a + n, normed * lanes.load(gain + n) + lanes.load(bias + n));
        });
        if (kept) f.kept.scales[2 * position] = scale;
      }
    }
  }

  S* y(int64_t t, int64_t m) const { return f.y + share.position(t, m) * f.y_stride; }
  S* gates_of_row(int64_t m) { return gates.data()[current + m]; }
  const S* seen(int64_t t, int64_t m) { return past.seen(t, m, masked.data() + m * L.P); }

  void step(int64_t t) {
    const int64_t rows = share.count(t);
    for (int64_t m = 0; m < rows; ++m) {
      S* to = O::varied && L.cell.norm ? normed(t, m) : gates_of_row(m);
      product_rows.data()[m] = {operands.of(seen(t, m), L.P, m),
                                O::varied && L.cell.norm ? nullptr : to, to};
    }
    multiply(product_rows.data(), rows, weights.R);
    if (L.cell.kind == Kind::gru_after) candidates(t);
    if constexpr (O::varied) {
      if (L.cell.norm) add_normed(t);
    }
    if (L.cell.kind == Kind::lstm) {
      f.kept.gates || O::varied ? lstm<true>(t) : lstm<false>(t);
    } else if (L.cell.kind == Kind::gru_after) {
      f.kept.gates ? gru_after<true>(t) : gru_after<false>(t);
    } else if (L.cell.kind == Kind::gru_before) {
      gru_before(t);
    } else {
      for (int64_t m = 0; m < rows; ++m)
        rnn_forward<S>(Variant(L.cell), L.H, gates_of_row(m), f.kept.gates, past.before(t, m),
                       y(t, m));
    }
  }

  // R h of a row on its way through the joint norm.
  S* normed(int64_t t, int64_t m) {
    return f.kept.normed ? f.kept.normed + (L.N + share.position(t, m)) * all_gates
                         : recurrent.data() + m * all_gates;
  }

  void add_normed(int64_t t) {
    const int64_t early = in_place(L);
    for (int64_t m = 0; m < share.count(t); ++m) {
      S *a = normed(t, m), *sum = gates_of_row(m);
      const S* gain = weights.norm_hh.data();
      const bool whole = early == all_gates;
      const S scale = normalise(a, all_gates, [=](auto lanes, int64_t n, Vector<S> normed) {
        lanes.store(a + n, normed);
        if (whole) lanes.store(sum + n, lanes.load(sum + n) + normed * lanes.load(gain + n));
      });
      if (f.kept.scales) f.kept.scales[2 * share.position(t, m) + 1] = scale;
      if (whole) continue;
      add_product(a, gain, early, sum);
      put_product(a + early, gain + early, L.H, q(t, m));
      add(weights.b_n.data(), L.H, q(t, m));
    }
  }

  template <bool keep>
  void lstm(int64_t t) {
    const LstmWeights<S> own{weights.peephole.data(), weights.norm_c.data(),
                             weights.norm_c_bias.data()};
    for (int64_t m = 0; m < share.count(t); ++m) {
      S* running = f.c_n + share.row(m) * L.H;
      Past<S> before = past.before(t, m);
      if (!f.kept.c) {
        const S* restart = f.states.c_restart ? f.states.c_restart : f.states.c_0;
        before.c = share.reset(t, m) ? restart + share.row(m) * L.H : running;
      }
      S* c = f.kept.c ? f.kept.c + share.position(t, m) * L.H : running;
      S* h = L.P != L.H ? hidden.data() + m * L.H : y(t, m);
      lstm_forward<S, O, keep>(options, L.H, gates_of_row(m), own, before, room.data(), c, h);
    }
    if (L.P != L.H) {
      for (int64_t m = 0; m < share.count(t); ++m)
        product_rows.data()[m] = {operands.of(hidden.data() + m * L.H, L.H, m), nullptr, y(t, m)};
      multiply(product_rows.data(), share.count(t), weights.projection);
    }
  }

  S* q(int64_t t, int64_t m) {
    return f.kept.c ? f.kept.c + share.position(t, m) * L.H : inner.data() + m * L.H;
  }

  // R_n h + b'_n of a reset-after GRU; with the joint norm R_n h, which is still to be normalised.
  void candidates(int64_t t) {
    const bool norm = O::varied && L.cell.norm;
    for (int64_t m = 0; m < share.count(t); ++m) {
      product_rows.data()[m].plus = norm ? nullptr : weights.b_n.data();
      product_rows.data()[m].to = norm ? normed(t, m) + in_place(L) : q(t, m);
    }
    multiply(product_rows.data(), share.count(t), weights.R_n);
  }

  template <bool keep>
  void gru_after(int64_t t) {
    for (int64_t m = 0; m < share.count(t); ++m)
      gru_after_forward<S, O, keep>(options, L.H, gates_of_row(m), q(t, m), past.before(t, m),
                                    y(t, m));
  }

  void gru_before(int64_t t) {
    const int64_t rows = share.count(t);
    for (int64_t m = 0; m < rows; ++m) {
      S* rh = inner.data() + m * L.H;
      S* n = gates_of_row(m) + 2 * L.H;
      gru_before_reset<S, O>(options, L.H, gates_of_row(m), seen(t, m), rh);
      product_rows.data()[m] = {operands.of(rh, L.H, m), n, n};
    }
    multiply(product_rows.data(), rows, weights.R_n);
    for (int64_t m = 0; m < rows; ++m)
      gru_before_forward<S, O>(options, L.H, gates_of_row(m), past.before(t, m), y(t, m));
  }

  // Each row's last state, and of a sequence without a step the initial one.
  void write_final() {
    int64_t length = L.T;
    for (int64_t m = 0; m < share.all(); ++m) {
      const int64_t row = share.row(m);
      while (length > 0 && L.alive[length - 1] <= row) --length;
      const int64_t last = length ? share.position(L.reverse ? 0 : length - 1, m) : 0;
      copy(length ? f.y + last * f.y_stride : f.states.h_0 + row * L.P, L.P, f.h_n + row * L.P);
      if (f.c_n && f.kept.c)
        copy(length ? f.kept.c + last * L.H : f.states.c_0 + row * L.H, L.H, f.c_n + row * L.H);
    }
  }

  const Layout& L;
  const Forward<S>& f;
  const PackedWeights<A>& weights;
  const Share& share;
  const O options;
  const PastStates<S> past;
  const int64_t all_gates;  // G·H
  const int64_t capacity;   // rows of a run of steps
  Buffer<S> projected;      // [capacity, G·H], unless the caller keeps the gates
  Buffer<Row<A>> product_rows;
  Buffer<S*> gates;         // of each row of the current run
  Operands<A> operands;
  Buffer<S> masked;         // h ⊙ mask of each row
  Buffer<S> recurrent;      // R h of each row on its way through the norm, unless the caller keeps it
  Buffer<S> inner;          // q, or r ⊙ h, of each row
  Buffer<S> hidden;         // what is projected, of each row
  Buffer<S> room;
  int64_t current = 0;      // the current step's first row in its run
};

// Calls work(O), O being a type whose value is not looked at: the least of the options that serve a
// call. A simple network is asked each time, since its function is all that it has.
template <typename O>
struct Options {
  using type = O;
};
template <typename S, typename Work>
void with_options(const Layout& L, const States<S>& s, const Work& work) {
  const Cell& c = L.cell;
  const bool usual = c.kind != Kind::rnn && c.gate.function == Function::sigmoid &&
                     c.candidate.function == Function::tanh && c.state.function == Function::tanh &&
                     !c.peephole && !c.coupled && c.clip == 0;
  if (!usual) return work(Options<Variant>{});
  if (c.norm) return work(Options<Normed>{});
  s.kept_h || s.kept_c ? work(Options<Variant>{}) : work(Options<Plain>{});
}

template <typename A>
void run_forward(const Layout& L, const Forward<typename A::Sum>& f,
                 const PackedWeights<A>& weights) {
  with_options(L, f.states, [&](auto options) {
    using O = typename decltype(options)::type;
    share_out(L, [&](const Share& share) { ForwardPass<A, O>(L, f, weights, share).run(); });
  });
}

template <typename A>
void forward(const Layout& L, const Forward<typename A::Sum>& f) {
  if (!f.packed) return run_forward(L, f, PackedWeights<A>(L, f.weights));
  const auto* packed = dynamic_cast<const PackedWeights<A>*>(f.packed);
  if (!packed) throw std::invalid_argument("the weights were packed by another build of the engine");
  run_forward(L, f, *packed);
}

}  // namespace elman::ELMAN_BUILD
