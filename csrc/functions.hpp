// Everything that a build computes; compiled once a build.
#pragma once

#include <type_traits>

#include "forward.hpp"
#include "weight_gradients.hpp"

namespace elman::ELMAN_BUILD {

// work(arithmetic) with the arithmetic that a layout asks for; float64 has the full one only.
template <typename S, typename Work>
auto in_precision(const Layout& L, const Work& work) {
  if constexpr (std::is_same_v<S, float>) {
    if (L.precision == Precision::bf16) return work(Bf16{});
  }
  return work(Full<S>{});
}

template <typename S>
Packed* pack_weights(const Layout& L, const Weights<const S>& w) {
  return in_precision<S>(L, [&](auto arithmetic) -> Packed* {
    return new PackedWeights<decltype(arithmetic)>(L, w);
  });
}

template <typename S>
void run_forward(const Layout& L, const Forward<S>& f) {
  in_precision<S>(L, [&](auto arithmetic) { forward<decltype(arithmetic)>(L, f); });
}

template <typename S>
void run_backward(const Layout& L, const Backward<S>& b) {
  in_precision<S>(L, [&](auto arithmetic) { backward<decltype(arithmetic)>(L, b); });
}

template <typename S>
constexpr Functions<S> all_functions{&pack_weights<S>, &run_forward<S>, &run_backward<S>};

}  // namespace elman::ELMAN_BUILD
