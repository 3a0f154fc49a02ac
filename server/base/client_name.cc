#include "server/base/client_name.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::server {
namespace {

constexpr size_t kMappedPrefix = 12;  // bytes before the IPv4 address

std::string_view Strip(std::string_view text) {
  const absl::string_view stripped = absl::StripAsciiWhitespace(ToAbsl(text));
  return {stripped.data(), stripped.size()};
}

// "10.0.0.7" of "10.0.0.7:80", "::1" of "[::1]:80" and of "[::1]"; else the text.
std::string_view WithoutPort(std::string_view text) {
  if (!text.empty() && text[0] == '[') {
    const size_t end = text.find(']');
    return end == std::string_view::npos ? text : text.substr(1, end - 1);
  }
  const size_t colon = text.find(':');
  const bool one_colon =
      colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos;
  return one_colon ? text.substr(0, colon) : text;
}

std::string NameOf(const std::array<uint8_t, 16>& bits, bool is_v4) {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4) {
    inet_ntop(AF_INET, bits.data() + kMappedPrefix, text, sizeof text);
    return absl::StrCat("ipv4:", text);
  }
  inet_ntop(AF_INET6, bits.data(), text, sizeof text);
  return absl::StrCat("ipv6:[", text, "]");
}

}  // namespace

bool ClientNamer::Parse(std::string_view text, Bits* bits, bool* is_v4) {
  const std::string name(text);
  bits->fill(0);
  *is_v4 = inet_pton(AF_INET, name.c_str(), bits->data() + kMappedPrefix) == 1;
  if (*is_v4) {
    (*bits)[10] = (*bits)[11] = 0xFF;
    return true;
  }
  if (inet_pton(AF_INET6, name.c_str(), bits->data()) != 1) return false;
  // An IPv4 client of a socket for both.
  const Bits mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  *is_v4 = std::equal(mapped.begin(), mapped.begin() + kMappedPrefix, bits->begin());
  return true;
}

absl::StatusOr<ClientNamer> ClientNamer::Create(const std::vector<std::string>& trusted) {
  ClientNamer namer;
  for (const std::string& text : trusted) {
    const size_t slash = text.find('/');
    Network network;
    bool is_v4 = false;
    const bool known = Parse(std::string_view(text).substr(0, slash), &network.bits, &is_v4);
    const int whole = is_v4 ? 32 : 128;
    int length = whole;
    if (!known ||
        (slash != std::string::npos &&
         (!absl::SimpleAtoi(text.substr(slash + 1), &length) || length < 0 || length > whole))) {
      return InvalidField("trusted-proxies", text,
                          "must be addresses such as 10.0.0.7, 10.0.0.0/8 or fd00::/8");
    }
    network.length = length + 128 - whole;
    namer.trusted_.push_back(network);
  }
  return namer;
}

bool ClientNamer::IsTrusted(const Bits& bits) const {
  return std::any_of(trusted_.begin(), trusted_.end(), [&](const Network& network) {
    for (int i = 0; i < network.length; ++i) {
      const int mask = 0x80 >> (i % 8);
      const auto byte = static_cast<size_t>(i / 8);
      if ((network.bits[byte] & mask) != (bits[byte] & mask)) return false;
    }
    return true;
  });
}

std::string ClientNamer::Name(std::string_view peer, std::string_view forwarded_for) const {
  // gRPC escapes the brackets of "ipv6:%5B::1%5D:443".
  const std::string plain =
      absl::StrReplaceAll(ToAbsl(peer), {{"%5B", "["}, {"%5D", "]"}, {"%5b", "["}, {"%5d", "]"}});
  const size_t colon = plain.find(':');
  Bits bits;
  bool is_v4 = false;
  if (plain.compare(0, 2, "ip") != 0 || colon == std::string::npos ||
      !Parse(WithoutPort(std::string_view(plain).substr(colon + 1)), &bits, &is_v4))
    return plain.compare(0, 4, "unix") == 0 ? "unix:" : plain;
  while (!forwarded_for.empty() && IsTrusted(bits)) {
    const size_t comma = forwarded_for.rfind(',');
    const std::string_view last =
        Strip(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1));
    Bits before;
    bool before_is_v4 = false;
    if (!Parse(WithoutPort(last), &before, &before_is_v4)) break;
    bits = before;
    is_v4 = before_is_v4;
    forwarded_for = comma == std::string_view::npos ? "" : forwarded_for.substr(0, comma);
  }
  return NameOf(bits, is_v4);
}

}  // namespace trine::server
