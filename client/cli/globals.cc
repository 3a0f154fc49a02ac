#include "client/cli/globals.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cli/errors.h"
#include "client/cli/files/input_file.h"
#include "client/cli/pem.h"
#include "client/cli/quantity.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::cli {
namespace {

constexpr char kAlways[] = "always";
// The commands whose inputs may be of any length.
constexpr const char* kWithBar[] = {"encode", "decode", "verify", "normalize",
                                    "normalize-gradient"};

constexpr NamedLimit kCredentialLimit = {"bytes of a certificate's or token's file",
                                         uint64_t{1} << 20};

// The embedded server is shared with nobody: pictures of any sensible size.
constexpr uint64_t kEmbeddedMessageBytes = uint64_t{1} << 30;

absl::StatusOr<std::string> ReadCredential(const std::string& path) {
  if (path.empty()) return std::string();
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  absl::StatusOr<std::string> text = file.ReadAll(kCredentialLimit);
  if (!text.ok()) return WithFile(text.status(), path);
  return text;
}

// A server's token file may serve as it is: its first token is taken.
std::string FirstToken(const std::string& text) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const absl::string_view token = absl::StripAsciiWhitespace(line);
    if (!token.empty() && token[0] != '#') return std::string(token);
  }
  return "";
}

// What only a server elsewhere is asked with. Not TRINE_TLS_CERT and TRINE_TLS_KEY: in a server's
// environment these are the server's own.
struct ServerFlag {
  const char* flag;
  const char* variable;
  std::string Globals::*file;
  const char* help;
  std::string (*problem)(const std::string& pem);  // of its PEM file; null: it is none
};

constexpr ServerFlag kServerFlags[] = {
    {"--tls-ca", "TRINE_TLS_CA", &Globals::tls_ca, "Speak TLS, trusting these roots (PEM file)",
     CertificatesProblem},
    {"--tls-cert", "TRINE_TLS_CLIENT_CERT", &Globals::tls_cert,
     "Own certificate for mutual TLS (PEM file)", CertificatesProblem},
    {"--tls-key", "TRINE_TLS_CLIENT_KEY", &Globals::tls_key,
     "Key of the own certificate (PEM file)", KeyProblem},
    {"--token-file", "TRINE_TOKEN_FILE", &Globals::token_file,
     "Send the first line of this file as bearer token", nullptr},
};

// What a flag's value is blamed on: the variable that the environment gave it by, or the flag.
constexpr std::pair<std::string_view, const char*> kVariables[] = {
    {"--server", "TRINE_SERVER"},
    {"--timeout", "TRINE_TIMEOUT"},
    {"--tls-ca", "TRINE_TLS_CA"},
    {"--tls-cert", "TRINE_TLS_CLIENT_CERT"},
    {"--tls-key", "TRINE_TLS_CLIENT_KEY"},
    {"--token-file", "TRINE_TOKEN_FILE"},
    {"--max-message-bytes", "TRINE_CLIENT_MAX_MESSAGE_BYTES"},
    {"--progress", "TRINE_PROGRESS"}};
std::string GivenBy(std::string_view flag, std::string_view value) {
  for (const auto& [name, variable] : kVariables) {
    const char* given = std::getenv(variable);
    if (name == flag && given != nullptr && given == value) return variable;
  }
  return std::string(flag);
}

// What is given by name would be left out in silence; what the environment holds may be meant for
// other calls.
absl::Status CheckEmbedded(const Globals& g) {
  std::string_view given = g.tls ? "--tls" : "";
  for (const ServerFlag& row : kServerFlags) {
    const char* variable = std::getenv(row.variable);
    const std::string& file = g.*row.file;
    if (!file.empty() && (variable == nullptr || file != variable)) given = row.flag;
  }
  if (given.empty()) return absl::OkStatus();
  return UsageError(absl::StrCat(ToAbsl(given),
                                 " is for a server that --server names; the one in "
                                 "this process has neither TLS nor tokens"));
}

