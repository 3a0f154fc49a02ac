// Sizes, times, ranges, shapes and pages of the command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/base/tensor.h"

namespace trine::cli {

// As core/base/text/quantity.h reads them; USAGE naming `flag` for anything else.
absl::StatusOr<uint64_t> ParseSize(std::string_view text, std::string_view flag);

// The same for a time above 0; `unit_in_name` is the unit that the flag's name says, if any.
absl::StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text,
                                                        std::string_view flag,
                                                        std::string_view unit_in_name = "");

struct Range {
  uint64_t offset = 0;
  uint64_t length = 0;
};
// "OFFSET:LENGTH", each a size.
absl::StatusOr<Range> ParseRange(std::string_view text, std::string_view flag);

// "2,3,4" or "2x3x4".
absl::StatusOr<Shape> ParseShape(std::string_view text, std::string_view flag);

// Which pages of a file: one, all, or what the command takes where nothing is said.
struct Pages {
  std::optional<int64_t> one;
  bool all = false;
};
// A page's number, from 0, "all" or nothing.
absl::StatusOr<Pages> ParsePages(const std::string& text, std::string_view flag);

// "it has 3 pages, and page 0 was taken; --page N takes another": what is said, after its name, of
// a file of which nobody named a page. `others` is how to get at the others.
std::string FirstPageTaken(int64_t pages, std::string_view others);

// "12.3 MiB", "512 bytes".
std::string SizeText(uint64_t bytes);

}  // namespace trine::cli
