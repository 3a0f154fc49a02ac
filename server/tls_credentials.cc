// The identity that connections are made with, asked for by gRPC at each handshake.
#include <arpa/inet.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <netdb.h>

#include <optional>
#include <utility>

#include "server/address.h"
#include "server/tls.h"

namespace trine::server {
namespace {

// What gRPC has been given on one listening socket.
struct Socket {
  TlsStore* store;
  std::optional<uint64_t> number;
};

// Called by gRPC, for one socket by one thread at a time.
grpc_ssl_certificate_config_reload_status Fetch(void* user_data,
                                                grpc_ssl_server_certificate_config** config) {
  auto* socket = static_cast<Socket*>(user_data);
  const TlsStore::Current current = socket->store->current();
  if (socket->number == current.number) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const TlsIdentity& identity = *current.identity;
  const grpc_ssl_pem_key_cert_pair pair = {identity.key.c_str(), identity.certificate.c_str()};
  // gRPC 1.51 insists on authorities here and reads them, though nobody is measured by them where
  // no client certificate is asked for.
  const std::string& authorities =
      identity.client_ca.empty() ? identity.certificate : identity.client_ca;
  *config = grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
  socket->number = current.number;
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

// A name as the numeric addresses behind it; a number, or a Unix path, as it is. gRPC 1.51 lets all
// sockets of one address share what the fetcher gave, and replaces it on one while another may be
// reading it: so every socket gets an address of its own.
std::vector<std::string> NumericAddresses(const std::string& text) {
  const auto address = ParseAddress("listen", text);
  if (!address.ok() || !address->unix_path.empty()) return {text};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address->port);
  if (getaddrinfo(address->host.c_str(), port.c_str(), &hints, &found) != 0) return {text};
  std::vector<std::string> numeric;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    char host[NI_MAXHOST];
    if (getnameinfo(one->ai_addr, one->ai_addrlen, host, sizeof(host), nullptr, 0,
                    NI_NUMERICHOST) == 0)
      numeric.emplace_back(host);
  }
  freeaddrinfo(found);
  if (numeric.size() < 2) return {text};
  return numeric;
}

class FetchedCredentials : public grpc::ServerCredentials {
 public:
  explicit FetchedCredentials(std::shared_ptr<TlsStore> store) : store_(std::move(store)) {}

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& text, grpc_server* server) override {
    const std::vector<std::string> hosts = NumericAddresses(text);
    if (hosts.size() == 1) return AddSocket(hosts[0], server);
    int port = ParseAddress("listen", text)->port;
    bool bound = false;
    for (const std::string& host : hosts) {
      const Address address{.host = host, .port = port};
      // The first takes the port where any will do; one of them is enough, as for gRPC itself.
      if (const int got = AddSocket(address.ToString(), server); got > 0) {
        port = got;
        bound = true;
      }
    }
    return bound ? port : 0;
  }

  int AddSocket(const std::string& address, grpc_server* server) {
    sockets_.push_back(std::make_unique<Socket>(Socket{store_.get(), std::nullopt}));
    grpc_server_credentials* credentials = grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            store_->wants_client_certificates()
                ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
            &Fetch, sockets_.back().get()));
    const int port = grpc_server_add_http2_port(server, address.c_str(), credentials);
    grpc_server_credentials_release(credentials);
    return port;
  }

  const std::shared_ptr<TlsStore> store_;
  std::vector<std::unique_ptr<Socket>> sockets_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> MakeCredentials(std::shared_ptr<TlsStore> store) {
  if (store == nullptr) return grpc::InsecureServerCredentials();
  return std::make_shared<FetchedCredentials>(std::move(store));
}

}  // namespace trine::server
