// The cells' equations for one row of units, in the letters of src/elman/cells/*.py, and their
// derivatives; d_x is the gradient of x. O is what the cell may do beyond its plain form.
//
// `gates` points to the G·H numbers of a row: pre-activations, which forward makes into the gates
// themselves where they are kept for the backward pass.
#pragma once

#include <cstdint>

#include "norm.hpp"
#include "options.hpp"
#include "units.hpp"

namespace elman::ELMAN_BUILD {

// A row's state before the step, and the shares of it that zoneout keeps (null: none).
template <typename S>
struct Past {
  const S* h;
  const S* c;
  const S* kept_h;
  const S* kept_c;
};

// kept ⊙ old + (1 - kept) ⊙ new, or with nothing kept the new.
template <typename O, typename S, typename L>
inline Vector<S> mixed(const L& lanes, const S* kept, const S* old, int64_t u, Vector<S> next) {
  if constexpr (O::varied) {
    if (kept) {
      const Vector<S> k = lanes.load(kept + u);
      return k * lanes.load(old + u) + (1 - k) * next;
    }
  }
  return next;
}

// Of the gradient of a mixed part: what goes to the old value, and in d what is left for the new.
template <typename O, typename S, typename L>
inline Vector<S> unmixed(const L& lanes, const S* kept, int64_t u, Vector<S>& d) {
  if constexpr (O::varied) {
    if (kept) {
      const Vector<S> to_old = lanes.load(kept + u) * d;
      d -= to_old;
      return to_old;
    }
  }
  return Vector<S>{};
}

// --- the simple network: h = φ(a)

template <typename S>
void rnn_forward(const Variant& o, int64_t H, S* a, bool keep, const Past<S>& past, S* y) {
  over_units<S>(H, [=](auto lanes, int64_t u) {
    const Vector<S> h = o.candidate(lanes.load(a + u));
    if (keep) lanes.store(a + u, h);
    lanes.store(y + u, mixed<Variant, S>(lanes, past.kept_h, past.h, u, h));
  });
}

// d_h: in, the gradient from later steps; out, the part that passes by the recurrent weights.
template <typename S>
void rnn_backward(const Variant& o, int64_t H, const S* h, const Past<S>& past, const S* d_y,
                  S* d_h, S* d_a) {
  over_units<S>(H, [=](auto lanes, int64_t u) {
    Vector<S> d = lanes.load(d_h + u) + lanes.load(d_y + u);
    lanes.store(d_h + u, unmixed<Variant, S>(lanes, past.kept_h, u, d));
    lanes.store(d_a + u, d * o.candidate_slope(lanes.load(h + u)));
  });
}

// --- the LSTM

// What belongs to the units of an LSTM beside its gates; null where the cell has no such thing.
template <typename S>
struct LstmWeights {
  const S* p;            // [3, H] peepholes of i, f, o
  const S* norm_c;       // [H]
  const S* norm_c_bias;  // [H]
};

// The new c and h; c_new is room for [H], and used by varied cells only.
template <typename S, typename O, bool keep>
void lstm_forward(const O& o, int64_t H, S* gates, const LstmWeights<S>& w, const Past<S>& past,
                  S* c_new, S* c, S* h) {
  const auto new_c = [=](auto lanes, int64_t u, Vector<S>& _o) {
    Vector<S> _i = lanes.load(gates + u), _f = lanes.load(gates + H + u);
    const Vector<S> c_before = lanes.load(past.c + u);
    if (o.peephole) {
      _i += lanes.load(w.p + u) * c_before;
      _f += lanes.load(w.p + H + u) * c_before;
    }
    const Vector<S> i = o.gate(_i), f = o.coupled ? 1 - i : o.gate(_f);
    const Vector<S> g = o.candidate(lanes.load(gates + 2 * H + u));
    const Vector<S> c_t = f * c_before + i * g;
    _o = lanes.load(gates + 3 * H + u);
    if (o.peephole) _o += lanes.load(w.p + 2 * H + u) * c_t;
    _o = o.gate(_o);
    if constexpr (keep) {
      lanes.store(gates + u, i);
      lanes.store(gates + H + u, f);
      lanes.store(gates + 2 * H + u, g);
      lanes.store(gates + 3 * H + u, _o);
    }
    return c_t;
  };
  if constexpr (!O::varied) {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      Vector<S> o_t;
      const Vector<S> c_t = new_c(lanes, u, o_t);
      lanes.store(c + u, c_t);
      lanes.store(h + u, o_t * o.state(c_t));
    });
  } else {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      Vector<S> o_t;
      lanes.store(c_new + u, new_c(lanes, u, o_t));
    });
    const auto new_h = [=](auto lanes, int64_t u, Vector<S> seen) {
      if (o.norm) seen = seen * lanes.load(w.norm_c + u) + lanes.load(w.norm_c_bias + u);
      const Vector<S> h_t = lanes.load(gates + 3 * H + u) * o.state(seen);
      lanes.store(h + u, mixed<O, S>(lanes, past.kept_h, past.h, u, h_t));
      lanes.store(c + u, mixed<O, S>(lanes, past.kept_c, past.c, u, lanes.load(c_new + u)));
    };
    if (o.norm) {
      normalise(c_new, H, new_h);
    } else {
      over_units<S>(H, [=](auto lanes, int64_t u) { new_h(lanes, u, lanes.load(c_new + u)); });
    }
  }
}

