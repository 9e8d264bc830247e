// The core's working memory.
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

#define ELMAN_BUILD test
#define ELMAN_VECTOR_BYTES 16
#include "buffer.hpp"
#include "check.hpp"
#include "memory.hpp"
#include "recurrence.hpp"
#include "share.hpp"

#if defined(__SANITIZE_ADDRESS__)
// Too much memory is refused as it is without the sanitizer, which would stop the program.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
#endif

namespace elman::test {
namespace {

using std::int64_t;

void reuse_and_align() {
  for (std::size_t bytes : {0, 1, 63, 64, 65, 1000, 4096, 100000, 1 << 20}) {
    void* first = borrow(bytes);
    void* second = borrow(bytes);
    CHECK(first != second, "%zu bytes", bytes);
    for (void* block : {first, second}) {
      CHECK(reinterpret_cast<std::uintptr_t>(block) % 64 == 0, "%zu bytes at %p", bytes, block);
      std::memset(block, 0xff, bytes);
    }
    give_back(first, bytes);
    void* third = borrow(bytes);
    CHECK(third == first, "%zu bytes are not reused", bytes);
    give_back(second, bytes);
    give_back(third, bytes);
  }
}

// What is given back is given out again, the last one first; but with something in store already,
// of four blocks of 16 MiB only three are kept.
void keep_so_much() {
  const std::size_t quarter = std::size_t{16} << 20;
  void* blocks[4] = {borrow(quarter), borrow(quarter), borrow(quarter), borrow(quarter)};
  give_back(borrow(1000), 1000);
  for (void* block : blocks) give_back(block, quarter);
  for (int n : {2, 1, 0}) CHECK(borrow(quarter) == blocks[n], "block %d is not reused", n);
  for (int n : {2, 1, 0}) give_back(blocks[n], quarter);
}

// No two threads ever have the same block.
void share() {
  int mistaken = 0;
#pragma omp parallel for num_threads(4) reduction(+ : mistaken)
  for (int n = 0; n < 4000; ++n) {
    const auto bytes = static_cast<std::size_t>(8 << n % 8);
    auto* number = static_cast<volatile int*>(borrow(bytes));
    *number = n;
    for (int wait = 0; wait < 50; ++wait) mistaken += *number != n;
    give_back(const_cast<int*>(number), bytes);
  }
  CHECK(mistaken == 0, "%d times another thread wrote", mistaken);
}

template <typename Work>
bool runs_out(const Work& work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    return true;
  }
  return false;
}

void refuse_the_absurd() {
  for (int bits = 50; bits < 64; ++bits)
    CHECK(runs_out([&] { borrow(std::size_t{1} << bits); }), "2^%d bytes", bits);
  CHECK(runs_out([] { borrow(SIZE_MAX); }), "all bytes");
  for (int threads : {1, 2, 5}) {
    int done = 0;
    const auto work = [&](int thread) {
      if (thread == threads - 1) ELMAN_BUILD::Buffer<float>(int64_t{1} << 60);
#pragma omp atomic
      ++done;
    };
    CHECK(runs_out([&] { ELMAN_BUILD::in_threads(threads, work); }), "%d threads", threads);
    CHECK(done == threads - 1, "%d of %d threads", done, threads);
  }
}

// A pass over more sequences than memory can hold: its threads run out of it.
void refuse_an_absurd_batch() {
  const int64_t alive = 1, start = 0, B = int64_t{1} << 50;
  const Activation tanh{Function::tanh, 0, 0};
  const Cell cell{Kind::rnn, tanh, tanh, tanh, false, false, false, 0};
  const Layout layout{cell, Precision::full, false, 2, B, 1, 1, 1, 1, 1, &alive, &start, nullptr};
  const float one = 1;
  float y = 0, h_n = 0, d_h = 0;
  Weights<const float> weights{};
  weights.W = weights.R = &one;
  States<float> states{};
  states.h_0 = &one;
  const Builds all = builds();
  for (int n = 0; n < all.count; ++n) {
    const Functions<float>& functions = all.engine[n]->functions;
    const auto forward = [&] {
      functions.forward(layout, {&one, weights, nullptr, states, &y, 1, &h_n, nullptr, {}});
    };
    const auto backward = [&] {
      functions.backward(layout, {&one, weights, states, &y, 1, {}, &one, 1, &d_h, nullptr, nullptr,
                                  nullptr, nullptr, false, {}});
    };
    CHECK(runs_out(forward), "forward, %s", all.engine[n]->name);
    CHECK(runs_out(backward), "backward, %s", all.engine[n]->name);
  }
}

}  // namespace
}  // namespace elman::test

int main() {
  using namespace elman::test;
  reuse_and_align();
  keep_so_much();
  share();
  refuse_the_absurd();
  refuse_an_absurd_batch();
  return report("memory");
}
