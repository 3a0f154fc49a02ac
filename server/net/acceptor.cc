#include "server/net/acceptor.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
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

// A socket that listens, or -1; *port says where.
int ListenOn(const addrinfo& wanted, int* port) {
  const int fd =
      socket(wanted.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, wanted.ai_protocol);
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

}  // namespace

Acceptor::Acceptor() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Acceptor::~Acceptor() {
  Stop();
  if (wake_ >= 0) close(wake_);
}

bool Acceptor::Listen(Address* address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  const size_t before = sockets_.size();
  int port = address->port;
  addrinfo* found = nullptr;
  if (wake_ < 0 ||
      getaddrinfo(address->host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
    return false;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    // The port that the first address got is wanted for the others.
    if (one->ai_family == AF_INET)
      reinterpret_cast<sockaddr_in*>(one->ai_addr)->sin_port = htons(static_cast<uint16_t>(port));
    if (one->ai_family == AF_INET6)
      reinterpret_cast<sockaddr_in6*>(one->ai_addr)->sin6_port = htons(static_cast<uint16_t>(port));
    const int fd = ListenOn(*one, &port);
    // A name may stand for an address that this machine has not, such as ::1 without IPv6.
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
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
  connection.listener_fd = listener;
  connection.fd = fd;
  target_->HandleNewConnection(&connection);
  return true;
}

}  // namespace trine::server
