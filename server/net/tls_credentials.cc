// The identity that connections are made with, asked for by gRPC at each handshake.
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <optional>
#include <utility>

#include "server/net/tls.h"

namespace trine::server {
namespace {

// What gRPC has been given on one port: the acceptor that all connections come from.
struct Port {
  TlsStore* store;
  std::optional<uint64_t> number;
};

// Called by gRPC when a connection comes. gRPC 1.51 replaces what a port's handshakes start from
// without a lock against those who read it: that is sound because one thread takes the connections,
// the acceptor's.
grpc_ssl_certificate_config_reload_status Fetch(void* user_data,
                                                grpc_ssl_server_certificate_config** config) {
  auto* port = static_cast<Port*>(user_data);
  const TlsStore::Current current = port->store->current();
  if (port->number == current.number) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const TlsIdentity& identity = *current.identity;
  const grpc_ssl_pem_key_cert_pair pair = {identity.key.c_str(), identity.certificate.c_str()};
  // gRPC 1.51 insists on authorities here and reads them, though nobody is measured by them where
  // no client certificate is asked for.
  const std::string& authorities =
      identity.client_ca.empty() ? identity.certificate : identity.client_ca;
  *config = grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
  port->number = current.number;
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

class FetchedCredentials : public grpc::ServerCredentials {
 public:
  explicit FetchedCredentials(std::shared_ptr<TlsStore> store) : store_(std::move(store)) {}

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    ports_.push_back(std::make_unique<Port>(Port{store_.get(), std::nullopt}));
    grpc_server_credentials* credentials = grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            store_->wants_client_certificates()
                ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
            &Fetch, ports_.back().get()));
    const int bound = grpc_server_add_http2_port(server, address.c_str(), credentials);
    grpc_server_credentials_release(credentials);
    return bound;
  }

  const std::shared_ptr<TlsStore> store_;
  std::vector<std::unique_ptr<Port>> ports_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> MakeCredentials(std::shared_ptr<TlsStore> store) {
  if (store == nullptr) return grpc::InsecureServerCredentials();
  return std::make_shared<FetchedCredentials>(std::move(store));
}

}  // namespace trine::server
