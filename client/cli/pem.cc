#include "client/cli/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace trine::cli {
namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Owned<BIO> Reader(const std::string& pem) {
  return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Owned<X509> NextCertificate(BIO* from) {
  return Owned<X509>(PEM_read_bio_X509_AUX(from, nullptr, nullptr, nullptr));
}

// OpenSSL would ask for one on the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

Owned<EVP_PKEY> ReadKey(const std::string& pem) {
  return Owned<EVP_PKEY>(PEM_read_bio_PrivateKey(Reader(pem).get(), nullptr, NoPassword, nullptr));
}

// OpenSSL keeps its errors for the thread; the next user should not find ours.
struct ClearErrors {
  ~ClearErrors() { ERR_clear_error(); }
};

std::string NoPem(const std::string& pem) {
  return absl::StrContains(pem, "-----BEGIN ") ? "" : "is no PEM file";
}

}  // namespace

std::string CertificatesProblem(const std::string& pem) {
  const ClearErrors clear;
  if (std::string problem = NoPem(pem); !problem.empty()) return problem;
  const Owned<BIO> reader = Reader(pem);
  int count = 0;
  while (NextCertificate(reader.get()) != nullptr) ++count;
  if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
    return count > 0 ? "" : "holds no certificate";
  }
  return absl::StrCat("holds no valid certificate",
                      count == 0 ? "" : absl::StrCat(" after the first ", count),
                      ": what follows its -----BEGIN line is broken");
}

std::string KeyProblem(const std::string& pem) {
  const ClearErrors clear;
  if (std::string problem = NoPem(pem); !problem.empty()) return problem;
  if (!absl::StrContains(pem, "PRIVATE KEY-----")) return "holds no private key";
  if (ReadKey(pem) != nullptr) return "";
  return absl::StrContains(pem, "ENCRYPTED")
             ? "holds a private key with a password; give one without"
             : "holds no valid private key: what follows its -----BEGIN line is broken";
}

bool IsKeyOf(const std::string& key, const std::string& certificates) {
  const ClearErrors clear;
  return X509_check_private_key(NextCertificate(Reader(certificates).get()).get(),
                                ReadKey(key).get()) == 1;
}

}  // namespace trine::cli
