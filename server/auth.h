// Bearer tokens: who may call at all.
// Thread safety: immutable after Load.
#pragma once

#include <grpcpp/server_context.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trine::server {

class Authenticator {
 public:
  // Tokens from a file, one a line; empty lines and lines that begin with '#' are skipped, blanks
  // around a token are dropped. Errors name the option token-file: unreadable, no token in it, a
  // token with a blank inside or of more than 4096 bytes.
  static absl::StatusOr<std::unique_ptr<Authenticator>> Load(const std::string& path);
  // Everybody may call.
  static std::unique_ptr<Authenticator> AllowAll();

  // OK where the call carries "authorization: Bearer <token>" with a known token; else
  // UNAUTHENTICATED, which does not say what was wrong with the token.
  absl::Status Check(const grpc::ServerContext& context) const;
  absl::Status CheckHeader(std::string_view authorization) const;

 private:
  explicit Authenticator(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}
  const std::vector<std::string> tokens_;  // none: everybody may call
};

// Equal or not, in a time that depends on the lengths only.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

}  // namespace trine::server
