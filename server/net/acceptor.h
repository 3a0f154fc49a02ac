// Takes the connections of a grpc::Server, over TCP and Unix sockets, and counts them.
//
// gRPC 1.51 stops listening for good when accept() fails once, as it does when the process has no
// descriptor left: whoever opens enough connections would cut the server off from new callers until
// it is started again. This acceptor waits for a descriptor and goes on.
#pragma once

#include <grpcpp/server_builder.h>
#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "server/base/address.h"

namespace trine::server {

class Acceptor {
 public:
  Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  // Listens on every address that address->host resolves to, on one port; port 0 becomes the port
  // taken. Or on a Unix socket, in whose place no other server listens; a file that a server left
  // there is replaced. False, and nothing listens there, where it is taken or no address of this
  // machine. REQUIRES: not started.
  bool Listen(Address* address);
  bool empty() const { return sockets_.empty(); }

  // Connections that were taken and are still open. Thread-safe.
  int connections() const;

  // Hands connections to `target` from now on, from a thread of its own.
  void Start(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> target);
  // Listens no more; connections that were not taken yet are reset. May be called again.
  void Stop();

 private:
  // Tells one file from another that later has its name or number.
  struct FileId {
    dev_t device;
    ino_t inode;
    bool operator==(const FileId&) const = default;
  };
  struct UnixFile {
    std::string path;
    FileId id;
  };

  bool ListenOnUnix(const Address& address);
  bool ListenOnTcp(Address* address);
  void Run();
  // False where no connection can be taken for now.
  bool AcceptOne(int listener);

  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> target_;
  std::vector<int> sockets_;
  std::vector<UnixFile> unix_files_;  // of sockets_; gone when it stops
  mutable std::mutex mutex_;
  // By the descriptor's number, as gRPC, which closes it, does not say when. A number that is now
  // another file's, or none, is of a connection that has ended.
  mutable std::unordered_map<int, FileId> taken_;  // guarded by mutex_
  int wake_ = -1;                                  // readable: stop
  std::thread thread_;
};

}  // namespace trine::server
