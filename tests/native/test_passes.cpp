// The passes of every build against the equations, over all cells, options and sizes; and what they
// do to the memory around.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "guarded_memory.hpp"
#include "passes.hpp"

namespace elman::test {
namespace {

// What rounding may amount to: of outputs as a share of the tensor's largest magnitude, of gradients
// as a share of Results::size. A norm divides by what may be small, so that outputs lose more.
struct Tolerance {
  double output, gradient;
};
Tolerance tolerance(const Case& c, bool is_double) {
  if (c.precision == Precision::bf16) return {1e-2, 1e-2};
  if (is_double) return {1e-13, 1e-14};
  return {c.cell.norm ? 3e-5 : 1e-6, 1e-6};
}

double largest(const std::vector<double>& numbers) {
  double size = 0;
  for (double one : numbers) size = std::max(size, std::abs(one));
  return size;
}

void compare(const std::vector<double>& found, const std::vector<double>& exact, double allowed,
             const char* tensor, const char* build, const Case& c) {
  CHECK(found.size() == exact.size(), "%s, %s, %s", tensor, build, describe(c).c_str());
  double difference = 0;
  for (std::size_t n = 0; n < exact.size() && n < found.size(); ++n) {
    const double off = std::abs(found[n] - exact[n]);
    difference = std::max(difference, std::isnan(off) ? HUGE_VAL : off);
  }
  CHECK(difference <= allowed, "%s differs by %g, %s, %s", tensor, difference, build,
        describe(c).c_str());
}

bool equal(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

void compare_outputs(const Results& found, const Results& exact, double share, const char* build,
                     const Case& c) {
  compare(found.y, exact.y, share * largest(exact.y), "y", build, c);
  compare(found.h_n, exact.h_n, share * largest(exact.h_n), "h_n", build, c);
  compare(found.c_n, exact.c_n, share * largest(exact.c_n), "c_n", build, c);
}

template <typename S>
Results train(const Functions<S>& functions, const Case& c, const Problem& problem,
              const char* build, const typename Passes<S>::Wanted& wanted = {}) {
  Passes<S> passes(functions, c, problem);
  passes.forward(true);
  passes.backward(wanted);
  passes.check_memory(build);
  return passes.results();
}

// Training, and prediction from packed weights.
template <typename S>
void check_values(const Functions<S>& functions, const char* build, const Case& c,
                  const Problem& problem, const Results& exact) {
  const Tolerance share = tolerance(c, sizeof(S) == sizeof(double));
  const Results found = train(functions, c, problem, build);
  compare_outputs(found, exact, share.output, build, c);
  for (int name = 0; name < inputs; ++name)
    compare(found.gradient[name], exact.gradient[name], share.gradient * exact.size[name],
            input_names[name], build, c);

  Passes<S> prediction(functions, c, problem);
  const auto packed = prediction.pack();
  prediction.hide_matrices();
  prediction.forward(false, packed.get());
  prediction.check_memory(build);
  compare_outputs(prediction.results(), exact, share.output, build, c);
}

// A second run gives the same bits, and so does what is left when less is wanted.
template <typename S>
void check_repeats(const Functions<S>& functions, const char* build, const Case& c,
                   const Problem& problem) {
  typename Passes<S>::Wanted no_d_x, no_weights, added;
  no_d_x.d_x = no_weights.d_weights = false, added.add = true;
  const Results once = train(functions, c, problem, build);
  const Results again = train(functions, c, problem, build);
  const Results without_d_x = train(functions, c, problem, build, no_d_x);
  const Results without_weights = train(functions, c, problem, build, no_weights);
  const Results and_added = train(functions, c, problem, build, added);
  CHECK(equal(once.y, again.y) && equal(once.h_n, again.h_n) && equal(once.c_n, again.c_n),
        "outputs, %s, %s", build, describe(c).c_str());
  for (int name = 0; name < inputs; ++name) {
    const auto& gradient = once.gradient[name];
    const auto same = [&](const Results& other) { return equal(gradient, other.gradient[name]); };
    CHECK(same(again), "%s, %s, %s", input_names[name], build, describe(c).c_str());
    CHECK(name == x || (same(without_d_x) && same(and_added)), "%s, %s, %s", input_names[name],
          build, describe(c).c_str());
    CHECK((name != x && name < h_0) || same(without_weights), "%s, %s, %s", input_names[name],
          build, describe(c).c_str());
  }
  std::vector<double> plus_1 = once.gradient[x];
  for (double& one : plus_1) one += 1;
  compare(and_added.gradient[x], plus_1, 1e-6 * largest(plus_1), "x added to", build, c);
}

// Each case in both precisions, with from so many to so many threads.
void check_all(const std::vector<Case>& cases, int fewest, int most) {
  for (Case c : cases)
    for (Precision precision : {Precision::full, Precision::bf16}) {
      c.precision = precision;
      const Problem problem(c);
      const Results exact = naive(c, problem);
      for (c.threads = fewest; c.threads <= most; ++c.threads)
        with_every_build(c, [&](const auto& functions, const char* build) {
          check_values(functions, build, c, problem, exact);
          if (fewest < most && c.threads == 2) check_repeats(functions, build, c, problem);
        });
    }
}

}  // namespace
}  // namespace elman::test

int main(int count, char** arguments) {
  using namespace elman::test;
  const std::string run = count == 2 ? arguments[1] : "";
  if (run == "options") {
    check_all(every_option(), 2, 2);
    check_all(every_function(), 1, 1);
  } else if (run == "sizes") {
    check_all(every_size(), 1, 3);
  } else if (run == "cuts") {
    check_all(every_cut(), 1, 2);
  }
  CHECK(borrowings() > 0 && borrowed() == 0, "%ld blocks not given back", borrowed());
  CHECK(broken_guards() == 0, "%ld blocks of working memory", broken_guards());
  return report(run.c_str());
}
