// trine: the command line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/command.h"
#include "client/cli/command_line.h"
#include "client/cli/errors.h"
#include "client/cli/files/cleanup.h"
#include "client/cli/globals.h"
#include "client/cli/session.h"
#include "client/cli/suggest.h"
#include "client/cli/wrap.h"
#include "client/grpc_log.h"
#include "core/runtime/standard_files.h"

namespace trine::cli {
namespace {

constexpr char kFooter[] =
    "Exit codes: 0 done, 1 the server refused or failed, 2 wrong usage, 3 cannot reach the "
    "server, 4 corrupt input. 'trine help COMMAND' shows a command's options.";

struct Help {
  bool asked = false;
  std::string topic;  // a command; empty: the program
};

void AddHelpCommand(CLI::App* cli, Help* help) {
  CLI::App* command = cli->add_subcommand("help", "Show this, or the options of a command");
  command->add_option("COMMAND", help->topic, "A command's name");
  command->callback([help] { help->asked = true; });
}

// What the parser found; with --json also as an object, as other failures are told.
int PrintUsageError(const std::string& error, const std::string& hint, CLI::App* cli) {
  PrintError(UsageError(error), "", false);
  std::fprintf(stderr, "trine: hint: %s\n", hint.c_str());
  Globals globals;
  globals.json = cli->get_option("--json")->count() > 0;
  Session(globals).PrintFailureOfRun(UsageError(error));
  return kExitUsage;
}

std::vector<std::string> CommandNames(CLI::App* cli) {
  std::vector<std::string> names;
  for (const CLI::App* command : cli->get_subcommands({})) names.push_back(command->get_name());
  return names;
}

// The hint for a word that nobody knows.
std::string HintFor(const std::string& typed, const std::vector<std::string>& words,
                    const std::string& otherwise) {
  const std::string nearest = Nearest(typed, words);
  return nearest.empty() ? otherwise : absl::StrCat("did you mean '", nearest, "'? ", otherwise);
}

int UnknownCommand(const std::string& name, CLI::App* cli) {
  return PrintUsageError(absl::StrCat("'", name, "' is no command"),
                         HintFor(name, CommandNames(cli), "'trine help' lists the commands"), cli);
}

// The first word that is neither a command nor an option nor an argument of one.
int UnknownWord(const std::string& word, CLI::App* cli) {
  const std::vector<CLI::App*> given = cli->get_subcommands();
  if (word.rfind('-', 0) != 0) {
    if (given.empty()) return UnknownCommand(word, cli);
    return PrintUsageError(absl::StrCat("'", word, "' was not expected"),
                           absl::StrCat("'trine help ", given[0]->get_name(), "' shows the usage"),
                           cli);
  }
  std::vector<std::string> flags;
  for (CLI::App* app : {given.empty() ? cli : given[0], cli}) {
    for (const CLI::Option* option : app->get_options()) {
      if (option->get_group().empty()) continue;
      for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    }
  }
  const std::string flag = word.substr(0, word.find('='));
  const std::string of = given.empty() ? "" : " " + given[0]->get_name();
  return PrintUsageError(
      absl::StrCat(flag, " is no option of trine", of),
      HintFor(flag, flags, absl::StrCat("'trine help", of, "' lists the options")), cli);
}

int ShowHelp(const Help& help, CLI::App* cli) {
  const auto print = [cli](CLI::App* app, const std::string& name) {
    const std::string text = cli->get_formatter()->make_help(app, name, CLI::AppFormatMode::Normal);
    std::fputs(text.c_str(), stdout);
    return std::fflush(stdout) == 0 ? kExitDone : kExitFailed;
  };
  if (help.topic.empty()) return print(cli, cli->get_name());
  for (CLI::App* command : cli->get_subcommands({})) {
    if (command->get_name() == help.topic) {
      return print(command, absl::StrCat(cli->get_name(), " ", help.topic));
    }
  }
  return UnknownCommand(help.topic, cli);
}

int WrongUsage(const CLI::ParseError& error, CLI::App* cli) {
  const std::vector<std::string> unknown = cli->remaining(true);
  // A misspelt word is often why something else is missing.
  const bool by_word = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
                       dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (by_word && !unknown.empty()) return UnknownWord(unknown[0], cli);
  return PrintUsageError(BlamedOnVariable(InOwnWords(error.what())),
                         "'trine help' and 'trine help COMMAND' show the usage", cli);
}

void AddCommands(CLI::App* cli, Run* run) {
  const Command app(cli);
  AddNormalizeCommand(app, run);
  AddNormalizeGradientCommand(app, run);
  AddEncodeCommand(app, run);
  AddDecodeCommand(app, run);
  AddInspectCommand(app, run);
  AddVerifyCommand(app, run);
  AddExactCommand(app, run);
  AddSegmentCommand(app, run);
  AddCompareMasksCommand(app, run);
  AddCompareLabelsCommand(app, run);
  AddInfoCommand(app, run);
  AddHealthCommand(app, run);
  AddBenchCommand(app, run);
  // Global options may come after the command too.
  for (CLI::App* command : cli->get_subcommands({})) command->fallthrough();
}

int Finish(const absl::Status& result, const Session& session) {
  const absl::Status status = WithFlags(result);
  if (!status.ok()) session.PrintFailureOfRun(status);
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
  HoldStandardFiles();
  InstallSignalHandlers();
  CLI::App app("Local response normalization, arithmetic coding and image segmentation.", "trine");
  WrapHelp(&app, TextColumns());
  app.set_version_flag("--version", "trine " TRINE_VERSION, "Print the version");
  app.require_subcommand(1);
  app.footer(WrappedText(kFooter, TextColumns()));
  Globals globals;
  AddGlobalFlags(Command(&app), &globals);
  Run run;
  Help help;
  AddHelpCommand(&app, &help);
  AddCommands(&app, &run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return WrongUsage(error, &app);
  }
  if (help.asked) return ShowHelp(help, &app);
  client::TakeGrpcLog(globals.verbose);
  Session session(globals);
  const absl::Status bar = CheckBar(globals, app.get_subcommands()[0]->get_name());
  return Finish(bar.ok() ? run(&session) : bar, session);
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
