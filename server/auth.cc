#include "server/auth.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "server/file.h"

namespace trine::server {
namespace {

constexpr size_t kMaxTokenBytes = 4096;
constexpr std::string_view kScheme = "bearer ";

absl::Status Refuse() {
  return MakeError(absl::StatusCode::kUnauthenticated, {.reason = "UNAUTHENTICATED"},
                   "this server wants the metadata 'authorization: Bearer <token>' with a token "
                   "that it knows");
}

}  // namespace

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    // volatile keeps the compiler from leaving the loop at the first difference.
    const volatile char x = a[i];
    const volatile char y = b[i];
    difference |= static_cast<unsigned char>(x) ^ static_cast<unsigned char>(y);
  }
  return difference == 0;
}

absl::StatusOr<std::unique_ptr<Authenticator>> Authenticator::Load(const std::string& path) {
  TRINE_ASSIGN_OR_RETURN(const std::string text, ReadFile("token-file", path));
  std::vector<std::string> tokens;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (line.size() > kMaxTokenBytes || line.find_first_of(" \t") != absl::string_view::npos) {
      return MakeError(absl::StatusCode::kInvalidArgument,
                       {.reason = "INVALID_FIELD", .field = "token-file"},
                       "a token is one word of at most 4096 bytes on a line of its own");
    }
    tokens.emplace_back(line);
  }
  if (tokens.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument,
                     {.reason = "INVALID_FIELD", .field = "token-file"},
                     "the file holds no token; nobody could call");
  }
  return std::unique_ptr<Authenticator>(new Authenticator(std::move(tokens)));
}

std::unique_ptr<Authenticator> Authenticator::AllowAll() {
  return std::unique_ptr<Authenticator>(new Authenticator({}));
}

absl::Status Authenticator::CheckHeader(std::string_view authorization) const {
  if (tokens_.empty()) return absl::OkStatus();
  if (!absl::StartsWithIgnoreCase(ToAbsl(authorization), ToAbsl(kScheme))) return Refuse();
  const std::string_view token = authorization.substr(kScheme.size());
  bool known = false;
  for (const std::string& candidate : tokens_) known |= ConstantTimeEquals(candidate, token);
  return known ? absl::OkStatus() : Refuse();
}

absl::Status Authenticator::Check(const grpc::ServerContext& context) const {
  if (tokens_.empty()) return absl::OkStatus();
  const auto& metadata = context.client_metadata();
  // Two headers would be two opinions on who calls.
  if (metadata.count("authorization") != 1) return Refuse();
  const grpc::string_ref value = metadata.find("authorization")->second;
  return CheckHeader({value.data(), value.size()});
}

}  // namespace trine::server
