// The server's log: one line an event to stderr, as text or as JSON. Never a payload, never a
// token. Thread safety: all members may be called from any thread.
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"

namespace trine::server {

struct LogField {
  std::string_view key;  // of our own choice: a plain JSON key
  std::variant<std::string_view, int64_t, double> value;
};

class Logger {
 public:
  // `format` "text" or "json"; `level` trace, debug, info, warn, error or off; else
  // INVALID_ARGUMENT naming the option. `sink` replaces stderr (tests).
  static absl::StatusOr<std::unique_ptr<Logger>> Create(std::string_view format,
                                                        std::string_view level,
                                                        spdlog::sink_ptr sink = nullptr);

  bool Enabled(spdlog::level::level_enum level) const { return logger_->should_log(level); }

  // Text: `<time> <level> <message> key=value ...`; JSON: {"time":..., "level":..., "message":...,
  // key: value, ...}. Values are escaped; bytes that are not UTF-8 become U+FFFD.
  void Write(spdlog::level::level_enum level, std::string_view message,
             std::initializer_list<LogField> fields = {});

  void Info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(spdlog::level::info, message, fields);
  }
  void Warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(spdlog::level::warn, message, fields);
  }
  void Error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(spdlog::level::err, message, fields);
  }

 private:
  Logger(bool json, std::shared_ptr<spdlog::logger> logger)
      : json_(json), logger_(std::move(logger)) {}

  const bool json_;
  const std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace trine::server
