// trine info: what a server is and allows.
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/command.h"
#include "client/cli/quantity.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

Json ToJson(const std::string& target, const v1::GetServerInfoResponse& r, double elapsed_ms) {
  const auto list = [](const auto& names) {
    Json array = Json::array();
    for (const std::string& name : names) array.push_back(name);
    return array;
  };
  Json json;
  json["server"] = target;
  json["version"] = r.version();
  json["build"] = r.build();
  json["simd_target"] = r.simd_target();
  json["threads"] = r.threads();
  json["uptime_ms"] = r.uptime_ms();
  json["limits"] = Json::object();
  for (const v1::Limit& limit : r.limits()) json["limits"][limit.name()] = limit.value();
  json["presets"] = list(r.presets());
  json["models"] = list(r.models());
  json["methods"] = list(r.methods());
  json["profiles"] = list(r.profiles());
  json["client_version"] = TRINE_VERSION;
  json["elapsed_ms"] = elapsed_ms;
  return json;
}

std::string LimitText(const v1::Limit& limit) {
  std::string text = absl::StrCat(limit.value(), " ", limit.unit());
  if (limit.unit() == "bytes" && limit.value() >= 1024) {
    absl::StrAppend(&text, " (", SizeText(limit.value()), ")");
  }
  return text;
}

absl::Status RunInfo(Session* session) {
  const Stopwatch watch;
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  TRINE_ASSIGN_OR_RETURN(const v1::GetServerInfoResponse r, client->GetServerInfo());
  const bool embedded = session->globals().server.empty();
  const std::string target = embedded ? "embedded" : session->target();
  session->PrintStatus(absl::StrCat("server    ", target));
  session->PrintStatus(absl::StrCat("version   ", r.version(), " (", r.build(), ")"));
  session->PrintStatus(absl::StrCat("threads   ", r.threads(), ", SIMD ", r.simd_target()));
  session->PrintStatus(
      absl::StrFormat("uptime    %.1f s", static_cast<double>(r.uptime_ms()) / 1000));
  session->PrintStatus(absl::StrCat("presets   ", absl::StrJoin(r.presets(), ", ")));
  session->PrintStatus(absl::StrCat("models    ", absl::StrJoin(r.models(), ", ")));
  session->PrintStatus(absl::StrCat("methods   ", absl::StrJoin(r.methods(), ", ")));
  session->PrintStatus(absl::StrCat("profiles  ", absl::StrJoin(r.profiles(), ", ")));
  session->PrintStatus("limits");
  for (const v1::Limit& limit : r.limits()) {
    session->PrintStatus(absl::StrFormat("  %-28s %s", limit.name(), LimitText(limit)));
  }
  session->PrintResult(ToJson(target, r, watch.ms()));
  return absl::OkStatus();
}

}  // namespace

void AddInfoCommand(Command app, Run* run) {
  Command command = app->add_subcommand("info", "Version, hardware, limits and offers of a server");
  command->callback([run] { *run = RunInfo; });
}

}  // namespace trine::cli
