// The local methods: one row a method, with the parameters that it takes and their defaults.
#pragma once

#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "core/segment/segment.h"

namespace trine::segment {

// Parameters beside the window, as bits.
enum LocalParameter : unsigned {
  kTakesOffset = 1,
  kTakesK = 2,
  kTakesR = 4,
  kTakesSigma = 8,
  kTakesPAndQ = 16,
  kTakesContrast = 32,
  kTakesBorder = 64,
};

struct LocalMethodSpec {
  LocalMethod method;
  std::string_view name;
  unsigned takes;
  double k;  // default, where it takes one
};

absl::Span<const LocalMethodSpec> LocalMethods();  // in the order of their numbers
const LocalMethodSpec& SpecOf(LocalMethod method);

// Names of the methods that take the parameter.
std::vector<std::string_view> MethodsThatTake(LocalParameter parameter);

}  // namespace trine::segment
