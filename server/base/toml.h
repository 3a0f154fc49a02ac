// The part of TOML that a flat configuration file needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace trine::server {

struct TomlEntry {
  std::string key;
  std::vector<std::string> values;  // one, or an array's; numbers and booleans as they are written
  bool is_array = false;
  int line = 0;  // from 1
};

// The keys of a TOML file in the order of their lines, values being strings, integers, booleans,
// and arrays of these. What else TOML knows (tables, floats, dates, dotted keys) is an
// INVALID_ARGUMENT that names the line, as is a key that appears twice.
absl::StatusOr<std::vector<TomlEntry>> ParseToml(std::string_view text);

// `text` as a basic string with its quotes.
std::string TomlString(std::string_view text);

}  // namespace trine::server
