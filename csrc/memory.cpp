#include "memory.hpp"

#include <cstdlib>
#include <mutex>
#include <new>

namespace elman {
namespace {

// Blocks come in powers of 2, so that one call's block fits the next call's need.
constexpr int kinds = 64;
constexpr std::size_t largest_kept = std::size_t{64} << 20;

struct Block {
  Block* next;
};

std::mutex lock;
Block* kept[kinds];
std::size_t kept_bytes = 0;

int kind_of(std::size_t bytes) {
  int kind = 6;  // 64 bytes
  while (kind < kinds - 1 && (std::size_t{1} << kind) < bytes) ++kind;  // no memory has the last
  return kind;
}

}  // namespace

void* borrow(std::size_t bytes) {
  const int kind = kind_of(bytes);
  {
    const std::lock_guard<std::mutex> locked(lock);
    if (Block* block = kept[kind]) {
      kept[kind] = block->next;
      kept_bytes -= std::size_t{1} << kind;
      return block;
    }
  }
  void* memory = std::aligned_alloc(64, std::size_t{1} << kind);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void give_back(void* memory, std::size_t bytes) noexcept {
  const int kind = kind_of(bytes);
  {
    const std::lock_guard<std::mutex> locked(lock);
    if (kept_bytes + (std::size_t{1} << kind) <= largest_kept) {
      kept[kind] = new (memory) Block{kept[kind]};
      kept_bytes += std::size_t{1} << kind;
      return;
    }
  }
  std::free(memory);
}

}  // namespace elman
