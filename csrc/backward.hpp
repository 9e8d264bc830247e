// The recurrence backward: the chain of d_h, and the gradients of the gates.
#pragma once

#include <cstdint>

#include "cells.hpp"
#include "product.hpp"
#include "share.hpp"

namespace elman::ELMAN_BUILD {

// d_h of each row += its row of gradients · R.
template <typename S, typename Rows>
void through_weights(const Layout& L, const Share& share, int64_t t, const Rows& rows,
                     const Panels<S>& R, S* d_h) {
  for (int64_t p = 0; p < R.count(); ++p)
    for_each_product<S, 4>(share.count(t), rows, R.panel(p), R.K(),
        [&](int64_t m, const Vector<S>(&sum)[4]) {
      for (int v = 0; v < 4; ++v) {
        const int64_t u = (p * 4 + v) * W<S>;
        if (u >= L.H) break;
        const int some = lanes<S>(L.H, u);
        S* to = d_h + share.row(m) * L.H + u;
        store_first(to, load_first(to, some) + sum[v], some);
      }
    });
}

template <typename S>
void backward_rnn(const Layout& L, const Backward<S>& b, const Panels<S>& R, const Share& share) {
  const int64_t H = L.H;
  const bool is_tanh = L.cell == Cell::rnn_tanh;
  for (int64_t n = 0; n < L.T; ++n) {
    const int64_t t = share.step(n, true);
    for (int64_t m = 0; m < share.count(t); ++m) {
      const int64_t position = share.position(t, m);
      for (int64_t u = 0; u < H; u += W<S>) {
        const int some = lanes<S>(H, u);
        S* running = b.d_h + share.row(m) * H + u;
        const Vector<S> y = load_first(b.y + position * b.y_stride + u, some);
        const Vector<S> d_h =
            load_first(running, some) + load_first(b.d_y + position * b.d_y_stride + u, some);
        const Vector<S> d_a = is_tanh ? d_h * (1 - y * y) : (y > 0 ? d_h : Vector<S>{});
        store_first(b.d_Wx + position * H + u, d_a, some);
        store_first(running, Vector<S>{}, some);
      }
    }
    const auto rows = [&](int64_t m) { return b.d_Wx + share.position(t, m) * H; };
    through_weights(L, share, t, rows, R, b.d_h);
  }
}

template <typename S>
void backward_lstm(const Layout& L, const Backward<S>& b, const Panels<S>& R, const Share& share) {
  const int64_t H = L.H;
  for (int64_t n = 0; n < L.T; ++n) {
    const int64_t t = share.step(n, true);
    for (int64_t m = 0; m < share.count(t); ++m) {
      const int64_t position = share.position(t, m);
      const S* c_before = share.before(t, m, b.c, H, b.c_0);
      for (int64_t u = 0; u < H; u += W<S>) {
        const int some = lanes<S>(H, u);
        const S* gates = b.gates + position * 4 * H + u;
        S* running = b.d_h + share.row(m) * H + u;
        S* running_c = b.d_c + share.row(m) * H + u;
        const equations::Lstm<Vector<S>> s{
            load_first(gates, some), load_first(gates + H, some), load_first(gates + 2 * H, some),
            load_first(gates + 3 * H, some), load_first(b.c + position * H + u, some)};
        const Vector<S> d_h =
            load_first(running, some) + load_first(b.d_y + position * b.d_y_stride + u, some);
        Vector<S> d_c = load_first(running_c, some), d_i, d_f, d_g, d_o;
        s.backward(load_first(c_before + u, some), d_h, d_c, d_i, d_f, d_g, d_o);
        S* d_Wx = b.d_Wx + position * 4 * H + u;
        store_first(d_Wx, d_i, some);
        store_first(d_Wx + H, d_f, some);
        store_first(d_Wx + 2 * H, d_g, some);
        store_first(d_Wx + 3 * H, d_o, some);
        store_first(running_c, d_c, some);
        store_first(running, Vector<S>{}, some);
      }
    }
    const auto rows = [&](int64_t m) { return b.d_Wx + share.position(t, m) * 4 * H; };
    through_weights(L, share, t, rows, R, b.d_h);
  }
}

template <typename S>
void backward_gru_after(const Layout& L, const Backward<S>& b, const Panels<S>& R_rz,
                        const Panels<S>& R_n, const Share& share) {
  const int64_t H = L.H;
  for (int64_t n = 0; n < L.T; ++n) {
    const int64_t t = share.step(n, true);
    for (int64_t m = 0; m < share.count(t); ++m) {
      const int64_t position = share.position(t, m);
      const S* h_before = share.before(t, m, b.y, b.y_stride, b.h_0);
      for (int64_t u = 0; u < H; u += W<S>) {
        const int some = lanes<S>(H, u);
        const S* gates = b.gates + position * 3 * H + u;
        S* running = b.d_h + share.row(m) * H + u;
        const equations::GruAfter<Vector<S>> s{
            load_first(gates, some), load_first(gates + H, some), load_first(gates + 2 * H, some),
            load_first(b.c + position * H + u, some)};
        const Vector<S> d_h =
            load_first(running, some) + load_first(b.d_y + position * b.d_y_stride + u, some);
        Vector<S> d_r, d_z, d_n, d_q, d_before;
        s.backward(load_first(h_before + u, some), d_h, d_r, d_z, d_n, d_q, d_before);
        S* d_Wx = b.d_Wx + position * 3 * H + u;
        store_first(d_Wx, d_r, some);
        store_first(d_Wx + H, d_z, some);
        store_first(d_Wx + 2 * H, d_n, some);
        store_first(b.d_q + position * H + u, d_q, some);
        store_first(running, d_before, some);
      }
    }
    const auto gates = [&](int64_t m) { return b.d_Wx + share.position(t, m) * 3 * H; };
    const auto candidates = [&](int64_t m) { return b.d_q + share.position(t, m) * H; };
    through_weights(L, share, t, gates, R_rz, b.d_h);
    through_weights(L, share, t, candidates, R_n, b.d_h);
  }
}

template <typename S>
void backward_gru_before(const Layout& L, const Backward<S>& b, const Panels<S>& R_rz,
                         const Panels<S>& R_n, const Share& share) {
  const int64_t H = L.H;
  for (int64_t step = 0; step < L.T; ++step) {
    const int64_t t = share.step(step, true);
    const auto h = [&](int64_t m) { return share.before(t, m, b.y, b.y_stride, b.h_0); };
    for (int64_t m = 0; m < share.count(t); ++m) {
      const int64_t position = share.position(t, m);
      for (int64_t u = 0; u < H; u += W<S>) {
        const int some = lanes<S>(H, u);
        const S* gates = b.gates + position * 3 * H + u;
        S* running = b.d_h + share.row(m) * H + u;
        const Vector<S> z = load_first(gates + H, some), n = load_first(gates + 2 * H, some);
        const Vector<S> d_h =
            load_first(running, some) + load_first(b.d_y + position * b.d_y_stride + u, some);
        S* d_Wx = b.d_Wx + position * 3 * H + u;
        store_first(d_Wx + H, d_h * (load_first(h(m) + u, some) - n) * z * (1 - z), some);
        store_first(d_Wx + 2 * H, d_h * (1 - z) * (1 - n * n), some);
        store_first(running, d_h * z, some);
      }
    }
    const auto candidates = [&](int64_t m) { return b.d_Wx + share.position(t, m) * 3 * H + 2 * H; };
    for (int64_t p = 0; p < R_n.count(); ++p)
      for_each_product<S, 4>(share.count(t), candidates, R_n.panel(p), H,
          [&](int64_t m, const Vector<S>(&d_rh)[4]) {
        const int64_t position = share.position(t, m);
        for (int v = 0; v < 4; ++v) {
          const int64_t u = (p * 4 + v) * W<S>;
          if (u >= H) break;
          const int some = lanes<S>(H, u);
          const Vector<S> r = load_first(b.gates + position * 3 * H + u, some);
          S* running = b.d_h + share.row(m) * H + u;
          store_first(b.d_Wx + position * 3 * H + u,
                      d_rh[v] * load_first(h(m) + u, some) * r * (1 - r), some);
          store_first(running, load_first(running, some) + d_rh[v] * r, some);
        }
      });
    const auto gates = [&](int64_t m) { return b.d_Wx + share.position(t, m) * 3 * H; };
    through_weights(L, share, t, gates, R_rz, b.d_h);
  }
}

template <typename S>
void backward(const Layout& L, const Backward<S>& b) {
  const int64_t H = L.H;
  if (L.cell == Cell::lstm) {
    const auto R = Panels<S>::of_outputs(b.R, H, 4 * H, 1, H);
    share_out(L, [&](const Share& share) { backward_lstm(L, b, R, share); });
  } else if (L.cell == Cell::gru_after || L.cell == Cell::gru_before) {
    const auto R_rz = Panels<S>::of_outputs(b.R, H, 2 * H, 1, H);
    const auto R_n = Panels<S>::of_outputs(b.R + 2 * H * H, H, H, 1, H);
    const bool after = L.cell == Cell::gru_after;
    share_out(L, [&](const Share& share) {
      after ? backward_gru_after(L, b, R_rz, R_n, share)
            : backward_gru_before(L, b, R_rz, R_n, share);
    });
  } else {
    const auto R = Panels<S>::of_outputs(b.R, H, H, 1, H);
    share_out(L, [&](const Share& share) { backward_rnn(L, b, R, share); });
  }
}

}  // namespace elman::ELMAN_BUILD
