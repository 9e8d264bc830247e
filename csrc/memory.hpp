// Working memory, kept for the next call: fresh pages of the system cost more than many a product.
#pragma once

#include <cstddef>

namespace elman {

// At least so many bytes, aligned to 64. Throws std::bad_alloc.
void* borrow(std::size_t bytes);

// Gives back what was borrowed with the same number of bytes. Up to 64 MiB in all are kept.
void give_back(void* memory, std::size_t bytes) noexcept;

}  // namespace elman
