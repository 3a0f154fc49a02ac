#include "server/net/health.h"

#include <atomic>
#include <optional>
#include <utility>

#include "server/base/queue_tag.h"
#include "server/net/small_message.h"

namespace trine::server {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace {

grpc::Status Parse(const grpc::ByteBuffer& bytes, std::string* service) {
  HealthCheckRequest request;
  const grpc::Status status = ParseSmall(bytes, "health", &request);
  *service = std::move(*request.mutable_service());
  return status;
}

grpc::ByteBuffer Serialize(HealthCheckResponse::ServingStatus status) {
  HealthCheckResponse response;
  response.set_status(status);
  return SerializeSmall(response);
}

}  // namespace

// One Check: accepted, answered, gone.
class HealthService::CheckCall final : public QueueTag {
 public:
  CheckCall(HealthService* health, grpc::ServerCompletionQueue* queue)
      : health_(*health), queue_(queue), responder_(&context_) {
    health_.calls_.Begin();
    health_.service_.RequestCheck(&context_, &request_, &responder_, queue, queue, AsTag());
  }

  void Fire(bool ok) override {
    if (!ok || answered_) {
      ActiveCalls& calls = health_.calls_;
      delete this;
      calls.End();
      return;
    }
    new CheckCall(&health_, queue_);
    answered_ = true;
    std::string service;
    if (const grpc::Status status = Parse(request_, &service); !status.ok())
      return responder_.FinishWithError(status, AsTag());
    const auto status = [&] {
      const std::lock_guard<std::mutex> lock(health_.mutex_);
      return health_.StatusOf(service);
    }();
    if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
      responder_.FinishWithError({grpc::StatusCode::NOT_FOUND, "the server has no such service"},
                                 AsTag());
    } else {
      responder_.Finish(Serialize(status), grpc::Status::OK, AsTag());
    }
  }

 private:
  HealthService& health_;
  grpc::ServerCompletionQueue* const queue_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> responder_;
  bool answered_ = false;
};

// One Watch: writes the status at once and whenever it changes, until the client cancels it or the
// server ends. Counted references, one for each operation whose tag is out; what is said to be
// guarded is so by the service's mutex.
class HealthService::WatchCall {
 public:
  WatchCall(HealthService* health, grpc::ServerCompletionQueue* queue)
      : health_(*health), queue_(queue), responder_(&context_) {
    health_.calls_.Begin();
    context_.AsyncNotifyWhenDone(done_tag_.AsTag());
    health_.service_.RequestWatch(&context_, &request_, &responder_, queue, queue,
                                  accepted_tag_.AsTag());
  }

  // Guarded. Does what is next, unless something is under way: writes what is new, or ends.
  void Advance() {
    if (writing_ || finishing_ || done_) return;
    const auto status = health_.StatusOf(name_);
    if (!written_ || *written_ != status) {
      writing_ = true;
      written_ = status;
      refs_.fetch_add(1);
      responder_.Write(Serialize(status), written_tag_.AsTag());
    } else if (health_.ending_) {
      finishing_ = true;
      refs_.fetch_add(1);
      responder_.Finish({grpc::StatusCode::UNAVAILABLE, "the server ends"}, finished_tag_.AsTag());
    }
  }

 private:
  using Tag = CallTag<WatchCall>;
  friend Tag;

  void Unref() {
    if (refs_.fetch_sub(1) != 1) return;
    ActiveCalls& calls = health_.calls_;
    delete this;
    calls.End();
  }

  void OnAccepted(bool ok) {
    if (!ok) return;  // the server shuts down; done_tag_ will not come
    new WatchCall(&health_, queue_);
    refs_.fetch_add(1);  // done_tag_
    if (const grpc::Status status = Parse(request_, &name_); !status.ok()) {
      refs_.fetch_add(1);
      return responder_.Finish(status, finished_tag_.AsTag());
    }
    const std::lock_guard<std::mutex> lock(health_.mutex_);
    if (done_) return;
    health_.watches_.insert(this);
    Advance();
  }

  void OnWritten(bool ok) {
    const std::lock_guard<std::mutex> lock(health_.mutex_);
    writing_ = false;
    if (ok) Advance();
  }

  void OnFinished(bool) {}

  void OnDone(bool) {
    const std::lock_guard<std::mutex> lock(health_.mutex_);
    done_ = true;
    health_.watches_.erase(this);
  }

  HealthService& health_;
  grpc::ServerCompletionQueue* const queue_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncWriter<grpc::ByteBuffer> responder_;
  Tag accepted_tag_{this, &WatchCall::OnAccepted};
  Tag written_tag_{this, &WatchCall::OnWritten};
  Tag finished_tag_{this, &WatchCall::OnFinished};
  Tag done_tag_{this, &WatchCall::OnDone};
  std::atomic<int> refs_{1};
  std::string name_;
  bool done_ = false;                                          // guarded
  bool writing_ = false;                                       // guarded
  bool finishing_ = false;                                     // guarded
  std::optional<HealthCheckResponse::ServingStatus> written_;  // guarded: the last one
};

HealthService::HealthService(const std::vector<std::string>& services)
    : names_([&] {
        std::unordered_set<std::string> names(services.begin(), services.end());
        names.insert("");
        return names;
      }()) {}

HealthCheckResponse::ServingStatus HealthService::StatusOf(const std::string& service) const {
  if (names_.count(service) == 0) return HealthCheckResponse::SERVICE_UNKNOWN;
  return serving_ ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

void HealthService::Serve(grpc::ServerCompletionQueue* queue) {
  new CheckCall(this, queue);
  new WatchCall(this, queue);
}

void HealthService::SetServing(bool serving) {
  const std::lock_guard<std::mutex> lock(mutex_);
  serving_ = serving;
  for (WatchCall* watch : watches_) watch->Advance();
}

void HealthService::EndWatches() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ending_ = true;
  for (WatchCall* watch : watches_) watch->Advance();
}

}  // namespace trine::server
