#include "server/observe/trace.h"

#include <algorithm>
#include <cstdint>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace trine::server {
namespace {

constexpr size_t kMaxIdBytes = 64;

bool IsIdChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool IsLowerHex(std::string_view s) {
  return std::all_of(s.begin(), s.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool AllZero(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return c == '0'; });
}

// Ids need to differ, between processes too, not to be secret: 256 bits of seed, not the 32 that
// one number of random_device has.
uint64_t Random() {
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(),
                       device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  uint64_t id = 0;
  while (id == 0) id = generator();  // zero means "none" to W3C
  return id;
}

std::string NewId() { return absl::StrFormat("%016x", Random()); }

}  // namespace

std::string RequestId(std::string_view given) {
  if (!given.empty() && given.size() <= kMaxIdBytes &&
      std::all_of(given.begin(), given.end(), IsIdChar)) {
    return std::string(given);
  }
  return NewId();
}

std::string TraceContext::Traceparent() const {
  if (empty()) return "";
  return absl::StrCat("00-", trace_id, "-", span_id, sampled ? "-01" : "-00");
}

TraceContext ContinueTrace(std::string_view traceparent) {
  constexpr size_t kBytes = 55;
  if (traceparent.size() < kBytes || traceparent[2] != '-' || traceparent[35] != '-' ||
      traceparent[52] != '-') {
    return {};
  }
  const std::string_view version = traceparent.substr(0, 2);
  const std::string_view trace = traceparent.substr(3, 32);
  const std::string_view span = traceparent.substr(36, 16);
  const std::string_view flags = traceparent.substr(53, 2);
  // Later versions may only add parts at the end.
  const bool has_more = traceparent.size() > kBytes;
  if (has_more && (version == "00" || traceparent[kBytes] != '-')) return {};
  if (!IsLowerHex(version) || !IsLowerHex(trace) || !IsLowerHex(span) || !IsLowerHex(flags))
    return {};
  if (version == "ff" || AllZero(trace) || AllZero(span)) return {};
  // The lowest bit of the last digit: '1', '3', ..., 'b', 'd', 'f'.
  const char last = flags[1];
  const int digit = last <= '9' ? last - '0' : last - 'a' + 10;
  return {std::string(trace), std::string(span), NewId(), digit % 2 == 1};
}

bool IsSampled(int percent) { return Random() % 100 < static_cast<uint64_t>(percent); }

TraceContext BeginTrace() { return {absl::StrCat(NewId(), NewId()), "", NewId(), true}; }

}  // namespace trine::server
