#include "core/base/error.h"

#include <charconv>
#include <cstddef>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/strings.h"

namespace trine {
namespace {

constexpr absl::string_view kPayloadUrl = "type.trine/ErrorDetail";
constexpr size_t kMaxMessageBytes = 1024;
constexpr size_t kMaxValueBytes = 128;

std::string Shorten(std::string_view s, size_t max_bytes) {
  if (s.size() <= max_bytes) return std::string(s);
  // Never cut inside a UTF-8 sequence: gRPC refuses messages that are not UTF-8.
  size_t end = max_bytes - 3;
  while (end > 0 && (static_cast<unsigned char>(s[end]) & 0xC0) == 0x80) --end;
  return std::string(s.substr(0, end)) + "...";
}

// The payload is a sequence of "<length>:<bytes>", one a field, in the order of the struct.
void AppendField(std::string& out, std::string_view field) {
  absl::StrAppend(&out, field.size(), ":", ToAbsl(field));
}

bool TakeField(std::string_view& in, std::string& out) {
  size_t length = 0;
  const auto [end, error] = std::from_chars(in.data(), in.data() + in.size(), length);
  const size_t used = static_cast<size_t>(end - in.data());
  if (error != std::errc() || used >= in.size() || in[used] != ':') return false;
  in.remove_prefix(used + 1);
  if (length > in.size()) return false;
  out.assign(in.substr(0, length));
  in.remove_prefix(length);
  return true;
}

bool TakeInt(std::string_view& in, int64_t& out) {
  std::string text;
  return TakeField(in, text) && absl::SimpleAtoi(text, &out);
}

std::string Serialize(const ErrorDetail& d) {
  std::string out;
  for (const std::string* field : {&d.reason, &d.field, &d.value, &d.limit})
    AppendField(out, *field);
  for (int64_t number : {d.retry_after_ms, d.block, d.offset})
    AppendField(out, ToStd(absl::AlphaNum(number).Piece()));
  return out;
}

// The name that `name` makes of `field`; nullopt where it does not fit.
std::optional<std::string> Translated(absl::StatusCode code, std::string_view field,
                                      const FieldName& name) {
  if (name.from == kAnyField) {
    const bool is_ours =
        code != absl::StatusCode::kCancelled && code != absl::StatusCode::kDeadlineExceeded;
    return is_ours ? std::optional(name.to) : std::nullopt;
  }
  if (field.empty()) return std::nullopt;
  if (name.from.empty()) return absl::StrCat(name.to, ".", ToAbsl(field));
  if (field.substr(0, name.from.size()) != name.from) return std::nullopt;
  const std::string_view rest = field.substr(name.from.size());
  const bool is_whole = rest.empty() || rest[0] == '.' || rest[0] == '[' || name.from.back() == '[';
  if (!is_whole) return std::nullopt;
  return absl::StrCat(name.to, ToAbsl(rest));
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, const ErrorDetail& detail, std::string_view text) {
  std::string message =
      detail.field.empty() ? std::string(text) : absl::StrCat(detail.field, ": ", ToAbsl(text));
  absl::Status status(code, Shorten(message, kMaxMessageBytes));
  ErrorDetail kept = detail;
  kept.field = Shorten(kept.field, kMaxValueBytes);
  kept.value = Shorten(kept.value, kMaxValueBytes);
  kept.limit = Shorten(kept.limit, 2 * kMaxValueBytes);
  status.SetPayload(kPayloadUrl, absl::Cord(Serialize(kept)));
  return status;
}

absl::Status InvalidField(std::string_view field, std::string_view value, std::string_view limit) {
  ErrorDetail detail{.reason = "INVALID_FIELD",
                     .field = std::string(field),
                     .value = std::string(value),
                     .limit = std::string(limit)};
  const std::string shown = value.empty() ? "empty" : Shorten(value, kMaxValueBytes);
  return MakeError(absl::StatusCode::kInvalidArgument, detail,
                   absl::StrCat("is ", shown, "; ", ToAbsl(limit)));
}

absl::Status InvalidField(std::string_view field, int64_t value, std::string_view limit) {
  return InvalidField(field, ToStd(absl::AlphaNum(value).Piece()), limit);
}

absl::Status InvalidField(std::string_view field, double value, std::string_view limit) {
  return InvalidField(field, ToStd(absl::AlphaNum(value).Piece()), limit);
}

absl::Status NotOffered(std::string_view field, std::string_view text) {
  return MakeError(absl::StatusCode::kUnimplemented,
                   {.reason = "NOT_OFFERED", .field = std::string(field)}, text);
}

absl::Status LimitExceeded(std::string_view field, uint64_t value, std::string_view limit_name,
                           uint64_t limit) {
  return LimitExceeded(field, value, {limit_name, limit});
}

absl::Status LimitExceeded(std::string_view field, uint64_t value, const NamedLimit& limit) {
  ErrorDetail detail{.reason = "LIMIT_EXCEEDED",
                     .field = std::string(field),
                     .value = absl::StrCat(value),
                     .limit = absl::StrCat(ToAbsl(limit.name), " = ", limit.value)};
  return MakeError(absl::StatusCode::kResourceExhausted, detail,
                   absl::StrCat("is ", value, ", more than the limit ", detail.limit));
}

absl::Status CorruptStream(int64_t block, int64_t offset, std::string_view text) {
  std::string message = absl::StrCat("corrupt stream: ", ToAbsl(text));
  if (block >= 0) absl::StrAppend(&message, " (block ", block, ")");
  if (offset >= 0) absl::StrAppend(&message, " (byte offset ", offset, ")");
  return MakeError(absl::StatusCode::kDataLoss,
                   {.reason = "CORRUPT_STREAM", .block = block, .offset = offset}, message);
}

absl::Status CorruptImage(std::string_view field, std::string_view text) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {.reason = "CORRUPT_IMAGE", .field = std::string(field)}, text);
}

std::optional<ErrorDetail> GetErrorDetail(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return std::nullopt;
  const std::string bytes(*payload);
  std::string_view rest = bytes;
  ErrorDetail d;
  if (!TakeField(rest, d.reason) || !TakeField(rest, d.field) || !TakeField(rest, d.value) ||
      !TakeField(rest, d.limit) || !TakeInt(rest, d.retry_after_ms) || !TakeInt(rest, d.block) ||
      !TakeInt(rest, d.offset)) {
    return std::nullopt;
  }
  return d;
}

absl::Status TranslateField(const absl::Status& status, absl::Span<const FieldName> names) {
  std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (status.ok() || !detail.has_value()) return status;
  for (const FieldName& name : names) {
    const std::optional<std::string> field = Translated(status.code(), detail->field, name);
    if (!field.has_value()) continue;
    const std::string text = TextWithoutField(status, *detail);
    detail->field = *field;
    return MakeError(status.code(), *detail, text);
  }
  return status;
}

std::string TextWithoutField(const absl::Status& status, const ErrorDetail& detail) {
  std::string_view text = ToStd(status.message());
  const std::string start = detail.field + ": ";
  if (!detail.field.empty() && text.substr(0, start.size()) == start) {
    text.remove_prefix(start.size());
  }
  return std::string(text);
}

}  // namespace trine
