// The gradient of a weight: leftᵀ · right, summed over all steps.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "buffer.hpp"
#include "product.hpp"
#include "share.hpp"
#include "units.hpp"

namespace elman::ELMAN_BUILD {

// A matrix [N, columns], its rows `stride` apart.
template <typename S>
struct Columns {
  const S* first;
  int64_t stride, columns;
};

// How far apart packed groups of so many operands lie: an odd number of cache lines, since groups an
// even number apart would fight for the same few places of the cache.
template <typename Operand>
inline int64_t spacing(int64_t operands) {
  constexpr int64_t line = 64 / sizeof(Operand);
  return ((operands + line - 1) / line | 1) * line;
}

// One row of operands in groups of G, which lie `apart`; the last group is filled up with 0.
template <typename Operand, int G>
inline void scatter(const Operand* from, int64_t columns, int64_t apart, Operand* to) {
  int64_t c = 0;
  for (; c + G <= columns; c += G, to += apart) std::memcpy(to, from + c, G * sizeof(Operand));
  if (c == columns) return;
  for (int m = 0; m < G; ++m) to[m] = c + m < columns ? from[c + m] : Operand{};
}

// A register tile of M columns of left and V vectors of right: few loads of right for each step.
#if ELMAN_VECTOR_BYTES == 64
constexpr int gradient_rows = 8;
#else
constexpr int gradient_rows = 4;
#endif
constexpr int gradient_vectors = 2;

// out [M, V·W] += groupᵀ · panel over so many operands of steps; rows of the group are 2 M wide.
template <typename A, int M, int V>
void add_tile(const typename A::Operand* group, const typename A::Operand* panel, int64_t steps,
              typename A::Sum* out, int64_t stride, int64_t rows, int64_t columns) {
  using S = typename A::Sum;
  Vector<S> sum[M][V];
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[m][v] = Vector<S>{};
  for (int64_t k = 0; k < steps; ++k, group += 2 * M, panel += V * W<S>) {
    Vector<typename A::Operand> right[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) right[v] = load(panel + v * W<S>);
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[m][v] = A::multiply_add(group[m], right[v], sum[m][v]);
  }
  if (rows >= M && columns >= V * W<S>) {
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        S* place = out + m * stride + v * W<S>;
        store(place, load(place) + sum[m][v]);
      }
    return;
  }
  for (int m = 0; m < M && m < rows; ++m)
    for (int v = 0; v < V && v * W<S> < columns; ++v) {
      const int64_t left = columns - v * W<S>;
      const int some = left < W<S> ? static_cast<int>(left) : W<S>;
      S* place = out + m * stride + v * W<S>;
      store_first(place, load_first(place, some) + sum[m][v], some);
    }
}

#if defined(__AMX_BF16__)
// The same for one or two groups of 16 rows, `apart`, each of whose operands stand in tiles.
inline void add_tiles(const std::uint32_t* group, int64_t apart, const std::uint32_t* panel,
                      int64_t steps, float* out, int64_t stride, int64_t rows, int64_t columns) {
  constexpr int64_t tile = tile_side * tile_side;
  const bool lower = rows > tile_side;
  const TileSource above{group, tile_side, tile}, below{lower ? group + apart : nullptr, tile_side, tile};
  const TileSource right{panel, 2 * tile_side, 2 * tile};
  TileSums sums;
  sum_tiles(lower, columns > tile_side, above, below, right, steps, sums);
  for (int64_t m = 0; m < rows && m < 2 * tile_side; ++m)
    for (int64_t v = 0; v < 2 && v * tile_side < columns; ++v) {
      const int64_t left = columns - v * tile_side;
      const int some = left < tile_side ? static_cast<int>(left) : tile_side;
      const float* sum = sums.of[m / tile_side * 2 + v] + m % tile_side * tile_side;
      float* place = out + m * stride + v * tile_side;
      store_first(place, load_first(place, some) + load(sum), some);
    }
}
#endif

// out [A, B] = leftᵀ · right over N steps, and sums [A] (or null) = the sums of left's columns.
// right(n, scratch) gives row n of right, B numbers, if need be in scratch; n only rises.
// Threads share out the columns of left. Both are packed in blocks that stay in the second level.
template <typename A, typename Right>
class TransposedProduct {
 public:
  using S = typename A::Sum;
  using Operand = typename A::Operand;

  TransposedProduct(int64_t steps, const Columns<S>& left_columns, const Right& right_rows,
                    int64_t width, S* to, S* column_sums)
      : N(steps), left(left_columns), right(right_rows), B(width), out(to), sums(column_sums) {}

  void run(int threads) const {
    const int64_t groups = (left.columns + G - 1) / G;
    if (threads > groups) threads = static_cast<int>(groups);
    in_threads(threads, [&](int thread) {
      const int64_t begin = groups * thread / threads * G, stop = groups * (thread + 1) / threads * G;
      columns(begin, stop < left.columns ? stop : left.columns);
    });
  }

 private:
  static constexpr int M = gradient_rows, V = gradient_vectors;
  static constexpr int G = 2 * M, n = A::numbers, panel_width = V * W<S>;

