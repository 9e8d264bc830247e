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

// Packed operands: how many columns stand in a group, and how far apart the groups are.
template <typename A, int width>
struct Groups {
  using Operand = typename A::Operand;
  static constexpr int n = A::numbers;

  // Room for so many columns, of so many steps at once.
  Groups(int64_t columns, int64_t steps_at_once)
      : packed((columns + width - 1) / width * spacing<Operand>(width * operands_of<A>(steps_at_once))) {}

  // For a block of so many steps.
  void begin(int64_t steps) {
    length = operands_of<A>(steps);
    apart = spacing<Operand>(width * length);
  }

  // Steps k and, where operands are pairs, k + 1, of which there is none at the end (null).
  void put(int64_t k, const typename A::Sum* row, const typename A::Sum* next, int64_t columns,
           Operand* joined) {
    scatter<Operand, width>(join<A>(row, next, columns, joined), columns, apart,
                            packed.data() + k / n * width);
  }

  // 0 for the operands that no step fills.
  void fill_up(int64_t steps, int64_t columns) {
    const int64_t filled = (steps + n - 1) / n;
    if (filled == length) return;
    for (int64_t c = 0; c < columns; c += width)
      clear(group(c) + filled * width, (length - filled) * width);
  }

  Operand* group(int64_t column) { return packed.data() + column / width * apart; }

  Buffer<Operand> packed;
  int64_t length = 0, apart = 0;
};

// The right side of a product: rows(n, scratch) gives row n of it, B numbers, if need be in scratch;
// n only rises. out [columns, B] is where its product with the first columns of the left goes.
template <typename A, typename Rows>
struct Right {
  Rows rows;
  int64_t B;
  typename A::Sum* out;
  int64_t columns;
};

// What stands for a second right side where there is one only.
struct NoRight {
  static constexpr int64_t B = 0;
};

// out [A, B] = leftᵀ · right over N steps, for one right side or two, and sums [A] (or null) = the
// sums of left's columns. Threads share out the columns of left. All are packed in blocks that stay
// in the second level.
template <typename A, typename First, typename Second = NoRight>
class TransposedProduct {
 public:
  using S = typename A::Sum;
  using Operand = typename A::Operand;

  TransposedProduct(int64_t steps, const Columns<S>& left_columns, const First& first_right,
                    S* column_sums, const Second& second_right = {})
      : N(steps), left(left_columns), first(first_right), second(second_right), sums(column_sums) {}

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

  // A right side on its way through the product: a block of its steps, packed.
  template <typename Side>
  class Packed {
   public:
    Packed(const Side& side, int64_t steps_at_once)
        : right(side), panels(side.B, steps_at_once), joined(side.B), scratch(2 * side.B) {}

    void clear_out(int64_t begin, int64_t end) {
      for (int64_t a = begin; a < end && a < right.columns; ++a) clear(right.out + a * right.B, right.B);
    }

    void pack(int64_t from, int64_t steps) {
      panels.begin(steps);
      for (int64_t k = 0; k < steps; k += n) {
        const S* row = right.rows(from + k, scratch.data());
        const S* next = n == 2 && k + 1 < steps
                            ? right.rows(from + k + 1, scratch.data() + right.B) : nullptr;
        panels.put(k, row, next, right.B, joined.data());
      }
      panels.fill_up(steps, right.B);
    }

    // Adds the product with so many columns of left, from column a on.
    void add(Groups<A, G>& lefts, int64_t a, int64_t some) {
      const int64_t rows = right.columns - a < some ? right.columns - a : some;
      for (int64_t b = 0; b < right.B; b += panel_width)
        add_panel(lefts, panels.group(b), right.out + a * right.B + b, right.B, rows, right.B - b);
    }

   private:
    Side right;
    Groups<A, panel_width> panels;
    Buffer<Operand> joined;
    Buffer<S> scratch;
  };

