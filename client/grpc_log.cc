#include "client/grpc_log.h"

#include <grpc/support/log.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdio>
#include <string_view>

namespace trine::client {
namespace {

std::atomic<bool> printed{false};
std::atomic<bool> untrusted{false};

bool Contains(std::string_view line, std::string_view text) {
  return std::search(line.begin(), line.end(), text.begin(), text.end(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) ==
                  std::tolower(static_cast<unsigned char>(b));
         }) != line.end();
}

void OnLine(gpr_log_func_args* args) {
  // OpenSSL's and BoringSSL's words for it.
  for (const char* words : {"certificate_verify_failed", "certificate verify failed"}) {
    if (Contains(args->message, words)) untrusted = true;
  }
  if (printed) std::fprintf(stderr, "trine: grpc: %s\n", args->message);
}

}  // namespace

void TakeGrpcLog(bool print) {
  printed = print;
  gpr_set_log_function(&OnLine);
}

bool GrpcLogToldOfUntrustedCertificate() { return untrusted; }

}  // namespace trine::client
