// What the passes are tested with: a case names a call, a problem is the numbers drawn for it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "recurrence.hpp"

namespace elman::test {

using std::int64_t;

enum class Zoneout { none, each_step, all_steps };

struct Case {
  Cell cell;
  Precision precision = Precision::full;
  bool reverse = false, bias = true, mask = false, resets = false, restart = false;
  bool projection = false;
  Zoneout zoneout = Zoneout::none;
  int threads = 1;
  int64_t I = 3, H = 5;
  std::vector<int64_t> lengths = {4, 3, 3, 1, 0};  // never rising

  int64_t B() const { return static_cast<int64_t>(lengths.size()); }
  int64_t T() const { return lengths.front(); }
  int64_t N() const;
  int64_t P() const { return projection ? H - 1 : H; }
  bool is_lstm() const { return cell.kind == Kind::lstm; }
};

// The case in words, for a check that fails.
std::string describe(const Case& c);

// The cell of its kind without any option.
Cell plain(Kind kind);

// Each kind of cell with all options that it can have together, and each alone, and none.
std::vector<Case> every_option();

// Each function at each place, with clip and without.
std::vector<Case> every_function();

// Plain and varied cells in sizes that leave tiles, vectors, panels and blocks in part empty.
std::vector<Case> every_size();

// The same with what the engine cuts into blocks: long rows, and more steps than are projected at once.
std::vector<Case> every_cut();

// Tensors that have a gradient, in the order of Weights and States.
enum Input { x, W, R, b, b_, projection, peephole, norm_ih, norm_hh, norm_c, norm_c_bias,
             h_0, c_0, h_restart, c_restart, inputs };
extern const char* const input_names[inputs];

// The numbers of a call; an empty tensor is one that the case does not have. Every number is one
// that float32 has, so that all types compute the same.
struct Problem {
  explicit Problem(const Case& c);

  std::vector<int64_t> alive, start;  // of each step
  std::vector<double> input[inputs];
  std::vector<double> mask, kept_h, kept_c;
  std::vector<char> resets;
  std::vector<double> d_y, d_h_n, d_c_n;  // of the loss, with respect to what the forward pass gives
};

}  // namespace elman::test
