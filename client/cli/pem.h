// What PEM files of TLS hold, read as gRPC will read them. gRPC itself says nothing of one that it
// cannot use: no connection comes about, as if there were no server.
#pragma once

#include <string>

namespace trine::cli {

// What is wrong with `pem`, to follow the file's name: "holds no certificate", "holds no valid
// certificate: ...". Empty where all of its certificates are good.
std::string CertificatesProblem(const std::string& pem);

// The same of the private key, which has no password.
std::string KeyProblem(const std::string& pem);

// Whether `key` belongs to the first certificate of `certificates`. REQUIRES: neither has a
// problem.
bool IsKeyOf(const std::string& key, const std::string& certificates);

}  // namespace trine::cli