// Gradients of one row of a varied LSTM's own weights, added up; null as in LstmWeights.
template <typename S>
struct LstmSums {
  S* d_p;
  S* d_norm_c;
  S* d_norm_c_bias;
};

// d_h, d_c: in, the gradients from later steps (d_h null: all of it is in d_y); out, what passes by
// the recurrent weights. `c` is the state as kept; room is [4, H], and used by varied cells only.
template <typename S, typename O>
void lstm_backward(const O& o, int64_t H, const S* gates, const S* c, const LstmWeights<S>& w,
                   const Past<S>& past, const S* d_y, S* d_h, S* d_c, S* d_gates,
                   const LstmSums<S>& sums, S* room) {
  const auto through_h = [=](auto lanes, int64_t u, Vector<S> seen, Vector<S>& _d_o) {
    Vector<S> d = lanes.load(d_y + u);
    if (d_h) {
      d += lanes.load(d_h + u);
      lanes.store(d_h + u, unmixed<O, S>(lanes, past.kept_h, u, d));
    }
    const Vector<S> o_t = lanes.load(gates + 3 * H + u), value = o.state(seen);
    _d_o = d * value * o.gate_slope(o_t);
    return d * o_t * o.state_slope(value);
  };
  // From the gradient of the new c, but for what zoneout sends straight to the old one.
  const auto through_c = [=](auto lanes, int64_t u, Vector<S> d_c_t, Vector<S> _d_o, Vector<S> past_by) {
    const Vector<S> i = lanes.load(gates + u), f = lanes.load(gates + H + u);
    const Vector<S> g = lanes.load(gates + 2 * H + u), c_before = lanes.load(past.c + u);
    const Vector<S> _d_i = d_c_t * (o.coupled ? g - c_before : g) * o.gate_slope(i);
    const Vector<S> _d_f =
        o.coupled ? Vector<S>{} : d_c_t * c_before * o.gate_slope(f);
    Vector<S> d_c_before = d_c_t * f + past_by;
    if (o.peephole)
      d_c_before += _d_i * lanes.load(w.p + u) + _d_f * lanes.load(w.p + H + u);
    lanes.store(d_gates + u, _d_i);
    lanes.store(d_gates + H + u, _d_f);
    lanes.store(d_gates + 2 * H + u, d_c_t * i * o.candidate_slope(g));
    lanes.store(d_gates + 3 * H + u, _d_o);
    lanes.store(d_c + u, d_c_before);
  };
  if constexpr (!O::varied) {
    over_units<S>(H, [=](auto lanes, int64_t u) {
      Vector<S> _d_o;
      const Vector<S> d_c_t = through_h(lanes, u, lanes.load(c + u), _d_o);
      through_c(lanes, u, lanes.load(d_c + u) + d_c_t, _d_o, Vector<S>{});
    });
  } else {
    S *c_new = room, *seen = room + H, *d_seen = room + 2 * H, *d_o = room + 3 * H;
    over_units<S>(H, [=](auto lanes, int64_t u) {
      const Vector<S> c_t = lanes.load(gates + H + u) * lanes.load(past.c + u) +
                            lanes.load(gates + u) * lanes.load(gates + 2 * H + u);
      lanes.store(c_new + u, c_t);
    });
    // The gradient of what ψ's gain and shift are given: c, or c normalised.
    const auto of_seen = [=](auto lanes, int64_t u, Vector<S> in) {
      const Vector<S> normed = in;
      Vector<S> _d_o;
      if (o.norm) in = in * lanes.load(w.norm_c + u) + lanes.load(w.norm_c_bias + u);
      const Vector<S> d = through_h(lanes, u, in, _d_o);
      lanes.store(d_o + u, _d_o);
      if (!o.norm) return d;
      lanes.store(sums.d_norm_c + u, lanes.load(sums.d_norm_c + u) + d * normed);
      lanes.store(sums.d_norm_c_bias + u, lanes.load(sums.d_norm_c_bias + u) + d);
      return d * lanes.load(w.norm_c + u);
    };
    if (o.norm) {
      const S scale = normalise(c_new, H, [=](auto lanes, int64_t u, Vector<S> normed) {
        lanes.store(seen + u, normed);
      });
      through_norm(seen, scale, H, of_seen, d_seen);
    } else {
      over_units<S>(H, [=](auto lanes, int64_t u) {
        lanes.store(d_seen + u, of_seen(lanes, u, lanes.load(c_new + u)));
      });
    }
    over_units<S>(H, [=](auto lanes, int64_t u) {
      Vector<S> d_c_t = lanes.load(d_c + u);
      const Vector<S> past_by = unmixed<O, S>(lanes, past.kept_c, u, d_c_t);
      const Vector<S> _d_o = lanes.load(d_o + u);
      d_c_t += lanes.load(d_seen + u);
      if (o.peephole) d_c_t += _d_o * lanes.load(w.p + 2 * H + u);
      through_c(lanes, u, d_c_t, _d_o, past_by);
    });
    if (o.peephole) {
      add_product(d_gates, past.c, H, sums.d_p);
      add_product(d_gates + H, past.c, H, sums.d_p + H);
      add_product(d_gates + 3 * H, c_new, H, sums.d_p + 2 * H);
    }
  }
}

