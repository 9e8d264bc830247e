// The one file of the native core that knows Python: the module elman._engine.
//
// Tensors come as addresses. src/elman/kernels/cpu.py is the only caller; it has checked shapes,
// types and strides, and holds the tensors while a call runs.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <string>
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

elman::Layout layout(int cell, bool reverse, std::int64_t B, std::int64_t T, std::int64_t N,
                     std::int64_t H, Address alive, Address start, int threads) {
  return {static_cast<elman::Cell>(cell), reverse, B, T, N, H, at<const std::int64_t>(alive),
          at<const std::int64_t>(start), threads};
}

template <typename S>
void forward(const elman::Layout& layout, Address Wx, Address R, Address b_n, Address h_0,
             Address c_0, Address y, std::int64_t y_stride, Address h_n, Address c_n,
             Address gates, Address c) {
  const elman::Forward<S> f{at<const S>(Wx), at<const S>(R), at<const S>(b_n),
                                           at<const S>(h_0), at<const S>(c_0), at<S>(y), y_stride,
                                           at<S>(h_n), at<S>(c_n), at<S>(gates), at<S>(c)};
  elman::functions<S>().forward(layout, f);
}

template <typename S>
void backward(const elman::Layout& layout, Address R, Address h_0, Address c_0, Address y,
              std::int64_t y_stride, Address gates, Address c, Address d_y,
              std::int64_t d_y_stride, Address d_Wx, Address d_q, Address d_h, Address d_c) {
  const elman::Backward<S> b{at<const S>(R), at<const S>(h_0), at<const S>(c_0),
                                     at<const S>(y), y_stride, at<const S>(gates), at<const S>(c),
                                     at<const S>(d_y), d_y_stride, at<S>(d_Wx), at<S>(d_q),
                                     at<S>(d_h), at<S>(d_c)};
  elman::functions<S>().backward(layout, b);
}

template <typename S>
void product(Address rows, Address weights, Address bias, Address out, std::int64_t N,
             std::int64_t K, std::int64_t M, bool transposed, int threads) {
  elman::functions<S>().product({at<const S>(rows), at<const S>(weights), at<const S>(bias),
                                 at<S>(out), N, K, M, transposed, threads});
}

template <typename S>
void transposed_product(Address left, std::int64_t left_stride, Address right, Address out,
                        std::int64_t N, std::int64_t A, std::int64_t B, int threads) {
  elman::functions<S>().transposed_product(
      {at<const S>(left), left_stride, at<const S>(right), at<S>(out), N, A, B, threads});
}

template <typename S>
void states_before(const elman::Layout& layout, Address y, std::int64_t y_stride, Address h_0,
                   Address to) {
  elman::states_before(layout, at<const S>(y), y_stride, at<const S>(h_0), at<S>(to));
}

}  // namespace

NB_MODULE(_engine, module) {
  using Released = nb::call_guard<nb::gil_scoped_release>;
  module.doc() = "Elman's native core.";
  module.def("processor_features", &processor_features,
             "What the processor can do: avx2 (with FMA), avx512f, avx512_bf16.");
  module.def("compiled_with", &compiled_with, "Name and version of the compiler.");
  module.def("builds", &builds, "The builds that this processor can run, fastest first.");
  module.def("build", [] { return std::string(elman::chosen().name); },
             "The build that computes: the fastest, unless another was chosen.");
  module.def("choose_build", &choose_build, "build"_a, "Compute with another build; for tests.");
  nb::class_<elman::Layout>(module, "Layout");
  module.def("layout", &layout, "cell"_a, "reverse"_a, "B"_a, "T"_a, "N"_a, "H"_a, "alive"_a,
             "start"_a, "threads"_a, "Describes one direction over one packed batch.");
  module.def("forward_float32", &forward<float>, Released());
  module.def("forward_float64", &forward<double>, Released());
  module.def("backward_float32", &backward<float>, Released());
  module.def("backward_float64", &backward<double>, Released());
  module.def("product_float32", &product<float>, Released());
  module.def("product_float64", &product<double>, Released());
  module.def("transposed_product_float32", &transposed_product<float>, Released());
  module.def("transposed_product_float64", &transposed_product<double>, Released());
  module.def("states_before_float32", &states_before<float>, Released());
  module.def("states_before_float64", &states_before<double>, Released());
}
