// Transport security from PEM files.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "absl/status/statusor.h"
#include "server/server.h"

namespace trine::server {

// Insecure where no option asks for TLS; TLS with tls_cert and tls_key; mutual TLS with
// tls_client_ca as well: a client without a certificate of that authority does not get in.
// Errors name the option: one of the pair is missing, a file cannot be read or is no PEM of its
// kind, the key does not belong to the certificate.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const Options& options);

}  // namespace trine::server
