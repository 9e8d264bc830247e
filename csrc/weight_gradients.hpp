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

// What of_row(t, row, room) gives of each step, as the right side of a product.
template <typename A, typename OfRow>
Right<A, StepRows<typename A::Sum, OfRow>> over_steps(const Layout& L, const OfRow& of_row,
                                                      int64_t B, typename A::Sum* out,
                                                      int64_t columns) {
  return {{L, of_row}, B, out, columns};
}

// As TransposedProduct.
template <typename A, typename First, typename Second = NoRight>
void multiply_transposed(const Layout& L, const Columns<typename A::Sum>& left,
                         typename A::Sum* sums, const First& first, const Second& second = {}) {
  TransposedProduct<A, First, Second>(L.N, left, first, sums, second).run(L.threads);
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

  const auto of_input = over_steps<A>(L, input, L.I, d.W, all);
  if (L.cell.norm) {
    multiply_transposed<A>(L, {chain.gates.data(), all, all}, nullptr, of_input);
    multiply_transposed<A>(L, {chain.recurrent.data(), all, all}, nullptr,
                           over_steps<A>(L, seen, L.P, d.R, all));
  } else {
    multiply_transposed<A>(L, {chain.gates.data(), all, all}, d.b, of_input,
                           over_steps<A>(L, seen, L.P, d.R, early));
    if (d.b) copy(d.b, all, d.b_);
    if (L.cell.kind == Kind::gru_after) {
      multiply_transposed<A>(L, {chain.q.data(), H, H}, d.b_ ? d.b_ + early : nullptr,
                             over_steps<A>(L, seen, L.P, d.R + early * L.P, H));
    } else if (L.cell.kind == Kind::gru_before) {
      const auto gated = [&](int64_t t, int64_t m, S* room) {
        put_product(b.kept.gates + whole.position(t, m) * all, past.seen(t, m, room), H, room);
        return static_cast<const S*>(room);
      };
      multiply_transposed<A>(L, {chain.gates.data() + early, all, H}, nullptr,
                             over_steps<A>(L, gated, L.P, d.R + early * L.P, H));
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
  multiply_transposed<A>(L, {chain.projected.data(), L.P, L.P}, nullptr,
                         over_steps<A>(L, hidden, H, d.projection, L.P));
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
