#include "server/convert/error.h"

#include <optional>

#include "core/base/error.h"

namespace trine::server {
absl::Status MissingField(std::string_view field, std::string_view what) {
  return InvalidField(field, "missing", what);
}

absl::Status WithHint(const absl::Status& status, std::string_view hint) {
  std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (status.code() != absl::StatusCode::kResourceExhausted || !detail.has_value()) return status;
  return MakeError(status.code(), *detail,
                   absl::StrCat(TextWithoutField(status, *detail), "; ", ToAbsl(hint)));
}

}  // namespace trine::server
