// What the engine is given and what it fills: one direction of one layer over a packed batch.
//
// Shape letters: B sequences, T steps, N real steps in the batch, I input, H hidden, G gates.
// Packed order is PyTorch's: by time, and within a step the longest sequences first. Every pointer
// is to contiguous memory of its shape unless a stride is named; none may overlap another; all must
// live until the call returns. The caller fills what is const, the engine fills the rest.
#pragma once

#include <cstdint>

namespace elman {

enum class Cell : int { rnn_tanh = 0, rnn_relu = 1, lstm = 2, gru_after = 3, gru_before = 4 };

// How products are computed: in the tensors' own type, or from operands rounded to bfloat16.
enum class Precision : int { full = 0, bf16 = 1 };

constexpr bool is_gru(Cell cell) { return cell == Cell::gru_after || cell == Cell::gru_before; }

// Gates of a cell: blocks of H rows in its stacked weights.
constexpr int gates_of(Cell cell) { return cell == Cell::lstm ? 4 : is_gru(cell) ? 3 : 1; }

struct Layout {
  Cell cell;
  Precision precision;
  bool reverse;               // from each sequence's last step to its first
  int threads;                // 1 or more, how many may be used
  std::int64_t B, T, N, I, H;
  const std::int64_t* alive;  // [T] sequences alive at each step, never rising
  const std::int64_t* start;  // [T] where each step's rows begin in packed order
  const bool* resets;         // [N] where the state is the initial one before the step, or null
};

template <typename S>
struct Weights {
  const S* W;           // [G·H, I]
  const S* R;           // [G·H, H]
  const S* b;           // [G·H] or null, of W x
  const S* b_;          // [G·H] or null, of R h
};

// The weights as one build wants them for its forward pass; made by Functions::pack.
class Packed {
 public:
  virtual ~Packed() = default;
};

template <typename S>
struct Forward {
  const S* x;           // [N, I]
  Weights<S> weights;   // unread when `packed` is given
  const Packed* packed; // of the same layout's cell, precision, I and H, by the same build; or null
  const S* h_0;         // [B, H]
  const S* c_0;         // [B, H], LSTM only, else null
  S* y;                 // [N, H], rows y_stride apart
  std::int64_t y_stride;
  S* h_n;               // [B, H]
  S* c_n;               // [B, H], LSTM only, else null
  S* gates;             // [N, G·H] activated gates, for training; null for prediction and for RNN
  S* c;                 // [N, H] cell states (LSTM), or R_n h + b'_n (GRU reset-after); null likewise
};

template <typename S>
struct Backward {
  const S* x;           // [N, I]
  Weights<S> weights;
  const S* h_0;         // [B, H]
  const S* c_0;         // [B, H], LSTM only, else null
  const S* y;           // [N, H], rows y_stride apart
  std::int64_t y_stride;
  const S* gates;       // as Forward left it
  const S* c;           // as Forward left it
  const S* d_y;         // [N, H], rows d_y_stride apart
  std::int64_t d_y_stride;
  S* d_h;               // [B, H] in: gradient of h_n; out: gradient of h_0
  S* d_c;               // [B, H] in: gradient of c_n; out: of c_0; LSTM only, else null
  // Gradients that are wanted, null for those that are not; d_b and d_b_ only together, and only
  // with both d_W and d_R.
  S* d_x;               // [N, I]
  bool add_d_x;         // whether d_x holds another direction's part, to be added to
  S* d_W;               // [G·H, I]
  S* d_R;               // [G·H, H]
  S* d_b;               // [G·H]
  S* d_b_;              // [G·H]
};

// What one build of the engine computes. float64 serves checks, and is the portable build's alone.
template <typename S>
struct Functions {
  Packed* (*pack)(const Layout&, const Weights<S>&);  // the caller's to delete
  void (*forward)(const Layout&, const Forward<S>&);
  void (*backward)(const Layout&, const Backward<S>&);
};

struct Engine {
  const char* name;
  Functions<float> functions;
};

const Engine& portable_engine();
const Engine& avx2_engine();         // x86-64 only
const Engine& avx512_engine();       // x86-64 only
const Engine& avx512_bf16_engine();  // x86-64 only

// The builds that the processor can run, fastest first.
struct Builds {
  const Engine* engine[4];
  int count;
};
Builds builds();

// Which of them computes: the fastest, unless a test has chosen another.
void choose(const Engine& engine);
const Engine& chosen();

// The functions that compute in S.
template <typename S>
const Functions<S>& functions();

}  // namespace elman
