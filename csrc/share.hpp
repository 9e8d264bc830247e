// How the rows of a batch are shared out among threads.
//
// Threads share out the rows of the batch and never wait for each other: a row's steps depend on
// that row alone. Thread i has the rows i, i + threads, ... of the sorted batch, so that long and
// short sequences are shared out evenly.
#pragma once

#include <cstdint>

#include "denormals.hpp"
#include "recurrence.hpp"
#include "vector.hpp"

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

}  // namespace elman::ELMAN_BUILD
