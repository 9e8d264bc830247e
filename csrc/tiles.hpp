// Products on the tiles of AMX, which hold 16 rows of 16 operands and are multiplied by one
// instruction. Source: Intel (2024), Architectures Optimization Reference Manual, chapter 20.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "panels.hpp"

namespace elman::ELMAN_BUILD {

// Rows of a tile, and operands of each.
constexpr int tile_side = 16;

// GCC does not know what memory its instructions for tiles read, and would move or drop the writing
// of it; everything is written when this is passed.
inline void write_memory() { __asm__ volatile("" ::: "memory"); }

// Tiles 0 to 3 are sums (of the upper rows for two vectors of outputs, then of the lower rows), 4 and
// 5 upper and lower rows, 6 and 7 the matrix. They are at hand while the object lives.
class Tiles {
 public:
  // How many rows there are, 1 to 16 upper and 0 to 16 lower ones.
  Tiles(int upper, int lower) {
    const int rows[8] = {upper, upper, lower, lower, upper, lower, tile_side, tile_side};
    Shapes shapes;
    for (int tile = 0; tile < 8; ++tile) {
      if (rows[tile] == 0) continue;
      shapes.rows[tile] = static_cast<std::uint8_t>(rows[tile]);
      shapes.row_bytes[tile] = 64;
    }
    write_memory();
    _tile_loadconfig(&shapes);
  }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;
  ~Tiles() { _tile_release(); }

 private:
  struct alignas(64) Shapes {
    std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
    std::uint16_t row_bytes[16] = {};
    std::uint8_t rows[16] = {};
  };
};

// What stands in their place where an arithmetic has none.
struct NoTiles {
  NoTiles(int, int) {}
};

// Operands on their way into tiles: where the first tile's lie, how far apart its rows are, and how
// far the next tile's are from there.
struct TileSource {
  const std::uint32_t* operands;
  std::int64_t row, next;
};

// The four tiles of sums, row by row.
struct TileSums {
  alignas(64) float of[4][tile_side * tile_side];
};

// Sums over `length` operands, a multiple of 16. `lower` and `right` say which of the four there are.
template <bool lower, bool right>
inline void sum_tiles(TileSource upper_rows, TileSource lower_rows, TileSource matrix,
                      std::int64_t length, TileSums& sums) {
  constexpr std::int64_t bytes = sizeof(std::uint32_t);
  write_memory();
  _tile_zero(0);
  if constexpr (right) _tile_zero(1);
  if constexpr (lower) _tile_zero(2);
  if constexpr (lower && right) _tile_zero(3);
  for (std::int64_t k = 0; k < length; k += tile_side) {
    _tile_loadd(4, upper_rows.operands, upper_rows.row * bytes);
    _tile_loadd(6, matrix.operands, matrix.row * bytes);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (right) {
      _tile_loadd(7, matrix.operands + tile_side, matrix.row * bytes);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (lower) {
      _tile_loadd(5, lower_rows.operands, lower_rows.row * bytes);
      _tile_dpbf16ps(2, 5, 6);
    }
    if constexpr (lower && right) _tile_dpbf16ps(3, 5, 7);
    upper_rows.operands += upper_rows.next;
    lower_rows.operands += lower_rows.next;
    matrix.operands += matrix.next;
  }
  _tile_stored(0, sums.of[0], 64);
  if constexpr (right) _tile_stored(1, sums.of[1], 64);
  if constexpr (lower) _tile_stored(2, sums.of[2], 64);
  if constexpr (lower && right) _tile_stored(3, sums.of[3], 64);
}

inline void sum_tiles(bool lower, bool right, const TileSource& upper_rows,
                      const TileSource& lower_rows, const TileSource& matrix, std::int64_t length,
                      TileSums& sums) {
  if (lower) {
    right ? sum_tiles<true, true>(upper_rows, lower_rows, matrix, length, sums)
          : sum_tiles<true, false>(upper_rows, lower_rows, matrix, length, sums);
  } else {
    right ? sum_tiles<false, true>(upper_rows, lower_rows, matrix, length, sums)
          : sum_tiles<false, false>(upper_rows, lower_rows, matrix, length, sums);
  }
}

}  // namespace elman::ELMAN_BUILD
