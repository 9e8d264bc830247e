// What the engine is given and what it fills: one direction of one layer over a packed batch.
//
// Shape letters: B sequences, T steps, N real steps in the batch, H hidden, G gates.
// Packed order is PyTorch's: by time, and within a step the longest sequences first. Every pointer
// is to contiguous memory of its shape unless a stride is named; none may overlap another, but for
// Forward's gates, which may be its Wx; all must live until the call returns. The caller fills what
// is const, the engine fills the rest.
#pragma once

#include <cstdint>

namespace elman {

enum class Cell : int { rnn_tanh = 0, rnn_relu = 1, lstm = 2, gru_after = 3, gru_before = 4 };

// Gates of a cell: blocks of H rows in its stacked weights.
constexpr int gates_of(Cell cell) {
  return cell == Cell::lstm ? 4 : cell == Cell::gru_after || cell == Cell::gru_before ? 3 : 1;
}

struct Layout {
  Cell cell;
  bool reverse;                // from each sequence's last step to its first
  std::int64_t B, T, N, H;
  const std::int64_t* alive;   // [T] sequences alive at each step, never rising
  const std::int64_t* start;   // [T] where each step's rows begin in packed order
  int threads;                 // 1 or more
};

template <typename S>
struct Forward {
  const S* Wx;      // [N, G·H] projected input with every bias that may be added early
  const S* R;       // [G·H, H]
  const S* b_n;     // [H] inner bias of a reset-after candidate, or null
  const S* h_0;     // [B, H]
  const S* c_0;     // [B, H], LSTM only, else null
  S* y;             // [N, H], rows y_stride apart
  std::int64_t y_stride;
  S* h_n;           // [B, H]
  S* c_n;           // [B, H], LSTM only, else null
  S* gates;         // [N, G·H] activated gates, for training; null for prediction and for RNN
  S* c;             // [N, H] cell states (LSTM), or R_n h + b'_n (GRU reset-after); null likewise
};

template <typename S>
struct Backward {
  const S* R;       // [G·H, H]
  const S* h_0;     // [B, H]
  const S* c_0;     // [B, H], LSTM only, else null
  const S* y;       // [N, H], rows y_stride apart
  std::int64_t y_stride;
  const S* gates;   // as Forward left it
  const S* c;       // as Forward left it
  const S* d_y;     // [N, H], rows d_y_stride apart
  std::int64_t d_y_stride;
  S* d_Wx;          // [N, G·H]
  S* d_q;           // [N, H] gradient of R_n h + b'_n, GRU reset-after only, else null
  S* d_h;           // [B, H] in: gradient of h_n; out: gradient of h_0
  S* d_c;           // [B, H] in: gradient of c_n; out: of c_0; LSTM only, else null
};

// out [N, M] = rows [N, K] · weightsᵀ + bias [M] (or null), weights being [M, K], or when
// `transposed` [K, M].
template <typename S>
struct Product {
  const S* rows;
  const S* weights;
  const S* bias;
  S* out;
  std::int64_t N, K, M;
  bool transposed;
  int threads;
};

// out [A, B] = left [N, A]ᵀ · right [N, B], the rows of left being left_stride apart.
template <typename S>
struct TransposedProduct {
  const S* left;
  std::int64_t left_stride;
  const S* right;
  S* out;
  std::int64_t N, A, B;
  int threads;
};

// What one build of the engine computes. float64 serves checks, and is the portable build's alone.
template <typename S>
struct Functions {
  void (*forward)(const Layout&, const Forward<S>&);
  void (*backward)(const Layout&, const Backward<S>&);
  void (*product)(const Product<S>&);
  void (*transposed_product)(const TransposedProduct<S>&);
};

struct Engine {
  const char* name;
  Functions<float> functions;
};

const Engine& portable_engine();
const Engine& avx2_engine();    // x86-64 only
const Engine& avx512_engine();  // x86-64 only

// The builds that the processor can run, fastest first.
struct Builds {
  const Engine* engine[3];
  int count;
};
Builds builds();

// Which of them computes: the fastest, unless a test has chosen another.
void choose(const Engine& engine);
const Engine& chosen();

// The functions that compute in S.
template <typename S>
const Functions<S>& functions();

// to [N, H]: the state before each step, from y (rows y_stride apart) or, at a beginning, from h_0.
template <typename S>
void states_before(const Layout&, const S* y, std::int64_t y_stride, const S* h_0, S* to);

}  // namespace elman
