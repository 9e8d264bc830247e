// Checks. One that fails says where and what, and the program goes on; its exit status tells.
#pragma once

#include <cstdio>

namespace elman::test {

inline long checks = 0, failures = 0;

// What `report` prints, at the end of a program's main, which returns it.
inline int report(const char* name) {
  std::printf("%s: %ld checks, %ld failed\n", name, checks, failures);
  return checks > 0 && failures == 0 ? 0 : 1;
}

}  // namespace elman::test

// CHECK(condition, format, values...): the format of printf, for what was found.
#define CHECK(condition, ...)                                              \
  do {                                                                     \
    ++elman::test::checks;                                                 \
    if (!(condition) && ++elman::test::failures <= 3000) {                   \
      std::printf("%s:%d: not true: %s; ", __FILE__, __LINE__, #condition); \
      std::printf(__VA_ARGS__);                                            \
      std::printf("\n");                                                   \
    }                                                                      \
  } while (false)
