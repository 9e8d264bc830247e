// Runs test_arithmetic.cpp, where the processor can.
#include <cstdio>
#include <cstring>

#include "recurrence.hpp"

namespace elman::test {
int check_arithmetic(const char* build);
}

int main() {
  const char* const name = ELMAN_TESTED_BUILD;
  const elman::Builds all = elman::builds();
  for (int n = 0; n < all.count; ++n)
    if (std::strcmp(all.engine[n]->name, name) == 0) return elman::test::check_arithmetic(name);
  std::printf("%s: left out, since the processor cannot run this build\n", name);
  return 77;
}