// CLI11 takes a variable that is empty for one that is not set: a call would go out without its
// token, say. A flag wins over its variable.
absl::Status CheckVariables(const Globals& g) {
  for (const ServerFlag& row : kServerFlags) {
    const char* variable = std::getenv(row.variable);
    if (variable == nullptr || *variable != 0 || !(g.*row.file).empty()) continue;
    return UsageError(absl::StrCat(row.variable, ": is empty; unset it, or name a file"));
  }
  return absl::OkStatus();
}

// gRPC takes a port modulo 65536, and calls somebody else.
absl::Status CheckPort(const std::string& server) {
  constexpr int kMostPort = 65535;
  const size_t colon = server.rfind(':');
  if (colon == std::string::npos || absl::StartsWith(server, "unix")) return absl::OkStatus();
  const std::string port = server.substr(colon + 1);
  const bool is_number = !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
  int value = 0;
  if (!is_number || (absl::SimpleAtoi(port, &value) && value >= 1 && value <= kMostPort)) {
    return absl::OkStatus();
  }
  return UsageError(absl::StrCat(GivenBy("--server", server), ": '", server, "' has port ", port,
                                 "; must be 1 to ", kMostPort));
}

// An empty file would mean the system's roots, or no TLS at all, and one that is broken or of other
// things a server that is not reached, which is no fault of the server's.
absl::StatusOr<std::string> ReadPem(const Globals& g, std::string Globals::*file) {
  const std::string& path = g.*file;
  TRINE_ASSIGN_OR_RETURN(std::string text, ReadCredential(path));
  if (path.empty()) return text;
  for (const ServerFlag& row : kServerFlags) {
    if (row.file != file) continue;
    const std::string problem = row.problem(text);
    if (!problem.empty())
      return UsageError(absl::StrCat(GivenBy(row.flag, path), ": '", path, "' ", problem));
  }
  return text;
}

}  // namespace

void AddGlobalFlags(Command app, Globals* g) {
  const std::string group = "Global options (before or after the command)";
  app->add_option("--server", g->server,
                  "Server: HOST:PORT, unix:PATH, dns:///NAME:PORT. Default: an embedded server in "
                  "this process")
      ->type_name("TARGET")
      ->envname("TRINE_SERVER")
      ->group(group);
  app->add_option("--timeout", g->timeout,
                  "Longest time for a call, with its unit: 30s, 500ms or 2m. Default: 60s; streams "
                  "(encode, decode, large arrays) 1h")
      ->type_name("TIME")
      ->envname("TRINE_TIMEOUT")
      ->group(group);
  app->add_flag("--tls", g->tls, "Speak TLS, trusting the system's roots. Default: plaintext")
      ->group(group);
  for (const ServerFlag& row : kServerFlags) {
    app->add_option(row.flag, g->*row.file, row.help)
        ->type_name("FILE")
        ->envname(row.variable)
        ->group(group);
  }
  app->add_option("--max-message-bytes", g->max_message_bytes,
                  "Longest message sent or received [bytes]. Default: 64MiB; embedded 1GiB")
      ->type_name("SIZE")
      ->envname("TRINE_CLIENT_MAX_MESSAGE_BYTES")
      ->group(group);
  app->add_flag("--json", g->json,
                "Print exactly one JSON object on stdout (one a line where "
                "there are many inputs)")
      ->group(group);
  app->add_flag("-q,--quiet", g->quiet, "Print no text but errors")->group(group);
  app->add_option("--progress", g->progress,
                  absl::StrCat("Progress bar on stderr, of ", absl::StrJoin(kWithBar, ", "),
                               ": auto (on a terminal), always, never. Default: auto"))
      ->check(IsMember({"auto", kAlways, "never"}))
      ->type_name("WHEN")
      ->envname("TRINE_PROGRESS")
      ->group(group);
  app->add_flag("-v,--verbose", g->verbose,
                "Say more: an error's details, the embedded server's log")
      ->group(group);
}

std::string BlamedOnVariable(const std::string& error) {
  for (const auto& [flag, variable] : kVariables) {
    const char* given = std::getenv(variable);
    if (given == nullptr) continue;
    if (absl::StartsWith(error, absl::StrCat(ToAbsl(flag), ": is '", given, "'"))) {
      return absl::StrCat(variable, error.substr(flag.size()));
    }
  }
  return error;
}

