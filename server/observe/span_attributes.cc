#include "server/observe/span_attributes.h"

#include <grpcpp/support/status_code_enum.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "core/base/strings.h"
#include "server/base/status_names.h"
#include "server/base/text.h"

namespace trine::server {
namespace {

// Of what a caller may write as it likes: paths, names of servers.
constexpr size_t kMaxTextBytes = 128;

struct HostPort {
  std::string_view host;    // without brackets
  std::optional<int> port;  // none: no number there
};

// "10.0.0.7:51234", "[::1]:80", "example.org".
HostPort Split(std::string_view text) {
  const size_t colon = text.rfind(':');
  HostPort parts{text, std::nullopt};
  int port = 0;
  // The last colon of an address in brackets is within them where there is no port.
  if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos &&
      absl::SimpleAtoi(ToAbsl(text.substr(colon + 1)), &port)) {
    parts = {text.substr(0, colon), port};
  }
  if (parts.host.size() > 2 && parts.host.front() == '[' && parts.host.back() == ']')
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  return parts;
}

struct Attributes {
  std::vector<SpanAttribute> list;

  void Text(const char* key, std::string_view value) { list.push_back({key, std::string(value)}); }
  void Foreign(const char* key, std::string_view value) {
    list.push_back({key, ValidUtf8(value, kMaxTextBytes)});
  }
  void Number(const char* key, int64_t value) { list.push_back({key, value}); }
};

// "ipv4", "10.0.0.7:51234" of "ipv4:10.0.0.7:51234".
std::pair<std::string_view, std::string_view> SplitPeer(std::string_view peer) {
  const size_t colon = std::min(peer.find(':'), peer.size());
  return {peer.substr(0, colon), peer.substr(std::min(colon + 1, peer.size()))};
}

bool IsIp(std::string_view kind) { return kind == "ipv4" || kind == "ipv6"; }

void AddNetwork(const CallSpan& call, Attributes* all) {
  const auto [kind, address] = SplitPeer(call.peer);
  if (!IsIp(kind)) return all->Text("network.transport", "unix");
  const HostPort peer = Split(address);
  all->Text("network.transport", "tcp");
  all->Text("network.type", kind);
  all->Text("network.peer.address", peer.host);
  if (peer.port) all->Number("network.peer.port", *peer.port);
}

// The caller itself, where a trusted proxy has named it: not the proxy, which is the peer.
void AddClient(const CallSpan& call, Attributes* all) {
  const auto [peer_kind, peer_address] = SplitPeer(call.peer);
  const auto [client_kind, client_address] = SplitPeer(call.client);
  if (!IsIp(peer_kind)) return;
  const HostPort peer = Split(peer_address);
  const std::string_view address = IsIp(client_kind) ? client_address : peer.host;
  all->Foreign("client.address", address);
  if (address == peer.host && peer.port) all->Number("client.port", *peer.port);
}

void AddToday(const CallSpan& call, std::string_view method, Attributes* all) {
  all->Text("rpc.system.name", "grpc");
  if (call.served) {
    all->Text("rpc.method", method);
  } else {
    all->Text("rpc.method", "_OTHER");
    all->Foreign("rpc.method_original", method);
  }
  all->Text("rpc.response.status_code", StatusCodeName(call.status_code));
  if (IsServerError(call.status_code)) all->Text("error.type", StatusCodeName(call.status_code));
  const HostPort server = Split(call.authority);
  if (!server.host.empty()) all->Foreign("server.address", server.host);
  if (server.port) all->Number("server.port", *server.port);
  AddClient(call, all);
  all->Text("network.protocol.name", "http");
  all->Text("network.protocol.version", "2");
}

// `alone`: today's names are not there too.
void AddOld(const CallSpan& call, std::string_view method, bool alone, Attributes* all) {
  const size_t slash = call.served ? method.find('/') : std::string_view::npos;
  const bool known = slash != std::string_view::npos;
  all->Text("rpc.system", "grpc");
  all->Text("rpc.service", known ? method.substr(0, slash) : "unknown");
  all->Number("rpc.grpc.status_code", call.status_code);
  if (!alone) return;
  all->Text("rpc.method", known ? method.substr(slash + 1) : "unknown");
  if (call.status_code != 0) all->Text("error.type", call.reason);
}

// "trine.v1.CodingService/Encode".
std::string_view MethodOf(const CallSpan& call) {
  return call.path.substr(!call.path.empty() && call.path.front() == '/' ? 1 : 0);
}

}  // namespace

RpcNames ParseRpcNames(std::string_view opt_in) {
  const std::vector<absl::string_view> words = absl::StrSplit(ToAbsl(opt_in), ',');
  const auto has = [&](const char* wanted) {
    return std::any_of(words.begin(), words.end(), [wanted](absl::string_view word) {
      return absl::StripAsciiWhitespace(word) == wanted;
    });
  };
  if (has("rpc/dup")) return RpcNames::kBoth;
  return has("rpc/old") ? RpcNames::kOld : RpcNames::kToday;
}

RpcNames RpcNamesFromEnvironment() {
  const char* value = std::getenv("OTEL_SEMCONV_STABILITY_OPT_IN");
  return ParseRpcNames(value == nullptr ? "" : value);
}

std::string SpanName(const CallSpan& call, RpcNames names) {
  if (call.served) return std::string(MethodOf(call));
  return names == RpcNames::kOld ? "unknown/unknown" : "grpc";
}

std::vector<SpanAttribute> SpanAttributes(const CallSpan& call, RpcNames names) {
  const std::string_view method = MethodOf(call);
  Attributes all;
  if (names != RpcNames::kOld) AddToday(call, method, &all);
  if (names != RpcNames::kToday) AddOld(call, method, names == RpcNames::kOld, &all);
  AddNetwork(call, &all);
  all.Text("trine.request_id", call.request_id);
  all.Text("trine.client", call.client);
  all.Number("trine.request.bytes", static_cast<int64_t>(call.bytes_in));
  all.Number("trine.response.bytes", static_cast<int64_t>(call.bytes_out));
  if (!call.model.empty()) all.Text("trine.coding.model", call.model);
  if (call.status_code != 0) all.Text("trine.reason", call.reason);
  return std::move(all.list);
}

bool IsServerError(int status_code) {
  static constexpr std::array kErrors = {
      grpc::StatusCode::UNKNOWN,       grpc::StatusCode::DEADLINE_EXCEEDED,
      grpc::StatusCode::UNIMPLEMENTED, grpc::StatusCode::INTERNAL,
      grpc::StatusCode::UNAVAILABLE,   grpc::StatusCode::DATA_LOSS};
  return std::find(kErrors.begin(), kErrors.end(), status_code) != kErrors.end();
}

}  // namespace trine::server
