// Sizes, durations and ranges as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/base/tensor.h"

namespace trine::cli {

// "4096", "64KiB", "1MiB", "2GiB" (powers of 1024; K, M, G alone too), "10kB", "10MB", "1GB"
// (powers of 1000). USAGE naming `flag` for anything else.
absl::StatusOr<uint64_t> ParseSize(std::string_view text, std::string_view flag);

// "30" and "30s" (seconds), "500ms", "2m", "1h"; "0.5s" too. Above 0, rounded up to whole ms.
absl::StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text,
                                                        std::string_view flag);

struct Range {
  uint64_t offset = 0;
  uint64_t length = 0;
};
// "OFFSET:LENGTH", each a size.
absl::StatusOr<Range> ParseRange(std::string_view text, std::string_view flag);

// "2,3,4" or "2x3x4".
absl::StatusOr<Shape> ParseShape(std::string_view text, std::string_view flag);

// "12.3 MiB", "512 bytes".
std::string SizeText(uint64_t bytes);

}  // namespace trine::cli
