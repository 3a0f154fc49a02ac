#include "client/cli/embedded.h"

#include <stdlib.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/cleanup.h"
#include "client/cli/errors.h"
#include "core/base/error.h"
#include "server/server.h"

namespace trine::cli {
namespace {

// sockaddr_un holds 107 bytes of path; longer folders cannot be used.
constexpr size_t kMaxSocketPath = 107;
constexpr char kSocketName[] = "/socket";

// mkdtemp makes the folder with mode 0700.
absl::StatusOr<std::string> MakePrivateFolder() {
  std::vector<std::string> parents;
  for (const char* name : {"TMPDIR", "XDG_RUNTIME_DIR"}) {
    const char* value = getenv(name);
    if (value != nullptr && *value != '\0') parents.emplace_back(value);
  }
  parents.insert(parents.end(), {"/tmp", "/dev/shm"});
  for (const std::string& parent : parents) {
    std::string folder = absl::StrCat(parent, "/trine-XXXXXX");
    if (folder.size() + sizeof(kSocketName) > kMaxSocketPath) continue;
    if (mkdtemp(folder.data()) != nullptr) return folder;
  }
  return MakeError(absl::StatusCode::kUnknown, {.reason = "FILE"},
                   "no folder for the embedded server's socket can be made in TMPDIR, /tmp or "
                   "/dev/shm; --server names another server");
}

class Running : public EmbeddedServer {
 public:
  explicit Running(const std::string& folder)
      : folder_(folder, TemporaryPath::Kind::kFolder),
        socket_(folder + kSocketName, TemporaryPath::Kind::kFile),
        target_(absl::StrCat("unix:", folder, kSocketName)) {}

  absl::Status Listen(uint64_t max_message_bytes, bool verbose) {
    server::Options options;
    options.listen = {target_};
    options.metrics_listen.clear();
    options.reflection = false;
    options.channelz = false;
    options.log_level = verbose ? "info" : "off";
    options.max_message_bytes = max_message_bytes;
    // Room for one longest message that runs and one that waits.
    options.max_inflight_bytes = std::max(options.max_inflight_bytes, 2 * max_message_bytes);
    TRINE_ASSIGN_OR_RETURN(server_, server::Server::Start(options));
    return absl::OkStatus();
  }

  const std::string& target() const override { return target_; }

 private:
  // Destroyed from the last: the server, then its socket, then the folder.
  TemporaryPath folder_;
  TemporaryPath socket_;
  std::string target_;
  std::unique_ptr<server::Server> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<EmbeddedServer>> EmbeddedServer::Start(uint64_t max_message_bytes,
                                                                      bool verbose) {
  TRINE_ASSIGN_OR_RETURN(const std::string folder, MakePrivateFolder());
  auto running = std::make_unique<Running>(folder);
  TRINE_RETURN_IF_ERROR(running->Listen(max_message_bytes, verbose));
  return running;
}

}  // namespace trine::cli
