#include "server/net/reflection.h"

#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <atomic>
#include <utility>

#include "server/base/queue_tag.h"
#include "server/net/small_message.h"

namespace trine::server {

using grpc::reflection::v1::ServerReflectionRequest;

// One version of the protocol: a service with one bidirectional method, whose messages stay bytes.
class ReflectionService::Version : public grpc::Service {
 public:
  using Stream = grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;

  explicit Version(const std::string& service) : path_("/" + service + "/ServerReflectionInfo") {
    AddMethod(new grpc::internal::RpcServiceMethod(
        path_.c_str(), grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
    MarkMethodRaw(0);
  }
  void Request(grpc::ServerContext* context, Stream* stream, grpc::ServerCompletionQueue* queue,
               void* tag) {
    RequestAsyncBidiStreaming(0, context, stream, queue, queue, tag);
  }

 private:
  const std::string path_;
};

// One stream: reads a request, answers it, and so on until the client or the server ends it.
// Counted references, one for each operation whose tag is out; what is said to be guarded is so by
// the service's mutex.
class ReflectionService::StreamCall {
 public:
  StreamCall(ReflectionService* reflection, Version* version, grpc::ServerCompletionQueue* queue)
      : reflection_(*reflection), version_(*version), queue_(queue), stream_(&context_) {
    reflection_.calls_.Begin();
    context_.AsyncNotifyWhenDone(done_tag_.AsTag());
    version_.Request(&context_, &stream_, queue, accepted_tag_.AsTag());
  }

  // Guarded. Ends the stream unless a request is being answered, after which it ends by itself.
  void End() {
    if (state_ == State::kReading) Finish({grpc::StatusCode::UNAVAILABLE, "the server ends"});
  }

 private:
  enum class State { kReading, kAnswering, kFinishing };
  using Tag = CallTag<StreamCall>;
  friend Tag;

  void Unref() {
    if (refs_.fetch_sub(1) != 1) return;
    ActiveCalls& calls = reflection_.calls_;
    delete this;
    calls.End();
  }

  void OnAccepted(bool ok) {
    if (!ok) return;  // the server shuts down; done_tag_ will not come
    new StreamCall(&reflection_, &version_, queue_);
    refs_.fetch_add(1);  // done_tag_
    const std::lock_guard<std::mutex> lock(reflection_.mutex_);
    if (!done_) reflection_.streams_.insert(this);
    Read();
  }

  // Guarded.
  void Read() {
    state_ = State::kReading;
    if (reflection_.ending_) return End();
    refs_.fetch_add(1);
    stream_.Read(&request_, read_tag_.AsTag());
  }

  // Guarded.
  void Finish(const grpc::Status& status) {
    state_ = State::kFinishing;
    refs_.fetch_add(1);
    stream_.Finish(status, finished_tag_.AsTag());
  }

  void OnRead(bool ok) {
    {
      const std::lock_guard<std::mutex> lock(reflection_.mutex_);
      if (state_ != State::kReading) return;     // the server has ended the stream meanwhile
      if (!ok) return Finish(grpc::Status::OK);  // the client sends no more
      state_ = State::kAnswering;
    }
    ServerReflectionRequest request;
    const grpc::Status status = ParseSmall(request_, "reflection", &request);
    if (status.ok()) {
      refs_.fetch_add(1);
      stream_.Write(SerializeSmall(reflection_.described_.Answer(request)), written_tag_.AsTag());
    } else {
      const std::lock_guard<std::mutex> lock(reflection_.mutex_);
      Finish(status);
    }
  }

  void OnWritten(bool ok) {
    const std::lock_guard<std::mutex> lock(reflection_.mutex_);
    if (ok) Read();  // else the client is gone
  }

  void OnFinished(bool) {}

  void OnDone(bool) {
    const std::lock_guard<std::mutex> lock(reflection_.mutex_);
    done_ = true;
    reflection_.streams_.erase(this);
  }

  ReflectionService& reflection_;
  Version& version_;
  grpc::ServerCompletionQueue* const queue_;
  grpc::ServerContext context_;
  Version::Stream stream_;
  grpc::ByteBuffer request_;
  Tag accepted_tag_{this, &StreamCall::OnAccepted};
  Tag read_tag_{this, &StreamCall::OnRead};
  Tag written_tag_{this, &StreamCall::OnWritten};
  Tag finished_tag_{this, &StreamCall::OnFinished};
  Tag done_tag_{this, &StreamCall::OnDone};
  std::atomic<int> refs_{1};
  State state_ = State::kReading;  // guarded
  bool done_ = false;              // guarded
};

ReflectionService::ReflectionService(std::vector<std::string> services)
    : described_(std::move(services)) {
  for (const char* name : {kReflectionV1, kReflectionV1Alpha})
    versions_.push_back(std::make_unique<Version>(name));
}

ReflectionService::~ReflectionService() = default;

void ReflectionService::Register(grpc::ServerBuilder* builder) {
  for (const auto& version : versions_) builder->RegisterService(version.get());
}

void ReflectionService::Serve(grpc::ServerCompletionQueue* queue) {
  for (const auto& version : versions_) new StreamCall(this, version.get(), queue);
}

void ReflectionService::EndStreams() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ending_ = true;
  for (StreamCall* stream : streams_) stream->End();
}

}  // namespace trine::server
