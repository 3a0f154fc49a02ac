#include "client/cli/errors.h"

#include <cstdio>
#include <cstring>
#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/cli/path_names.h"
#include "client/cli/printable.h"
#include "client/status.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/base/text/field_names.h"

namespace trine::cli {
namespace {

constexpr std::string_view kUsage = "USAGE";

std::string ReasonOf(const absl::Status& status) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  return detail.has_value() ? detail->reason : "";
}

std::string HintFor(const absl::Status& status) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (client::IsUnreachable(status)) {
    // OpenSSL's words, and gRPC's.
    if (absl::StrContains(status.message(), "certificate verify failed")) {
      return "its certificate is not trusted: --tls-ca FILE names the root that signed it";
    }
    if (absl::StrContains(status.message(), "is not in peer certificate")) {
      return "its certificate is for other names: --server takes one of them";
    }
    return "is it running, and does it speak TLS or plaintext as asked?";
  }
  if (status.code() == absl::StatusCode::kUnauthenticated) {
    return "give the server's token with --token-file";
  }
  if (detail.has_value() && detail->retry_after_ms >= 0) {
    return absl::StrCat("try again in ", detail->retry_after_ms, " ms");
  }
  if (detail.has_value() && detail->limit.rfind("max_message_bytes", 0) == 0) {
    return "--max-message-bytes raises the limit of this side; the server has its own";
  }
  if (ReasonOf(status) == "LIMIT_EXCEEDED" && detail->limit.rfind("max_", 0) == 0) {
    return "'trine info' tells a server's limits, which options of trine-server set";
  }
  // After its start a stream may have good blocks; what recovering itself reports has no offset.
  // Nor has a block of the excerpt that --range sends, but its place in the raw bytes.
  const bool is_block = absl::StrContains(status.message(), "(block at raw offset ");
  if (detail.has_value() && detail->reason == "CORRUPT_STREAM" &&
      (detail->offset > 0 || is_block)) {
    return "'trine decode --recover' writes what is good of it and lists what is lost";
  }
  // Of a picture that is to be coded as one.
  if (detail.has_value() && detail->field == kAsImage) {
    return "'trine encode' without --as keeps the file's bytes as they are";
  }
  if (detail.has_value() && detail->limit == kFileOrRecursive) {
    return "-r takes the files in a folder";
  }
  if (detail.has_value() && detail->field == "--page" && detail->value == "absent") {
    return "--page N takes one page; 'trine encode' without --as keeps the file's bytes as they "
           "are";
  }
  if (status.code() == absl::StatusCode::kDeadlineExceeded) return "--timeout allows more time";
  return "";
}

// The key of a table's file that gives a field of the request's table.
std::string TableKey(std::string field) {
  return absl::StrReplaceAll(field, {{"decimals", "probabilities"},
                                     {"signed_integers", "symbols"},
                                     {"integers", "symbols"},
                                     {"text", "symbols"},
                                     {".", " "}});
}

}  // namespace

namespace {

absl::Status WithMessage(const absl::Status& status, const std::string& message) {
  absl::Status out(status.code(), message);
  status.ForEachPayload(
      [&out](absl::string_view url, const absl::Cord& payload) { out.SetPayload(url, payload); });
  return out;
}

absl::Status WithFlagFields(const absl::Status& status) {
  const absl::Status named = TranslateField(status, FlagNames());
  const std::optional<ErrorDetail> detail = GetErrorDetail(named);
  if (!detail.has_value()) return named;
  const size_t dot = detail->field.find('.');
  // What is below a request's field is a part of what the flag gives: "--table[1] counts[7]".
  if (named == status || dot == std::string::npos) return named;
  const bool is_flag = detail->field.rfind("--", 0) == 0;
  std::string part = detail->field.substr(dot + 1);
  if (detail->field.rfind("--table", 0) == 0) part = TableKey(part);
  return TranslateField(
      named,
      {{detail->field, absl::StrCat(detail->field.substr(0, dot), is_flag ? " " : "'s ", part)}});
}

}  // namespace

