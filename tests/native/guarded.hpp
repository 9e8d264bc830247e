// Matrices with guards: around them, and between rows that do not touch, stand numbers that are none,
// and it is seen when one of them has been written to. Under the address sanitizer, reading one
// stops the program; without it, what was read spoils the results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace elman::test {

// A NaN that no arithmetic makes, of either size.
constexpr std::uint64_t canary_bits = 0x7ffcafe17ffcafe1u;

template <typename S>
inline S canary() {
  S number;
  const std::uint64_t bits = canary_bits;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}
template <typename S>
inline bool is_canary(S number) {
  std::uint64_t bits = canary_bits;
  std::memcpy(&bits, &number, sizeof number);
  return bits == canary_bits;
}

template <typename S>
class Guarded {
 public:
  Guarded() : Guarded(0, 0, 0) {}

  // Full of canaries at first, which an output must have lost in the end.
  Guarded(std::int64_t rows, std::int64_t width, std::int64_t stride)
      : rows_(rows), width_(width), stride_(stride),
        numbers_(static_cast<std::size_t>(2 * margin + rows * stride), canary<S>()) {
    guard();
  }

  // These numbers, in their order.
  Guarded(std::int64_t rows, std::int64_t width, std::int64_t stride,
          const std::vector<double>& values)
      : Guarded(rows, width, stride) {
    for (std::int64_t n = 0; n < rows * width; ++n)
      place(n / width, n % width) = static_cast<S>(values[static_cast<std::size_t>(n)]);
    before_ = values;
  }
  explicit Guarded(const std::vector<double>& values)
      : Guarded(1, static_cast<std::int64_t>(values.size()),
                static_cast<std::int64_t>(values.size()), values) {}

  // Null where there is no number. Aligned for one number only.
  S* data() { return rows_ * width_ > 0 ? numbers_.data() + margin : nullptr; }
  std::int64_t stride() const { return stride_; }

  std::vector<double> values() const {
    std::vector<double> all;
    all.reserve(static_cast<std::size_t>(rows_ * width_));
    for (std::int64_t row = 0; row < rows_; ++row)
      for (std::int64_t column = 0; column < width_; ++column)
        all.push_back(static_cast<double>(numbers_[index(row, column)]));
    return all;
  }
  bool unchanged() const { return values() == before_; }

  // Whether all guards stand; they come down for it.
  bool whole() {
    ASAN_UNPOISON_MEMORY_REGION(numbers_.data(), numbers_.size() * sizeof(S));
    for (std::size_t n = 0; n < numbers_.size(); ++n)
      if (!is_canary(numbers_[n]) && !inside(n)) return false;
    return true;
  }

 private:
  static constexpr std::int64_t margin = 67;

  std::size_t index(std::int64_t row, std::int64_t column) const {
    return static_cast<std::size_t>(margin + row * stride_ + column);
  }
  S& place(std::int64_t row, std::int64_t column) { return numbers_[index(row, column)]; }

  bool inside(std::size_t n) const {
    const std::int64_t at = static_cast<std::int64_t>(n) - margin;
    return at >= 0 && at < rows_ * stride_ && at % stride_ < width_;
  }

  void guard() {
    ASAN_POISON_MEMORY_REGION(numbers_.data(), margin * sizeof(S));
    for (std::int64_t row = 0; row < rows_; ++row)
      ASAN_POISON_MEMORY_REGION(numbers_.data() + index(row, width_),
                                static_cast<std::size_t>(stride_ - width_) * sizeof(S));
    ASAN_POISON_MEMORY_REGION(numbers_.data() + index(rows_, 0), margin * sizeof(S));
  }

  std::int64_t rows_, width_, stride_;
  std::vector<S> numbers_;
  std::vector<double> before_;
};

}  // namespace elman::test
