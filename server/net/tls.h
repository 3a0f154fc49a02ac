// Transport security from PEM files, which may change while the server runs.
//
// gRPC asks for the certificate at each handshake (its certificate configuration fetcher), so that
// a connection made after a change sees the new one and open ones notice nothing. gRPC's own
// FileWatcherCertificateProvider is not used: it is experimental, checks nothing and, with a key
// that does not fit its certificate, breaks every handshake.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/options/options.h"
#include "server/options/reload.h"

namespace trine::server {

// A certificate chain, its key and the authorities of client certificates, as PEM; checked.
struct TlsIdentity {
  std::string certificate;
  std::string key;
  std::string client_ca;    // empty: clients need no certificate
  int64_t not_after_s = 0;  // end of the chain's shortest validity, seconds since 1970
};

// Errors name the option and what is wrong: a text is no PEM of its kind, the key does not belong
// to the certificate, OpenSSL would not serve them (a key too short, ...).
absl::StatusOr<TlsIdentity> CheckTlsIdentity(const std::string& certificate, const std::string& key,
                                             const std::string& client_ca);

// The identity in use. Thread-safe.
class TlsStore {
 public:
  // Null where no option asks for TLS. Errors name the option: one of the pair is missing, a file
  // cannot be read, or CheckTlsIdentity's.
  static absl::StatusOr<std::shared_ptr<TlsStore>> Load(const Options& options);

  struct Current {
    std::shared_ptr<const TlsIdentity> identity;
    uint64_t number = 0;  // of the changes before
  };
  Current current() const;
  // Changes nothing where `contents` (certificate, key, authorities) fail CheckTlsIdentity or hold
  // a certificate whose time is over.
  absl::Status Replace(const std::vector<std::string>& contents);
  // The files, with Replace to take them over. REQUIRES: this object outlives the result.
  WatchedFiles Watched();
  bool wants_client_certificates() const { return wants_client_certificates_; }

 private:
  TlsStore(std::vector<WatchedFiles::File> files, std::string fingerprint, TlsIdentity identity);

  const std::vector<WatchedFiles::File> files_;
  const std::string fingerprint_;  // of the files at the start
  const bool wants_client_certificates_;
  mutable std::mutex mutex_;
  Current current_;
};

// Insecure where `store` is null, else TLS; mutual TLS where it has authorities: a client without a
// certificate of theirs does not get in. REQUIRES: the result outlives the servers that use it.
std::shared_ptr<grpc::ServerCredentials> MakeCredentials(std::shared_ptr<TlsStore> store);

}  // namespace trine::server
