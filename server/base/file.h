// Small files that options name.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace trine::server {

// The whole file, at most 1 MiB. INVALID_ARGUMENT naming `option` where it cannot be read or is
// larger; the text names the file, as it is for the operator's eyes.
absl::StatusOr<std::string> ReadFile(std::string_view option, const std::string& path);

}  // namespace trine::server
