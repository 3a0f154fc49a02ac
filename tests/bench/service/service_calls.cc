#include "tests/bench/service/service_calls.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include "tests/bench/service/server_process.h"

namespace trine::bench {
namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

Caller::Caller(const std::string& address, std::string path)
    : path_(std::move(path)), stub_(Connect(address)) {}

Caller::~Caller() {
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

grpc::ByteBuffer Caller::Call(const grpc::ByteBuffer& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  grpc::ByteBuffer response;
  grpc::Status status;
  const auto call = stub_.PrepareUnaryCall(&context, path_, request, &queue_);
  call->StartCall();
  call->Finish(&response, &status, this);
  void* tag = nullptr;
  bool ok = false;
  queue_.Next(&tag, &ok);
  if (!status.ok()) {
    std::fprintf(stderr, "service_bench: %s: %s\n", path_.c_str(), status.error_message().c_str());
    std::exit(1);
  }
  return response;
}

grpc::ByteBuffer FromString(const std::string& bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToString(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  bytes.Dump(&slices);
  std::string out;
  for (const grpc::Slice& slice : slices)
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return out;
}

Callers::Callers(const ServerProcess& server, const std::string& path, int count)
    : server_(server) {
  for (int i = 0; i < count; ++i)
    callers_.push_back(std::make_unique<Caller>(server.address(), path));
}

Load Callers::Run(const grpc::ByteBuffer& request, double seconds) {
  std::atomic<uint64_t> calls{0};
  const double cpu = server_.CpuSeconds();
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (const auto& caller : callers_) {
    threads.emplace_back([&, caller = caller.get()] {
      do {
        caller->Call(request);
        calls.fetch_add(1);
      } while (Seconds(Clock::now() - start) < seconds);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double elapsed = Seconds(Clock::now() - start);
  const auto count = static_cast<double>(calls.load());
  return {count / elapsed, (server_.CpuSeconds() - cpu) * 1e6 / count};
}

std::vector<double> Callers::Latencies(const grpc::ByteBuffer& request, int calls) {
  std::vector<double> out;
  for (int i = 0; i < calls; ++i) {
    const auto start = Clock::now();
    first().Call(request);
    out.push_back(Seconds(Clock::now() - start) * 1e6);
  }
  return out;
}

}  // namespace trine::bench
