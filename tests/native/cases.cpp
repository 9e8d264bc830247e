#include "cases.hpp"

#include <numeric>
#include <random>

namespace elman::test {
namespace {

constexpr Activation sigmoid{Function::sigmoid, 0, 0}, tanh{Function::tanh, 0, 0};
constexpr Activation functions[] = {tanh, sigmoid, {Function::relu, 0, 0},
                                    {Function::hard_sigmoid, 0.3, 0.5}};
constexpr Kind kinds[] = {Kind::rnn, Kind::lstm, Kind::gru_after, Kind::gru_before};

class Draw {
 public:
  std::vector<double> numbers(int64_t count, double bound) {
    std::vector<double> all;
    for (int64_t n = 0; n < count; ++n)
      all.push_back(static_cast<float>(bound * (2 * unit() - 1)));
    return all;
  }
  std::vector<double> coins(int64_t count, double chance, double head) {
    std::vector<double> all;
    for (int64_t n = 0; n < count; ++n) all.push_back(unit() < chance ? head : 0);
    return all;
  }

 private:
  double unit() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  std::mt19937_64 random_{1};
};

bool can_norm(const Case& c) { return c.cell.kind != Kind::gru_before && !c.projection; }

// Each case without a change and with it.
template <typename Change>
void fork(std::vector<Case>& cases, const Change& change) {
  const std::vector<Case> before = cases;
  for (Case c : before)
    if (change(c)) cases.push_back(c);
}

std::vector<Case> every_kind() {
  std::vector<Case> cases;
  for (Kind kind : kinds) cases.push_back({plain(kind)});
  return cases;
}

// Each kind without any option, and with many.
std::vector<Case> plain_and_varied() {
  std::vector<Case> cases = every_kind();
  fork(cases, [](Case& c) {
    c.cell.norm = can_norm(c), c.cell.peephole = c.is_lstm(), c.mask = c.resets = true;
    return true;
  });
  return cases;
}

Case sized(Case c, int64_t H, int64_t I, const std::vector<int64_t>& lengths) {
  c.H = H, c.I = I, c.lengths = lengths;
  return c;
}

}  // namespace

const char* const input_names[inputs] = {
    "x", "W", "R", "b", "b_", "projection", "peephole", "norm_ih", "norm_hh", "norm_c",
    "norm_c_bias", "h_0", "c_0", "h_restart", "c_restart"};

int64_t Case::N() const { return std::accumulate(lengths.begin(), lengths.end(), int64_t{0}); }

Cell plain(Kind kind) { return {kind, sigmoid, tanh, tanh, false, false, false, 0}; }

std::string describe(const Case& c) {
  const char* const kind_names[] = {"rnn", "lstm", "gru_after", "gru_before"};
  const char* const function_names[] = {"tanh", "sigmoid", "relu", "hard_sigmoid"};
  std::string text = kind_names[static_cast<int>(c.cell.kind)];
  const auto add = [&](bool has, const std::string& name) { text += has ? " " + name : ""; };
  for (const Activation& a : {c.cell.gate, c.cell.candidate, c.cell.state})
    add(true, function_names[static_cast<int>(a.function)]);
  add(c.cell.peephole, "peephole");
  add(c.cell.coupled, "coupled");
  add(c.cell.norm, "norm");
  add(c.cell.clip > 0, "clip " + std::to_string(c.cell.clip));
  add(c.projection, "projection");
  add(!c.bias, "no bias");
  add(c.mask, "mask");
  add(c.zoneout == Zoneout::each_step, "zoneout of each step");
  add(c.zoneout == Zoneout::all_steps, "zoneout of all steps");
  add(c.resets, c.restart ? "resets with restart" : "resets");
  add(c.reverse, "reverse");
  add(c.precision == Precision::bf16, "bf16");
  add(true, "H " + std::to_string(c.H) + " I " + std::to_string(c.I) + " B " +
                std::to_string(c.B()) + " T " + std::to_string(c.T()) + " threads " +
                std::to_string(c.threads));
  return text;
}

std::vector<Case> every_option() {
  std::vector<Case> cases = every_kind();
  fork(cases, [](Case& c) { return c.cell.peephole = c.is_lstm(); });
  fork(cases, [](Case& c) { return c.cell.coupled = c.is_lstm(); });
  fork(cases, [](Case& c) { return c.projection = c.is_lstm(); });
  fork(cases, [](Case& c) { return c.cell.norm = can_norm(c); });
  fork(cases, [](Case& c) { return c.cell.clip = 0.3, true; });
  fork(cases, [](Case& c) { return c.mask = true; });
  fork(cases, [](Case& c) { return c.resets = true; });
  fork(cases, [](Case& c) { return c.restart = c.resets; });
  const std::vector<Case> before = cases;
  for (Zoneout zoneout : {Zoneout::each_step, Zoneout::all_steps})
    for (Case c : before)
      if (!c.projection) c.zoneout = zoneout, cases.push_back(c);
  fork(cases, [](Case& c) { return c.reverse = true; });
  for (std::size_t n = 0; n < cases.size(); ++n) cases[n].bias = n % 3 != 0;
  return cases;
}

std::vector<Case> every_function() {
  std::vector<Case> cases;
  for (Case c : every_kind())
    for (const Activation& gate : functions)
      for (const Activation& candidate : functions)
        for (const Activation& state : functions) {
          c.cell.gate = gate, c.cell.candidate = candidate, c.cell.state = state;
          const bool all_there = (c.cell.kind != Kind::rnn || &gate == functions) &&
                                 (c.is_lstm() || &state == functions);
          if (all_there) cases.push_back(c);
        }
  fork(cases, [](Case& c) { return c.cell.clip = 0.4, true; });
  Case falling{plain(Kind::rnn)};  // the one function that may fall
  falling.cell.candidate = {Function::hard_sigmoid, -0.3, 0.5};
  falling.cell.clip = 0.4;
  cases.push_back(falling);
  return cases;
}

std::vector<Case> every_size() {
  const std::vector<int64_t> many = {3, 3, 3, 3, 2, 2, 2, 2, 2, 1, 1, 1,
                                     1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
  std::vector<Case> cases;
  for (const Case& c : plain_and_varied())
    for (int64_t H : {1, 3, 16, 17, 37}) {
      cases.push_back(sized(c, H, 1, {3}));
      cases.push_back(sized(c, H, 19, {2, 1}));
      cases.push_back(sized(c, H, 1, many));
      cases.push_back(sized(c, H, 19, many));
    }
  fork(cases, [](Case& c) {
    return c.projection = c.is_lstm() && !c.cell.norm && c.H > 1;
  });
  return cases;
}

std::vector<Case> every_cut() {
  std::vector<Case> cases;
  for (const Case& c : plain_and_varied()) {
    cases.push_back(sized(c, 3, 1030, {2, 1}));
    const auto B = static_cast<std::size_t>(8000 / c.cell.gates());
    if (c.mask) cases.push_back(sized(c, 3, 1, std::vector<int64_t>(B, 3)));
  }
  return cases;
}

Problem::Problem(const Case& c) {
  Draw draw;
  const int64_t B = c.B(), N = c.N(), G = c.cell.gates(), H = c.H, P = c.P();
  for (int64_t t = 0, n = 0; t < c.T(); n += alive.back(), ++t) {
    int64_t rows = 0;
    while (rows < B && c.lengths[static_cast<std::size_t>(rows)] > t) ++rows;
    alive.push_back(rows);
    start.push_back(n);
  }
  const bool lstm = c.is_lstm(), bias = c.bias, norm = c.cell.norm;
  const double bound = H == 1 ? 0.9 : 1.5 / std::sqrt(static_cast<double>(H));
  const auto fill = [&](Input name, bool has, int64_t count, double to) {
    if (has) input[name] = draw.numbers(count, to);
  };
  fill(x, true, N * c.I, c.I > 100 ? 0.1 : 1);
  fill(W, true, G * H * c.I, bound);
  fill(R, true, G * H * P, bound);
  fill(b, bias, G * H, bound);
  fill(b_, bias, G * H, bound);
  fill(test::projection, c.projection, P * H, bound);
  fill(peephole, c.cell.peephole, 3 * H, bound);
  fill(norm_ih, norm, G * H, 1);
  fill(norm_hh, norm, G * H, 1);
  fill(norm_c, norm && lstm, H, 1);
  fill(norm_c_bias, norm && lstm, H, bound);
  fill(h_0, true, B * P, 1);
  fill(c_0, lstm, B * H, 1);
  fill(h_restart, c.restart, B * P, 1);
  fill(c_restart, c.restart && lstm, B * H, 1);
  if (c.mask) mask = draw.coins(B * P, 0.8, 1.25);
  if (c.resets)
    for (double coin : draw.coins(N, 0.3, 1)) resets.push_back(coin > 0);
  if (c.zoneout == Zoneout::each_step) kept_h = draw.coins(N * H, 0.4, 1), kept_c = draw.coins(N * H, 0.4, 1);
  if (c.zoneout == Zoneout::all_steps) kept_h.assign(H, 0.25), kept_c.assign(H, 0.5);
  if (!lstm) kept_c.clear();
  d_y = draw.numbers(N * P, 1);
  d_h_n = draw.numbers(B * P, 1);
  if (lstm) d_c_n = draw.numbers(B * H, 1);
}

}  // namespace elman::test
