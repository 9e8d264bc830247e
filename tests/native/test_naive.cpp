// The truth of the other tests is tested: its gradients against differences of its loss.
#include <cmath>

#include "check.hpp"
#include "naive.hpp"

namespace elman::test {
namespace {

double loss(const Case& c, Problem& problem, double& number, double value) {
  const double before = number;
  number = value;
  const double result = naive(c, problem).loss;
  number = before;
  return result;
}

void check(const Case& c) {
  const double step = 1e-5;
  Problem problem(c);
  const Results exact = naive(c, problem);
  for (int name = 0; name < inputs; ++name)
    for (std::size_t n = 0; n < problem.input[name].size(); ++n) {
      double& number = problem.input[name][n];
      const double above = loss(c, problem, number, number + step);
      const double below = loss(c, problem, number, number - step);
      const double difference = (above - below) / (2 * step), gradient = exact.gradient[name][n];
      CHECK(std::abs(difference - gradient) <= 1e-6 * exact.size[name], "%s %zu: %g, not %g, %s",
            input_names[name], n, gradient, difference, describe(c).c_str());
    }
}

}  // namespace
}  // namespace elman::test

int main() {
  using namespace elman::test;
  for (const auto& cases : {every_option(), every_function()})
    for (std::size_t n = 0; n < cases.size(); n += 7) {
      Case c = cases[n];
      c.H = c.I = 2, c.lengths = {3, 1, 0};
      check(c);
    }
  return report("naive");
}
