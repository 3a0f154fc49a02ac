#include "server/convert/error.h"

#include <optional>

#include "core/base/error.h"

namespace trine::server {
absl::Status MissingField(std::string_view field, std::string_view what) {
  return InvalidField(field, "missing", what);
}

absl::Status WithWayOut(const absl::Status& status, std::string_view text) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (!detail.has_value()) return status;
  return MakeError(status.code(), *detail,
                   absl::StrCat(TextWithoutField(status, *detail), "; ", ToAbsl(text)));
}

absl::Status WithHint(const absl::Status& status, std::string_view hint) {
  return absl::IsResourceExhausted(status) ? WithWayOut(status, hint) : status;
}

}  // namespace trine::server
