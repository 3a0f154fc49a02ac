#include "server/toml.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::server {
namespace {

bool IsKeyChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  absl::StatusOr<std::vector<TomlEntry>> Parse() {
    std::vector<TomlEntry> entries;
    std::set<std::string> keys;
    for (SkipBlank(true); !rest_.empty(); SkipBlank(true)) {
      TomlEntry entry;
      entry.line = line_;
      if (rest_[0] == '[') return Error("tables are not understood; all keys stand at the top");
      while (!rest_.empty() && IsKeyChar(rest_[0])) entry.key += Take();
      if (entry.key.empty()) return Error("expected a key");
      if (!keys.insert(entry.key).second)
        return Error(absl::StrCat("the key ", entry.key, " appears twice"));
      SkipBlank(false);
      if (!TakeIf('=')) return Error(absl::StrCat("expected '=' behind ", entry.key));
      SkipBlank(false);
      TRINE_RETURN_IF_ERROR(ParseValues(&entry));
      SkipBlank(false);
      if (!rest_.empty() && rest_[0] != '\n')
        return Error(absl::StrCat("unexpected text behind the value of ", entry.key));
      entries.push_back(std::move(entry));
    }
    return entries;
  }

 private:
  absl::Status Error(std::string_view text) const {
    return MakeError(absl::StatusCode::kInvalidArgument, {.reason = "INVALID_FIELD"},
                     absl::StrCat("line ", line_, ": ", ToAbsl(text)));
  }

  char Take() {
    const char c = rest_[0];
    if (c == '\n') ++line_;
    rest_.remove_prefix(1);
    return c;
  }

  bool TakeIf(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    Take();
    return true;
  }

  // Blanks and comments; ends of lines only where asked to.
  void SkipBlank(bool lines) {
    while (!rest_.empty()) {
      const char c = rest_[0];
      if (c == '#') {
        while (!rest_.empty() && rest_[0] != '\n') Take();
      } else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
        Take();
      } else {
        return;
      }
    }
  }

  absl::Status ParseValues(TomlEntry* entry) {
    if (!TakeIf('[')) {
      TRINE_ASSIGN_OR_RETURN(std::string value, ParseScalar());
      entry->values.push_back(std::move(value));
      return absl::OkStatus();
    }
    entry->is_array = true;
    for (SkipBlank(true); !TakeIf(']'); SkipBlank(true)) {
      TRINE_ASSIGN_OR_RETURN(std::string value, ParseScalar());
      entry->values.push_back(std::move(value));
      SkipBlank(true);
      if (!TakeIf(',') && (rest_.empty() || rest_[0] != ']'))
        return Error("expected ',' or ']' in the array");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ParseScalar() {
    if (TakeIf('"')) return ParseBasicString();
    if (TakeIf('\'')) return ParseLiteralString();
    std::string word;
    while (!rest_.empty() && IsKeyChar(rest_[0])) word += Take();
    if (word == "true" || word == "false") return word;
    std::string digits;
    for (const char c : word)
      if (c != '_') digits += c;
    if (!digits.empty() && digits.find_first_not_of("0123456789") == std::string::npos)
      return digits;
    return Error("a value is a quoted string, a whole number, true, false or an array of these");
  }

  absl::StatusOr<std::string> ParseLiteralString() {
    std::string out;
    while (!rest_.empty() && rest_[0] != '\'' && rest_[0] != '\n') out += Take();
    if (!TakeIf('\'')) return Error("the string does not end on its line");
    return out;
  }

  absl::StatusOr<std::string> ParseBasicString() {
    static constexpr std::pair<char, char> kEscapes[] = {
        {'"', '"'}, {'\\', '\\'}, {'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'b', '\b'}, {'f', '\f'}};
    std::string out;
    while (!rest_.empty() && rest_[0] != '"' && rest_[0] != '\n') {
      const char c = Take();
      if (c != '\\') {
        out += c;
        continue;
      }
      const char escape = rest_.empty() ? '\n' : rest_[0];
      bool known = false;
      for (const auto& [name, value] : kEscapes) {
        if (escape != name) continue;
        out += value;
        known = true;
      }
      if (!known) return Error("an escape other than \\\" \\\\ \\n \\t \\r \\b \\f");
      Take();
    }
    if (!TakeIf('"')) return Error("the string does not end on its line");
    return out;
  }

  std::string_view rest_;
  int line_ = 1;
};

}  // namespace

absl::StatusOr<std::vector<TomlEntry>> ParseToml(std::string_view text) {
  return Parser(text).Parse();
}

std::string TomlString(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace trine::server
