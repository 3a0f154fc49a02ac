// trine health: for container health checks and scripts.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/command.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

struct Args {
  std::string service;
};

const char* StatusText(client::Health health) {
  switch (health) {
    case client::Health::kServing:
      return "SERVING";
    case client::Health::kNotServing:
      return "NOT_SERVING";
    case client::Health::kServiceUnknown:
      return "SERVICE_UNKNOWN";
    default:
      return "UNKNOWN";
  }
}

absl::Status RunHealth(const Args& args, Session* session) {
  const Stopwatch watch;
  // A server of our own would always be well.
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect(false));
  TRINE_ASSIGN_OR_RETURN(const client::Health health, client->CheckHealth(args.service));
  const std::string text = StatusText(health);
  if (health != client::Health::kServing) {
    return MakeError(absl::StatusCode::kFailedPrecondition, {.reason = "NOT_SERVING"},
                     absl::StrCat(session->target(), " is ", text));
  }
  session->PrintStatus(text);
  Json json;
  json["server"] = session->target();
  json["status"] = text;
  json["elapsed_ms"] = watch.ms();
  session->PrintResult(json);
  return absl::OkStatus();
}

}  // namespace

void AddHealthCommand(Command app, Run* run) {
  auto args = std::make_shared<Args>();
  Command command =
      app->add_subcommand("health",
                          "Ask grpc.health.v1; exit code 0 only if SERVING. Without --server "
                          "127.0.0.1:7433 is asked");
  command
      ->add_option("--service", args->service,
                   "Full name, such as trine.v1.CodingService. Default: the server as a whole")
      ->may_be_empty()
      ->type_name("NAME");
  command->callback(
      [args, run] { *run = [args](Session* session) { return RunHealth(*args, session); }; });
}

}  // namespace trine::cli
