// The options that every command shares; they may come before or after the command's name.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/command_line.h"
#include "client/cli/progress.h"
#include "client/options.h"

namespace trine::cli {

struct Globals {
  std::string server;  // empty: the embedded server
  std::string timeout;
  bool tls = false;
  std::string tls_ca, tls_cert, tls_key;  // files
  std::string token_file;
  std::string max_message_bytes;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  std::string progress = "auto";
};

void AddGlobalFlags(Command app, Globals* globals);

// What a parser says of a value, "--progress: is 'x'; ...", with the variable's name in place of
// the flag's where the environment gave it.
std::string BlamedOnVariable(const std::string& error);

// A flag that adds to what is told of a result: to the text, and with `in_json` to the JSON too.
struct ToldFlag {
  std::string_view flag;
  bool given;
  bool in_json;
};
// USAGE where one is given and what it adds to is not told: no text with --json, none with --quiet.
absl::Status CheckTold(const Globals& globals, std::initializer_list<ToldFlag> flags);

// USAGE where a bar is asked for by name, and not by the environment, of a command that draws none.
absl::Status CheckBar(const Globals& globals, std::string_view command);

ProgressMode ProgressOf(const Globals& globals);

// The server that a command asks without --server only where an embedded one makes no sense.
inline constexpr char kDefaultServer[] = "127.0.0.1:7433";

// Options of the client library; reads the files of certificates and tokens. USAGE errors.
absl::StatusOr<client::Options> ClientOptions(const Globals& globals);

}  // namespace trine::cli
