// The one matrix product of the engine: a few rows times a packed panel, in registers.
#pragma once

#include <cstdint>

#include "buffer.hpp"
#include "vector.hpp"

namespace elman::ELMAN_BUILD {

// Rows of a register tile of so many vectors: 24 accumulators of AVX-512's 32 registers, 8 or 9 of
// the 16 that AVX2 and the portable build have.
#if ELMAN_VECTOR_BYTES == 64
constexpr int tile_rows(int vectors) { return vectors == 4 ? 6 : vectors == 3 ? 8 : 10; }
#else
constexpr int tile_rows(int vectors) { return vectors == 4 ? 2 : vectors == 3 ? 3 : 4; }
#endif

// A tile of few rows has too few sums to hide the time that one takes; then even and odd k (or k
// modulo 4) are summed apart.
constexpr int partial_sums(int rows, int vectors) {
  return rows * vectors >= 8 ? 1 : rows * vectors >= 5 ? 2 : 4;
}

// A matrix [outputs, K] packed for products with its transpose. A panel holds V vectors of outputs;
// for each k they lie side by side, so that one pass over k feeds a whole register tile.
// Which output stands in which vector is the packer's choice: the gates of one group of units
// (an output's row is gate·H + unit), or consecutive outputs.
template <typename S>
class Panels {
 public:
  // `vectors` gates a panel; the unit of panel p, lane j is p·W + j.
  static Panels of_gates(const S* matrix, int first_gate, int vectors, std::int64_t H,
                         std::int64_t K) {
    Panels panels(vectors, (H + W<S> - 1) / W<S>, K);
    for (std::int64_t p = 0; p < panels.count_; ++p)
      for (int v = 0; v < vectors; ++v)
        panels.pack(p, v, matrix + ((first_gate + v) * H + p * W<S>)*K, K, 1, H - p * W<S>);
    return panels;
  }

  // Consecutive outputs, four vectors a panel: output o of k is matrix[o·of_output + k·of_k].
  static Panels of_outputs(const S* matrix, std::int64_t outputs, std::int64_t K,
                           std::int64_t of_output, std::int64_t of_k) {
    Panels panels(4, (outputs + 4 * W<S> - 1) / (4 * W<S>), K);
    for (std::int64_t p = 0; p < panels.count_; ++p)
      for (int v = 0; v < 4; ++v) {
        const std::int64_t first = (p * 4 + v) * W<S>;
        if (first >= outputs) break;
        panels.pack(p, v, matrix + first * of_output, of_output, of_k, outputs - first);
      }
    return panels;
  }

  std::int64_t count() const { return count_; }
  std::int64_t K() const { return K_; }
  const S* panel(std::int64_t p) const { return packed_.data() + p * K_ * vectors_ * W<S>; }

 private:
  Panels(int vectors, std::int64_t count, std::int64_t K)
      : vectors_(vectors), count_(count), K_(K), packed_(count * K * vectors * W<S>) {}

  void pack(std::int64_t p, int v, const S* from, std::int64_t of_output, std::int64_t of_k,
            std::int64_t outputs) {
    S* to = packed_.data() + p * K_ * vectors_ * W<S> + v * W<S>;
    const int lanes = static_cast<int>(outputs < W<S> ? outputs : W<S>);
    constexpr std::int64_t block = 16;  // of k, so that what is read and written stays in cache
    for (std::int64_t first = 0; first < K_; first += block) {
      const std::int64_t end = K_ - first < block ? K_ : first + block;
      for (int lane = 0; lane < lanes; ++lane)
        for (std::int64_t k = first; k < end; ++k)
          to[k * vectors_ * W<S> + lane] = from[lane * of_output + k * of_k];
    }
  }

  int vectors_;
  std::int64_t count_, K_;
  Buffer<S> packed_;
};

// sum[m][v] = row m · vector v of a panel, for M rows of K numbers.
template <typename S, int M, int V>
inline void product(const S* const* rows, const S* panel, std::int64_t K, Vector<S> (&sum)[M][V]) {
  constexpr int P = partial_sums(M, V);
  Vector<S> part[P][M][V];
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) part[p][m][v] = Vector<S>{};
  std::int64_t k = 0;
  for (; k + P <= K; k += P) {
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p, panel += V * W<S>) {
      Vector<S> weight[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) weight[v] = load(panel + v * W<S>);
#pragma GCC unroll 16
      for (int m = 0; m < M; ++m) {
        const S a = rows[m][k + p];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) part[p][m][v] += a * weight[v];
      }
    }
  }
  for (; k < K; ++k, panel += V * W<S>)
    for (int m = 0; m < M; ++m)
      for (int v = 0; v < V; ++v) part[0][m][v] += rows[m][k] * load(panel + v * W<S>);
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      sum[m][v] = part[0][m][v];
#pragma GCC unroll 4
      for (int p = 1; p < P; ++p) sum[m][v] += part[p][m][v];
    }
}

// One tile of `size` ≤ M rows, `size` being known to the compiler within.
template <typename S, int V, int M, typename Rows, typename Use>
inline void tile(int size, std::int64_t first, const Rows& rows, const S* panel, std::int64_t K,
                 const Use& use) {
  if constexpr (M > 1) {
    if (size < M) return tile<S, V, M - 1>(size, first, rows, panel, K, use);
  }
  const S* pointers[M];
  for (int m = 0; m < M; ++m) pointers[m] = rows(first + m);
  Vector<S> sum[M][V];
  product<S, M, V>(pointers, panel, K, sum);
  for (int m = 0; m < M; ++m) use(first + m, sum[m]);
}

// Calls use(m, sum) for each of `count` rows; rows(m) gives the row's pointer. The rows are cut into
// tiles of like size, since a tile of a row or two is slow: 32 rows are 6 6 5 5 5 5, not 5 · 6 and 2.
template <typename S, int V, typename Rows, typename Use>
inline void for_each_product(std::int64_t count, const Rows& rows, const S* panel, std::int64_t K,
                             const Use& use) {
  constexpr int M = tile_rows(V);
  for (std::int64_t tiles = (count + M - 1) / M, first = 0; tiles > 0; --tiles) {
    const int size = static_cast<int>((count - first + tiles - 1) / tiles);
    tile<S, V, M>(size, first, rows, panel, K, use);
    first += size;
  }
}

}  // namespace elman::ELMAN_BUILD
