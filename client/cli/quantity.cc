#include "client/cli/quantity.h"

#include <iterator>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client/cli/errors.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/base/text/quantity.h"

namespace trine::cli {
namespace {

absl::Status Wrong(std::string_view flag, std::string_view text, std::string_view expected) {
  return UsageError(absl::StrCat(ToAbsl(flag), ": '", ToAbsl(text), "' is not ", ToAbsl(expected)));
}

}  // namespace

absl::StatusOr<uint64_t> ParseSize(std::string_view text, std::string_view flag) {
  const std::optional<uint64_t> bytes = ParseBytes(text);
  if (!bytes.has_value()) return Wrong(flag, text, kBytesForm);
  return *bytes;
}

absl::StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text,
                                                        std::string_view flag,
                                                        std::string_view unit_in_name) {
  const std::optional<std::chrono::milliseconds> time = ParseTime(text, unit_in_name);
  if (!time.has_value()) return Wrong(flag, text, kTimeForm);
  if (time->count() == 0) return Wrong(flag, text, "a time above 0");
  return *time;
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

absl::StatusOr<Pages> ParsePages(const std::string& text, std::string_view flag) {
  Pages pages;
  int64_t number = 0;
  if (text == "all") {
    pages.all = true;
  } else if (absl::SimpleAtoi(text, &number) && number >= 0) {
    pages.one = number;
  } else if (!text.empty()) {
    return UsageError(
        absl::StrCat(ToAbsl(flag), ": is '", text, "'; it is a page's number, from 0, or all"));
  }
  return pages;
}

std::string FirstPageTaken(int64_t pages, std::string_view others) {
  return absl::StrCat("it has ", pages, " pages, and page 0 was taken; ", ToAbsl(others));
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
