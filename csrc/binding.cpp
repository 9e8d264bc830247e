// The one file of the native core that knows Python: the module elman._engine.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <string>

#include "processor.hpp"

namespace nb = nanobind;

namespace {

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

}  // namespace

NB_MODULE(_engine, module) {
  module.doc() = "Elman's native core.";
  module.def("processor_features", &processor_features,
             "What the processor can do: avx2 (with FMA), avx512f, avx512_bf16.");
  module.def("compiled_with", &compiled_with, "Name and version of the compiler.");
}
