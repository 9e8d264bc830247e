// The cells' equations for one row of units, in the letters of src/elman/cells/*.py, and their
// derivatives; d_x is the gradient of x.
//
// `gates` points to the G·H numbers of a row: pre-activations, which forward makes into the gates
// themselves where they are kept for the backward pass.
#pragma once

#include <cstdint>

#include "vector.hpp"

namespace elman::ELMAN_BUILD {

using std::int64_t;

// Loads and stores of W units, or of the few that are left at the end of a row.
template <typename S>
struct AllLanes {
  Vector<S> load(const S* from) const { return elman::ELMAN_BUILD::load(from); }
  void store(S* to, Vector<S> v) const { elman::ELMAN_BUILD::store(to, v); }
};
template <typename S>
struct FirstLanes {
  int count;
  Vector<S> load(const S* from) const { return load_first(from, count); }
  void store(S* to, Vector<S> v) const { store_first(to, v, count); }
};

// Calls body(lanes, u) for each vector of units, u being its first.
template <typename S, typename Body>
inline void over_units(int64_t H, const Body& body) {
  int64_t u = 0;
  for (; u + W<S> <= H; u += W<S>) body(AllLanes<S>{}, u);
  if (u < H) body(FirstLanes<S>{static_cast<int>(H - u)}, u);
}

template <typename S>
struct Rnn {
  static void forward(int64_t H, bool is_tanh, const S* a, S* y) {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      const Vector<S> _a = lanes.load(a + u);
      lanes.store(y + u, is_tanh ? tanh(_a) : relu(_a));
    });
  }

  // d_h: in, the gradient from later steps; out, 0.
  static void backward(int64_t H, bool is_tanh, const S* y, const S* d_y, S* d_h, S* d_a) {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      const Vector<S> h = lanes.load(y + u);
      const Vector<S> d = lanes.load(d_h + u) + lanes.load(d_y + u);
      lanes.store(d_a + u, is_tanh ? d * (1 - h * h) : (h > 0 ? d : Vector<S>{}));
      lanes.store(d_h + u, Vector<S>{});
    });
  }
};

template <typename S>
struct Lstm {
  template <bool keep>
  static void forward(int64_t H, S* gates, const S* c_before, S* c, S* y) {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      const Vector<S> i = sigmoid(lanes.load(gates + u));
      const Vector<S> f = sigmoid(lanes.load(gates + H + u));
      const Vector<S> g = tanh(lanes.load(gates + 2 * H + u));
      const Vector<S> o = sigmoid(lanes.load(gates + 3 * H + u));
      const Vector<S> c_t = f * lanes.load(c_before + u) + i * g;
      lanes.store(c + u, c_t);
      lanes.store(y + u, o * tanh(c_t));
      if constexpr (keep) {
        lanes.store(gates + u, i);
        lanes.store(gates + H + u, f);
        lanes.store(gates + 2 * H + u, g);
        lanes.store(gates + 3 * H + u, o);
      }
    });
  }

  // d_h, d_c: in, the gradients from later steps; out, 0 and what goes to the step before.
  static void backward(int64_t H, const S* gates, const S* c_before, const S* c, const S* d_y,
                       S* d_h, S* d_c, S* d_gates) {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      const Vector<S> i = lanes.load(gates + u), f = lanes.load(gates + H + u);
      const Vector<S> g = lanes.load(gates + 2 * H + u), o = lanes.load(gates + 3 * H + u);
      const Vector<S> tanh_c = tanh(lanes.load(c + u));
      const Vector<S> d = lanes.load(d_h + u) + lanes.load(d_y + u);
      const Vector<S> d_c_t = lanes.load(d_c + u) + d * o * (1 - tanh_c * tanh_c);
      lanes.store(d_gates + u, d_c_t * g * i * (1 - i));
      lanes.store(d_gates + H + u, d_c_t * lanes.load(c_before + u) * f * (1 - f));
      lanes.store(d_gates + 2 * H + u, d_c_t * i * (1 - g * g));
      lanes.store(d_gates + 3 * H + u, d * tanh_c * o * (1 - o));
      lanes.store(d_c + u, d_c_t * f);
      lanes.store(d_h + u, Vector<S>{});
    });
  }
};

