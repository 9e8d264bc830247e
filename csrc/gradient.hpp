// The gradient of a weight: leftᵀ · right, summed over all steps.
#pragma once

#include <cstdint>
#include <cstring>

#include "buffer.hpp"
#include "product.hpp"
#include "share.hpp"

namespace elman::ELMAN_BUILD {

// A matrix [N, columns], its rows `stride` apart.
template <typename S>
struct Columns {
  const S* first;
  int64_t stride, columns;
};

// One row of operands in groups of G, `steps` rows apart: to[(c / G) · G · steps + c mod G]; the
// last group is filled up with 0.
template <typename Operand, int G>
inline void scatter(const Operand* from, int64_t columns, int64_t steps, Operand* to) {
  int64_t c = 0;
  for (; c + G <= columns; c += G) std::memcpy(to + c * steps, from + c, G * sizeof(Operand));
  if (c == columns) return;
  for (int m = 0; m < G; ++m) to[c * steps + m] = c + m < columns ? from[c + m] : Operand{};
}

// out [G, 4 W] += group · panel over so many operands of steps.
template <typename A, int G>
void add_tile(const typename A::Operand* group, const typename A::Operand* panel, int64_t steps,
              typename A::Sum* out, int64_t stride, int64_t rows, int64_t columns) {
  using S = typename A::Sum;
  Vector<S> sum[G][4];
#pragma GCC unroll 16
  for (int m = 0; m < G; ++m)
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) sum[m][v] = Vector<S>{};
  for (int64_t k = 0; k < steps; ++k, group += G, panel += 4 * W<S>) {
    Vector<typename A::Operand> right[4];
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) right[v] = load(panel + v * W<S>);
#pragma GCC unroll 16
    for (int m = 0; m < G; ++m)
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) sum[m][v] = A::multiply_add(group[m], right[v], sum[m][v]);
  }
  for (int m = 0; m < rows; ++m)
    for (int v = 0; v < 4 && v * W<S> < columns; ++v) {
      const int64_t left = columns - v * W<S>;
      const int some = left < W<S> ? static_cast<int>(left) : W<S>;
      S* place = out + m * stride + v * W<S>;
      store_first(place, load_first(place, some) + sum[m][v], some);
    }
}

// out [A, B] = leftᵀ · right over N steps, and sums [A] (or null) = the sums of left's columns.
// right(n, scratch) gives row n of right, B numbers, if need be in scratch; n only rises.
// Threads share out the columns of left.
template <typename A, typename Right>
void transposed_product(int threads, int64_t N, const Columns<typename A::Sum>& left,
                        const Right& right, int64_t B, typename A::Sum* out,
                        typename A::Sum* sums) {
  using S = typename A::Sum;
  using Operand = typename A::Operand;
  constexpr int G = tile_rows(4), n = A::numbers, width = 4 * W<S>;
  constexpr int64_t chunk = 128 * n;  // steps at once: a packed panel of them is 32 KiB
  const int64_t groups = (left.columns + G - 1) / G, panels = (B + width - 1) / width;
  if (threads > groups) threads = static_cast<int>(groups);
  in_threads(threads, [&](int thread) {
    const int64_t begin = groups * thread / threads * G;
    const int64_t stop = groups * (thread + 1) / threads * G;
    const int64_t end = stop < left.columns ? stop : left.columns, mine = end - begin;
    Buffer<Operand> lefts((mine + G - 1) / G * G * chunk / n), rights(panels * width * chunk / n);
    Buffer<Operand> joined(mine > B ? mine : B);
    Buffer<S> scratch(2 * B), chunk_sums(mine);
    if (sums) clear(sums + begin, mine);
    for (int64_t a = begin; a < end; ++a) clear(out + a * B, B);
    Right rows = right;
    for (int64_t first = 0; first < N; first += chunk) {
      const int64_t steps = N - first < chunk ? N - first : chunk;
      const int64_t length = operands_of<A>(steps);
      clear(chunk_sums.data(), mine);
      for (int64_t k = 0; k < steps; k += n) {
        const bool pair = n == 2 && k + 1 < steps;
        const S* l = left.first + (first + k) * left.stride + begin;
        scatter<Operand, G>(join<A>(l, pair ? l + left.stride : nullptr, mine, joined.data()),
                            mine, length, lefts.data() + k / n * G);
        if (sums)
          for (int64_t a = 0; a < mine; ++a)
            chunk_sums.data()[a] += pair ? l[a] + l[a + left.stride] : l[a];
        const S* r = rows(first + k, scratch.data());
        const S* second = pair ? rows(first + k + 1, scratch.data() + B) : nullptr;
        scatter<Operand, width>(join<A>(r, second, B, joined.data()), B, length,
                                rights.data() + k / n * width);
      }
      if (sums)
        for (int64_t a = 0; a < mine; ++a) sums[begin + a] += chunk_sums.data()[a];
      for (int64_t p = 0; p < panels; ++p)
        for (int64_t a = 0; a < mine; a += G)
          add_tile<A, G>(lefts.data() + a * length, rights.data() + p * width * length, length,
                         out + (begin + a) * B + p * width, B, mine - a < G ? mine - a : G,
                         B - p * width);
    }
  });
}

}  // namespace elman::ELMAN_BUILD
