// A matrix laid out for the register tile.
#pragma once

#include <cstdint>

#include "arithmetic.hpp"
#include "buffer.hpp"

namespace elman::ELMAN_BUILD {

using std::int64_t;

// Rows become columns: lane j of vector i and lane i of vector j change places.
// Source: Eklundh (1972), IEEE Transactions on Computers C-21(7).
template <typename T, int N>
inline void transpose(Vector<T> (&v)[N]) {
  static_assert(N == W<T>);
  typedef decltype(Vector<T>{} < Vector<T>{}) Places;
#pragma GCC unroll 4
  for (int s = 1; s < N; s *= 2) {
    Places low{}, high{};
#pragma GCC unroll 16
    for (int lane = 0; lane < N; ++lane) {
      low[lane] = lane & s ? N + lane - s : lane;
      high[lane] = lane & s ? N + lane : lane + s;
    }
#pragma GCC unroll 16
    for (int i = 0; i < N; ++i) {
      if (i & s) continue;
      const Vector<T> a = v[i], b = v[i + s];
      v[i] = __builtin_shuffle(a, b, low);
      v[i + s] = __builtin_shuffle(a, b, high);
    }
  }
}

// A matrix [outputs, K], packed for products with its transpose. A panel holds up to four vectors of
// consecutive outputs; for each operand of k they lie side by side, so that one pass over k feeds a
// whole register tile. Output o of k is matrix[o · of_output + k · of_k], one of the strides being 1.
template <typename A>
class Panels {
 public:
  using S = typename A::Sum;
  using Operand = typename A::Operand;
  static constexpr int64_t width = 4 * W<S>;  // outputs of a whole panel

  Panels(const S* matrix, int64_t outputs, int64_t K, int64_t of_output, int64_t of_k)
      : outputs_(outputs), length_(operands_of<A>(K)), packed_(padded(outputs) * length_) {
    for (int64_t o = 0; o < outputs; o += W<S>) {
      const S* from = matrix + o * of_output;
      const int lanes = static_cast<int>(outputs - o < W<S> ? outputs - o : W<S>);
      const int64_t stride = vectors(o / width) * W<S>;
      // What no number fills: lanes beyond the outputs, and operands beyond K.
      for (int64_t k = lanes < W<S> ? 0 : K / A::numbers; k < length_; ++k)
        store(place(o) + k * stride, Vector<Operand>{});
      if (of_k == 1) {
        pack_transposed(from, K, of_output, lanes, place(o), stride);
      } else {
        pack_rows(from, K, of_k, lanes, place(o), stride);
      }
    }
  }

  int64_t count() const { return (outputs_ + width - 1) / width; }
  int64_t outputs() const { return outputs_; }
  int64_t length() const { return length_; }  // operands of a row

  // Vectors of outputs in panel p: four, but for the last panel.
  int vectors(int64_t p) const {
    const int64_t rest = (outputs_ - p * width + W<S> - 1) / W<S>;
    return static_cast<int>(rest < 4 ? rest : 4);
  }
  const Operand* panel(int64_t p) const { return packed_.data() + p * width * length_; }

 private:
  static int64_t padded(int64_t outputs) { return (outputs + W<S> - 1) / W<S> * W<S>; }
  Operand* place(int64_t o) {
    return packed_.data() + o / width * width * length_ + o % width;
  }

  // Outputs are rows in memory.
  static void pack_transposed(const S* from, int64_t K, int64_t of_output, int lanes, Operand* to,
                              int64_t stride) {
    constexpr int n = A::numbers;
    int64_t k = 0;
    if (lanes == W<S>) {
      for (; k + n * W<S> <= K; k += n * W<S>) {
        Vector<Operand> block[W<S>];
#pragma GCC unroll 16
        for (int lane = 0; lane < W<S>; ++lane)
          block[lane] = A::operands(from + lane * of_output + k);
        transpose<Operand>(block);
#pragma GCC unroll 16
        for (int row = 0; row < W<S>; ++row) store(to + (k / n + row) * stride, block[row]);
      }
    }
    for (; k < K; k += n)
      for (int lane = 0; lane < lanes; ++lane) {
        const S* number = from + lane * of_output + k;
        to[k / n * stride + lane] = A::operand(number[0], k + 1 < K ? number[1] : S{});
      }
  }

  // Outputs lie side by side in memory.
  static void pack_rows(const S* from, int64_t K, int64_t of_k, int lanes, Operand* to,
                        int64_t stride) {
    Operand scratch[W<S>];
    for (int64_t k = 0; k < K; k += A::numbers, from += A::numbers * of_k, to += stride)
      copy(join<A>(from, k + 1 < K ? from + of_k : nullptr, lanes, scratch), lanes, to);
  }

  int64_t outputs_, length_;
  Buffer<Operand> packed_;
};

}  // namespace elman::ELMAN_BUILD