  struct Nothing {
    Nothing(const NoRight&, int64_t) {}
    void clear_out(int64_t, int64_t) {}
    void pack(int64_t, int64_t) {}
    void add(Groups<A, G>&, int64_t, int64_t) {}
  };

  void columns(int64_t begin, int64_t end) const {
    const int64_t width = whole_panels(first.B) + whole_panels(second.B);
    // At most 128 sums in a row, whatever would fit: a longer sum of floats loses more.
    const int64_t steps_at_once = within(64, (1 << 16) / width, 128) * n;
    const int64_t columns_at_once = (1 << 16) / (steps_at_once / n) / G * G;
    Groups<A, G> lefts(columns_at_once, steps_at_once);
    Buffer<Operand> joined(columns_at_once);
    Buffer<S> block_sums(columns_at_once);
    Packed<First> one(first, steps_at_once);
    std::conditional_t<std::is_same_v<Second, NoRight>, Nothing, Packed<Second>> other(
        second, steps_at_once);
    one.clear_out(begin, end);
    other.clear_out(begin, end);
    if (sums) clear(sums + begin, end - begin);
#if defined(__AMX_BF16__)
    const std::conditional_t<A::tiled, Tiles, NoTiles> tiles(tile_side, tile_side);
#endif
    for (int64_t from = 0; from < N; from += steps_at_once) {
      const int64_t steps = N - from < steps_at_once ? N - from : steps_at_once;
      one.pack(from, steps);
      other.pack(from, steps);
      for (int64_t a = begin; a < end; a += columns_at_once) {
        const int64_t some = end - a < columns_at_once ? end - a : columns_at_once;
        pack_left(from, steps, a, some, lefts, joined.data());
        if (sums) add_sums(from, steps, a, some, block_sums.data());
        one.add(lefts, a, some);
        other.add(lefts, a, some);
      }
    }
  }

  void pack_left(int64_t from, int64_t steps, int64_t a, int64_t some, Groups<A, G>& lefts,
                 Operand* joined) const {
    lefts.begin(steps);
    for (int64_t k = 0; k < steps; k += n) {
      const S* row = left.first + (from + k) * left.stride + a;
      lefts.put(k, row, n == 2 && k + 1 < steps ? row + left.stride : nullptr, some, joined);
    }
    lefts.fill_up(steps, some);
    if constexpr (A::tiled) {
      for (int64_t g = 0; g < some; g += G) turn_tiles(lefts.length, lefts.group(g));
    }
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

  // to [rows, columns] += the packed left · a panel of right.
  static void add_panel(Groups<A, G>& lefts, const Operand* panel, S* to, int64_t stride,
                        int64_t rows, int64_t columns) {
#if defined(__AMX_BF16__)
    if constexpr (A::tiled) {
      for (int64_t g = 0; g < rows; g += 2 * G)
        add_tiles(lefts.group(g), lefts.apart, panel, lefts.length, to + g * stride, stride,
                  rows - g, columns);
      return;
    }
#endif
    for (int64_t g = 0; g < rows; g += M)
      add_tile<A, M, V>(lefts.group(g) + g % G, panel, lefts.length, to + g * stride, stride,
                        rows - g, columns);
  }

  // Block by block, since a long sum of floats in a row loses more.
  void add_sums(int64_t from, int64_t steps, int64_t a, int64_t some, S* block_sums) const {
    clear(block_sums, some);
    for (int64_t k = 0; k < steps; ++k)
      add(left.first + (from + k) * left.stride + a, some, block_sums);
    add(block_sums, some, sums + a);
  }

  static int64_t whole_panels(int64_t B) { return (B + panel_width - 1) / panel_width * panel_width; }
  static int64_t within(int64_t low, int64_t value, int64_t high) {
    return value < low ? low : value > high ? high : value;
  }

  int64_t N;
  Columns<S> left;
  First first;
  Second second;
  S* sums;
};

}  // namespace elman::ELMAN_BUILD
