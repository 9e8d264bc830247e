#include "guarded_memory.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <vector>

#include "guarded.hpp"
#include "memory.hpp"

namespace {

constexpr std::size_t guard = 64;  // keeps the alignment
constexpr unsigned char guard_byte = 0xa5;
constexpr std::size_t filled = 1 << 15;

std::atomic<long> before_failure{-1}, all{0}, blocks{0}, broken{0};

// Blocks that were given back, by their size: the system is slow to give new ones.
std::mutex lock;
struct Store : std::map<std::size_t, std::vector<void*>> {
  ~Store() {
    for (auto& same : *this)
      for (void* block : same.second) std::free(block);
  }
} kept;

void* block_of(std::size_t bytes) {
  const std::lock_guard<std::mutex> locked(lock);
  std::vector<void*>& same = kept[bytes];
  void* block = nullptr;
  if (same.empty()) {
    if (posix_memalign(&block, guard, bytes + 2 * guard) != 0) throw std::bad_alloc();
  } else {
    block = same.back();
    same.pop_back();
  }
  ASAN_UNPOISON_MEMORY_REGION(block, bytes + 2 * guard);
  return block;
}

bool whole(const unsigned char* bytes) {
  for (std::size_t n = 0; n < guard; ++n)
    if (bytes[n] != guard_byte) return false;
  return true;
}

}  // namespace

void* elman::borrow(std::size_t bytes) {
  if (before_failure >= 0 && before_failure-- == 0) throw std::bad_alloc();
  auto* block = static_cast<unsigned char*>(block_of(bytes));
  std::memset(block, guard_byte, guard);
  std::memset(block + guard, 0xff, std::min(bytes, filled));  // NaN in every type
  std::memset(block + guard + bytes, guard_byte, guard);
  ASAN_POISON_MEMORY_REGION(block, guard);
  ASAN_POISON_MEMORY_REGION(block + guard + bytes, guard);
  ++all, ++blocks;
  return block + guard;
}

void elman::give_back(void* memory, std::size_t bytes) noexcept {
  auto* block = static_cast<unsigned char*>(memory) - guard;
  ASAN_UNPOISON_MEMORY_REGION(block, bytes + 2 * guard);
  if (!whole(block) || !whole(block + guard + bytes)) ++broken;
  --blocks;
  ASAN_POISON_MEMORY_REGION(block, bytes + 2 * guard);
  const std::lock_guard<std::mutex> locked(lock);
  kept[bytes].push_back(block);
}

void elman::test::fail_borrowing(long n) { before_failure = n; }
long elman::test::borrowings() { return all; }
long elman::test::borrowed() { return blocks; }
long elman::test::broken_guards() { return broken; }
