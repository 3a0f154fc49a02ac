#include "server/net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <string_view>
#include <utility>

#include "core/base/error.h"

namespace trine::server {
namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

absl::Status Refuse(const char* option, std::string_view text) {
  // OpenSSL keeps its errors for the thread; the next user should not find ours.
  ERR_clear_error();
  return MakeError(absl::StatusCode::kInvalidArgument, {.reason = "INVALID_FIELD", .field = option},
                   text);
}

// All certificates of `pem`; none where one of them is broken.
std::vector<Owned<X509>> ReadCertificates(const std::string& pem) {
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<Owned<X509>> all;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    all.emplace_back(next);
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) all.clear();
  ERR_clear_error();
  return all;
}

// An encrypted key would make OpenSSL ask on the terminal; it is refused instead.
int NoPassword(char*, int, int, void*) { return -1; }

Owned<EVP_PKEY> ReadKey(const std::string& pem) {
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Owned<EVP_PKEY>(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassword, nullptr));
}

int64_t NotAfter(const X509* certificate) {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return 0;
  return timegm(&time);
}

}  // namespace

absl::StatusOr<TlsIdentity> CheckTlsIdentity(const std::string& certificate, const std::string& key,
                                             const std::string& client_ca) {
  const std::vector<Owned<X509>> chain = ReadCertificates(certificate);
  if (chain.empty()) return Refuse("tls-cert", "the file holds no PEM certificate");
  const Owned<EVP_PKEY> parsed_key = ReadKey(key);
  if (parsed_key == nullptr)
    return Refuse("tls-key", "the file holds no PEM private key without a password");
  if (X509_check_private_key(chain[0].get(), parsed_key.get()) != 1)
    return Refuse("tls-key", "the key does not belong to the certificate of tls-cert");
  // What gRPC will do with them: better refused here than at each handshake.
  const Owned<SSL_CTX> trial(SSL_CTX_new(TLS_server_method()));
  bool good = trial != nullptr && SSL_CTX_use_certificate(trial.get(), chain[0].get()) == 1 &&
              SSL_CTX_use_PrivateKey(trial.get(), parsed_key.get()) == 1;
  for (size_t i = 1; good && i < chain.size(); ++i)
    good = SSL_CTX_add1_chain_cert(trial.get(), chain[i].get()) == 1;
  if (!good) {
    return Refuse(
        "tls-cert",
        "the certificates and the key are not strong enough, or of no kind that TLS uses");
  }
  if (!client_ca.empty() && ReadCertificates(client_ca).empty())
    return Refuse("tls-client-ca", "the file holds no PEM certificate");
  TlsIdentity identity{certificate, key, client_ca, NotAfter(chain[0].get())};
  for (const auto& link : chain)
    identity.not_after_s = std::min(identity.not_after_s, NotAfter(link.get()));
  ERR_clear_error();
  return identity;
}

TlsStore::TlsStore(std::vector<WatchedFiles::File> files, std::string fingerprint,
                   TlsIdentity identity)
    : files_(std::move(files)),
      fingerprint_(std::move(fingerprint)),
      wants_client_certificates_(!files_[2].path.empty()) {
  current_.identity = std::make_shared<const TlsIdentity>(std::move(identity));
}

absl::StatusOr<std::shared_ptr<TlsStore>> TlsStore::Load(const Options& options) {
  if (options.tls_cert.empty() && options.tls_key.empty()) {
    if (!options.tls_client_ca.empty())
      return Refuse("tls-client-ca", "needs tls-cert and tls-key beside it");
    return nullptr;
  }
  if (options.tls_cert.empty()) return Refuse("tls-cert", "is missing; tls-key is given");
  if (options.tls_key.empty()) return Refuse("tls-key", "is missing; tls-cert is given");
  std::vector<WatchedFiles::File> files = {{"tls-cert", options.tls_cert},
                                           {"tls-key", options.tls_key},
                                           {"tls-client-ca", options.tls_client_ca}};
  TRINE_ASSIGN_OR_RETURN(const std::vector<std::string> contents, ReadFiles(files));
  if (!options.tls_client_ca.empty() && contents[2].empty())
    return Refuse("tls-client-ca", "the file holds no PEM certificate");
  TRINE_ASSIGN_OR_RETURN(TlsIdentity identity,
                         CheckTlsIdentity(contents[0], contents[1], contents[2]));
  return std::shared_ptr<TlsStore>(
      new TlsStore(std::move(files), Fingerprint(contents), std::move(identity)));
}

TlsStore::Current TlsStore::current() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return current_;
}

absl::Status TlsStore::Replace(const std::vector<std::string>& contents) {
  // An empty file must not make of mutual TLS a TLS that lets everybody in.
  if (wants_client_certificates_ && contents[2].empty())
    return Refuse("tls-client-ca", "the file holds no PEM certificate");
  TRINE_ASSIGN_OR_RETURN(TlsIdentity identity,
                         CheckTlsIdentity(contents[0], contents[1], contents[2]));
  if (identity.not_after_s <= std::time(nullptr))
    return Refuse("tls-cert", "the time of a certificate in the file is over");
  const std::lock_guard<std::mutex> lock(mutex_);
  current_ = {std::make_shared<const TlsIdentity>(std::move(identity)), current_.number + 1};
  return absl::OkStatus();
}

WatchedFiles TlsStore::Watched() {
  return {"certificates", files_, fingerprint_,
          [this](const std::vector<std::string>& contents) { return Replace(contents); }, nullptr};
}

}  // namespace trine::server