// --- the GRU whose reset gate acts after the product; q = R_n h + b'_n (with the joint norm, its
// normed form), inside which the reset gate does not reach

template <typename S, typename O, bool keep>
void gru_after_forward(const O& o, int64_t H, S* gates, const S* q, const Past<S>& past, S* y) {
  over_units<S>(H, [=](auto lanes, int64_t u) {
    const Vector<S> r = o.gate(lanes.load(gates + u));
    const Vector<S> z = o.gate(lanes.load(gates + H + u));
    const Vector<S> n = o.candidate(lanes.load(gates + 2 * H + u) + r * lanes.load(q + u));
    const Vector<S> h = (1 - z) * n + z * lanes.load(past.h + u);
    lanes.store(y + u, mixed<O, S>(lanes, past.kept_h, past.h, u, h));
    if constexpr (keep) {
      lanes.store(gates + u, r);
      lanes.store(gates + H + u, z);
      lanes.store(gates + 2 * H + u, n);
    }
  });
}

// d_h: in, the gradient from later steps; out, the part that passes by the recurrent weights.
template <typename S, typename O>
void gru_after_backward(const O& o, int64_t H, const S* gates, const S* q, const Past<S>& past,
                        const S* d_y, S* d_h, S* d_gates, S* d_q) {
  over_units<S>(H, [=](auto lanes, int64_t u) {
    const Vector<S> r = lanes.load(gates + u), z = lanes.load(gates + H + u);
    const Vector<S> n = lanes.load(gates + 2 * H + u);
    Vector<S> d = lanes.load(d_h + u) + lanes.load(d_y + u);
    const Vector<S> past_by = unmixed<O, S>(lanes, past.kept_h, u, d);
    const Vector<S> d_n = d * (1 - z) * o.candidate_slope(n);
    lanes.store(d_gates + u, d_n * lanes.load(q + u) * o.gate_slope(r));
    lanes.store(d_gates + H + u, d * (lanes.load(past.h + u) - n) * o.gate_slope(z));
    lanes.store(d_gates + 2 * H + u, d_n);
    lanes.store(d_q + u, d_n * r);
    lanes.store(d_h + u, d * z + past_by);
  });
}

