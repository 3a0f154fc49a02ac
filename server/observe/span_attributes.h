// What a call's span is called and says of it, by OpenTelemetry's semantic conventions for RPC
// (https://opentelemetry.io/docs/specs/semconv/rpc/grpc/), and by those of version 1.37 and before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/observe/otlp.h"

namespace trine::server {

// Which conventions name the attributes.
enum class RpcNames {
  kToday,
  kBoth,  // today's, and of the old ones those whose names today's do not take
  kOld,
};

// Of the conventions' variable OTEL_SEMCONV_STABILITY_OPT_IN, a list with commas: "rpc/dup" means
// both, "rpc/old" (trine's own word) the old ones, anything else today's.
RpcNames ParseRpcNames(std::string_view opt_in);
RpcNames RpcNamesFromEnvironment();

struct SpanAttribute {
  const char* key;
  std::variant<std::string, int64_t> value;  // text is valid UTF-8
};

std::string SpanName(const CallSpan& call, RpcNames names);
std::vector<SpanAttribute> SpanAttributes(const CallSpan& call, RpcNames names);

// The codes that the conventions count as errors of a server, not of its caller.
bool IsServerError(int status_code);

}  // namespace trine::server
