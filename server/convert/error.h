// Small helpers for errors about request messages. Field paths are those of the request message.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/strings.h"

namespace trine::server {

// "<prefix>.<field>".
inline std::string Path(std::string_view prefix, std::string_view field) {
  return absl::StrCat(ToAbsl(prefix), ".", ToAbsl(field));
}

// INVALID_ARGUMENT: a field that must be given was not; `what` says what is expected.
absl::Status MissingField(std::string_view field, std::string_view what);

// `status` with "; <text>" after its message: the way out.
absl::Status WithWayOut(const absl::Status& status, std::string_view text);
// The same where it is RESOURCE_EXHAUSTED, else `status`.
absl::Status WithHint(const absl::Status& status, std::string_view hint);

}  // namespace trine::server
