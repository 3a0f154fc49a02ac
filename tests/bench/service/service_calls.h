// Calls with bytes that were serialized before: what the client costs is the same for every server.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

namespace trine::bench {

// One connection, one call at a time.
class Caller {
 public:
  Caller(const std::string& address, std::string path);
  ~Caller();

  // Sends `request` and waits for the answer; ends this program with a message where it fails.
  grpc::ByteBuffer Call(const grpc::ByteBuffer& request);

 private:
  const std::string path_;
  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
};

grpc::ByteBuffer FromString(const std::string& bytes);
std::string ToString(const grpc::ByteBuffer& bytes);

// What a server did in a span of time.
struct Load {
  double calls_per_second = 0;
  double server_cpu_us = 0;  // processor time a call
};

class ServerProcess;

// A row's callers, each on a thread of its own while Run lasts.
class Callers {
 public:
  Callers(const ServerProcess& server, const std::string& path, int count);
  Load Run(const grpc::ByteBuffer& request, double seconds);
  // Times of single calls of the first caller [us].
  std::vector<double> Latencies(const grpc::ByteBuffer& request, int calls);
  Caller& first() { return *callers_.front(); }

 private:
  const ServerProcess& server_;
  std::vector<std::unique_ptr<Caller>> callers_;
};

}  // namespace trine::bench
