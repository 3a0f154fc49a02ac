// The table of all options: flags, environment variables, configuration keys, checks, publication.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/options/options.h"

namespace trine::server {

// The least memory limit, in longest messages: gRPC's share of it must hold one.
inline constexpr uint64_t kLeastMemoryInMessages = 4;

enum class OptionUnit {
  kNone,          // text, lists, booleans
  kCount,         // integers
  kBytes,         // as core/base/text/quantity.h reads them
  kMilliseconds,  // the same; without a unit of ms, which the option's name says
};

struct OptionSpec {
  using Member = std::variant<std::string Options::*, std::vector<std::string> Options::*,
                              bool Options::*, int Options::*, int64_t Options::*,
                              uint64_t Options::*, int64_t Limits::*, uint64_t Limits::*>;

  const char* name;  // of the flag, without its dashes, and of the configuration key
  Member member;
  OptionUnit unit;
  uint64_t min;  // of numbers
  uint64_t max;
  bool is_limit;  // published by GetServerInfo and in the metrics
  const char* help;
  bool names_file =
      false;  // without which the server is another: its flag and variable are not empty

  // "TRINE_MAX_QUEUED".
  std::string environment_name() const;
  // "max_queued".
  std::string limit_name() const;
  // "bytes", "ms", or what is counted.
  std::string unit_name() const;
};

absl::Span<const OptionSpec> AllOptions();
// Null where there is none.
const OptionSpec* FindOption(std::string_view name);

// Sets the option from text. A list takes parts separated by commas and replaces what was there; a
// boolean true, false, 1, 0, yes, no, on, off. INVALID_ARGUMENT naming the option, the text and
// what is allowed.
absl::Status SetOption(const OptionSpec& spec, std::string_view text, Options* options);
// What SetOption would read back.
std::string GetOption(const OptionSpec& spec, const Options& options);
// A number's value; 0 for text and lists.
uint64_t GetNumber(const OptionSpec& spec, const Options& options);

// Every value in its range and all of them together consistent. Files are not opened.
absl::Status ValidateOptions(const Options& options);

}  // namespace trine::server
