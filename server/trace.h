// What ties a call to its caller's logs: request id and W3C trace context.
#pragma once

#include <string>
#include <string_view>

namespace trine::server {

// `given` (the caller's x-request-id) where it is 1 to 64 of [A-Za-z0-9._-], else a new one of 16
// hexadecimal digits.
std::string RequestId(std::string_view given);

// The trace id of a W3C traceparent header ("00-<32 hex>-<16 hex>-<2 hex>"), empty where it is not
// one: https://www.w3.org/TR/trace-context/#traceparent-header.
std::string_view TraceId(std::string_view traceparent);

}  // namespace trine::server
