// What all calls of one server share.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/runtime/thread_pool.h"
#include "server/admission.h"
#include "server/auth.h"
#include "server/buffer.h"
#include "server/client_name.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/otlp.h"
#include "server/rpc.h"
#include "server/server.h"

namespace trine::server {

// Counts what has begun and not ended. Thread-safe.
class ActiveCalls {
 public:
  void Begin() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++count_;
  }
  void End() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--count_ == 0) idle_.notify_all();
  }
  int count() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return count_;
  }
  // True once there was none; false where there still are some at `deadline`.
  bool WaitIdle(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock<std::mutex> lock(mutex_);
    return idle_.wait_until(lock, deadline, [this] { return count_ == 0; });
  }
  void WaitIdle() {
    std::unique_lock<std::mutex> lock(mutex_);
    idle_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  int count_ = 0;
};

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
  ActiveCalls objects;
};

}  // namespace trine::server
