// The server behind server.h, with the table of methods as a parameter.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "server/observe/log.h"
#include "server/server.h"
#include "server/wire/rpc.h"

namespace trine::server {

// Server::Start with `registry` in place of the services of trine. `sink`, if any, gets the log.
absl::StatusOr<std::unique_ptr<Server>> StartServer(const Options& options, Registry registry,
                                                    spdlog::sink_ptr sink = nullptr);

// GetServerInfo, to be answered from `options` (which outlive the registry) with the pool's size.
void RegisterServerService(Registry* registry, const Options& options, int threads);

}  // namespace trine::server
