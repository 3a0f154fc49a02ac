#include "server/base/toml.h"

// Errors are values here, not exceptions.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 1
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::server {
namespace {

absl::Status Error(size_t line, std::string_view text) {
  return MakeError(absl::StatusCode::kInvalidArgument, {.reason = "INVALID_FIELD"},
                   absl::StrCat("line ", line, ": ", ToAbsl(text)));
}

// A string, an integer or a boolean as text; nothing for any other value.
bool ScalarText(const toml::node& node, std::string* out) {
  if (const auto* s = node.as_string()) {
    *out = s->get();
  } else if (const auto* i = node.as_integer()) {
    *out = std::to_string(i->get());
  } else if (const auto* b = node.as_boolean()) {
    *out = b->get() ? "true" : "false";
  } else {
    return false;
  }
  return true;
}

absl::Status ReadValues(const toml::node& node, TomlEntry* entry) {
  const auto refuse = [&] {
    return Error(static_cast<size_t>(entry->line),
                 absl::StrCat(entry->key,
                              " must be a string, an integer, true, false, or an array "
                              "of these; all keys are at the top level"));
  };
  const toml::array* array = node.as_array();
  entry->is_array = array != nullptr;
  if (array == nullptr) {
    return ScalarText(node, &entry->values.emplace_back()) ? absl::OkStatus() : refuse();
  }
  for (const toml::node& item : *array) {
    if (!ScalarText(item, &entry->values.emplace_back())) return refuse();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<TomlEntry>> ParseToml(std::string_view text) {
  const toml::parse_result result = toml::parse(text);
  if (!result) {
    const toml::parse_error& error = result.error();
    return Error(error.source().begin.line, error.description());
  }
  std::vector<TomlEntry> entries;
  for (auto&& [key, node] : result.table()) {
    TomlEntry entry;
    entry.key = std::string(key.str());
    entry.line = static_cast<int>(key.source().begin.line);
    TRINE_RETURN_IF_ERROR(ReadValues(node, &entry));
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(),
            [](const TomlEntry& a, const TomlEntry& b) { return a.line < b.line; });
  return entries;
}

std::string TomlString(std::string_view text) {
  std::ostringstream out;
  // No literal ('...') or multi-line strings: one line, always in the same form.
  out << toml::toml_formatter(toml::value<std::string>(std::string(text)),
                              toml::format_flags::none);
  return out.str();
}

}  // namespace trine::server
