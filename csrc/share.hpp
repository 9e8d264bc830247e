// How the rows of a batch are shared out among threads.
//
// Threads share out the rows of the batch and never wait for each other: a row's steps depend on
// that row alone. Thread i has the rows i, i + threads, ... of the sorted batch, so that long and
// short sequences are shared out evenly.
#pragma once

#include <cstdint>
#include <new>

#include "denormals.hpp"
#include "recurrence.hpp"

namespace elman::ELMAN_BUILD {

using std::int64_t;

// One thread's rows of the batch, and where their numbers lie.
class Share {
 public:
  Share(const Layout& layout, int thread, int threads)
      : layout_(layout), thread_(thread), threads_(threads) {}

  // How many of the share's rows are alive at step t; they are the first ones.
  int64_t count(int64_t t) const { return shared(layout_.alive[t]); }
  int64_t all() const { return shared(layout_.B); }
  int64_t row(int64_t m) const { return thread_ + m * threads_; }

  // Where row m of the share stands in packed order at step t.
  int64_t position(int64_t t, int64_t m) const { return layout_.start[t] + row(m); }

  // Whether row m begins anew before step t.
  bool reset(int64_t t, int64_t m) const {
    return layout_.resets && layout_.resets[position(t, m)];
  }

  // A part of the state, `width` wide, of row m before step t: that of the step read before it, or
  // the initial one, or after a reset `restart` (null: the initial one).
  template <typename S>
  const S* before(int64_t t, int64_t m, const S* states, int64_t stride, const S* initial,
                  const S* restart, int64_t width) const {
    if (reset(t, m)) return (restart ? restart : initial) + row(m) * width;
    const int64_t previous = layout_.reverse ? t + 1 : t - 1;
    const bool begun = previous >= 0 && previous < layout_.T && row(m) < layout_.alive[previous];
    return begun ? states + position(previous, m) * stride : initial + row(m) * width;
  }

  // Step n of T in the order of reading (forward), or against it (backward).
  int64_t step(int64_t n, bool backward) const {
    return layout_.reverse != backward ? layout_.T - 1 - n : n;
  }

  // Where a run of steps from step n ends, if it is to have about so many rows; it has one step at
  // least, and `rows_of_run` rows at most.
  int64_t run(int64_t n, bool backward, int64_t rows) const {
    int64_t sum = count(step(n, backward));
    for (++n; n < layout_.T; ++n) {
      sum += count(step(n, backward));
      if (sum > rows) break;
    }
    return n;
  }
  int64_t rows_of_run(int64_t rows) const { return all() > rows ? all() : rows; }

 private:
  int64_t shared(int64_t rows) const {
    return rows <= thread_ ? 0 : (rows - thread_ + threads_ - 1) / threads_;
  }

  const Layout& layout_;
  int thread_, threads_;
};

// Runs work(thread) for each of so many threads, in one region; denormals are flushed inside.
template <typename Work>
void in_threads(int threads, const Work& work) {
  bool out_of_memory = false;  // an exception must not leave the region
#pragma omp parallel for num_threads(threads) schedule(static, 1) if (threads > 1)
  for (int thread = 0; thread < threads; ++thread) {
    const FlushedDenormals flushed;
    try {
      work(thread);
    } catch (const std::bad_alloc&) {
#pragma omp atomic write
      out_of_memory = true;
    }
  }
  if (out_of_memory) throw std::bad_alloc();
}

// Runs work(share) for each thread's share of the rows.
template <typename Work>
void share_out(const Layout& L, const Work& work) {
  const int threads = L.threads < L.B ? L.threads : static_cast<int>(L.B);
  in_threads(threads, [&](int thread) { work(Share(L, thread, threads)); });
}

}  // namespace elman::ELMAN_BUILD
