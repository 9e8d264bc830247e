// The equations of src/elman/cells, one number at a time, in double; the truth of these tests.
#pragma once

#include "cases.hpp"

namespace elman::test {

// What a call gives: the outputs, and the gradients of a loss Σ y d_y + Σ h_n d_h_n + Σ c_n d_c_n.
struct Results {
  double loss = 0;
  std::vector<double> y, h_n, c_n;
  std::vector<double> gradient[inputs];
  double size[inputs] = {};  // the largest that a gradient would be if nothing in it cancelled
};

Results naive(const Case& c, const Problem& problem);

}  // namespace elman::test
