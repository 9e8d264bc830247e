// Rows times a packed matrix: the register tile that nearly all time is spent in.
#pragma once

#include <cstdint>

#include "panels.hpp"
#if defined(__AMX_BF16__)
#include "tiles.hpp"
#endif

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

// One row of a product: its numbers, what is added to it (or null), and where it goes. The rows of a
// product lie equally far apart where operands are pairs.
template <typename A>
struct Row {
  const typename A::Operand* from;
  const typename A::Sum* plus;
  typename A::Sum* to;
};

// What a tile multiplies rows with: operands from `k` to `end` of a panel, whose first output is
// `first` of so many. A later part of k is added to what the earlier ones left.
template <typename A>
struct Block {
  const typename A::Operand* panel;
  int64_t k, end, first, outputs;
};

// M rows · a block of V vectors of outputs, the last of which may be partial unless `whole`.
template <typename A, int M, int V, bool whole>
void tile(const Row<A>* rows, const Block<A>& block) {
  using S = typename A::Sum;
  constexpr int P = partial_sums(M, V);
  Vector<S> sum[P][M][V];
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[p][m][v] = Vector<S>{};
  const typename A::Operand* from[M];
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m) from[m] = rows[m].from;
  const typename A::Operand* panel = block.panel + block.k * V * W<S>;
  const int64_t K = block.end;
  int64_t k = block.k;
  for (; k + P <= K; k += P)
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p, panel += V * W<S>) {
      Vector<typename A::Operand> weight[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) weight[v] = load(panel + v * W<S>);
#pragma GCC unroll 16
      for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v)
          sum[p][m][v] = A::multiply_add(from[m][k + p], weight[v], sum[p][m][v]);
    }
  for (; k < K; ++k, panel += V * W<S>)
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v)
        sum[0][m][v] = A::multiply_add(from[m][k], load(panel + v * W<S>), sum[0][m][v]);
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m) {
    const S* plus = block.k ? rows[m].to : rows[m].plus;
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
#pragma GCC unroll 4
      for (int p = 1; p < P; ++p) sum[0][m][v] += sum[p][m][v];
      const int64_t o = block.first + v * W<S>;
      if (whole || o + W<S> <= block.outputs) {
        store(rows[m].to + o, plus ? sum[0][m][v] + load(plus + o) : sum[0][m][v]);
      } else {
        const int some = static_cast<int>(block.outputs - o);
        store_first(rows[m].to + o,
                    plus ? sum[0][m][v] + load_first(plus + o, some) : sum[0][m][v], some);
      }
    }
  }
}

// A tile of `size` ≤ M rows, `size` being known to the compiler within.
template <typename A, int M, int V, bool whole>
inline void tile_of(int size, const Row<A>* rows, const Block<A>& block) {
  if constexpr (M > 1) {
    if (size < M) return tile_of<A, M - 1, V, whole>(size, rows, block);
  }
  tile<A, M, V, whole>(rows, block);
}

// All rows · one block. They are cut into tiles of like size, since a tile of a row or two is slow:
// 32 rows are 6 6 5 5 5 5, not 5 · 6 and 2.
template <typename A, int V, bool whole>
void all_tiles(const Row<A>* rows, int64_t count, const Block<A>& block) {
  constexpr int M = tile_rows(V);
  for (int64_t tiles = (count + M - 1) / M; tiles > 0; --tiles) {
    const int size = static_cast<int>((count + tiles - 1) / tiles);
    tile_of<A, M, V, whole>(size, rows, block);
    rows += size;
    count -= size;
  }
}

// Long rows are cut, so that a block of a panel and of the rows stay in the second level.
template <typename A>
void multiply_in_registers(const Row<A>* rows, int64_t count, const Panels<A>& matrix) {
  constexpr int64_t cut = 512;
  const int64_t K = matrix.length();
  for (int64_t k = 0; k < K; k += cut)
    for (int64_t p = 0; p < matrix.count(); ++p) {
      const int vectors = matrix.vectors(p);
      const Block<A> block{matrix.panel(p), k, K - k < cut ? K : k + cut,
                           p * Panels<A>::width, matrix.outputs()};
      if (block.first + Panels<A>::width <= block.outputs) {
        all_tiles<A, 4, true>(rows, count, block);
      } else if (vectors == 4) {
        all_tiles<A, 4, false>(rows, count, block);
      } else if (vectors == 3) {
        all_tiles<A, 3, false>(rows, count, block);
      } else if (vectors == 2) {
        all_tiles<A, 2, false>(rows, count, block);
      } else {
        all_tiles<A, 1, false>(rows, count, block);
      }
    }
}

#if defined(__AMX_BF16__)
// Rows of a pair of tiles with sums to their places, for two vectors of outputs from output o on.
inline void put_sums(const Row<Bf16>* rows, int upper, int lower, int64_t o, int64_t outputs,
                     const TileSums& sums) {
  for (int m = 0; m < upper + lower; ++m) {
    const float* plus = rows[m].plus;
    for (int v = 0; v < 2 && o + v * tile_side < outputs; ++v) {
      const int64_t first = o + v * tile_side, left = outputs - first;
      const int some = left < tile_side ? static_cast<int>(left) : tile_side;
      const float* sum = m < upper ? sums.of[v] + m * tile_side
                                   : sums.of[2 + v] + (m - upper) * tile_side;
      store_first(rows[m].to + first,
                  plus ? load(sum) + load_first(plus + first, some) : load(sum), some);
    }
  }
}

// Rows in blocks of like size, of up to two tiles.
inline void multiply_by_tiles(const Row<Bf16>* rows, int64_t count, const Panels<Bf16>& matrix) {
  const int64_t length = matrix.length(), apart = count > 1 ? rows[1].from - rows[0].from : length;
  TileSums sums;
  for (int64_t blocks = (count + 2 * tile_side - 1) / (2 * tile_side); blocks > 0; --blocks) {
    const int size = static_cast<int>((count + blocks - 1) / blocks);
    const int upper = size < tile_side ? size : tile_side, lower = size - upper;
    const Tiles tiles(upper, lower);
    const TileSource above{rows[0].from, apart, tile_side};
    const TileSource below{lower ? rows[upper].from : nullptr, apart, tile_side};
    for (int64_t p = 0; p < matrix.count(); ++p) {
      const int vectors = matrix.vectors(p);
      const int64_t stride = vectors * tile_side;
      for (int v = 0; v < vectors; v += 2) {
        const TileSource outputs{matrix.panel(p) + v * tile_side, stride, stride * tile_side};
        sum_tiles(lower > 0, v + 1 < vectors, above, below, outputs, length, sums);
        put_sums(rows, upper, lower, p * Panels<Bf16>::width + v * tile_side, matrix.outputs(),
                 sums);
      }
    }
    rows += size;
    count -= size;
  }
}
#endif

// to[o] = plus[o] + Σ_k from[k] · matrix[o, k], for each row and every output o.
template <typename A>
void multiply(const Row<A>* rows, int64_t count, const Panels<A>& matrix) {
#if defined(__AMX_BF16__)
  if constexpr (A::tiled) return multiply_by_tiles(rows, count, matrix);
#endif
  multiply_in_registers(rows, count, matrix);
}

}  // namespace elman::ELMAN_BUILD
