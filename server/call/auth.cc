#include "server/call/auth.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::server {
namespace {

constexpr char kOption[] = "token-file";
constexpr size_t kMaxTokenBytes = 4096;
constexpr size_t kMaxTokens = 10'000;
constexpr std::string_view kScheme = "bearer ";

absl::Status Unauthenticated() {
  return MakeError(absl::StatusCode::kUnauthenticated, {.reason = "UNAUTHENTICATED"},
                   "this server wants the metadata 'authorization: Bearer <token>' with a token "
                   "that it knows");
}

absl::Status RefuseFile(std::string_view text) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {.reason = "INVALID_FIELD", .field = kOption}, text);
}

// The error of a line, which is named by its number: its text is a secret.
absl::Status RefuseLine(size_t line, std::string_view text) {
  return RefuseFile(absl::StrCat("line ", line, ": ", ToAbsl(text)));
}

std::array<unsigned char, 32> Sha256(std::string_view text) {
  std::array<unsigned char, 32> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

// Bytes of a SHA-256 are as good as random: the first eight make a key.
uint64_t KeyOf(const std::array<unsigned char, 32>& digest) {
  uint64_t key = 0;
  std::memcpy(&key, digest.data(), sizeof(key));
  return key;
}

bool IsToken(absl::string_view text) {
  return text.size() <= kMaxTokenBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

// "package.Service" of "/package.Service/Method".
std::string_view ServiceOf(std::string_view method) {
  if (method.empty() || method[0] != '/') return {};
  const size_t end = method.find('/', 1);
  return end == std::string_view::npos ? std::string_view() : method.substr(1, end - 1);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Authenticator::ParseServices(std::string_view list) const {
  std::vector<std::string> full;
  for (absl::string_view part : absl::StrSplit(ToAbsl(list), ',')) {
    const std::string name(absl::StripAsciiWhitespace(part));
    const auto found = std::find_if(services_.begin(), services_.end(), [&](const auto& service) {
      return service == name || absl::EndsWith(service, absl::StrCat(".", name));
    });
    if (name.empty() || found == services_.end()) {
      return MakeError(absl::StatusCode::kInvalidArgument, {.reason = "INVALID_FIELD"},
                       "after a token come names of services, separated by commas");
    }
    full.push_back(*found);
  }
  return full;
}

absl::StatusOr<Authenticator::Tokens> Authenticator::Parse(const std::string& text) const {
  Tokens tokens;
  std::set<Digest> seen;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    const absl::string_view token = line.substr(0, end);
    if (!IsToken(token))
      return RefuseLine(number, "a token has at most 4096 bytes, all of them printable ASCII");
    const Digest digest = Sha256(ToStd(token));
    if (!seen.insert(digest).second) return RefuseLine(number, "this token was given before");
    std::vector<std::string> services;
    if (end < line.size()) {
      auto parsed = ParseServices(ToStd(line.substr(end)));
      if (!parsed.ok()) return RefuseLine(number, ToStd(parsed.status().message()));
      services = *std::move(parsed);
    }
    const absl::string_view start(reinterpret_cast<const char*>(digest.data()), 4);
    tokens.emplace(
        KeyOf(digest),
        Token{digest, absl::StrCat("token:", absl::BytesToHexString(start)), std::move(services)});
    if (tokens.size() > kMaxTokens) return RefuseFile("the file holds more than 10000 tokens");
  }
  if (tokens.empty()) return RefuseFile("the file holds no token; nobody could call");
  return tokens;
}

absl::StatusOr<std::unique_ptr<Authenticator>> Authenticator::Load(
    const std::string& path, std::vector<std::string> services) {
  std::vector<WatchedFiles::File> files = {{kOption, path}};
  TRINE_ASSIGN_OR_RETURN(const std::vector<std::string> contents, ReadFiles(files));
  std::unique_ptr<Authenticator> auth(new Authenticator(false, std::move(services)));
  TRINE_RETURN_IF_ERROR(auth->Replace(contents[0]));
  auth->files_ = std::move(files);
  auth->fingerprint_ = Fingerprint(contents);
  return auth;
}

std::unique_ptr<Authenticator> Authenticator::AllowAll() {
  return std::unique_ptr<Authenticator>(new Authenticator(true, {}));
}

absl::Status Authenticator::Replace(const std::string& text) {
  TRINE_ASSIGN_OR_RETURN(Tokens tokens, Parse(text));
  auto shared = std::make_shared<const Tokens>(std::move(tokens));
  const std::lock_guard<std::mutex> lock(mutex_);
  tokens_ = std::move(shared);
  return absl::OkStatus();
}

WatchedFiles Authenticator::Watched() {
  return {"tokens", files_, fingerprint_,
          [this](const std::vector<std::string>& contents) { return Replace(contents[0]); },
          nullptr};
}

std::shared_ptr<const Authenticator::Tokens> Authenticator::tokens() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return tokens_;
}

absl::StatusOr<std::string> Authenticator::CheckHeader(std::string_view authorization,
                                                       std::string_view method) const {
  if (allow_all_) return std::string();
  if (!absl::StartsWithIgnoreCase(ToAbsl(authorization), ToAbsl(kScheme))) return Unauthenticated();
  const std::string_view given = authorization.substr(kScheme.size());
  if (given.size() > kMaxTokenBytes) return Unauthenticated();
  const Digest digest = Sha256(given);
  const std::shared_ptr<const Tokens> all = tokens();
  const Token* known = nullptr;
  const auto [begin, end] = all->equal_range(KeyOf(digest));
  for (auto it = begin; it != end; ++it) {
    const Digest& one = it->second.digest;
    if (CRYPTO_memcmp(one.data(), digest.data(), digest.size()) == 0) known = &it->second;
  }
  if (known == nullptr) return Unauthenticated();
  const std::string_view service = ServiceOf(method);
  if (!known->services.empty() &&
      std::find(known->services.begin(), known->services.end(), service) == known->services.end()) {
    return MakeError(absl::StatusCode::kPermissionDenied, {.reason = "SERVICE_NOT_ALLOWED"},
                     "the token may not call this service");
  }
  return known->client;
}

absl::StatusOr<std::string> Authenticator::Check(const grpc::ServerContext& context,
                                                 std::string_view method) const {
  if (allow_all_) return std::string();
  const auto& metadata = context.client_metadata();
  // Two headers would be two opinions on who calls.
  if (metadata.count("authorization") != 1) return Unauthenticated();
  const grpc::string_ref value = metadata.find("authorization")->second;
  return CheckHeader({value.data(), value.size()}, method);
}

}  // namespace trine::server
