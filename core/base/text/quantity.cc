#include "core/base/text/quantity.h"

#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "core/base/checked.h"
#include "core/base/strings.h"

namespace trine {
namespace {

constexpr double kMaxMs = 1e12;

// The number before a unit, and the unit.
std::pair<std::string_view, std::string_view> SplitUnit(std::string_view text) {
  size_t end = 0;
  while (end < text.size() &&
         (absl::ascii_isdigit(static_cast<unsigned char>(text[end])) || text[end] == '.')) {
    ++end;
  }
  return {text.substr(0, end), text.substr(end)};
}

}  // namespace

std::optional<uint64_t> ParseBytes(std::string_view text) {
  static constexpr std::pair<std::string_view, uint64_t> kUnits[] = {
      {"", 1},          {"B", 1},     {"KiB", 1 << 10},  {"MiB", 1 << 20},
      {"GiB", 1 << 30}, {"kB", 1000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}};
  const auto [number, unit] = SplitUnit(text);
  uint64_t value = 0;
  if (!absl::SimpleAtoi(ToAbsl(number), &value)) return std::nullopt;
  for (const auto& [name, factor] : kUnits) {
    if (name == unit) return CheckedMul(value, factor);
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> ParseTime(std::string_view text,
                                                   std::string_view unit_in_name) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
  const auto [number, given] = SplitUnit(text);
  const std::string_view unit = given.empty() ? unit_in_name : given;
  double value = 0;
  if (!absl::SimpleAtod(ToAbsl(number), &value)) return std::nullopt;
  for (const auto& [name, factor] : kUnits) {
    if (name != unit) continue;
    const double ms = std::ceil(value * factor);
    if (ms > kMaxMs) return std::nullopt;
    return std::chrono::milliseconds(static_cast<int64_t>(ms));
  }
  return std::nullopt;
}

}  // namespace trine
