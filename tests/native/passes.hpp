// Calls a build's passes as the binding does, with guards around every tensor.
#pragma once

#include <memory>

#include "check.hpp"
#include "guarded.hpp"
#include "naive.hpp"

namespace elman::test {

template <typename S>
class Passes {
 public:
  Passes(const Functions<S>& build, const Case& of, const Problem& with)
      : functions(build), c(of), problem(with),
        layout{c.cell, c.precision, c.reverse, c.threads, c.B(), c.T(), c.N(), c.I, c.H, c.P(),
               problem.alive.data(), problem.start.data(),
               c.resets ? reinterpret_cast<const bool*>(problem.resets.data()) : nullptr},
        mask(problem.mask), kept_h(problem.kept_h), kept_c(problem.kept_c),
        y(c.N(), c.P(), c.P() + gap), h_n(1, c.B() * c.P(), c.B() * c.P()),
        c_n(1, of_lstm(c.B() * c.H), of_lstm(c.B() * c.H)) {
    for (int name = 0; name < inputs; ++name) in[name] = Guarded<S>(problem.input[name]);
  }

  // The forward pass; learning: with what the backward pass needs.
  void forward(bool learning, const Packed* packed = nullptr) {
    const int64_t sums = c.cell.gates() * c.H;
    const bool simple = c.cell.kind == Kind::rnn, gates_wanted = !simple || !problem.kept_h.empty();
    const auto room = [&](bool wanted, int64_t width) {
      return Guarded<S>(1, wanted && learning ? c.N() * width : 0, c.N() * width);
    };
    kept_gates = room(gates_wanted, sums);
    kept_state = room(c.is_lstm() || c.cell.kind == Kind::gru_after, c.H);
    kept_normed = room(c.cell.norm, 2 * sums);
    kept_scales = room(c.cell.norm, 2);
    functions.forward(layout, {in[x].data(), weights<const S>(in), packed, states(), y.data(),
                               y.stride(), h_n.data(), c_n.data(), kept<S>()});
  }

  struct Wanted {
    bool d_x = true, d_weights = true, add = false;
  };

  // The backward pass, after a learning forward pass.
  void backward(const Wanted& wanted) {
    const auto room = [&](bool is, int name) {
      const auto size = static_cast<int64_t>(is ? problem.input[name].size() : 0);
      return Guarded<S>(1, size, size);
    };
    for (int name = 0; name < inputs; ++name)
      d[name] = room(name == x ? wanted.d_x : name < h_0 ? wanted.d_weights : true, name);
    if (wanted.add)
      d[x] = Guarded<S>(std::vector<double>(problem.input[x].size(), 1.0));
    d[h_0] = Guarded<S>(problem.d_h_n);
    d[c_0] = Guarded<S>(problem.d_c_n);
    d_y = Guarded<S>(c.N(), c.P(), c.P() + 2 * gap, problem.d_y);
    functions.backward(layout, {in[x].data(), weights<const S>(in), states(), y.data(), y.stride(),
                                kept<const S>(), d_y.data(), d_y.stride(), d[h_0].data(),
                                d[c_0].data(), d[h_restart].data(), d[c_restart].data(),
                                d[x].data(), wanted.add, weights<S>(d)});
  }

  std::unique_ptr<Packed> pack() {
    return std::unique_ptr<Packed>(functions.pack(layout, weights<const S>(in)));
  }
  // From now on the passes are given no W and no R.
  void hide_matrices() { in[W] = Guarded<S>(), in[R] = Guarded<S>(); }

  Results results() const {
    Results all;
    all.y = y.values(), all.h_n = h_n.values(), all.c_n = c_n.values();
    for (int name = 0; name < inputs; ++name) all.gradient[name] = d[name].values();
    return all;
  }

  // Nothing around the tensors was written to, nor what is only to be read.
  void check_memory(const char* build) {
    bool whole = mask.whole() & kept_h.whole() & kept_c.whole() & y.whole() & h_n.whole() &
                 c_n.whole() & kept_gates.whole() & kept_state.whole() & kept_normed.whole() &
                 kept_scales.whole() & d_y.whole();
    bool unchanged = mask.unchanged() && kept_h.unchanged() && kept_c.unchanged();
    for (int name = 0; name < inputs; ++name) {
      whole &= in[name].whole() & d[name].whole();
      unchanged &= in[name].unchanged();
    }
    CHECK(whole, "%s, %s", build, describe(c).c_str());
    CHECK(unchanged, "%s, %s", build, describe(c).c_str());
  }

 private:
  static constexpr int64_t gap = 3;  // numbers between the rows of y, and half of those of d_y

  int64_t of_lstm(int64_t size) const { return c.is_lstm() ? size : 0; }

  template <typename T>
  static Weights<T> weights(Guarded<S> (&of)[inputs]) {
    return {of[W].data(), of[R].data(), of[b].data(), of[b_].data(), of[projection].data(),
            of[peephole].data(), of[norm_ih].data(), of[norm_hh].data(), of[norm_c].data(),
            of[norm_c_bias].data()};
  }
  States<S> states() {
    return {in[h_0].data(), in[c_0].data(), in[h_restart].data(), in[c_restart].data(),
            mask.data(), kept_h.data(), kept_c.data(), c.zoneout == Zoneout::each_step ? c.H : 0};
  }
  template <typename T>
  Kept<T> kept() {
    return {kept_gates.data(), kept_state.data(), kept_normed.data(), kept_scales.data()};
  }

  const Functions<S>& functions;
  const Case& c;
  const Problem& problem;
  const Layout layout;
  Guarded<S> in[inputs], mask, kept_h, kept_c;
  Guarded<S> y, h_n, c_n, kept_gates, kept_state, kept_normed, kept_scales;
  Guarded<S> d_y, d[inputs];
};

// work(functions, name of the build) for each build that this processor can run, and for double.
template <typename Work>
void with_every_build(const Case& c, const Work& work) {
  const Builds all = builds();
  for (int n = 0; n < all.count; ++n) work(all.engine[n]->functions, all.engine[n]->name);
  if (c.precision == Precision::full) work(functions<double>(), "double");
}

}  // namespace elman::test
