#include "client/cli/report/digits.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace trine::cli {

int DigitsOf(double low, double high) {
  constexpr int kFewest = 6, kMost = 17;
  const double size = std::max(std::fabs(low), std::fabs(high));
  const double steps = size / std::fabs(high - low) * 100;
  if (!std::isfinite(steps) || steps < 1) return kFewest;
  return std::clamp(static_cast<int>(std::ceil(std::log10(steps))) + 1, kFewest, kMost);
}

std::string NumberText(double value, int digits) { return absl::StrFormat("%.*g", digits, value); }

}  // namespace trine::cli
