// The server with all of trine's services.
#include <utility>

#include "server/server_impl.h"

namespace trine::server {

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Options& options) {
  Registry registry;
  RegisterNormalizationService(&registry);
  RegisterCodingService(&registry);
  RegisterSegmentationService(&registry);
  return StartServer(options, std::move(registry));
}

}  // namespace trine::server
