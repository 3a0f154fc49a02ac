#include "server/net/http_endpoint.h"

#include <CivetServer.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/base/address.h"

namespace trine::server {
namespace {

// civetweb holds a thread for each connection until its request has come. Idle threads cost a few
// pages each; with so many, and so short a time to send a request in, a probe gets past hundreds of
// connections whose requests never end.
constexpr int kThreads = 64;
constexpr int kRequestTimeoutMs = 1000;

class Handler : public CivetHandler {
 public:
  explicit Handler(HttpEndpoint::Pages pages) : pages_(std::move(pages)) {}

  // Without these two, civetweb would answer other methods from its own file handling.
  bool handleGet(CivetServer*, mg_connection* connection) override { return Answer(connection); }
  bool handleHead(CivetServer*, mg_connection* connection) override { return Answer(connection); }
  bool handlePost(CivetServer*, mg_connection* connection) override { return Refuse(connection); }
  bool handlePut(CivetServer*, mg_connection* connection) override { return Refuse(connection); }
  bool handleDelete(CivetServer*, mg_connection* connection) override { return Refuse(connection); }
  bool handleOptions(CivetServer*, mg_connection* connection) override {
    return Refuse(connection);
  }
  bool handlePatch(CivetServer*, mg_connection* connection) override { return Refuse(connection); }

 private:
  static bool Send(mg_connection* connection, const char* status, const char* type,
                   const std::string& body) {
    const std::string head = absl::StrCat(
        "HTTP/1.1 ", status, "\r\nContent-Type: ", type, "\r\nContent-Length: ", body.size(),
        "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
    mg_write(connection, head.data(), head.size());
    const mg_request_info* info = mg_get_request_info(connection);
    if (std::strcmp(info->request_method, "HEAD") != 0)
      mg_write(connection, body.data(), body.size());
    return true;
  }

  static bool Refuse(mg_connection* connection) {
    return Send(connection, "405 Method Not Allowed", "text/plain", "GET and HEAD only\n");
  }

  bool Answer(mg_connection* connection) const {
    const char* uri = mg_get_request_info(connection)->local_uri;
    const std::string path = uri == nullptr ? "" : uri;
    if (path == "/metrics") {
      return Send(connection, "200 OK", "text/plain; version=0.0.4; charset=utf-8",
                  pages_.metrics());
    }
    if (path == "/healthz") return Send(connection, "200 OK", "text/plain", "ok\n");
    if (path == "/readyz") {
      return pages_.ready()
                 ? Send(connection, "200 OK", "text/plain", "ready\n")
                 : Send(connection, "503 Service Unavailable", "text/plain", "not ready\n");
    }
    return Send(connection, "404 Not Found", "text/plain", "not found\n");
  }

  const HttpEndpoint::Pages pages_;
};

class CivetEndpoint : public HttpEndpoint {
 public:
  CivetEndpoint(std::unique_ptr<Handler> handler, std::unique_ptr<CivetServer> server,
                std::string address)
      : handler_(std::move(handler)), server_(std::move(server)), address_(std::move(address)) {}
  // The server's threads use the handler: they end first.
  ~CivetEndpoint() override {
    std::atomic<bool> closed{false};
    std::thread closing([this, &closed] {
      server_.reset();
      closed.store(true);
    });
    // civetweb checks every two seconds whether it should end, and at each new connection.
    while (!closed.load()) {
      Knock();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    closing.join();
  }

  const std::string& address() const override { return address_; }

 private:
  // Opens a connection to the endpoint and closes it.
  void Knock() const {
    const auto address = ParseAddress("metrics-listen", address_);
    if (!address.ok()) return;
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string port = absl::StrCat(address->port);
    if (getaddrinfo(address->host.c_str(), port.c_str(), &hints, &found) != 0) return;
    const int fd =
        socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (fd >= 0) {
      // Whether it succeeds does not matter.
      [[maybe_unused]] const int result = connect(fd, found->ai_addr, found->ai_addrlen);
      close(fd);
    }
    freeaddrinfo(found);
  }

  std::unique_ptr<Handler> handler_;
  std::unique_ptr<CivetServer> server_;
  std::string address_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(const std::string& address,
                                                                  Pages pages) {
  TRINE_ASSIGN_OR_RETURN(const Address parsed, ParseAddress("metrics-listen", address));
  if (!parsed.unix_path.empty())
    return InvalidField("metrics-listen", address, "must be HOST:PORT");
  // civetweb takes numeric hosts only.
  const std::string host = parsed.host == "localhost" ? "127.0.0.1" : parsed.host;
  const std::string bracketed =
      host.find(':') == std::string::npos ? host : absl::StrCat("[", host, "]");
  const std::vector<std::string> settings = {
      "listening_ports",    absl::StrCat(bracketed, ":", parsed.port),
      "num_threads",        absl::StrCat(kThreads),
      "request_timeout_ms", absl::StrCat(kRequestTimeoutMs),
      "max_request_size",   "8192",
      "enable_keep_alive",  "no"};
  auto handler = std::make_unique<Handler>(std::move(pages));
  try {
    auto server = std::make_unique<CivetServer>(settings);
    server->addHandler("/", handler.get());
    const std::vector<int> ports = server->getListeningPorts();
    if (ports.empty()) return InvalidField("metrics-listen", address, "cannot listen there");
    return std::make_unique<CivetEndpoint>(std::move(handler), std::move(server),
                                           absl::StrCat(bracketed, ":", ports[0]));
  } catch (const CivetException&) {
    return InvalidField("metrics-listen", address,
                        "cannot listen there: the port is taken, or the host is not a numeric "
                        "address of this machine");
  }
}

}  // namespace trine::server
