// trine: the command line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/cleanup.h"
#include "client/cli/globals.h"
#include "client/cli/session.h"

namespace trine::cli {
namespace {

constexpr char kFooter[] =
    "Exit codes: 0 done, 1 the server refused or failed, 2 wrong usage, 3 cannot reach the\n"
    "server, 4 corrupt input. 'trine COMMAND --help' shows a command's options.";

void AddCommands(CLI::App* cli, Run* run) {
  const Command app(cli);
  AddNormalizeCommand(app, run);
  AddNormalizeGradientCommand(app, run);
  AddEncodeCommand(app, run);
  AddDecodeCommand(app, run);
  AddInspectCommand(app, run);
  AddExactCommand(app, run);
  AddSegmentCommand(app, run);
  AddInfoCommand(app, run);
  AddHealthCommand(app, run);
  AddBenchCommand(app, run);
  // Global options may come after the command too.
  for (CLI::App* command : cli->get_subcommands({})) command->fallthrough();
}

int Finish(const absl::Status& result, const Session& session) {
  const absl::Status status = WithFlags(result);
  if (!status.ok() && !session.printed()) {
    PrintError(status, session.target(), session.globals().verbose);
  }
  // Text that could not be written (stdout leads to a full disk) is a failure too.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "trine: error: cannot write to stdout\n");
    return status.ok() ? kExitFailed : ExitCodeOf(status);
  }
  return ExitCodeOf(status);
}

int Main(int argc, char** argv) {
  InstallSignalHandlers();
  CLI::App app("Local response normalization, arithmetic coding and image segmentation.", "trine");
  app.set_version_flag("--version", "trine " TRINE_VERSION, "Print the version");
  app.require_subcommand(1);
  app.footer(kFooter);
  Globals globals;
  AddGlobalFlags(Command(&app), &globals);
  Run run;
  AddCommands(&app, &run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "trine: error: %s\n", error.what());
    std::fprintf(stderr, "trine: hint: 'trine --help' and 'trine COMMAND --help' show the usage\n");
    return kExitUsage;
  }
  Session session(globals);
  return Finish(run(&session), session);
}

}  // namespace
}  // namespace trine::cli

int main(int argc, char** argv) {
  try {
    return trine::cli::Main(argc, argv);
  } catch (const std::exception& error) {  // out of memory
    std::fprintf(stderr, "trine: error: %s\n", error.what());
    return trine::cli::kExitFailed;
  }
}
