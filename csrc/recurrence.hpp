// What the engine is given and what it fills: one direction of one layer over a packed batch.
//
// Shape letters: B sequences, T steps, N real steps in the batch, I input, H hidden, G gates, P the
// width of h: that of an LSTM's projection, which is less than H, else H.
// Packed order is PyTorch's: by time, and within a step the longest sequences first. Every pointer
// is to contiguous memory of its shape unless a stride is named; none may overlap another; all must
// live until the call returns. The caller fills what is const, the engine fills the rest. What a
// cell does not have is null.
#pragma once

#include <cstdint>

namespace elman {

enum class Kind : int { rnn = 0, lstm = 1, gru_after = 2, gru_before = 3 };

// Functions of gates, candidates and cell states; alpha and beta are the hard sigmoid's.
enum class Function : int { tanh = 0, sigmoid = 1, relu = 2, hard_sigmoid = 3 };
struct Activation {
  Function function;
  double alpha, beta;
};

// How products are computed: in the tensors' own type, or from operands rounded to bfloat16.
enum class Precision : int { full = 0, bf16 = 1 };

// What each step computes; the options are those of CellSpec in src/elman/cells/spec.py.
struct Cell {
  Kind kind;
  Activation gate, candidate, state;
  bool peephole, coupled, norm;
  double clip;  // 0 clips nothing

  constexpr bool is_gru() const { return kind == Kind::gru_after || kind == Kind::gru_before; }
  // Blocks of H rows in the stacked weights.
  constexpr int gates() const { return kind == Kind::lstm ? 4 : is_gru() ? 3 : 1; }
};

struct Layout {
  Cell cell;
  Precision precision;
  bool reverse;               // from each sequence's last step to its first
  int threads;                // 1 or more, how many may be used
  std::int64_t B, T, N, I, H, P;
  const std::int64_t* alive;  // [T] sequences alive at each step, never rising
  const std::int64_t* start;  // [T] where each step's rows begin in packed order
  const bool* resets;         // [N] where the state is another one before the step, or null

  constexpr std::int64_t all_gates() const { return cell.gates() * H; }  // G·H
};

// The weights, or with S not const their gradients.
template <typename S>
struct Weights {
  S* W;            // [G·H, I]
  S* R;            // [G·H, P]
  S* b;            // [G·H] or null, of W x
  S* b_;           // [G·H] or null, of R h
  S* projection;   // [P, H]
  S* peephole;     // [3·H] of i, f, o
  S* norm_ih;      // [G·H] gain of the norm of W x
  S* norm_hh;      // [G·H] gain of the norm of R h
  S* norm_c;       // [H] gain of the norm of c
  S* norm_c_bias;  // [H] its shift
};

// The state before the first step, and what else a step reads of the past.
template <typename S>
struct States {
  const S* h_0;         // [B, P]
  const S* c_0;         // [B, H] LSTM
  const S* h_restart;   // [B, P] what resets put in place of h; null: h_0
  const S* c_restart;   // [B, H] likewise of c
  const S* mask;        // [B, P] multiplies h before its product with R, or null
  const S* kept_h;      // the share of its old value that h keeps, rows kept_stride apart, or null
  const S* kept_c;      // likewise of c, or null
  std::int64_t kept_stride;  // H, of [N, H], or 0, of [1, H]
};

// The weights as one build wants them for its forward pass; made by Functions::pack.
class Packed {
 public:
  virtual ~Packed() = default;
};

// What the forward pass keeps for the backward pass.
template <typename S>
struct Kept {
  S* gates;   // [N, G·H] activated gates; null for prediction, and for a plain RNN, which has y
  S* c;       // [N, H] cell states (LSTM), or what r multiplies (GRU reset-after)
  S* normed;  // [2, N, G·H] W x and R h normalised, with the joint norm
  S* scales;  // [N, 2] what they were multiplied by
};

template <typename S>
struct Forward {
  const S* x;                // [N, I]
  Weights<const S> weights;
  const Packed* packed;      // of the same layout, by the same build, or null; W, R are then unread
  States<S> states;
  S* y;                      // [N, P], rows y_stride apart
  std::int64_t y_stride;
  S* h_n;                    // [B, P]
  S* c_n;                    // [B, H] LSTM
  Kept<S> kept;
};

template <typename S>
struct Backward {
  const S* x;                // [N, I]
  Weights<const S> weights;
  States<S> states;
  const S* y;                // [N, P], rows y_stride apart
  std::int64_t y_stride;
  Kept<const S> kept;        // as Forward left it
  const S* d_y;              // [N, P], rows d_y_stride apart
  std::int64_t d_y_stride;
  S* d_h;                    // [B, P] in: gradient of h_n; out: gradient of h_0
  S* d_c;                    // [B, H] in: gradient of c_n; out: of c_0; LSTM
  S* d_h_restart;            // [B, P] out: of h_restart, where that is given
  S* d_c_restart;            // [B, H] likewise
  S* d_x;                    // [N, I], null when it is not wanted
  bool add_d_x;              // whether d_x holds another direction's part, to be added to
  Weights<S> gradients;      // of every weight that there is, or with W null of none
};

// What one build of the engine computes. float64 serves checks, and is the portable build's alone.
template <typename S>
struct Functions {
  Packed* (*pack)(const Layout&, const Weights<const S>&);  // the caller's to delete
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
const Engine& amx_engine();          // x86-64 only

// The builds that the processor can run, fastest first.
struct Builds {
  const Engine* engine[5];
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