// --- the GRU whose reset gate acts before the product: two products a step, the second of which
// waits for the first, since r must be whole before R_n (r ⊙ h). `seen` is h, or what recurrent
// dropout leaves of it.

// r and z in place of their pre-activations, and r ⊙ h.
template <typename S, typename O>
void gru_before_reset(const O& o, int64_t H, S* gates, const S* seen, S* gated) {
  over_units<S>(H, [=](auto lanes, int64_t u) {
    const Vector<S> r = o.gate(lanes.load(gates + u));
    lanes.store(gates + u, r);
    lanes.store(gates + H + u, o.gate(lanes.load(gates + H + u)));
    lanes.store(gated + u, r * lanes.load(seen + u));
  });
}

template <typename S, typename O>
void gru_before_forward(const O& o, int64_t H, S* gates, const Past<S>& past, S* y) {
  over_units<S>(H, [=](auto lanes, int64_t u) {
    const Vector<S> z = lanes.load(gates + H + u);
    const Vector<S> n = o.candidate(lanes.load(gates + 2 * H + u));
    const Vector<S> h = (1 - z) * n + z * lanes.load(past.h + u);
    lanes.store(gates + 2 * H + u, n);
    lanes.store(y + u, mixed<O, S>(lanes, past.kept_h, past.h, u, h));
  });
}

// The gradients of z and n; d_h as in gru_after_backward.
template <typename S, typename O>
void gru_before_backward(const O& o, int64_t H, const S* gates, const Past<S>& past, const S* d_y,
                         S* d_h, S* d_gates) {
  over_units<S>(H, [=](auto lanes, int64_t u) {
    const Vector<S> z = lanes.load(gates + H + u), n = lanes.load(gates + 2 * H + u);
    Vector<S> d = lanes.load(d_h + u) + lanes.load(d_y + u);
    const Vector<S> past_by = unmixed<O, S>(lanes, past.kept_h, u, d);
    lanes.store(d_gates + H + u, d * (lanes.load(past.h + u) - n) * o.gate_slope(z));
    lanes.store(d_gates + 2 * H + u, d * (1 - z) * o.candidate_slope(n));
    lanes.store(d_h + u, d * z + past_by);
  });
}

// From the gradient of r ⊙ h: that of r, and in its place what goes on to h.
template <typename S, typename O>
void gru_before_reset_backward(const O& o, int64_t H, const S* gates, const S* seen, S* d_gated,
                               S* d_gates) {
  over_units<S>(H, [=](auto lanes, int64_t u) {
    const Vector<S> r = lanes.load(gates + u), d = lanes.load(d_gated + u);
    lanes.store(d_gates + u, d * lanes.load(seen + u) * o.gate_slope(r));
    lanes.store(d_gated + u, d * r);
  });
}

}  // namespace elman::ELMAN_BUILD
