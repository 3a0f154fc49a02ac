#include "server/net/health.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/call/ledger.h"
#include "server/call/status_map.h"
#include "server/net/small_message.h"

namespace trine::server {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace {

// The service's methods, by their indices.
enum : int { kCheck, kWatch };

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
class HealthService::CheckCall final : public SideCall {
 public:
  CheckCall(HealthService* health, grpc::ServerCompletionQueue* queue)
      : SideCall(&health->calls_, &health->service_, kCheck, queue), health_(*health) {}

 private:
  void AcceptNext() override { (new CheckCall(&health_, queue_))->Accept(); }

  absl::Status Admit(const Cost& cost) override {
    if (health_.checks_.size() >= kMaxChecks) {
      CheckCall* const oldest = health_.checks_.front();
      health_.checks_.pop_front();
      oldest->CutOff(ToGrpcStatus(
          RefuseForNow("TOO_MANY_SIDE_CALLS", "open_checks", kMaxChecks, absl::StrCat(kMaxChecks),
                       "the server is busy: this call waited for its message while others came")));
    }
    health_.checks_.push_back(this);
    calls_.admission.Charge(cost);
    return absl::OkStatus();
  }

  void OnMessage(const grpc::ByteBuffer& message) override {
    std::string service;
    if (const grpc::Status status = Parse(message, &service); !status.ok()) return Finish(status);
    const auto status = health_.StatusOf(service);
    if (status == HealthCheckResponse::SERVICE_UNKNOWN)
      return Finish({grpc::StatusCode::NOT_FOUND, "the server has no such service"});
    WriteAndFinish(Serialize(status));
  }

  void OnOver() override { std::erase(health_.checks_, this); }

  HealthService& health_;
};

// One Watch: writes the status at once and whenever it changes, until the client cancels it or the
// server ends.
class HealthService::WatchCall final : public SideCall {
 public:
  WatchCall(HealthService* health, grpc::ServerCompletionQueue* queue)
      : SideCall(&health->calls_, &health->service_, kWatch, queue), health_(*health) {}

  // Guarded. Does what is next, unless something is under way: writes what is new, or ends.
  void Advance() {
    if (state() != State::kIdle || over()) return;
    const auto status = health_.StatusOf(name_);
    if (!written_ || *written_ != status) {
      written_ = status;
      Write(Serialize(status));
    } else if (calls_.ending) {
      FinishAtServersEnd();
    }
  }

  void End() override {
    SideCall::End();
    Advance();
  }

 private:
  void AcceptNext() override { (new WatchCall(&health_, queue_))->Accept(); }

  void OnMessage(const grpc::ByteBuffer& message) override {
    if (const grpc::Status status = Parse(message, &name_); !status.ok()) return Finish(status);
    // Balancers watch for as long as they live.
    LiftDeadline();
    if (!over()) health_.watches_.insert(this);
    Advance();
  }
  void OnSent() override { Advance(); }
  void OnOver() override { health_.watches_.erase(this); }

  HealthService& health_;
  std::string name_;
  std::optional<HealthCheckResponse::ServingStatus> written_;  // guarded: the last one
};

HealthService::HealthService(const std::vector<std::string>& services, const Options& options,
                             Admission* admission)
    : service_("grpc.health.v1.Health", {"Check", "Watch"}),
      names_([&] {
        std::unordered_set<std::string> names(services.begin(), services.end());
        names.insert("");
        return names;
      }()),
      calls_(options, admission) {}

HealthCheckResponse::ServingStatus HealthService::StatusOf(const std::string& service) const {
  if (names_.count(service) == 0) return HealthCheckResponse::SERVICE_UNKNOWN;
  return serving_ ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

void HealthService::Serve(grpc::ServerCompletionQueue* queue) {
  (new CheckCall(this, queue))->Accept();
  (new WatchCall(this, queue))->Accept();
}

void HealthService::SetServing(bool serving) {
  const std::lock_guard<std::mutex> lock(calls_.mutex);
  serving_ = serving;
  for (WatchCall* watch : watches_) watch->Advance();
}

}  // namespace trine::server