// q = R_n h + b'_n, inside which the reset gate does not reach.
template <typename S>
struct GruAfter {
  template <bool keep>
  static void forward(int64_t H, S* gates, const S* q, const S* h_before, S* y) {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      const Vector<S> r = sigmoid(lanes.load(gates + u));
      const Vector<S> z = sigmoid(lanes.load(gates + H + u));
      const Vector<S> n = tanh(lanes.load(gates + 2 * H + u) + r * lanes.load(q + u));
      lanes.store(y + u, (1 - z) * n + z * lanes.load(h_before + u));
      if constexpr (keep) {
        lanes.store(gates + u, r);
        lanes.store(gates + H + u, z);
        lanes.store(gates + 2 * H + u, n);
      }
    });
  }

  // d_h: in, the gradient from later steps; out, the part that passes by the recurrent weights.
  static void backward(int64_t H, const S* gates, const S* q, const S* h_before, const S* d_y,
                       S* d_h, S* d_gates, S* d_q) {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      const Vector<S> r = lanes.load(gates + u), z = lanes.load(gates + H + u);
      const Vector<S> n = lanes.load(gates + 2 * H + u);
      const Vector<S> d = lanes.load(d_h + u) + lanes.load(d_y + u);
      const Vector<S> d_n = d * (1 - z) * (1 - n * n);
      lanes.store(d_gates + u, d_n * lanes.load(q + u) * r * (1 - r));
      lanes.store(d_gates + H + u, d * (lanes.load(h_before + u) - n) * z * (1 - z));
      lanes.store(d_gates + 2 * H + u, d_n);
      lanes.store(d_q + u, d_n * r);
      lanes.store(d_h + u, d * z);
    });
  }
};

// Two products a step, the second of which waits for the first: r must be whole before R_n (r ⊙ h).
template <typename S>
struct GruBefore {
  // r and z in place of their pre-activations, and r ⊙ h.
  static void reset(int64_t H, S* gates, const S* h_before, S* gated) {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      const Vector<S> r = sigmoid(lanes.load(gates + u));
      lanes.store(gates + u, r);
      lanes.store(gates + H + u, sigmoid(lanes.load(gates + H + u)));
      lanes.store(gated + u, r * lanes.load(h_before + u));
    });
  }

  static void forward(int64_t H, S* gates, const S* h_before, S* y) {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      const Vector<S> z = lanes.load(gates + H + u), n = tanh(lanes.load(gates + 2 * H + u));
      lanes.store(gates + 2 * H + u, n);
      lanes.store(y + u, (1 - z) * n + z * lanes.load(h_before + u));
    });
  }

  // The gradients of z and n; d_h as in GruAfter.
  static void backward(int64_t H, const S* gates, const S* h_before, const S* d_y, S* d_h,
                       S* d_gates) {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      const Vector<S> z = lanes.load(gates + H + u), n = lanes.load(gates + 2 * H + u);
      const Vector<S> d = lanes.load(d_h + u) + lanes.load(d_y + u);
      lanes.store(d_gates + H + u, d * (lanes.load(h_before + u) - n) * z * (1 - z));
      lanes.store(d_gates + 2 * H + u, d * (1 - z) * (1 - n * n));
      lanes.store(d_h + u, d * z);
    });
  }

  // From the gradient of r ⊙ h: that of r, and what goes on to h.
  static void backward_reset(int64_t H, const S* gates, const S* h_before, const S* d_gated, S* d_h,
                             S* d_gates) {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      const Vector<S> r = lanes.load(gates + u), d = lanes.load(d_gated + u);
      lanes.store(d_gates + u, d * lanes.load(h_before + u) * r * (1 - r));
      lanes.store(d_h + u, lanes.load(d_h + u) + d * r);
    });
  }
};

}  // namespace elman::ELMAN_BUILD
