// What the passes do when memory runs out, when they are given weights of another build, and to the
// processor's floating-point state.
#include <cfenv>
#include <cstring>
#include <new>
#include <stdexcept>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "guarded_memory.hpp"
#include "passes.hpp"

namespace elman::test {
namespace {

// Wherever a block of working memory cannot be had, the pass throws, keeps none and writes nowhere.
template <typename S>
void exhaust(const Functions<S>& functions, const char* build, const Case& c) {
  const Problem problem(c);
  Passes<S> passes(functions, c, problem);
  bool thrown = true;
  for (long n = 0; thrown && n < 1000; ++n) {
    thrown = false;
    fail_borrowing(n);
    try {
      passes.pack();
      passes.forward(true);
      passes.backward({});
    } catch (const std::bad_alloc&) {
      thrown = true;
    }
    fail_borrowing(-1);
    CHECK(thrown || n > 20, "only %ld blocks, %s, %s", n, build, describe(c).c_str());
    CHECK(borrowed() == 0, "%ld blocks are lost, %s, %s", borrowed(), build, describe(c).c_str());
  }
  CHECK(!thrown, "no end, %s, %s", build, describe(c).c_str());
  passes.check_memory(build);
}

// Weights packed by another build, or for another precision, are refused.
void refuse_foreign_weights() {
  Case c{plain(Kind::lstm)}, other = c;
  other.precision = Precision::bf16;
  const Problem problem(c);
  const Builds all = builds();
  for (int ours = 0; ours < all.count; ++ours)
    for (int theirs = 0; theirs < 2 * all.count; ++theirs) {
      const Functions<float>& packer = all.engine[theirs % all.count]->functions;
      const auto packed = Passes<float>(packer, theirs < all.count ? c : other, problem).pack();
      Passes<float> passes(all.engine[ours]->functions, c, problem);
      bool refused = false;
      try {
        passes.forward(false, packed.get());
      } catch (const std::invalid_argument&) {
        refused = true;
      }
      CHECK(refused == (theirs != ours), "builds %d and %d", ours, theirs);
    }
}

// All of the floating-point state that a program can set.
unsigned long floating_point_state() {
#if defined(__SSE2__)
  return _mm_getcsr() & ~0x3fu;  // without the flags of what happened
#elif defined(__aarch64__)
  unsigned long state;
  asm volatile("mrs %0, fpcr" : "=r"(state));
  return state;
#else
  return static_cast<unsigned long>(std::fegetround());
#endif
}

// The caller's state is what it was, in every thread, also after an exception.
void restore_state(int rounding) {
  Case c{plain(Kind::gru_after)};
  c.threads = 2;
  const Problem problem(c);
  with_every_build(c, [&](const auto& functions, const char* build) {
    Passes passes(functions, c, problem);
    for (long failure : {-1, 3, 30}) {
      std::fesetround(rounding);
      const unsigned long before = floating_point_state();
      fail_borrowing(failure);
      bool thrown = false;
      try {
        passes.forward(true);
        passes.backward({});
      } catch (const std::bad_alloc&) {
        thrown = true;
      }
      const unsigned long after = floating_point_state();
      std::fesetround(FE_TONEAREST);
      fail_borrowing(-1);
      CHECK(thrown == (failure >= 0), "%ld, %s", failure, build);
      CHECK(before == after, "%lx, not %lx, %s", after, before, build);
    }
  });
  volatile float tiny = 1e-40f;
#pragma omp parallel for num_threads(2) schedule(static, 1)
  for (int thread = 0; thread < 2; ++thread)
    CHECK(tiny * 0.5f != 0, "thread %d flushes", thread);
}

// A number too small for a whole mantissa counts as 0: x, the weights, and what is computed.
void flush_denormals() {
  Case c{plain(Kind::rnn)};
  c.cell.candidate = {Function::relu, 0, 0};
  c.bias = false, c.H = c.I = 1, c.lengths = {2, 2}, c.threads = 2;
  const auto run = [&](double x_, double W_, double d_y) {
    Problem problem(c);
    problem.input[x].assign(4, x_), problem.input[W].assign(1, W_);
    problem.input[R].assign(1, 0), problem.d_y.assign(4, d_y), problem.d_h_n.assign(2, 0);
    const Builds all = builds();
    for (int n = 0; n < all.count; ++n) {
      Passes<float> passes(all.engine[n]->functions, c, problem);
      passes.forward(true);
      passes.backward({});
      const Results found = passes.results();
      for (double one : found.y) CHECK(one == (x_ * W_ < 1e-38 ? 0 : x_ * W_), "y %g", one);
      for (double one : found.gradient[x])
        CHECK(one == (d_y < 1e-38 || x_ * W_ < 1e-38 ? 0 : d_y * W_), "d_x %g", one);
    }
  };
  run(2, 4, 8);
  run(1e-40f, 1, 1);
  run(1, 1e-40f, 1);
  run(1e-20f, 1e-20f, 1);
  run(1, 1, 1e-40f);
}

}  // namespace
}  // namespace elman::test

int main() {
  using namespace elman::test;
  for (Case c : every_size())
    if (c.threads = 2; c.H == 3 && c.I == 19 && c.B() == 2)
      with_every_build(c, [&](const auto& functions, const char* build) {
        exhaust(functions, build, c);
      });
  refuse_foreign_weights();
  for (int rounding : {FE_TONEAREST, FE_UPWARD, FE_TOWARDZERO}) restore_state(rounding);
  flush_denormals();
  CHECK(broken_guards() == 0, "%ld blocks of working memory", broken_guards());
  return report("faults");
}
