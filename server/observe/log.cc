#include "server/observe/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "server/base/text.h"

namespace trine::server {
namespace {

// A line has an end: what a client can put into one field is bounded before, this is the last net.
constexpr size_t kMaxTextBytes = 2048;

std::optional<spdlog::level::level_enum> ParseLevel(std::string_view level) {
  static constexpr std::pair<std::string_view, spdlog::level::level_enum> kLevels[] = {
      {"trace", spdlog::level::trace}, {"debug", spdlog::level::debug},
      {"info", spdlog::level::info},   {"warn", spdlog::level::warn},
      {"error", spdlog::level::err},   {"off", spdlog::level::off}};
  for (const auto& [name, value] : kLevels)
    if (name == level) return value;
  return std::nullopt;
}

// As it is where that cannot be misread, else quoted.
void AppendTextValue(std::string* line, std::string_view value) {
  bool plain = !value.empty();
  for (const char c : value) plain = plain && c > ' ' && c < 0x7F && c != '"' && c != '=';
  if (plain) {
    *line += value;
  } else {
    AppendJsonString(line, value.substr(0, kMaxTextBytes));
  }
}

void AppendNumber(std::string* line, double value) {
  // JSON knows neither NaN nor infinity.
  absl::StrAppend(line, std::isfinite(value) ? value : -1.0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Logger>> Logger::Create(std::string_view format,
                                                       std::string_view level,
                                                       spdlog::sink_ptr sink) {
  if (format != "text" && format != "json")
    return InvalidField("log-format", format, "must be text or json");
  const auto parsed = ParseLevel(level);
  if (!parsed)
    return InvalidField("log-level", level, "must be trace, debug, info, warn, error or off");
  if (sink == nullptr) sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("trine", std::move(sink));
  const bool json = format == "json";
  const std::string pattern =
      json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
  logger->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  logger->set_level(*parsed);
  logger->flush_on(spdlog::level::warn);
  return std::unique_ptr<Logger>(new Logger(json, std::move(logger)));
}

void Logger::Write(spdlog::level::level_enum level, std::string_view message,
                   std::initializer_list<LogField> fields) {
  if (!Enabled(level)) return;
  std::string line;
  if (json_) {
    line = "\"message\":";
    AppendJsonString(&line, message.substr(0, kMaxTextBytes));
  } else {
    line = ValidUtf8(message, kMaxTextBytes);
  }
  for (const LogField& field : fields) {
    absl::StrAppend(&line, json_ ? ",\"" : " ", ToAbsl(field.key), json_ ? "\":" : "=");
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      if (json_) {
        AppendJsonString(&line, text->substr(0, kMaxTextBytes));
      } else {
        AppendTextValue(&line, *text);
      }
    } else if (const auto* integer = std::get_if<int64_t>(&field.value)) {
      absl::StrAppend(&line, *integer);
    } else {
      AppendNumber(&line, std::get<double>(field.value));
    }
  }
  logger_->log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace trine::server