  void columns(int64_t begin, int64_t end) const {
    const int64_t panels = (B + panel_width - 1) / panel_width;
    // At most 128 sums in a row, whatever would fit: a longer sum of floats loses more.
    const int64_t steps_at_once = within(64, (1 << 16) / (panels * panel_width), 128) * n;
    const int64_t columns_at_once = (1 << 16) / (steps_at_once / n) / G * G;
    Buffer<Operand> lefts(columns_at_once / G * spacing<Operand>(G * steps_at_once / n));
    Buffer<Operand> rights(panels * spacing<Operand>(panel_width * steps_at_once / n));
    Buffer<Operand> joined(B > columns_at_once ? B : columns_at_once);
    Buffer<S> scratch(2 * B), block_sums(columns_at_once);
    for (int64_t a = begin; a < end; ++a) clear(out + a * B, B);
    if (sums) clear(sums + begin, end - begin);
    Right rows = right;
#if defined(__AMX_BF16__)
    const std::conditional_t<A::tiled, Tiles, NoTiles> tiles(tile_side, tile_side);
#endif
    for (int64_t first = 0; first < N; first += steps_at_once) {
      const int64_t steps = N - first < steps_at_once ? N - first : steps_at_once;
      const int64_t length = operands_of<A>(steps);
      const int64_t left_apart = spacing<Operand>(G * length);
      const int64_t right_apart = spacing<Operand>(panel_width * length);
      for (int64_t k = 0; k < steps; k += n) {
        const S* row = rows(first + k, scratch.data());
        const S* next = n == 2 && k + 1 < steps ? rows(first + k + 1, scratch.data() + B) : nullptr;
        scatter<Operand, panel_width>(join<A>(row, next, B, joined.data()), B, right_apart,
                                      rights.data() + k / n * panel_width);
      }
      fill_up<panel_width>(steps, B, right_apart, rights.data());
      for (int64_t a = begin; a < end; a += columns_at_once) {
        const int64_t some = end - a < columns_at_once ? end - a : columns_at_once;
        pack_left(first, steps, a, some, left_apart, lefts.data(), joined.data());
        if (sums) add_sums(first, steps, a, some, block_sums.data());
        for (int64_t p = 0; p < panels; ++p)
          add_panel(lefts.data(), left_apart, rights.data() + p * right_apart, length,
                    out + a * B + p * panel_width, B, some, B - p * panel_width);
      }
    }
  }

  void pack_left(int64_t first, int64_t steps, int64_t a, int64_t some, int64_t apart,
                 Operand* to, Operand* joined) const {
    for (int64_t k = 0; k < steps; k += n) {
      const S* row = left.first + (first + k) * left.stride + a;
      const S* next = n == 2 && k + 1 < steps ? row + left.stride : nullptr;
      scatter<Operand, G>(join<A>(row, next, some, joined), some, apart,
                          to + k / n * G);
    }
    fill_up<G>(steps, some, apart, to);
    if constexpr (A::tiled) {
      for (int64_t g = 0; g < some; g += G, to += apart) turn_tiles(operands_of<A>(steps), to);
    }
  }

  // 0 for the operands that no step fills, in all groups of so many columns.
  template <int width>
  static void fill_up(int64_t steps, int64_t columns, int64_t apart, Operand* to) {
    const int64_t filled = (steps + n - 1) / n, length = operands_of<A>(steps);
    if (filled == length) return;
    for (int64_t c = 0; c < columns; c += width, to += apart)
      clear(to + filled * width, (length - filled) * width);
  }

  // From 16 columns of each operand of steps to 16 operands of each column, tile by tile.
  static void turn_tiles(int64_t length, Operand* group) {
    constexpr int side = W<S>;
    for (int64_t k = 0; k < length; k += side, group += side * side) {
      Vector<Operand> tile[side];
#pragma GCC unroll 16
      for (int row = 0; row < side; ++row) tile[row] = load(group + row * side);
      transpose<Operand>(tile);
#pragma GCC unroll 16
      for (int row = 0; row < side; ++row) store(group + row * side, tile[row]);
    }
  }

  // out [rows, columns] += the packed left · a panel of right.
  static void add_panel(const Operand* lefts, int64_t apart, const Operand* panel, int64_t length,
                        S* to, int64_t stride, int64_t rows, int64_t columns) {
#if defined(__AMX_BF16__)
    if constexpr (A::tiled) {
      for (int64_t g = 0; g < rows; g += 2 * G)
        add_tiles(lefts + g / G * apart, apart, panel, length, to + g * stride, stride, rows - g,
                  columns);
      return;
    }
#endif
    for (int64_t g = 0; g < rows; g += M)
      add_tile<A, M, V>(lefts + g / G * apart + g % G, panel, length, to + g * stride, stride,
                        rows - g, columns);
  }

  // Block by block, since a long sum of floats in a row loses more.
  void add_sums(int64_t first, int64_t steps, int64_t a, int64_t some, S* block_sums) const {
    clear(block_sums, some);
    for (int64_t k = 0; k < steps; ++k)
      add(left.first + (first + k) * left.stride + a, some, block_sums);
    add(block_sums, some, sums + a);
  }

  static int64_t within(int64_t low, int64_t value, int64_t high) {
    return value < low ? low : value > high ? high : value;
  }

  int64_t N;
  Columns<S> left;
  const Right& right;
  int64_t B;
  S* out;
  S* sums;
};

}  // namespace elman::ELMAN_BUILD
