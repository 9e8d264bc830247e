// The core's working memory, replaced for tests: each block has exactly the size that was asked for,
// begins with numbers that are none, and has guards around it.
#pragma once

namespace elman::test {

// The n-th borrowing from now (0 is the next one) fails as if memory had run out; -1: none does.
void fail_borrowing(long n);

// Blocks that were borrowed so far, and those of them that were not given back.
long borrowings();
long borrowed();

// Blocks so far whose guards had been written to when they were given back.
long broken_guards();

}  // namespace elman::test
