// The gRPC channel of a client: credentials, limits, load balancing.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/options.h"

namespace trine::client {

// INVALID_ARGUMENT naming "target", "tls_cert", "token" or "timeout".
absl::Status ValidateOptions(const Options& options);

// REQUIRES: valid options.
std::shared_ptr<grpc::Channel> MakeChannel(const Options& options);

// Sets deadline and token of one call.
void PrepareCall(const Options& options, std::chrono::milliseconds timeout,
                 grpc::ClientContext* context);

}  // namespace trine::client