absl::Status CheckTold(const Globals& globals, std::initializer_list<ToldFlag> flags) {
  for (const ToldFlag& row : flags) {
    if (!row.given || (globals.json ? row.in_json : !globals.quiet)) continue;
    return UsageError(absl::StrCat(ToAbsl(row.flag), " adds to the text, of which ",
                                   globals.json ? "--json" : "--quiet", " prints none",
                                   row.in_json ? "; --json tells it" : ""));
  }
  return absl::OkStatus();
}

absl::Status CheckBar(const Globals& globals, std::string_view command) {
  const bool draws =
      std::find(std::begin(kWithBar), std::end(kWithBar), command) != std::end(kWithBar);
  const bool is_asked =
      globals.progress == kAlways && GivenBy("--progress", kAlways) == "--progress";
  if (draws || !is_asked) return absl::OkStatus();
  return UsageError(absl::StrCat("--progress always: ", ToAbsl(command), " draws no bar; ",
                                 absl::StrJoin(kWithBar, ", "), " do"));
}

ProgressMode ProgressOf(const Globals& globals) {
  if (globals.progress == kAlways) return ProgressMode::kAlways;
  return globals.progress == "never" ? ProgressMode::kNever : ProgressMode::kAuto;
}

absl::StatusOr<client::Options> ClientOptions(const Globals& g) {
  TRINE_RETURN_IF_ERROR(CheckVariables(g));
  client::Options options;
  options.target = g.server;
  if (!g.timeout.empty()) {
    TRINE_ASSIGN_OR_RETURN(options.timeout,
                           ParseDuration(g.timeout, GivenBy("--timeout", g.timeout)));
    options.stream_timeout = options.timeout;
  }
  options.max_message_bytes =
      g.server.empty() ? kEmbeddedMessageBytes : client::Options().max_message_bytes;
  if (!g.max_message_bytes.empty()) {
    const std::string given = GivenBy("--max-message-bytes", g.max_message_bytes);
    TRINE_ASSIGN_OR_RETURN(options.max_message_bytes, ParseSize(g.max_message_bytes, given));
    if (options.max_message_bytes < 1024 || options.max_message_bytes > INT32_MAX) {
      return UsageError(absl::StrCat(given, ": it must be 1KiB to 2147483647 bytes"));
    }
  }
  if (g.server.empty()) {
    TRINE_RETURN_IF_ERROR(CheckEmbedded(g));
    return options;
  }
  TRINE_RETURN_IF_ERROR(CheckPort(g.server));
  if (g.tls_cert.empty() != g.tls_key.empty()) {
    return UsageError("--tls-cert and --tls-key need each other");
  }
  options.tls = g.tls || !g.tls_ca.empty();
  TRINE_ASSIGN_OR_RETURN(options.tls_ca, ReadPem(g, &Globals::tls_ca));
  TRINE_ASSIGN_OR_RETURN(options.tls_cert, ReadPem(g, &Globals::tls_cert));
  TRINE_ASSIGN_OR_RETURN(options.tls_key, ReadPem(g, &Globals::tls_key));
  if (!g.tls_key.empty() && !IsKeyOf(options.tls_key, options.tls_cert)) {
    return UsageError(absl::StrCat("--tls-key: '", g.tls_key, "' is not the key of '", g.tls_cert,
                                   "', which --tls-cert names"));
  }
  TRINE_ASSIGN_OR_RETURN(const std::string tokens, ReadCredential(g.token_file));
  options.token = FirstToken(tokens);
  if (!g.token_file.empty() && options.token.empty()) {
    return UsageError(absl::StrCat(GivenBy("--token-file", g.token_file), ": '", g.token_file,
                                   "' holds no token"));
  }
  const auto printable = [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); };
  if (!std::all_of(options.token.begin(), options.token.end(), printable)) {
    return UsageError(absl::StrCat(GivenBy("--token-file", g.token_file), ": '", g.token_file,
                                   "': a token is printable ASCII without spaces"));
  }
  return options;
}

}  // namespace trine::cli
