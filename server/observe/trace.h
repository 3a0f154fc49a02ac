// What ties a call to its caller's logs: request id and W3C trace context
// (https://www.w3.org/TR/trace-context/).
#pragma once

#include <string>
#include <string_view>

namespace trine::server {

// `given` (the caller's x-request-id) where it is 1 to 64 of [A-Za-z0-9._-], else a new one of 16
// hexadecimal digits.
std::string RequestId(std::string_view given);

// A call's place in a trace; everything empty where it belongs to none.
struct TraceContext {
  std::string trace_id;   // 32 hexadecimal digits
  std::string parent_id;  // the caller's span, 16 hexadecimal digits; empty: the trace begins here
  std::string span_id;    // this call's own span, made here
  bool sampled = false;   // the caller records the trace, and so should we

  bool empty() const { return trace_id.empty(); }
  // "00-<trace id>-<span id>-<flags>", "" where the call belongs to no trace.
  std::string Traceparent() const;
};

// The caller's trace with a span of our own, from its header traceparent
// ("00-<32 hex>-<16 hex>-<2 hex>", or a later version's longer form); empty where it is none.
TraceContext ContinueTrace(std::string_view traceparent);
// A new trace, sampled.
TraceContext BeginTrace();
// True for `percent` of 100 calls, by chance.
bool IsSampled(int percent);

}  // namespace trine::server
