// The one function that turns a status of ours into what goes over the wire.
#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace trine::server {

// The same code, a message that is never empty, is UTF-8 and has at most 1 KiB, and as details a
// google.rpc.Status with
//   ErrorInfo{reason, domain "trine", metadata field, value, limit, block, offset}: always,
//   BadRequest{field, description}: with INVALID_ARGUMENT,
//   QuotaFailure{subject, description}: with RESOURCE_EXHAUSTED,
//   RetryInfo{retry_delay}: with RESOURCE_EXHAUSTED and UNAVAILABLE where waiting helps.
// A status without ErrorDetail did not come from trine's own checks: where its code says that
// something broke (INTERNAL, UNKNOWN), its text stays in the log and the caller reads a general
// sentence.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace trine::server
