#include "server/base/address.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::server {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kUnixAbstract = "unix-abstract:";
// sockaddr_un holds 108 bytes with the final zero.
constexpr size_t kMaxUnixPathBytes = 107;

}  // namespace

bool Address::IsLocal() const {
  if (!unix_path.empty()) return true;
  return host == "localhost" || host == "::1" || absl::StartsWith(host, "127.");
}

std::string Address::ToString() const {
  if (!unix_path.empty())
    return absl::StrCat(ToAbsl(unix_abstract ? kUnixAbstract : kUnix), unix_path);
  if (host.find(':') != std::string::npos) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

absl::StatusOr<Address> ParseAddress(std::string_view option, std::string_view text) {
  static constexpr std::string_view kForms = "must be HOST:PORT, [IPV6]:PORT or unix:PATH";
  Address address;
  for (const std::string_view scheme : {kUnix, kUnixAbstract}) {
    if (text.substr(0, scheme.size()) != scheme) continue;
    address.unix_abstract = scheme == kUnixAbstract;
    address.unix_path = text.substr(scheme.size());
    if (address.unix_path.empty() || address.unix_path.size() > kMaxUnixPathBytes)
      return InvalidField(option, text, "a socket's path has 1 to 107 bytes");
    return address;
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return InvalidField(option, text, kForms);
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']' && host.size() > 2) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]/") != std::string_view::npos) {
    return InvalidField(option, text, kForms);
  }
  address.host = host;
  const std::string_view port = text.substr(colon + 1);
  if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos ||
      !absl::SimpleAtoi(ToAbsl(port), &address.port) || address.port > 65535) {
    return InvalidField(option, text, "must end with a port from 0 to 65535");
  }
  return address;
}

}  // namespace trine::server
