// What flags are checked for beside what CLI11 offers, with a message that a person can read.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace trine::cli {

// An integer that is at least 0. CLI11's own check names the range of a double.
inline CLI::Validator NotNegative() {
  return CLI::Validator(
      [](const std::string& text) {
        return text.empty() || text[0] != '-' ? std::string()
                                              : "is " + text + "; must be at least 0";
      },
      "", "not_negative");
}

// A text that says something: an unset variable of a script is not taken for a choice.
inline CLI::Validator NotEmpty(const std::string& what) {
  return CLI::Validator(
      [what](const std::string& text) {
        return text.empty() ? "is empty; must hold at least " + what : std::string();
      },
      "", "not_empty");
}

}  // namespace trine::cli
