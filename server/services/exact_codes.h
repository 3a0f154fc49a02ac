// Encode and Decode of CodingService for model EXACT, whose messages and codewords are in the
// message, not beside it.
#pragma once

#include "absl/status/status.h"
#include "core/runtime/context.h"
#include "server/wire/rpc.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {

absl::Status EncodeExact(const Context& context, const Request<v1::EncodeRequest>& request,
                         v1::EncodeResponse* out);
absl::Status DecodeExact(const Context& context, const Request<v1::DecodeRequest>& request,
                         v1::DecodeResponse* out);

}  // namespace trine::server
