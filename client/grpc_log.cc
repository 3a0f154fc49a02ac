#include "client/grpc_log.h"

#include <grpc/support/log.h>

#include <cstdio>

namespace trine::client {

void TakeGrpcLog(bool print) {
  const auto show = [](gpr_log_func_args* args) {
    std::fprintf(stderr, "trine: grpc: %s\n", args->message);
  };
  const auto drop = [](gpr_log_func_args*) {};
  if (print) {
    gpr_set_log_function(show);
  } else {
    gpr_set_log_function(drop);
  }
}

}  // namespace trine::client
