// What all calls of one server share.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "core/runtime/thread_pool.h"
#include "server/base/active_calls.h"
#include "server/base/client_name.h"
#include "server/call/admission.h"
#include "server/call/auth.h"
#include "server/observe/log.h"
#include "server/observe/metrics.h"
#include "server/observe/otlp.h"
#include "server/options/options.h"
#include "server/wire/buffer.h"
#include "server/wire/rpc.h"

namespace trine::server {

struct ServedMethod {
  Method method;
  std::unique_ptr<MethodMetrics> metrics;
};

struct CallEnv {
  const Options& options;
  Logger& log;
  Metrics& metrics;
  const Authenticator& auth;
  Admission& admission;
  const ClientNamer& clients;
  ThreadPool& pool;
  CallTracer* tracer;                   // null: calls are not traced
  std::shared_ptr<BufferPool> buffers;  // of payloads; slices on their way out keep it alive
  std::unordered_map<std::string, ServedMethod> methods;  // by path
  std::unique_ptr<MethodMetrics> unknown;                 // of paths that are not served
  ActiveCalls active;                                     // calls between arrival and end
  // RpcCall objects, those that wait for a call too. Each may start operations on its completion
  // queue, which must outlive them all: gRPC aborts the process otherwise.
  ActiveCalls live_calls;
};

}  // namespace trine::server
