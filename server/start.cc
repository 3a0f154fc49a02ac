// The server with all of trine's services.
#include <utility>

#include "core/base/error.h"
#include "server/call/auth.h"
#include "server/net/tls.h"
#include "server/server_impl.h"

namespace trine::server {
namespace {

Registry AllServices() {
  Registry registry;
  RegisterNormalizationService(&registry);
  RegisterCodingService(&registry);
  RegisterSegmentationService(&registry);
  return registry;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Options& options) {
  return StartServer(options, AllServices());
}

absl::Status Server::CheckFiles(const Options& options) {
  TRINE_RETURN_IF_ERROR(TlsStore::Load(options).status());
  if (options.token_file.empty()) return absl::OkStatus();
  Registry registry = AllServices();
  RegisterServerService(&registry, options, 1);
  return Authenticator::Load(options.token_file, registry.services()).status();
}

}  // namespace trine::server
