// One build's functions, transposition, rounding and products. Compiled once a build, with its flags.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "check.hpp"
#include "gradient.hpp"
#include "guarded.hpp"

namespace elman::test {
namespace {

using namespace elman::ELMAN_BUILD;
using std::int64_t;
using std::uint32_t;

float number(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
uint32_t bits_of(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

// The distance in units of the last place that a float of the true value's size has.
double units(float found, double exact) {
  int exponent;
  std::frexp(exact, &exponent);
  return std::abs(found - exact) / std::ldexp(1.0, std::max(exponent - 24, -149));
}

// --- tanh and sigmoid

// check(x, function(x)) for numbers of all sizes, both signs, infinities and NaN.
template <typename Function, typename Check>
void over_all_floats(const Function& function, const Check& check) {
  constexpr uint32_t step = 4093;  // a prime, so that all mantissas have their turn
  for (uint64_t first = 0; first < uint64_t{1} << 32; first += step * W<float>) {
    Vector<float> x;
    for (int lane = 0; lane < W<float>; ++lane)
      x[lane] = number(static_cast<uint32_t>(first + step * static_cast<uint32_t>(lane)));
    const Vector<float> y = function(x);
    for (int lane = 0; lane < W<float>; ++lane) check(x[lane], y[lane]);
  }
  const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, -NAN, 9.02f, -9.02f, 9.05f, 87.0f,
                           -87.0f, 88.0f, 0x1.fffffep127f, -0x1.fffffep127f, 0x1p-149f};
  for (float x : special) check(x, function(Vector<float>{} + x)[0]);
}

void tanh_is_exact() {
  double worst = 0;
  over_all_floats([](Vector<float> x) { return tanh(x); }, [&](float x, float y) {
    if (std::isnan(x)) {
      CHECK(std::isnan(y), "tanh of NaN is %g", y);
      return;
    }
    const double error = units(y, std::tanh(static_cast<double>(x)));
    CHECK(error < 3 && std::abs(y) <= 1, "tanh %.9g is %.9g, %g units off", x, y, error);
    worst = std::max(worst, error);
  });
  std::printf("tanh: at most %.2f units in the last place\n", worst);
}

void sigmoid_is_exact() {
  double worst = 0;
  over_all_floats([](Vector<float> x) { return sigmoid(x); }, [&](float x, float y) {
    if (std::isnan(x)) {
      CHECK(std::isnan(y), "sigmoid of NaN is %g", y);
      return;
    }
    if (x < -87) {  // held at e^-87
      CHECK(y >= 0 && y < 1.7e-38f, "sigmoid %.9g is %.9g", x, y);
      return;
    }
    const double error = units(y, 1 / (1 + std::exp(-static_cast<double>(x))));
    CHECK(error < 3 && y >= 0 && y <= 1, "sigmoid %.9g is %.9g, %g units off", x, y, error);
    worst = std::max(worst, error);
  });
  std::printf("sigmoid: at most %.2f units in the last place\n", worst);
}

// --- bfloat16

// Whether these are the upper 16 bits of the nearest bfloat16 number, ties to even. One that is
// denormal may count as 0, which it does in the products.
bool is_rounded(float x, uint32_t upper) {
  if (std::isnan(x)) return std::isnan(number(upper << 16));
  const uint32_t bits = bits_of(x), sign = bits & 0x80000000u;
  if ((bits & 0x7f800000u) == 0 && upper << 16 == sign) return true;
  const uint32_t down = bits >> 16, rest = bits & 0xffffu;
  const bool up = rest > 0x8000u || (rest == 0x8000u && down % 2 == 1);
  return upper == down + up;
}

void rounding_is_to_nearest_even() {
  constexpr int w = W<float>;
  for (uint32_t upper = 0; upper < 0x10000u; ++upper)
    for (uint32_t lower : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      const float x = number(upper << 16 | lower), other = number(0x3f808000u + (upper & 1u) * 0x10000u);
      const uint32_t operand = Bf16::operand(x, other), swapped = Bf16::operand(other, x);
      CHECK(is_rounded(x, operand & 0xffffu) && is_rounded(other, operand >> 16), "%08x", operand);
      CHECK(is_rounded(x, swapped >> 16) && is_rounded(other, swapped & 0xffffu), "%08x", swapped);
      float neighbours[2 * w];
      for (int n = 0; n < 2 * w; ++n) neighbours[n] = n % 3 ? other : x;
      const Vector<uint32_t> of_neighbours = Bf16::operands(neighbours);
      const Vector<uint32_t> of_rows = Bf16::operands(load(neighbours), load(neighbours + w));
      for (int lane = 0; lane < w; ++lane) {
        CHECK(is_rounded(neighbours[2 * lane], of_neighbours[lane] & 0xffffu) &&
                  is_rounded(neighbours[2 * lane + 1], of_neighbours[lane] >> 16),
              "%08x of lane %d", static_cast<unsigned>(of_neighbours[lane]), lane);
        CHECK(is_rounded(neighbours[lane], of_rows[lane] & 0xffffu) &&
                  is_rounded(neighbours[w + lane], of_rows[lane] >> 16),
              "%08x of lane %d", static_cast<unsigned>(of_rows[lane]), lane);
      }
    }
}

// --- transposition and products: of small whole numbers, which every way of adding gets exactly

template <typename T>
void transposition() {
  Vector<T> v[W<T>];
  for (int i = 0; i < W<T>; ++i)
    for (int lane = 0; lane < W<T>; ++lane) v[i][lane] = static_cast<T>(100 * i + lane);
  transpose<T>(v);
  for (int i = 0; i < W<T>; ++i)
    for (int lane = 0; lane < W<T>; ++lane)
      CHECK(v[i][lane] == static_cast<T>(100 * lane + i), "vector %d, lane %d", i, lane);
}

std::vector<double> whole_numbers(int64_t count) {
  static uint32_t random = 1;
  std::vector<double> all;
  for (int64_t n = 0; n < count; ++n) {
    random = random * 1664525u + 1013904223u;
    all.push_back(static_cast<int>(random >> 28) - 7);
  }
  return all;
}

// Rows times a packed matrix; `lying`: the matrix is given with its outputs side by side.
template <typename A>
void product(int64_t rows, int64_t K, int64_t outputs, bool lying) {
  using S = typename A::Sum;
  const auto left = whole_numbers(rows * K), right = whole_numbers(outputs * K);
  const auto plus = whole_numbers(outputs);
  const int64_t of_output = lying ? 1 : K, of_k = lying ? outputs : 1;
  Guarded<S> from(left), matrix(right), added(plus), to(rows, outputs, outputs + 5);
  const Panels<A> panels(matrix.data(), outputs, K, of_output, of_k);
  std::vector<typename A::Operand> operands(static_cast<std::size_t>(rows * operands_of<A>(K)));
  std::vector<Row<A>> all;
  for (int64_t r = 0; r < rows; ++r) {
    typename A::Operand* converted = operands.data() + r * operands_of<A>(K);
    convert<A>(from.data() + r * K, K, converted);
    all.push_back({converted, r % 2 ? added.data() : nullptr, to.data() + r * to.stride()});
  }
  multiply(all.data(), rows, panels);
  const auto found = to.values();
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t o = 0; o < outputs; ++o) {
      double exact = r % 2 ? plus[o] : 0;
      for (int64_t k = 0; k < K; ++k) exact += left[r * K + k] * right[o * of_output + k * of_k];
      CHECK(found[r * outputs + o] == exact, "%g, not %g: row %ld of %ld, K %ld, output %ld of %ld",
            found[r * outputs + o], exact, long(r), long(rows), long(K), long(o), long(outputs));
    }
  CHECK(to.whole() & from.whole() & matrix.whole() & added.whole(), "rows %ld, K %ld, outputs %ld",
        long(rows), long(K), long(outputs));
}

// leftᵀ · right, and the sums of left's columns.
template <typename A>
void transposed_product(int64_t N, int64_t columns, int64_t width, int threads) {
  using S = typename A::Sum;
  const auto a = whole_numbers(N * (columns + 2)), b = whole_numbers(N * width);
  Guarded<S> left(a), right(b), out(1, columns * width, columns * width), sums(1, columns, columns);
  Guarded<S> again(1, columns * width, columns * width);
  const auto row = [&](int64_t n, S*) -> const S* { return right.data() + n * width; };
  using Side = Right<A, decltype(row)>;
  const int64_t some = columns - columns / 3;
  TransposedProduct<A, Side, Side>(N, {left.data(), columns + 2, columns},
                                   {row, width, out.data(), columns}, sums.data(),
                                   {row, width, again.data(), some}).run(threads);
  const auto found = out.values(), found_sums = sums.values(), found_again = again.values();
  for (int64_t c = 0; c < columns; ++c) {
    double sum = 0;
    for (int64_t n = 0; n < N; ++n) sum += a[n * (columns + 2) + c];
    CHECK(found_sums[c] == sum, "%g, not %g: sum %ld of N %ld", found_sums[c], sum, long(c), long(N));
    for (int64_t w = 0; w < width; ++w) {
      double exact = 0;
      for (int64_t n = 0; n < N; ++n) exact += a[n * (columns + 2) + c] * b[n * width + w];
      CHECK(c >= some || found_again[c * width + w] == exact, "the second side, %ld, %ld of N %ld",
            long(c), long(w), long(N));
      CHECK(found[c * width + w] == exact, "%g, not %g: %ld of %ld, %ld of %ld, N %ld",
            found[c * width + w], exact, long(c), long(columns), long(w), long(width), long(N));
    }
  }
  CHECK(out.whole() & again.whole() & sums.whole() & left.whole() & right.whole(), "columns %ld, width %ld, N %ld",
        long(columns), long(width), long(N));
}

template <typename A>
void products() {
  for (int64_t K : {1, 2, 3, 4, 5, 7, 16, 33, 64, 65})
    for (int64_t outputs : {1, 3, 4, 5, 15, 16, 17, 31, 33, 48, 63, 64, 65, 130})
      for (bool lying : {false, true}) product<A>(K % 13 + 1, K, outputs, lying);
  for (int64_t rows = 1; rows <= 25; ++rows)
    for (int64_t outputs : {16, 32, 47, 64}) product<A>(rows, 9, outputs, false);
  for (int64_t K : {511, 512, 513, 1023, 1025, 1100}) product<A>(7, K, 37, K % 2);
  for (int64_t N : {0, 1, 2, 3, 63, 64, 65, 513})
    for (int64_t columns : {1, 4, 7, 8, 16, 17, 31, 150})
      for (int64_t width : {1, 5, 16, 33}) transposed_product<A>(N, columns, width, 1 + columns % 3);
  transposed_product<A>(1300, 3, 2, 1);
  transposed_product<A>(130, 9, 1100, 2);
}

}  // namespace

int check_arithmetic(const char* build) {
  tanh_is_exact();
  sigmoid_is_exact();
  rounding_is_to_nearest_even();
  transposition<float>();
  transposition<uint32_t>();
  transposition<double>();
  products<Full<float>>();
  products<Full<double>>();
  products<Bf16>();
  return report(build);
}

}  // namespace elman::test
