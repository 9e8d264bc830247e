// Working memory of one build. The standard library's templates are kept out of the builds: the
// linker keeps one copy of each such function, which might be the one for the widest processor.
#pragma once

#include <cstddef>
#include <cstdint>

#include "memory.hpp"

namespace elman::ELMAN_BUILD {

// `size` numbers (0 is a size too), aligned for every vector; what they are at first is not said.
template <typename S>
class Buffer {
 public:
  explicit Buffer(std::int64_t size)
      : bytes_(static_cast<std::size_t>(size) * sizeof(S)),
        numbers_(static_cast<S*>(borrow(bytes_))) {}
  Buffer(Buffer&& other) noexcept : bytes_(other.bytes_), numbers_(other.numbers_) {
    other.numbers_ = nullptr;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (numbers_) give_back(numbers_, bytes_);
  }

  S* data() { return numbers_; }
  const S* data() const { return numbers_; }

 private:
  std::size_t bytes_;
  S* numbers_;
};

template <typename S>
inline void clear(S* numbers, std::int64_t count) {
  for (std::int64_t n = 0; n < count; ++n) numbers[n] = S{};
}

template <typename S>
inline void copy(const S* from, std::int64_t count, S* to) {
  for (std::int64_t n = 0; n < count; ++n) to[n] = from[n];
}

}  // namespace elman::ELMAN_BUILD
