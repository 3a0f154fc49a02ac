// What went over the wire back into a status of ours: the inverse of the server's mapping.
#pragma once

#include <grpcpp/support/status.h>

#include <string_view>

#include "absl/status/status.h"

namespace trine::client {

// Reasons of errors that are made here, beside those of the server (core/base/error.h).
inline constexpr std::string_view kReasonUnreachable = "UNREACHABLE";  // no answer from a server
inline constexpr std::string_view kReasonProtocol = "PROTOCOL";  // an answer that makes no sense

// The same code and message, with an ErrorDetail from google.rpc.ErrorInfo, BadRequest, RetryInfo
// and QuotaFailure where the status carries them. UNAVAILABLE without details did not come from a
// trine server (it sends details always) but from the connection: its reason is UNREACHABLE.
absl::Status FromGrpcStatus(const grpc::Status& status);

// UNAVAILABLE, reason UNREACHABLE.
absl::Status Unreachable(std::string_view text);

// INTERNAL, reason PROTOCOL.
absl::Status ProtocolError(std::string_view text);

// True for what FromGrpcStatus and Unreachable mark as UNREACHABLE.
bool IsUnreachable(const absl::Status& status);

}  // namespace trine::client
