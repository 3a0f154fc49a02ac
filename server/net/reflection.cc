#include "server/net/reflection.h"

#include <utility>

#include "server/net/small_message.h"

namespace trine::server {

using grpc::reflection::v1::ServerReflectionRequest;

// One stream: reads a request, answers it, and so on until the client or the server ends it.
class ReflectionService::StreamCall final : public SideCall {
 public:
  StreamCall(ReflectionService* reflection, SideService* version,
             grpc::ServerCompletionQueue* queue)
      : SideCall(&reflection->calls_, version, 0, queue), reflection_(*reflection) {}

 private:
  void AcceptNext() override { (new StreamCall(&reflection_, &service_, queue_))->Accept(); }

  void OnMessage(const grpc::ByteBuffer& message) override {
    ServerReflectionRequest request;
    const grpc::Status status = ParseSmall(message, "reflection", &request);
    if (!status.ok()) return Finish(status);
    Write(SerializeSmall(reflection_.described_.Answer(request)));
  }
  void OnHalfClose() override { Finish(grpc::Status::OK); }
  void OnSent() override { Read(); }

  ReflectionService& reflection_;
};

ReflectionService::ReflectionService(std::vector<std::string> services, const Options& options,
                                     Admission* admission)
    : described_(std::move(services)), calls_(options, admission) {
  for (const char* name : {kReflectionV1, kReflectionV1Alpha}) {
    versions_.push_back(
        std::make_unique<SideService>(name, std::vector<std::string>{"ServerReflectionInfo"}));
  }
}

void ReflectionService::Register(grpc::ServerBuilder* builder) {
  for (const auto& version : versions_) builder->RegisterService(version.get());
}

void ReflectionService::Serve(grpc::ServerCompletionQueue* queue) {
  for (const auto& version : versions_) (new StreamCall(this, version.get(), queue))->Accept();
}

}  // namespace trine::server
