// The gradients of the weights, from what the chain left: a product each over all steps.
#pragma once

#include <cstdint>

#include "backward.hpp"
#include "gradient.hpp"

namespace elman::ELMAN_BUILD {

// Rows over all steps, in packed order, as the right side of a transposed product; n only rises.
template <typename S, typename OfRow>
class StepRows {
 public:
  StepRows(const Layout& layout, const OfRow& of_row) : L(layout), of_row_(of_row) {}

  const S* operator()(int64_t n, S* room) {
    while (n >= L.start[t_] + L.alive[t_]) ++t_;
    return of_row_(t_, n - L.start[t_], room);
  }

 private:
  const Layout& L;
  const OfRow& of_row_;
  int64_t t_ = 0;
};

// out [A, B] = leftᵀ · what of_row(t, row, room) gives; sums as in TransposedProduct.
template <typename A, typename OfRow>
void over_steps(const Layout& L, const Columns<typename A::Sum>& left, const OfRow& of_row,
                int64_t B, typename A::Sum* out, typename A::Sum* sums) {
  const StepRows<typename A::Sum, OfRow> rows(L, of_row);
  TransposedProduct<A, StepRows<typename A::Sum, OfRow>>(L.N, left, rows, B, out, sums)
      .run(L.threads);
}

template <typename A>
void weight_gradients(const Layout& L, const Backward<typename A::Sum>& b,
                      const Chain<typename A::Sum>& chain) {
  using S = typename A::Sum;
  const int64_t H = L.H, all = L.all_gates(), early = in_place(L);
  const Weights<S>& d = b.gradients;
  const Share whole(L, 0, 1);
  const PastStates<S> past(L, whole, b.states, b.y, b.y_stride, nullptr);
  const auto input = [&](int64_t t, int64_t m, S*) { return b.x + whole.position(t, m) * L.I; };
  const auto seen = [&](int64_t t, int64_t m, S* room) { return past.seen(t, m, room); };

  over_steps<A>(L, {chain.gates.data(), all, all}, input, L.I, d.W, L.cell.norm ? nullptr : d.b);
  if (L.cell.norm) {
    over_steps<A>(L, {chain.recurrent.data(), all, all}, seen, L.P, d.R, nullptr);
  } else {
    if (d.b) copy(d.b, all, d.b_);
    over_steps<A>(L, {chain.gates.data(), all, early}, seen, L.P, d.R, nullptr);
    if (L.cell.kind == Kind::gru_after) {
      over_steps<A>(L, {chain.q.data(), H, H}, seen, L.P, d.R + early * L.P,
                    d.b_ ? d.b_ + early : nullptr);
    } else if (L.cell.kind == Kind::gru_before) {
      const auto gated = [&](int64_t t, int64_t m, S* room) {
        put_product(b.kept.gates + whole.position(t, m) * all, past.seen(t, m, room), H, room);
        return static_cast<const S*>(room);
      };
      over_steps<A>(L, {chain.gates.data() + early, all, H}, gated, L.P, d.R + early * L.P,
                    nullptr);
    }
  }
  if (L.P == L.H) return;
  const auto hidden = [&](int64_t t, int64_t m, S* room) {
    const Variant options(L.cell);
    const S* o = b.kept.gates + whole.position(t, m) * all + 3 * H;
    const S* c = b.kept.c + whole.position(t, m) * H;
    over_units<S>(H, [=](auto lanes, int64_t u) {
      lanes.store(room + u, lanes.load(o + u) * options.state(lanes.load(c + u)));
    });
    return static_cast<const S*>(room);
  };
  over_steps<A>(L, {chain.projected.data(), L.P, L.P}, hidden, H, d.projection, nullptr);
}

// The unit sums of all threads, in their order.
template <typename S>
void add_unit_sums(const Layout& L, const Weights<S>& d, S* sums) {
  const UnitWeights at{L};
  for (int thread = 1; thread < L.threads; ++thread) add(sums + thread * at.size(), at.size(), sums);
  if (d.peephole) copy(sums + at.peephole(), 3 * L.H, d.peephole);
  if (!L.cell.norm) return;
  copy(sums + at.norm_ih(), L.all_gates(), d.norm_ih);
  copy(sums + at.norm_hh(), L.all_gates(), d.norm_hh);
  if (d.b) copy(sums + at.b(), L.all_gates(), d.b);
  if (d.b_) copy(sums + at.b_(), L.all_gates(), d.b_);
  if (d.norm_c) copy(sums + at.norm_c(), L.H, d.norm_c);
  if (d.norm_c_bias) copy(sums + at.norm_c_bias(), L.H, d.norm_c_bias);
}

template <typename A>
void backward(const Layout& L, const Backward<typename A::Sum>& b) {
  using S = typename A::Sum;
  const TransposedWeights<A> weights(L, b);
  Chain<S> chain(L);
  const int64_t size = UnitWeights{L}.size();
  Buffer<S> all_sums(size * L.threads);
  clear(all_sums.data(), size * L.threads);
  with_options(L, b.states, [&](auto options) {
    using O = typename decltype(options)::type;
    share_out(L, [&](const Share& share) {
      UnitSums<S> sums(L, all_sums.data() + share.row(0) * size);
      BackwardPass<A, O>(L, b, weights, share, chain, sums).run();
    });
  });
  if (!b.gradients.W) return;
  weight_gradients<A>(L, b, chain);
  if (size) add_unit_sums(L, b.gradients, all_sums.data());
}

}  // namespace elman::ELMAN_BUILD
