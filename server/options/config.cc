#include "server/options/config.h"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "server/base/file.h"
#include "server/base/toml.h"
#include "server/options/option_table.h"

namespace trine::server {
namespace {

absl::Status Refuse(std::string_view text) {
  return MakeError(absl::StatusCode::kInvalidArgument, {.reason = "INVALID_FIELD"}, text);
}

// The same error with where the value came from.
absl::Status Locate(const absl::Status& status, std::string_view where) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  return MakeError(status.code(), {.reason = detail ? detail->reason : "INVALID_FIELD"},
                   absl::StrCat(ToAbsl(where), ": ", status.message()));
}

bool IsBool(const OptionSpec& spec) { return std::holds_alternative<bool Options::*>(spec.member); }

bool IsList(const OptionSpec& spec) {
  return std::holds_alternative<std::vector<std::string> Options::*>(spec.member);
}

absl::Status ApplyFile(const std::string& path, Options* options) {
  TRINE_ASSIGN_OR_RETURN(const std::string text, ReadFile("--config", path));
  const auto entries = ParseToml(text);
  if (!entries.ok()) return Locate(entries.status(), path);
  for (const TomlEntry& entry : *entries) {
    const std::string where = absl::StrCat(path, " line ", entry.line);
    const OptionSpec* spec = FindOption(entry.key);
    if (spec == nullptr)
      return Refuse(absl::StrCat(where, ": ", entry.key, " is not an option; see --print-config"));
    if (entry.is_array && !IsList(*spec))
      return Refuse(absl::StrCat(where, ": ", entry.key, " takes one value, not an array"));
    const absl::Status status = SetOption(*spec, absl::StrJoin(entry.values, ","), options);
    if (!status.ok()) return Locate(status, where);
  }
  return absl::OkStatus();
}

// A variable that is not set must not leave a server open that was to ask for tokens, say.
absl::Status CheckNotEmpty(std::string_view name, std::string_view text) {
  if (!text.empty()) return absl::OkStatus();
  return Refuse(absl::StrCat(ToAbsl(name), ": is empty; leave it out, or name a file"));
}

absl::Status ApplyEnvironment(const Environment& environment, Options* options) {
  for (const OptionSpec& spec : AllOptions()) {
    const std::string name = spec.environment_name();
    const std::optional<std::string> value = environment(name);
    if (!value) continue;
    if (spec.names_file) TRINE_RETURN_IF_ERROR(CheckNotEmpty(name, *value));
    if (absl::Status status = SetOption(spec, *value, options); !status.ok())
      return TranslateField(status, {{kAnyField, name}});
  }
  return absl::OkStatus();
}

// CLI11 takes an empty value for a missing one: it travels as this instead.
constexpr char kEmptyValue[] = "\x01";

std::vector<std::string> MarkEmptyValues(std::vector<std::string> arguments) {
  for (std::string& argument : arguments) {
    const bool empty_assignment = argument.size() > 3 && argument.compare(0, 2, "--") == 0 &&
                                  argument.find('=') == argument.size() - 1;
    if (argument.empty() || empty_assignment) argument += kEmptyValue;
  }
  return arguments;
}

std::string FlagHelp(const OptionSpec& spec) {
  const std::string value = GetOption(spec, Options{});
  return absl::StrCat(spec.help, " [", value.empty() ? "none" : value, "; ",
                      spec.environment_name(), "]");
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                             const Environment& environment) {
  CommandLine result;
  std::string config = environment("TRINE_CONFIG").value_or("");
  result.port_file = environment("TRINE_PORT_FILE").value_or("");

  CLI::App app("Serves local response normalization, arithmetic coding and image segmentation.",
               "trine-server");
  CLI::Option* const config_flag =
      app.add_option("--config", config,
                     "configuration file (TOML: key = value, keys as the flags) [TRINE_CONFIG]");
  CLI::Option* const port_flag =
      app.add_option("--port-file", result.port_file,
                     "file to write the addresses to, as JSON, once the server listens "
                     "[TRINE_PORT_FILE]");
  app.add_flag("--print-config", result.print_config,
               "print the options that hold, as a configuration file");
  app.add_flag("--check-config", result.check_config,
               "check the options and the files that they name");
  app.add_flag("--version", result.version, "print the version");
  std::vector<std::pair<const OptionSpec*, CLI::Option*>> flags;
  for (const OptionSpec& spec : AllOptions()) {
    const std::string name = absl::StrCat("--", spec.name);
    const std::string help = FlagHelp(spec);
    CLI::Option* flag = IsBool(spec) ? app.add_flag(absl::StrCat(name, ",!--no-", spec.name), help)
                                     : app.add_option(name, help);
    if (IsList(spec)) flag->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (!IsBool(spec)) flag->type_name("VALUE");
    flags.emplace_back(&spec, flag);
  }
  try {
    const std::vector<std::string> marked = MarkEmptyValues(arguments);
    app.parse(std::vector<std::string>(marked.rbegin(), marked.rend()));
  } catch (const CLI::CallForHelp&) {
    result.help = app.help();
    return result;
  } catch (const CLI::ParseError& e) {
    return Refuse(e.what());
  }

  for (const auto& [flag, text] : {std::pair<CLI::Option*, std::string*>{config_flag, &config},
                                   {port_flag, &result.port_file}}) {
    if (*text == kEmptyValue) text->clear();
    if (flag->count() > 0) TRINE_RETURN_IF_ERROR(CheckNotEmpty(flag->get_name(), *text));
  }
  if (!config.empty()) TRINE_RETURN_IF_ERROR(ApplyFile(config, &result.options));
  TRINE_RETURN_IF_ERROR(ApplyEnvironment(environment, &result.options));
  for (const auto& [spec, flag] : flags) {
    if (flag->count() == 0) continue;
    std::string text = absl::StrJoin(flag->results(), ",");
    if (text == kEmptyValue) text.clear();
    if (spec->names_file) {
      TRINE_RETURN_IF_ERROR(CheckNotEmpty(absl::StrCat("--", spec->name), text));
    }
    if (absl::Status status = SetOption(*spec, text, &result.options); !status.ok())
      return TranslateField(status, {{kAnyField, absl::StrCat("--", spec->name)}});
  }
  TRINE_RETURN_IF_ERROR(ValidateOptions(result.options));
  // A program that listens nowhere serves nobody.
  if (result.options.listen.empty())
    return InvalidField("listen", "", "names at least one address");
  return result;
}

std::string PrintConfig(const Options& options) {
  std::string out;
  for (const OptionSpec& spec : AllOptions()) {
    absl::StrAppend(&out, "# ", spec.help, "\n", spec.name, " = ");
    if (IsList(spec)) {
      const auto member = std::get<std::vector<std::string> Options::*>(spec.member);
      absl::StrAppend(
          &out, "[",
          absl::StrJoin(options.*member, ", ",
                        [](std::string* s, const std::string& value) { *s += TomlString(value); }),
          "]\n");
    } else if (std::holds_alternative<std::string Options::*>(spec.member)) {
      absl::StrAppend(&out, TomlString(GetOption(spec, options)), "\n");
    } else {
      absl::StrAppend(&out, GetOption(spec, options), "\n");
    }
  }
  return out;
}

}  // namespace trine::server
