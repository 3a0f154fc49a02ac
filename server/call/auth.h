// Bearer tokens: who may call, and which services.
//
// A token file has one token a line and after it, separated by blanks, the services that it may
// call; all of them where none is named:
//   # the vision team
//   6f1ed002ab5595859014ebf0951522d9
//   9f86d081884c7d659a2feaa0c55ad015  NormalizationService,SegmentationService
// Empty lines and lines that begin with '#' are skipped. A service is named as in its proto file,
// with or without its package. A token is 1 to 4096 printable characters without a blank; there are
// at most 10,000.
//
// Only SHA-256 digests of tokens are kept. One that comes is looked up by the first bytes of its
// digest and compared with what is found there in constant time: what a caller could learn from the
// time is about digests, which nobody can choose. Thread safety: all members may be called from any
// thread.
#pragma once

#include <grpcpp/server_context.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/options/reload.h"

namespace trine::server {

class Authenticator {
 public:
  // `services`: the full names that there are. Errors name the option token-file: unreadable, no
  // token in it, a line that is not as above, a service that there is not, a token twice.
  static absl::StatusOr<std::unique_ptr<Authenticator>> Load(const std::string& path,
                                                             std::vector<std::string> services);
  // Everybody may call.
  static std::unique_ptr<Authenticator> AllowAll();

  // Who calls, where the call carries "authorization: Bearer <token>" with a known token that may
  // call the service of `method` ("/package.Service/Method"): "token:" and 8 hexadecimal digits of
  // its SHA-256, or "" where everybody may call. Else UNAUTHENTICATED, which does not say what was
  // wrong with the token, or PERMISSION_DENIED, SERVICE_NOT_ALLOWED.
  absl::StatusOr<std::string> Check(const grpc::ServerContext& context,
                                    std::string_view method) const;
  absl::StatusOr<std::string> CheckHeader(std::string_view authorization,
                                          std::string_view method) const;

  // Changes nothing where the new text has an error that Load would name.
  absl::Status Replace(const std::string& text);
  // The file, with Replace to take it over. REQUIRES: this object outlives the result.
  WatchedFiles Watched();

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Token {
    Digest digest;
    std::string client;
    std::vector<std::string> services;  // full names; none: all
  };
  using Tokens = std::unordered_multimap<uint64_t, Token>;  // by the first bytes of the digest

  Authenticator(bool allow_all, std::vector<std::string> services)
      : allow_all_(allow_all), services_(std::move(services)) {}
  absl::StatusOr<Tokens> Parse(const std::string& text) const;
  absl::StatusOr<std::vector<std::string>> ParseServices(std::string_view list) const;
  std::shared_ptr<const Tokens> tokens() const;

  const bool allow_all_;
  const std::vector<std::string> services_;
  std::vector<WatchedFiles::File> files_;
  std::string fingerprint_;  // of the file at the start
  mutable std::mutex mutex_;
  std::shared_ptr<const Tokens> tokens_;
};

}  // namespace trine::server
