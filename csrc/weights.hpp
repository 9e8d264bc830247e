// The weights as the forward pass reads them.
#pragma once

#include <cstdint>

#include "buffer.hpp"
#include "product.hpp"
#include "recurrence.hpp"

namespace elman::ELMAN_BUILD {

template <typename S>
inline Buffer<S> copied(const S* from, int64_t count) {
  Buffer<S> own(from ? count : 0);
  if (from) copy(from, count, own.data());
  return own;
}

// Outputs of R h that are added to W x as they are; those of a GRU's candidate stand apart.
inline int64_t in_place(const Layout& L) {
  return (L.cell.is_gru() ? 2 : L.cell.gates()) * L.H;
}

// A copy of all, so that it serves for as long as it lives.
template <typename A>
class PackedWeights : public Packed {
 public:
  using S = typename A::Sum;

  PackedWeights(const Layout& L, const Weights<const S>& w)
      : W(w.W, L.all_gates(), L.I, L.I, 1),
        R(w.R, in_place(L), L.P, L.P, 1),
        R_n(w.R + in_place(L) * L.P, L.all_gates() - in_place(L), L.P, L.P, 1),
        projection(w.projection, w.projection ? L.P : 0, L.H, L.H, 1),
        b(L.all_gates()),
        b_n(L.H),
        peephole(copied(w.peephole, 3 * L.H)),
        norm_ih(copied(w.norm_ih, L.all_gates())),
        norm_hh(copied(w.norm_hh, L.all_gates())),
        norm_c(copied(w.norm_c, L.H)),
        norm_c_bias(copied(w.norm_c_bias, L.H)) {
    const int64_t all = L.all_gates(), early = L.cell.kind == Kind::gru_after ? 2 * L.H : all;
    for (int64_t o = 0; o < all; ++o)
      b.data()[o] = (w.b ? w.b[o] : S{}) + (w.b_ && o < early ? w.b_[o] : S{});
    for (int64_t u = 0; u < L.H; ++u) b_n.data()[u] = w.b_ && early < all ? w.b_[early + u] : S{};
  }

  Panels<A> W, R, R_n, projection;
  Buffer<S> b;    // [G·H] every bias that may be added early
  Buffer<S> b_n;  // [H] the inner bias of a reset-after candidate
  Buffer<S> peephole, norm_ih, norm_hh, norm_c, norm_c_bias;
};

}  // namespace elman::ELMAN_BUILD
