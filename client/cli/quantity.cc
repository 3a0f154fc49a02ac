#include "client/cli/quantity.h"

#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client/cli/errors.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::cli {
namespace {

absl::Status Wrong(std::string_view flag, std::string_view text, std::string_view expected) {
  return UsageError(absl::StrCat(ToAbsl(flag), ": '", ToAbsl(text), "' is not ", ToAbsl(expected)));
}

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

absl::StatusOr<uint64_t> ParseSize(std::string_view text, std::string_view flag) {
  static constexpr std::pair<std::string_view, uint64_t> kUnits[] = {
      {"", 1},          {"B", 1},       {"KiB", 1 << 10},  {"K", 1 << 10},
      {"MiB", 1 << 20}, {"M", 1 << 20}, {"GiB", 1 << 30},  {"G", 1 << 30},
      {"kB", 1000},     {"KB", 1000},   {"MB", 1'000'000}, {"GB", 1'000'000'000}};
  constexpr std::string_view kExpected = "a size such as 4096, 64KiB or 1MiB";
  const auto [number, unit] = SplitUnit(text);
  uint64_t value = 0;
  if (!absl::SimpleAtoi(ToAbsl(number), &value)) return Wrong(flag, text, kExpected);
  for (const auto& [name, factor] : kUnits) {
    if (name != unit) continue;
    const std::optional<uint64_t> bytes = CheckedMul(value, factor);
    if (bytes.has_value()) return *bytes;
  }
  return Wrong(flag, text, kExpected);
}

absl::StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text,
                                                        std::string_view flag) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60'000}, {"h", 3'600'000}};
  constexpr double kMaxMs = 1e12;
  constexpr std::string_view kExpected = "a time above 0 such as 30, 500ms, 2m or 1h";
  const auto [number, unit] = SplitUnit(text);
  double value = 0;
  if (!absl::SimpleAtod(ToAbsl(number), &value)) return Wrong(flag, text, kExpected);
  for (const auto& [name, factor] : kUnits) {
    if (name != unit) continue;
    const double ms = std::ceil(value * factor);
    if (ms >= 1 && ms <= kMaxMs) return std::chrono::milliseconds(static_cast<int64_t>(ms));
  }
  return Wrong(flag, text, kExpected);
}

absl::StatusOr<Range> ParseRange(std::string_view text, std::string_view flag) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return Wrong(flag, text, "OFFSET:LENGTH");
  Range range;
  TRINE_ASSIGN_OR_RETURN(range.offset, ParseSize(text.substr(0, colon), flag));
  TRINE_ASSIGN_OR_RETURN(range.length, ParseSize(text.substr(colon + 1), flag));
  return range;
}

absl::StatusOr<Shape> ParseShape(std::string_view text, std::string_view flag) {
  Shape shape;
  for (const absl::string_view part : absl::StrSplit(ToAbsl(text), absl::ByAnyChar(",x"))) {
    int64_t dimension = 0;
    if (!absl::SimpleAtoi(part, &dimension) || dimension < 0) {
      return Wrong(flag, text, "a shape such as 2,3,4");
    }
    shape.push_back(dimension);
  }
  return shape;
}

std::string SizeText(uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " bytes");
  static constexpr const char* kNames[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (value /= 1024; value >= 1023.95 && unit + 1 < std::size(kNames); ++unit) value /= 1024;
  return absl::StrFormat("%.1f %s", value, kNames[unit]);
}

}  // namespace trine::cli
