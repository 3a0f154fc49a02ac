// Takes TCP connections for a grpc::Server.
//
// gRPC 1.51 stops listening for good when accept() fails once, as it does when the process has no
// descriptor left: whoever opens enough connections would cut the server off from new callers until
// it is started again. This acceptor waits for a descriptor and goes on.
#pragma once

#include <grpcpp/server_builder.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "server/base/address.h"

namespace trine::server {

class Acceptor {
 public:
  Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  // Listens on every address that address->host stands for, on one port; port 0 becomes the port
  // taken. False, and nothing listens there, where it is taken or no address of this machine.
  // REQUIRES: not started; not a Unix socket.
  bool Listen(Address* address);
  bool empty() const { return sockets_.empty(); }

  // Hands connections to `target` from now on, from a thread of its own.
  void Start(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> target);
  // Listens no more; connections that were not taken yet are reset. May be called again.
  void Stop();

 private:
  void Run();
  // False where no connection can be taken for now.
  bool AcceptOne(int listener);

  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> target_;
  std::vector<int> sockets_;
  int wake_ = -1;  // readable: stop
  std::thread thread_;
};

}  // namespace trine::server
