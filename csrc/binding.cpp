// The one file of the native core that knows Python: the module elman._engine.
//
// Tensors come as addresses. src/elman/kernels/native.py is the only caller, for calls whose shapes,
// types and strides src/elman/kernels/cpu.py has checked, and holds the tensors while a call runs.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "processor.hpp"
#include "recurrence.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Address = std::uintptr_t;

template <typename T>
T* at(Address address) {
  return reinterpret_cast<T*>(address);
}

nb::dict processor_features() {
  const elman::ProcessorFeatures features = elman::processor_features();
  nb::dict answer;
  answer["avx2"] = features.avx2;
  answer["avx512f"] = features.avx512f;
  answer["avx512_bf16"] = features.avx512_bf16;
  answer["amx_bf16"] = features.amx_bf16;
  return answer;
}

std::string compiled_with() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#else
  return "unknown compiler";
#endif
}

std::vector<std::string> builds() {
  const elman::Builds found = elman::builds();
  std::vector<std::string> names;
  for (int n = 0; n < found.count; ++n) names.emplace_back(found.engine[n]->name);
  return names;
}

void choose_build(const std::string& name) {
  const elman::Builds found = elman::builds();
  for (int n = 0; n < found.count; ++n) {
    if (name == found.engine[n]->name) return elman::choose(*found.engine[n]);
  }
  throw nb::value_error("this processor can run no build of that name");
}

using Addresses = std::vector<Address>;

// A function: its number, and the numbers of a hard sigmoid.
using Function = std::tuple<int, double, double>;

elman::Activation activation(const Function& f) {
  return {static_cast<elman::Function>(std::get<0>(f)), std::get<1>(f), std::get<2>(f)};
}

// The fields of elman::Cell in their order.
using Cell = std::tuple<int, Function, Function, Function, bool, bool, bool, double>;

elman::Cell cell(const Cell& c) {
  const auto& [kind, gate, candidate, state, peephole, coupled, norm, clip] = c;
  return {static_cast<elman::Kind>(kind), activation(gate), activation(candidate),
          activation(state), peephole, coupled, norm, clip};
}

elman::Layout layout(const Cell& of, int precision, bool reverse, int threads,
                     std::int64_t B, std::int64_t T, std::int64_t N, std::int64_t I,
                     std::int64_t H, std::int64_t P, Address alive, Address start,
                     Address resets) {
  return {cell(of),
          static_cast<elman::Precision>(precision),
          reverse,
          threads,
          B,
          T,
          N,
          I,
          H,
          P,
          at<const std::int64_t>(alive),
          at<const std::int64_t>(start),
          at<const bool>(resets)};
}

void check(const Addresses& addresses, std::size_t expected) {
  if (addresses.size() != expected) throw nb::value_error("not as many addresses as pointers");
}

// Addresses in the order of the fields in recurrence.hpp.
template <typename S>
elman::Weights<S> weights(const Addresses& a) {
  check(a, 10);
  return {at<S>(a[0]), at<S>(a[1]), at<S>(a[2]), at<S>(a[3]), at<S>(a[4]),
          at<S>(a[5]), at<S>(a[6]), at<S>(a[7]), at<S>(a[8]), at<S>(a[9])};
}

template <typename S>
elman::States<S> states(const Addresses& a, std::int64_t kept_stride) {
  check(a, 7);
  return {at<const S>(a[0]), at<const S>(a[1]), at<const S>(a[2]), at<const S>(a[3]),
          at<const S>(a[4]), at<const S>(a[5]), at<const S>(a[6]), kept_stride};
}

template <typename S>
elman::Kept<S> kept(const Addresses& a) {
  check(a, 4);
  return {at<S>(a[0]), at<S>(a[1]), at<S>(a[2]), at<S>(a[3])};
}

template <typename S>
elman::Packed* pack(const elman::Layout& layout, const Addresses& w) {
  return elman::functions<S>().pack(layout, weights<const S>(w));
}

template <typename S>
void forward(const elman::Layout& layout, Address x, const Addresses& w, Address packed,
             const Addresses& s, std::int64_t kept_stride, Address y, std::int64_t y_stride,
             Address h_n, Address c_n, const Addresses& k) {
  elman::functions<S>().forward(
      layout, {at<const S>(x), weights<const S>(w), at<const elman::Packed>(packed),
               states<S>(s, kept_stride), at<S>(y), y_stride, at<S>(h_n), at<S>(c_n), kept<S>(k)});
}

template <typename S>
void backward(const elman::Layout& layout, Address x, const Addresses& w, const Addresses& s,
              std::int64_t kept_stride, Address y, std::int64_t y_stride, const Addresses& k,
              Address d_y, std::int64_t d_y_stride, Address d_h, Address d_c, Address d_h_restart,
              Address d_c_restart, Address d_x, bool add_d_x, const Addresses& d_w) {
  elman::functions<S>().backward(
      layout, {at<const S>(x), weights<const S>(w), states<S>(s, kept_stride), at<const S>(y),
               y_stride, kept<const S>(k), at<const S>(d_y), d_y_stride, at<S>(d_h), at<S>(d_c),
               at<S>(d_h_restart), at<S>(d_c_restart), at<S>(d_x), add_d_x, weights<S>(d_w)});
}

}  // namespace

NB_MODULE(_engine, module) {
  using Released = nb::call_guard<nb::gil_scoped_release>;
  module.doc() = "Elman's native core.";
  module.def("processor_features", &processor_features,
             "What the processor can do: avx2 (with FMA), avx512f, avx512_bf16, amx_bf16.");
  module.def("compiled_with", &compiled_with, "Name and version of the compiler.");
  module.def("builds", &builds, "The builds that this processor can run, fastest first.");
  module.def("build", [] { return std::string(elman::chosen().name); },
             "The build that computes: the fastest, unless another was chosen.");
  module.def("choose_build", &choose_build, "build"_a, "Compute with another build; for tests.");
  nb::class_<elman::Layout>(module, "Layout");
  module.def("layout", &layout, "cell"_a, "precision"_a, "reverse"_a, "threads"_a, "B"_a, "T"_a,
             "N"_a, "I"_a, "H"_a, "P"_a, "alive"_a, "start"_a, "resets"_a,
             "Describes one direction over one packed batch.");
  nb::class_<elman::Packed>(module, "Packed").def_prop_ro("address", [](const elman::Packed& p) {
    return reinterpret_cast<Address>(&p);
  });
  module.def("pack_float32", &pack<float>, nb::rv_policy::take_ownership, Released());
  module.def("pack_float64", &pack<double>, nb::rv_policy::take_ownership, Released());
  module.def("forward_float32", &forward<float>, Released());
  module.def("forward_float64", &forward<double>, Released());
  module.def("backward_float32", &backward<float>, Released());
  module.def("backward_float64", &backward<double>, Released());
}
