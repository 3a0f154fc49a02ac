#include "server/convert_error.h"

#include <optional>

#include "core/base/error.h"

namespace trine::server {
namespace {

// The message without "<field>: " before it: MakeError puts the new one there.
std::string TextOf(const absl::Status& status, const ErrorDetail& detail) {
  std::string_view text = ToStd(status.message());
  const std::string start = detail.field + ": ";
  if (!detail.field.empty() && text.substr(0, start.size()) == start) {
    text.remove_prefix(start.size());
  }
  return std::string(text);
}

}  // namespace

absl::Status MissingField(std::string_view field, std::string_view what) {
  return InvalidField(field, "missing", what);
}

absl::Status RenameField(const absl::Status& status, std::string_view from, std::string_view to) {
  std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (status.ok() || !detail.has_value()) return status;
  const std::string_view field = detail->field;
  if (field.substr(0, from.size()) != from) return status;
  const std::string rest(field.substr(from.size()));
  if (!rest.empty() && rest[0] != '.' && rest[0] != '[') return status;
  const std::string text = TextOf(status, *detail);
  detail->field = absl::StrCat(ToAbsl(to), rest);
  return MakeError(status.code(), *detail, text);
}

absl::Status BlameField(const absl::Status& status, std::string_view field) {
  std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (status.ok() || !detail.has_value()) return status;
  if (status.code() == absl::StatusCode::kCancelled ||
      status.code() == absl::StatusCode::kDeadlineExceeded) {
    return status;
  }
  const std::string text = TextOf(status, *detail);
  detail->field = std::string(field);
  return MakeError(status.code(), *detail, text);
}

absl::Status WithHint(const absl::Status& status, std::string_view hint) {
  std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (status.code() != absl::StatusCode::kResourceExhausted || !detail.has_value()) return status;
  return MakeError(status.code(), *detail,
                   absl::StrCat(TextOf(status, *detail), "; ", ToAbsl(hint)));
}

}  // namespace trine::server
