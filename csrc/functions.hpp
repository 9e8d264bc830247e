// Everything that a build computes; compiled once a build.
#pragma once

#include <cstdint>

#include "backward.hpp"
#include "forward.hpp"
#include "matrix.hpp"

namespace elman::ELMAN_BUILD {

template <typename S>
void product(const Product<S>& p) {
  const auto panels = Panels<S>::of_outputs(p.weights, p.M, p.K, p.transposed ? 1 : p.K,
                                            p.transposed ? p.M : 1);
  multiply(p.rows, p.N, panels, p.M, p.bias, p.out, p.threads);
}

template <typename S>
void transposed_product(const TransposedProduct<S>& p) {
  multiply_transposed(p.left, p.left_stride, p.right, p.N, p.A, p.B, p.out, p.threads);
}

template <typename S>
constexpr Functions<S> all_functions{&forward<S>, &backward<S>, &product<S>,
                                     &transposed_product<S>};

}  // namespace elman::ELMAN_BUILD
