#include "server/net/acceptor.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace trine::server {
namespace {

// How long accept() rests when the process is out of descriptors or memory.
constexpr int kRestMs = 50;

void SetOption(int socket, int level, int name, int value) {
  // Without these it works less well; there is nothing else to do about it.
  (void)setsockopt(socket, level, name, &value, sizeof(value));
}

int PortOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof(v6));
    return ntohs(v6.sin6_port);
  }
  sockaddr_in v4;
  std::memcpy(&v4, &address, sizeof(v4));
  return ntohs(v4.sin_port);
}

int MakeSocket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

// A socket that listens, or -1; *port says where.
int ListenOn(const addrinfo& wanted, int* port) {
  const int fd = MakeSocket(wanted.ai_family);
  if (fd < 0) return -1;
  // A server that starts again need not wait for the connections of the last one to fade.
  SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  // [::] takes IPv4 callers too.
  if (wanted.ai_family == AF_INET6) SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (bind(fd, wanted.ai_addr, wanted.ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) == 0) {
    *port = PortOf(bound);
    return fd;
  }
  close(fd);
  return -1;
}

struct UnixAddress {
  sockaddr_un data{};
  socklen_t size = 0;

  explicit UnixAddress(const Address& address) {
    data.sun_family = AF_UNIX;
    // A name that is no file's begins with a zero byte; a path ends with one.
    const size_t first = address.unix_abstract ? 1 : 0;
    const size_t bytes = std::min(address.unix_path.size(), sizeof(data.sun_path) - 1);
    std::memcpy(data.sun_path + first, address.unix_path.data(), bytes);
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + bytes + 1);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&data); }
};

// The file of a socket on which nobody listens any more.
bool IsLeftOver(const std::string& path, const UnixAddress& address) {
  struct stat file {};
  if (lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  const int fd = MakeSocket(AF_UNIX);
  if (fd < 0) return false;
  const bool refused = connect(fd, address.get(), address.size) != 0 && errno == ECONNREFUSED;
  close(fd);
  return refused;
}

}  // namespace

Acceptor::Acceptor() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Acceptor::~Acceptor() {
  Stop();
  if (wake_ >= 0) close(wake_);
}

bool Acceptor::Listen(Address* address) {
  if (wake_ < 0) return false;
  return address->unix_path.empty() ? ListenOnTcp(address) : ListenOnUnix(*address);
}

bool Acceptor::ListenOnUnix(const Address& address) {
  const UnixAddress wanted(address);
  const int fd = MakeSocket(AF_UNIX);
  if (fd < 0) return false;
  const auto bound = [&] { return bind(fd, wanted.get(), wanted.size) == 0; };
  const std::string& path = address.unix_path;
  const bool is_file = !address.unix_abstract;
  if ((bound() || (is_file && errno == EADDRINUSE && IsLeftOver(path, wanted) &&
                   unlink(path.c_str()) == 0 && bound())) &&
      listen(fd, SOMAXCONN) == 0) {
    struct stat file {};
    if (is_file && lstat(path.c_str(), &file) == 0)
      unix_files_.push_back({path, {file.st_dev, file.st_ino}});
    sockets_.push_back(fd);
    return true;
  }
  close(fd);
  return false;
}

bool Acceptor::ListenOnTcp(Address* address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  const size_t before = sockets_.size();
  int port = address->port;
  addrinfo* found = nullptr;
  if (getaddrinfo(address->host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
    return false;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    // The port that the first address got is wanted for the others.
    if (one->ai_family == AF_INET)
      reinterpret_cast<sockaddr_in*>(one->ai_addr)->sin_port = htons(static_cast<uint16_t>(port));
    if (one->ai_family == AF_INET6)
      reinterpret_cast<sockaddr_in6*>(one->ai_addr)->sin6_port = htons(static_cast<uint16_t>(port));
    const int fd = ListenOn(*one, &port);
    // A name may resolve to an address that this machine does not have, such as ::1 without IPv6.
    if (fd >= 0) sockets_.push_back(fd);
  }
  freeaddrinfo(found);
  if (sockets_.size() == before) return false;
  address->port = port;
  return true;
}

void Acceptor::Start(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> target) {
  target_ = std::move(target);
  thread_ = std::thread([this] { Run(); });
}

void Acceptor::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    // A counter that is not near its maximum can always be added to.
    (void)!write(wake_, &one, sizeof(one));
    thread_.join();
  }
  for (const int fd : sockets_) close(fd);
  sockets_.clear();
  for (const UnixFile& file : unix_files_) {
    // Another server may have put a socket of its own in this one's place.
    struct stat now {};
    if (lstat(file.path.c_str(), &now) == 0 && FileId{now.st_dev, now.st_ino} == file.id)
      unlink(file.path.c_str());
  }
  unix_files_.clear();
}

int Acceptor::connections() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::erase_if(taken_, [](const auto& connection) {
    struct stat file {};
    return fstat(connection.first, &file) != 0 ||
           FileId{file.st_dev, file.st_ino} != connection.second;
  });
  return static_cast<int>(taken_.size());
}

void Acceptor::Run() {
  std::vector<pollfd> watched = {{.fd = wake_, .events = POLLIN, .revents = 0}};
  for (const int fd : sockets_) watched.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  bool rest = false;
  for (;;) {
    // Resting, only the wish to stop is watched: the listener stays readable.
    const int ready = poll(watched.data(), rest ? 1 : watched.size(), rest ? kRestMs : -1);
    if (ready < 0 && errno != EINTR) rest = true;
    if (ready > 0 && watched[0].revents != 0) return;
    if (ready < 0) continue;
    const bool rested = rest;
    rest = false;
    for (size_t i = 1; i < watched.size() && !rest; ++i)
      if (rested || watched[i].revents != 0) rest = !AcceptOne(watched[i].fd);
  }
}

bool Acceptor::AcceptOne(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    // Of the rest, most say that this one connection is gone again, and the next may be well.
    return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
  }
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);  // which a Unix socket does not know, nor need
  struct stat file {};
  if (fstat(fd, &file) == 0) {
    const std::lock_guard<std::mutex> lock(mutex_);
    taken_[fd] = {file.st_dev, file.st_ino};
  }
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
  connection.listener_fd = listener;
  connection.fd = fd;
  target_->HandleNewConnection(&connection);
  return true;
}

}  // namespace trine::server
