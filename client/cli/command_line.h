// Commands and flags: CLI11's, behind types of our own. Its header defines the objects of its
// checks anew in every file that sees it, which takes seven seconds to compile each time: only
// command_line.cc and main.cc do.
//
// Names and meaning of the functions are CLI11's. Both types are handles, cheap to copy; they are
// valid as long as the program's CLI::App. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
class Validator;
}  // namespace CLI

namespace trine::cli {

// CLI11's own text of an error, as this program says it; one that it does not know stays.
std::string InOwnWords(const std::string& text);

// Of `app` and the commands that are added to it afterwards: the help's options are told in lines
// of `columns`, at least 60.
void WrapHelp(CLI::App* app, size_t columns);

// What the text of a flag's value must be.
class Check {
 public:
  Check(std::shared_ptr<CLI::Validator> validator, bool changes)
      : validator_(std::move(validator)), changes_(changes) {}
  CLI::Validator& validator() const { return *validator_; }
  bool changes() const { return changes_; }  // the text that passes may become another

 private:
  std::shared_ptr<CLI::Validator> validator_;
  bool changes_;
};

// The nearest of the names is suggested for another one. Dashes and underscores are the same: the
// value becomes the name as it is here.
Check IsMember(const std::vector<std::string>& names);
Check IsMember(const std::vector<int>& numbers);
Check InRange(int low, int high);
Check IsNumber();
Check IsWholeNumber();  // of 64 bits
// An integer that is at least 0.
Check NotNegative();

class Flag {
 public:
  Flag() = default;
  explicit Flag(CLI::Option* option) : option_(option) {}
  // So that calls are chained as CLI11's are.
  const Flag* operator->() const { return this; }

  Flag type_name(const std::string& name) const;
  Flag group(const std::string& name) const;
  Flag check(const Check& check) const;
  Flag required(bool required = true) const;
  Flag envname(const std::string& name) const;
  Flag excludes(Flag other) const;
  Flag may_be_empty() const;  // see add_option
  Flag delimiter(char delimiter) const;
  Flag allow_extra_args(bool allow) const;
  Flag each(const std::function<void(const std::string&)>& each) const;
  // How often it was given.
  size_t count() const;

 private:
  CLI::Option* option_ = nullptr;
};

class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}
  const Command* operator->() const { return this; }

  Command add_subcommand(const std::string& name, const std::string& help) const;
  // T: std::string, double, int, int64_t, uint32_t, a std::optional of a number, a std::vector of
  // std::string or double. A text that is given must not be empty: an unset variable of a script is
  // no choice. Positional ones may be.
  template <typename T>
  Flag add_option(const std::string& names, T& value, const std::string& help) const;
  Flag add_flag(const std::string& names, bool& value, const std::string& help) const;
  Flag add_flag_callback(const std::string& names, const std::function<void()>& callback,
                         const std::string& help) const;
  Flag get_option(const std::string& name) const;
  void callback(const std::function<void()>& callback) const;

 private:
  CLI::App* app_;
};

}  // namespace trine::cli
