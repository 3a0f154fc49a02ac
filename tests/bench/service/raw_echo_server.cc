// The ceiling: a server that gives every unary call its own bytes back, on the API that
// trine-server uses (AsyncGenericService, raw ByteBuffers, completion queues) and gRPC's default
// settings. Prints its port on a line of its own; ends with its standard input.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

namespace {

class Echo {
 public:
  Echo(grpc::AsyncGenericService* service, grpc::ServerCompletionQueue* queue)
      : service_(service), queue_(queue), stream_(&context_) {
    service_->RequestCall(&context_, &stream_, queue_, queue_, this);
  }

  void Next(bool ok) {
    if (!ok) {
      delete this;
      return;
    }
    switch (state_++) {
      case 0:
        new Echo(service_, queue_);
        stream_.Read(&bytes_, this);
        return;
      case 1:
        stream_.WriteAndFinish(bytes_, grpc::WriteOptions(), grpc::Status::OK, this);
        return;
      default:
        delete this;
    }
  }

 private:
  grpc::AsyncGenericService* const service_;
  grpc::ServerCompletionQueue* const queue_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer bytes_;
  int state_ = 0;
};

}  // namespace

int main() {
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(-1);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterAsyncGenericService(&service);
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  for (int i = 0; i < 2; ++i) queues.push_back(builder.AddCompletionQueue());
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::vector<std::thread> threads;
  for (const auto& queue : queues) {
    for (int i = 0; i < 8; ++i) new Echo(&service, queue.get());
    threads.emplace_back([q = queue.get()] {
      void* tag = nullptr;
      bool ok = false;
      while (q->Next(&tag, &ok)) static_cast<Echo*>(tag)->Next(ok);
    });
  }
  std::printf("%d\n", port);
  std::fflush(stdout);
  char c = 0;
  while (read(STDIN_FILENO, &c, 1) > 0) {
  }
  server->Shutdown(std::chrono::system_clock::now());
  for (const auto& queue : queues) queue->Shutdown();
  for (std::thread& thread : threads) thread.join();
  return 0;
}