absl::Status WithFlags(const absl::Status& status) {
  const absl::Status named = WithFlagFields(status);
  if (named.ok()) return named;
  return WithMessage(named, InFlagWords(std::string(named.message())));
}

int ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kExitDone;
  const std::string reason = ReasonOf(status);
  if (reason == kUsage) return kExitUsage;
  if (reason == "INVALID_FIELD" && IsWrongAlone(GetErrorDetail(status)->field)) return kExitUsage;
  if (reason == client::kReasonUnreachable) return kExitUnreachable;
  if (reason == "CORRUPT_STREAM" || reason == "CORRUPT_IMAGE") return kExitCorrupt;
  return kExitFailed;
}

absl::Status UsageError(std::string_view text) {
  return MakeError(absl::StatusCode::kInvalidArgument, {.reason = std::string(kUsage)}, text);
}

absl::Status AsUsage(const absl::Status& given) {
  const absl::Status status = WithFlags(given);
  if (status.ok()) return status;
  ErrorDetail detail = GetErrorDetail(status).value_or(ErrorDetail());
  const std::string text = TextWithoutField(status, detail);
  detail.reason = std::string(kUsage);
  return MakeError(absl::StatusCode::kInvalidArgument, detail, text);
}

absl::Status InputError(std::string_view text) {
  return MakeError(absl::StatusCode::kFailedPrecondition, {.reason = "INPUT"}, text);
}

absl::Status FileError(std::string_view what, const std::string& path, int error, bool usage) {
  const std::string text = absl::StrCat(ToAbsl(what), " '", path, "': ", std::strerror(error));
  if (usage) return UsageError(text);
  return MakeError(absl::StatusCode::kUnknown, {.reason = "FILE"}, text);
}

absl::Status WithFile(const absl::Status& given, const std::string& path) {
  const absl::Status status = WithFlags(given);
  if (status.ok() || client::IsUnreachable(status) || ReasonOf(status) == kUsage ||
      ReasonOf(status) == "FILE") {
    return status;
  }
  return WithMessage(status, absl::StrCat(DisplayName(path), ": ", status.message()));
}

absl::Status WithFlag(const absl::Status& given, std::string_view flag) {
  const absl::Status status = WithFlags(given);
  const std::string start = absl::StrCat(ToAbsl(flag), ": ");
  if (status.ok() || absl::StartsWith(status.message(), start)) return status;
  return WithMessage(status, absl::StrCat(start, status.message()));
}

std::string WarningWithFlags(std::string_view given) {
  const std::string warning = InFlagWords(std::string(given));
  const size_t colon = warning.find(": ");
  if (colon == std::string::npos) return warning;
  for (const FieldName& name : FlagNames()) {
    if (name.from != warning.substr(0, colon)) continue;
    const std::string text = warning.substr(colon + 2);
    return name.to.rfind("--", 0) == 0 ? absl::StrCat(name.to, ": ", text) : text;
  }
  return warning;
}

void PrintWarning(std::string_view text) {
  std::fprintf(stderr, "trine: warning: %s\n", Printable(text).c_str());
}

void PrintError(const absl::Status& status, const std::string& target, bool verbose) {
  std::string message(status.message());
  if (client::IsUnreachable(status)) {
    message = absl::StrCat("cannot reach a server at ", target, ": ", message);
  }
  std::fprintf(stderr, "trine: error: %s\n", Printable(message).c_str());
  const std::string hint = HintFor(status);
  if (!hint.empty()) std::fprintf(stderr, "trine: hint: %s\n", hint.c_str());
  if (!verbose) return;
  std::fprintf(stderr, "trine: code %s", absl::StatusCodeToString(status.code()).c_str());
  if (const std::optional<ErrorDetail> detail = GetErrorDetail(status)) {
    const auto show = [](const char* name, const std::string& value) {
      if (!value.empty()) std::fprintf(stderr, ", %s %s", name, Printable(value).c_str());
    };
    show("reason", detail->reason);
    show("field", detail->field);
    show("value", detail->value);
    show("limit", detail->limit);
  }
  std::fprintf(stderr, "\n");
}

}  // namespace trine::cli
