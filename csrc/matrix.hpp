// Products of whole matrices, over all steps at once: what stands before and after the recurrence.
//
// Both are the register tile of product.hpp, blocked so that what is read again lies in cache:
// panels in the first or second level, a block of rows in the second.
#pragma once

#include <cstdint>

#include "product.hpp"

namespace elman::ELMAN_BUILD {

using std::int64_t;

// out [N, M] = rows [N, K] · panels (M outputs of K) + bias [M] or null.
template <typename S>
void multiply(const S* rows, int64_t N, const Panels<S>& panels, int64_t M, const S* bias, S* out,
              int threads) {
  const int64_t K = panels.K();
  constexpr int64_t block = 96;
  const int64_t blocks = (N + block - 1) / block;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t first = b * block, count = N - first < block ? N - first : block;
    const auto row = [&](int64_t m) { return rows + (first + m) * K; };
    for (int64_t p = 0; p < panels.count(); ++p)
      for_each_product<S, 4>(count, row, panels.panel(p), K,
          [&](int64_t m, const Vector<S>(&sum)[4]) {
        for (int v = 0; v < 4; ++v) {
          const int64_t u = (p * 4 + v) * W<S>;
          if (u >= M) break;
          const int some = M - u < W<S> ? static_cast<int>(M - u) : W<S>;
          const Vector<S> value = bias ? sum[v] + load_first(bias + u, some) : sum[v];
          store_first(out + (first + m) * M + u, value, some);
        }
      });
  }
}

// `steps` rows of a matrix, its columns in groups of G: for each step a group's numbers lie side by
// side, so that a register tile reads them in order.
template <typename S, int G>
void pack_groups(const S* from, int64_t stride, int64_t steps, int64_t columns, S* to) {
  for (int64_t k = 0; k < steps; ++k)
    for (int64_t c = 0; c < columns; c += G) {
      S* place = to + c * steps + k * G;
      const int some = columns - c < G ? static_cast<int>(columns - c) : G;
      for (int m = 0; m < some; ++m) place[m] = from[k * stride + c + m];
    }
}

// out [A, B] += leftᵀ · right over `steps` steps, from a packed group and a packed panel.
template <typename S, int G>
void add_tile(const S* group, const S* panel, int64_t steps, S* out, int64_t B, int64_t rows,
              int64_t columns) {
  Vector<S> sum[G][4];
#pragma GCC unroll 16
  for (int m = 0; m < G; ++m)
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) sum[m][v] = Vector<S>{};
  for (int64_t k = 0; k < steps; ++k, group += G, panel += 4 * W<S>) {
    Vector<S> right[4];
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) right[v] = load(panel + v * W<S>);
#pragma GCC unroll 16
    for (int m = 0; m < G; ++m)
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) sum[m][v] += group[m] * right[v];
  }
  for (int m = 0; m < rows; ++m)
    for (int v = 0; v < 4 && v * W<S> < columns; ++v) {
      const int64_t left = columns - v * W<S>;
      const int some = left < W<S> ? static_cast<int>(left) : W<S>;
      S* place = out + m * B + v * W<S>;
      store_first(place, load_first(place, some) + sum[m][v], some);
    }
}

// out [A, B] = left [N, A]ᵀ · right [N, B], rows of left left_stride apart: the gradient of a weight.
template <typename S>
void multiply_transposed(const S* left, int64_t left_stride, const S* right, int64_t N, int64_t A,
                         int64_t B, S* out, int threads) {
  constexpr int G = tile_rows(4);
  constexpr int64_t chunk = 128;  // steps packed at once: a panel of them stays in the first level
  const int64_t groups = (A + G - 1) / G, panels = (B + 4 * W<S> - 1) / (4 * W<S>);
  Buffer<S> lefts(groups * G * chunk), rights(panels * 4 * W<S> * chunk);
  for (int64_t n = 0; n < A * B; ++n) out[n] = S{};
  for (int64_t first = 0; first < N; first += chunk) {
    const int64_t steps = N - first < chunk ? N - first : chunk;
    pack_groups<S, G>(left + first * left_stride, left_stride, steps, A, lefts.data());
    pack_groups<S, 4 * W<S>>(right + first * B, B, steps, B, rights.data());
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t p = 0; p < panels; ++p) {
        const int64_t a = g * G, b = p * 4 * W<S>;
        add_tile<S, G>(lefts.data() + a * steps, rights.data() + b * steps, steps,
                       out + a * B + b, B, A - a < G ? A - a : G, B - b);
      }
  }
}

}  // namespace elman::ELMAN_BUILD
