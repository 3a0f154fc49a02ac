// The two files of compare-masks and compare-labels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/tensor.h"

namespace trine::cli {

struct ComparedFile {
  std::string path;
  Tensor pixels;  // [H,W], or of a picture in colour [H,W,3]
  std::vector<std::string> warnings;
  bool has_pages = false;  // several
  bool is_lossy = false;
};

// An array or a picture; of several pages the named one or the first, which is said with
// "<command> --page N takes another". With `indices` the numbers in the file (DecodeOptions).
absl::StatusOr<ComparedFile> ReadCompared(const std::string& path, std::optional<int64_t> page,
                                          std::string_view command, bool indices);

// Refuses two files of which one is of another size, and a page where neither has several. `what`
// they hold: "masks".
absl::Status CheckComparable(const ComparedFile& given, const ComparedFile& truth,
                             std::optional<int64_t> page, std::string_view what);

// The warnings of both, each with its file.
std::vector<std::string> WarningsOf(const ComparedFile& given, const ComparedFile& truth);

}  // namespace trine::cli
