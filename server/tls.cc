#include "server/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "server/file.h"

namespace trine::server {
namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

absl::Status Refuse(const char* option, std::string_view text) {
  // OpenSSL keeps its errors for the thread; the next user should not find ours.
  ERR_clear_error();
  return MakeError(absl::StatusCode::kInvalidArgument, {.reason = "INVALID_FIELD", .field = option},
                   text);
}

Owned<X509> ReadCertificate(const std::string& pem) {
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Owned<X509>(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

// An encrypted key would make OpenSSL ask on the terminal; it is refused instead.
int NoPassword(char*, int, int, void*) { return -1; }

Owned<EVP_PKEY> ReadKey(const std::string& pem) {
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Owned<EVP_PKEY>(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassword, nullptr));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const Options& options) {
  if (options.tls_cert.empty() && options.tls_key.empty()) {
    if (!options.tls_client_ca.empty())
      return Refuse("tls-client-ca", "needs tls-cert and tls-key beside it");
    return grpc::InsecureServerCredentials();
  }
  if (options.tls_cert.empty()) return Refuse("tls-cert", "is missing; tls-key is given");
  if (options.tls_key.empty()) return Refuse("tls-key", "is missing; tls-cert is given");
  TRINE_ASSIGN_OR_RETURN(const std::string cert, ReadFile("tls-cert", options.tls_cert));
  TRINE_ASSIGN_OR_RETURN(const std::string key, ReadFile("tls-key", options.tls_key));
  const Owned<X509> parsed_cert = ReadCertificate(cert);
  if (parsed_cert == nullptr) return Refuse("tls-cert", "the file holds no PEM certificate");
  const Owned<EVP_PKEY> parsed_key = ReadKey(key);
  if (parsed_key == nullptr)
    return Refuse("tls-key", "the file holds no PEM private key without a password");
  if (X509_check_private_key(parsed_cert.get(), parsed_key.get()) != 1)
    return Refuse("tls-key", "the key does not belong to the certificate of tls-cert");

  grpc::SslServerCredentialsOptions ssl(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  if (!options.tls_client_ca.empty()) {
    TRINE_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadFile("tls-client-ca", options.tls_client_ca));
    if (ReadCertificate(ssl.pem_root_certs) == nullptr)
      return Refuse("tls-client-ca", "the file holds no PEM certificate");
    ssl.client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  ssl.pem_key_cert_pairs.push_back({key, cert});
  return grpc::SslServerCredentials(ssl);
}

}  // namespace trine::server
