// The recurrence itself, forward and backward, for every cell; compiled once a build.
//
// Threads share out the rows of the batch and never wait for each other: a row's steps depend on
// that row alone. Thread i has the rows i, i + threads, ... of the sorted batch, so that long and
// short sequences are shared out evenly.
#pragma once

#include <cstdint>

#include "buffer.hpp"
#include "cells.hpp"
#include "denormals.hpp"
#include "matrix.hpp"
#include "product.hpp"
#include "recurrence.hpp"

namespace elman::ELMAN_BUILD {

using std::int64_t;

// One thread's rows of the batch, and where their numbers lie.
class Share {
 public:
  Share(const Layout& layout, int thread) : layout_(layout), thread_(thread) {}

  // How many of the share's rows are alive at step t; they are the first ones.
  int64_t count(int64_t t) const { return shared(layout_.alive[t]); }
  int64_t all() const { return shared(layout_.B); }
  int64_t row(int64_t m) const { return thread_ + m * layout_.threads; }

  // Where row m of the share stands in packed order at step t.
  int64_t position(int64_t t, int64_t m) const { return layout_.start[t] + row(m); }

  // The state of row m before step t: that of the step read before it, or the initial one.
  template <typename S>
  const S* before(int64_t t, int64_t m, const S* states, int64_t stride, const S* initial) const {
    const int64_t previous = layout_.reverse ? t + 1 : t - 1;
    const bool begun = previous >= 0 && previous < layout_.T && row(m) < layout_.alive[previous];
    return begun ? states + position(previous, m) * stride : initial + row(m) * layout_.H;
  }

  // Step n of T in the order of reading (forward), or against it (backward).
  int64_t step(int64_t n, bool backward) const {
    return layout_.reverse != backward ? layout_.T - 1 - n : n;
  }

 private:
  int64_t shared(int64_t rows) const {
    return rows <= thread_ ? 0 : (rows - thread_ + layout_.threads - 1) / layout_.threads;
  }

  const Layout& layout_;
  int thread_;
};

template <typename S>
inline int lanes(int64_t H, int64_t u) {
  return H - u < W<S> ? static_cast<int>(H - u) : W<S>;
}

// Runs work(share) for each thread's share of the rows.
template <typename Work>
void share_out(const Layout& L, const Work& work) {
#pragma omp parallel for num_threads(L.threads) schedule(static, 1) if (L.threads > 1)
  for (int thread = 0; thread < L.threads; ++thread) {
    const FlushedDenormals flushed;
    work(Share(L, thread));
  }
}

// --- forward

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

// --- backward

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

// --- the products before and after

template <typename S>
void product(const Product<S>& p) {
  const auto panels = Panels<S>::of_outputs(p.weights, p.M, p.K, p.transposed ? 1 : p.K,
                                            p.transposed ? p.M : 1);
  multiply(p.rows, p.N, panels, p.M, p.bias, p.out, p.threads);
}

template <typename S>
void transposed_product(const TransposedProduct<S>& p) {
  multiply_transposed(p.left, p.left_stride, p.right, p.N, p.A, p.B, p.out, p.threads);
}

template <typename S>
constexpr Functions<S> all_functions{&forward<S>, &backward<S>, &product<S>,
                                     &transposed_product<S>};

}  // namespace elman::ELMAN_BUILD
