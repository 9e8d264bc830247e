// The recurrence forward, for every cell.
#pragma once

#include <cstdint>

#include "buffer.hpp"
#include "cells.hpp"
#include "product.hpp"
#include "share.hpp"

namespace elman::ELMAN_BUILD {

// Copies each row's last state into h_n, and of sequences without a step the initial one.
template <typename S>
void write_final(const Layout& L, const Forward<S>& f, const Share& share) {
  int64_t length = L.T;
  for (int64_t m = 0; m < share.all(); ++m) {
    const int64_t row = share.row(m);
    while (length > 0 && L.alive[length - 1] <= row) --length;
    const int64_t last = L.reverse ? 0 : length - 1;
    const S* from = length ? f.y + share.position(last, m) * f.y_stride : f.h_0 + row * L.H;
    copy(from, L.H, f.h_n + row * L.H);
  }
}

template <typename S>
void forward_rnn(const Layout& L, const Forward<S>& f, const Panels<S>& R, const Share& share) {
  const bool is_tanh = L.cell == Cell::rnn_tanh;
  for (int64_t n = 0; n < L.T; ++n) {
    const int64_t t = share.step(n, false);
    const auto h = [&](int64_t m) { return share.before(t, m, f.y, f.y_stride, f.h_0); };
    for (int64_t p = 0; p < R.count(); ++p)
      for_each_product<S, 4>(share.count(t), h, R.panel(p), L.H,
          [&](int64_t m, const Vector<S>(&Rh)[4]) {
        const int64_t position = share.position(t, m);
        for (int v = 0; v < 4; ++v) {
          const int64_t u = (p * 4 + v) * W<S>;
          if (u >= L.H) break;
          const int some = lanes<S>(L.H, u);
          const Vector<S> a = load_first(f.Wx + position * L.H + u, some) + Rh[v];
          store_first(f.y + position * f.y_stride + u, is_tanh ? tanh(a) : relu(a), some);
        }
      });
  }
}

template <typename S>
void forward_lstm(const Layout& L, const Forward<S>& f, const Panels<S>& R, const Share& share) {
  const int64_t H = L.H;
  for (int64_t m = 0; m < share.all(); ++m)
    copy(f.c_0 + share.row(m) * H, H, f.c_n + share.row(m) * H);
  for (int64_t n = 0; n < L.T; ++n) {
    const int64_t t = share.step(n, false);
    const auto h = [&](int64_t m) { return share.before(t, m, f.y, f.y_stride, f.h_0); };
    for (int64_t p = 0; p < R.count(); ++p) {
      const int64_t u = p * W<S>;
      const int some = lanes<S>(H, u);
      for_each_product<S, 4>(share.count(t), h, R.panel(p), H,
          [&](int64_t m, const Vector<S>(&Rh)[4]) {
        const int64_t position = share.position(t, m);
        const S* Wx = f.Wx + position * 4 * H + u;
        S* c = f.c_n + share.row(m) * H + u;
        Vector<S> y;
        const auto s = equations::Lstm<Vector<S>>::forward(
            load_first(Wx, some) + Rh[0], load_first(Wx + H, some) + Rh[1],
            load_first(Wx + 2 * H, some) + Rh[2], load_first(Wx + 3 * H, some) + Rh[3],
            load_first(c, some), y);
        store_first(c, s.c, some);
        store_first(f.y + position * f.y_stride + u, y, some);
        if (f.gates) {
          S* gates = f.gates + position * 4 * H + u;
          store_first(gates, s.i, some);
          store_first(gates + H, s.f, some);
          store_first(gates + 2 * H, s.g, some);
          store_first(gates + 3 * H, s.o, some);
          store_first(f.c + position * H + u, s.c, some);
        }
      });
    }
  }
}

template <typename S>
void forward_gru_after(const Layout& L, const Forward<S>& f, const Panels<S>& R,
                       const Share& share) {
  const int64_t H = L.H;
  for (int64_t n = 0; n < L.T; ++n) {
    const int64_t t = share.step(n, false);
    const auto h = [&](int64_t m) { return share.before(t, m, f.y, f.y_stride, f.h_0); };
    for (int64_t p = 0; p < R.count(); ++p) {
      const int64_t u = p * W<S>;
      const int some = lanes<S>(H, u);
      const Vector<S> b_n = f.b_n ? load_first(f.b_n + u, some) : Vector<S>{};
      for_each_product<S, 3>(share.count(t), h, R.panel(p), H,
          [&](int64_t m, const Vector<S>(&Rh)[3]) {
        const int64_t position = share.position(t, m);
        const S* Wx = f.Wx + position * 3 * H + u;
        Vector<S> y;
        const auto s = equations::GruAfter<Vector<S>>::forward(
            load_first(Wx, some) + Rh[0], load_first(Wx + H, some) + Rh[1],
            load_first(Wx + 2 * H, some), Rh[2] + b_n, load_first(h(m) + u, some), y);
        store_first(f.y + position * f.y_stride + u, y, some);
        if (f.gates) {
          S* gates = f.gates + position * 3 * H + u;
          store_first(gates, s.r, some);
          store_first(gates + H, s.z, some);
          store_first(gates + 2 * H, s.n, some);
          store_first(f.c + position * H + u, s.q, some);
        }
      });
    }
  }
}

// Two products a step, the second of which waits for the first: r must be whole before R_n (r ⊙ h).
template <typename S>
void forward_gru_before(const Layout& L, const Forward<S>& f, const Panels<S>& R_rz,
                        const Panels<S>& R_n, const Share& share) {
  const int64_t H = L.H;
  Buffer<S> gated(share.all() * H), update(share.all() * H);  // r ⊙ h, and z
  for (int64_t n = 0; n < L.T; ++n) {
    const int64_t t = share.step(n, false);
    const auto h = [&](int64_t m) { return share.before(t, m, f.y, f.y_stride, f.h_0); };
    for (int64_t p = 0; p < R_rz.count(); ++p) {
      const int64_t u = p * W<S>;
      const int some = lanes<S>(H, u);
      for_each_product<S, 2>(share.count(t), h, R_rz.panel(p), H,
          [&](int64_t m, const Vector<S>(&Rh)[2]) {
        const int64_t position = share.position(t, m);
        const S* Wx = f.Wx + position * 3 * H + u;
        const Vector<S> r = sigmoid(load_first(Wx, some) + Rh[0]);
        const Vector<S> z = sigmoid(load_first(Wx + H, some) + Rh[1]);
        store_first(gated.data() + m * H + u, r * load_first(h(m) + u, some), some);
        store_first(update.data() + m * H + u, z, some);
        if (f.gates) {
          store_first(f.gates + position * 3 * H + u, r, some);
          store_first(f.gates + position * 3 * H + H + u, z, some);
        }
      });
    }
    const auto rh = [&](int64_t m) { return gated.data() + m * H; };
    for (int64_t p = 0; p < R_n.count(); ++p)
      for_each_product<S, 4>(share.count(t), rh, R_n.panel(p), H,
          [&](int64_t m, const Vector<S>(&Rrh)[4]) {
        const int64_t position = share.position(t, m);
        for (int v = 0; v < 4; ++v) {
          const int64_t u = (p * 4 + v) * W<S>;
          if (u >= H) break;
          const int some = lanes<S>(H, u);
          const Vector<S> n =
              tanh(load_first(f.Wx + position * 3 * H + 2 * H + u, some) + Rrh[v]);
          const Vector<S> z = load_first(update.data() + m * H + u, some);
          const Vector<S> y = (1 - z) * n + z * load_first(h(m) + u, some);
          store_first(f.y + position * f.y_stride + u, y, some);
          if (f.gates) store_first(f.gates + position * 3 * H + 2 * H + u, n, some);
        }
      });
  }
}

template <typename S>
void forward(const Layout& L, const Forward<S>& f) {
  const int64_t H = L.H;
  const auto run = [&](const auto& steps) {
    share_out(L, [&](const Share& share) {
      steps(share);
      write_final(L, f, share);
    });
  };
  if (L.cell == Cell::lstm) {
    const auto R = Panels<S>::of_gates(f.R, 0, 4, H, H);
    run([&](const Share& share) { forward_lstm(L, f, R, share); });
  } else if (L.cell == Cell::gru_after) {
    const auto R = Panels<S>::of_gates(f.R, 0, 3, H, H);
    run([&](const Share& share) { forward_gru_after(L, f, R, share); });
  } else if (L.cell == Cell::gru_before) {
    const auto R_rz = Panels<S>::of_gates(f.R, 0, 2, H, H);
    const auto R_n = Panels<S>::of_outputs(f.R + 2 * H * H, H, H, H, 1);
    run([&](const Share& share) { forward_gru_before(L, f, R_rz, R_n, share); });
  } else {
    const auto R = Panels<S>::of_outputs(f.R, H, H, H, 1);
    run([&](const Share& share) { forward_rnn(L, f, R, share); });
  }
}

}  // namespace elman::ELMAN_BUILD
