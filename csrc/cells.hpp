// The cells' equations for one vector of units, in the letters of src/elman/cells/*.py, and their
// derivatives. A name with _ before it is a gate before its activation; d_x is the gradient of x.
#pragma once

#include "vector.hpp"

namespace elman::ELMAN_BUILD::equations {

template <typename V>
struct Lstm {
  V i, f, g, o, c;

  static Lstm forward(V _i, V _f, V _g, V _o, V c_before, V& h) {
    Lstm s;
    s.i = sigmoid(_i);
    s.f = sigmoid(_f);
    s.g = tanh(_g);
    s.o = sigmoid(_o);
    s.c = s.f * c_before + s.i * s.g;
    h = s.o * tanh(s.c);
    return s;
  }

  // d_c: in the gradient that comes from the next step, out the one that goes to the step before.
  void backward(V c_before, V d_h, V& d_c, V& d_i, V& d_f, V& d_g, V& d_o) const {
    const V tanh_c = tanh(c);
    d_c += d_h * o * (1 - tanh_c * tanh_c);
    d_i = d_c * g * i * (1 - i);
    d_f = d_c * c_before * f * (1 - f);
    d_g = d_c * i * (1 - g * g);
    d_o = d_h * tanh_c * o * (1 - o);
    d_c = d_c * f;
  }
};

// q = R_n h + b'_n, inside which the reset gate does not reach.
template <typename V>
struct GruAfter {
  V r, z, n, q;

  static GruAfter forward(V _r, V _z, V Wx_n, V q, V h_before, V& h) {
    GruAfter s;
    s.q = q;
    s.r = sigmoid(_r);
    s.z = sigmoid(_z);
    s.n = tanh(Wx_n + s.r * q);
    h = (1 - s.z) * s.n + s.z * h_before;
    return s;
  }

  // d_h_before holds the part that does not go through the recurrent weights.
  void backward(V h_before, V d_h, V& d_r, V& d_z, V& d_n, V& d_q, V& d_h_before) const {
    d_n = d_h * (1 - z) * (1 - n * n);
    d_z = d_h * (h_before - n) * z * (1 - z);
    d_q = d_n * r;
    d_r = d_n * q * r * (1 - r);
    d_h_before = d_h * z;
  }
};

}  // namespace elman::ELMAN_BUILD::equations
