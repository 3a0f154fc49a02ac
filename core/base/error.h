// Errors of the whole project: absl::Status whose payload names the field, the value and the limit.
//
// Core code calls the functions below; the server maps the payload to google.rpc details and the
// command line prints it. A message is one sentence that a caller can act on: what was wrong, what
// was given, what is allowed. It never holds a path, an address or a library's own text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/limits.h"

namespace trine {

// What travels with a status. All fields but `reason` may be empty.
struct ErrorDetail {
  // UPPER_SNAKE_CASE, stable, for programs: "INVALID_FIELD", "CORRUPT_STREAM", "CORRUPT_IMAGE",
  // "LIMIT_EXCEEDED", "QUEUE_FULL", "RANGE_BEYOND_END", "NOT_OFFERED", "DEADLINE", "CANCELLED", ...
  std::string reason;
  // Path of the offending field as in the request message, for example "tensor.shape[2]".
  std::string field;
  std::string value;  // what was given, shortened to 128 bytes
  std::string limit;  // what is allowed, for example "at most 67108864 bytes"
  // RESOURCE_EXHAUSTED: when to try again [ms]; -1 when waiting does not help.
  int64_t retry_after_ms = -1;
  // DATA_LOSS: the block and the byte offset in the coded stream at which it was noticed; -1: none.
  int64_t block = -1;
  int64_t offset = -1;
};

// A status of `code` with `detail` attached. The message is "<field>: <text>" (the text alone where
// the detail has no field), at most 1024 bytes. `text` must not be empty.
absl::Status MakeError(absl::StatusCode code, const ErrorDetail& detail, std::string_view text);

// INVALID_ARGUMENT, reason INVALID_FIELD: "<field>: is <value>; <limit>".
absl::Status InvalidField(std::string_view field, std::string_view value, std::string_view limit);
absl::Status InvalidField(std::string_view field, int64_t value, std::string_view limit);
absl::Status InvalidField(std::string_view field, double value, std::string_view limit);

// UNIMPLEMENTED, reason NOT_OFFERED: a combination that is understood and not offered.
absl::Status NotOffered(std::string_view field, std::string_view text);

// RESOURCE_EXHAUSTED, reason LIMIT_EXCEEDED: "<field>: is <value>, more than the limit <name> =
// <n>".
absl::Status LimitExceeded(std::string_view field, uint64_t value, const NamedLimit& limit);
absl::Status LimitExceeded(std::string_view field, uint64_t value, std::string_view limit_name,
                           uint64_t limit);

// DATA_LOSS, reason CORRUPT_STREAM. `block` and `offset` -1 where they are not known.
absl::Status CorruptStream(int64_t block, int64_t offset, std::string_view text);

// INVALID_ARGUMENT, reason CORRUPT_IMAGE.
absl::Status CorruptImage(std::string_view field, std::string_view text);

// The detail attached to `status`; nullopt where there is none (OK, or a status from elsewhere).
std::optional<ErrorDetail> GetErrorDetail(const absl::Status& status);

// One name of a field and another: a kernel names what it was given ("data"), the request may call
// it "coded" and the command line by a flag.
struct FieldName {
  std::string from;
  std::string to;
};

// Fits every error that has a detail, also one without a field, but not cancellation and deadlines.
inline constexpr char kAnyField[] = "*";

// `status` with its field named anew, in the detail and in the message, by the first of `names`
// that fits. `from` fits as whole parts: "data" fits "data", "data[3]" and "data.x", not "dataset";
// what follows it is kept. "gray[" fits "gray[3]" alone. An empty `from` fits every field, which
// then follows `to` and a dot; kAnyField gives way to `to` as a whole. Unchanged where nothing
// fits.
absl::Status TranslateField(const absl::Status& status, absl::Span<const FieldName> names);

// The message without the "<field>: " that MakeError puts before it.
std::string TextWithoutField(const absl::Status& status, const ErrorDetail& detail);

}  // namespace trine

#define TRINE_CONCAT_INNER(a, b) a##b
#define TRINE_CONCAT(a, b) TRINE_CONCAT_INNER(a, b)

// Returns from the enclosing function when `expr`, an absl::Status, is not OK.
#define TRINE_RETURN_IF_ERROR(expr)                                                     \
  do {                                                                                  \
    if (absl::Status trine_status_ = (expr); !trine_status_.ok()) return trine_status_; \
  } while (false)

// Declares or assigns `lhs` from the absl::StatusOr `expr`; returns its status when it is not OK.
#define TRINE_ASSIGN_OR_RETURN(lhs, expr) \
  TRINE_ASSIGN_OR_RETURN_INNER(TRINE_CONCAT(trine_or_, __LINE__), lhs, expr)
#define TRINE_ASSIGN_OR_RETURN_INNER(tmp, lhs, expr) \
  auto tmp = (expr);                                 \
  if (!tmp.ok()) return tmp.status();                \
  lhs = std::move(tmp).value()
