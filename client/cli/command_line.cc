#include "client/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <utility>

namespace trine::cli {
namespace {

Check Of(CLI::Validator validator) {
  return Check(std::make_shared<CLI::Validator>(std::move(validator)));
}

}  // namespace

Check IsMember(std::vector<std::string> names) { return Of(CLI::IsMember(std::move(names))); }
Check IsMember(std::vector<int> numbers) { return Of(CLI::IsMember(std::move(numbers))); }
Check InRange(int low, int high) { return Of(CLI::Range(low, high)); }

// CLI11's own check names the range of a double.
Check NotNegative() {
  return Of(CLI::Validator(
      [](const std::string& text) {
        return text.empty() || text[0] != '-' ? std::string()
                                              : "is " + text + "; must be at least 0";
      },
      "", "not_negative"));
}

Check NotEmpty(const std::string& what) {
  return Of(CLI::Validator(
      [what](const std::string& text) {
        return text.empty() ? "is empty; must hold at least " + what : std::string();
      },
      "", "not_empty"));
}

Flag Flag::type_name(const std::string& name) const { return Flag(option_->type_name(name)); }
Flag Flag::group(const std::string& name) const { return Flag(option_->group(name)); }
Flag Flag::check(const Check& check) const { return Flag(option_->check(check.validator())); }
Flag Flag::required(bool required) const { return Flag(option_->required(required)); }
Flag Flag::envname(const std::string& name) const { return Flag(option_->envname(name)); }
Flag Flag::excludes(Flag other) const { return Flag(option_->excludes(other.option_)); }
Flag Flag::delimiter(char delimiter) const { return Flag(option_->delimiter(delimiter)); }
Flag Flag::allow_extra_args(bool allow) const { return Flag(option_->allow_extra_args(allow)); }
Flag Flag::each(const std::function<void(const std::string&)>& each) const {
  return Flag(option_->each(each));
}
size_t Flag::count() const { return option_->count(); }

Command Command::add_subcommand(const std::string& name, const std::string& help) const {
  return Command(app_->add_subcommand(name, help));
}

template <typename T>
Flag Command::add_option(const std::string& names, T& value, const std::string& help) const {
  return Flag(app_->add_option(names, value, help));
}

template Flag Command::add_option(const std::string&, std::string&, const std::string&) const;
template Flag Command::add_option(const std::string&, double&, const std::string&) const;
template Flag Command::add_option(const std::string&, int&, const std::string&) const;
template Flag Command::add_option(const std::string&, int64_t&, const std::string&) const;
template Flag Command::add_option(const std::string&, uint32_t&, const std::string&) const;
template Flag Command::add_option(const std::string&, std::optional<int>&,
                                  const std::string&) const;
template Flag Command::add_option(const std::string&, std::optional<int64_t>&,
                                  const std::string&) const;
template Flag Command::add_option(const std::string&, std::optional<double>&,
                                  const std::string&) const;
template Flag Command::add_option(const std::string&, std::vector<std::string>&,
                                  const std::string&) const;
template Flag Command::add_option(const std::string&, std::vector<double>&,
                                  const std::string&) const;

Flag Command::add_flag(const std::string& names, bool& value, const std::string& help) const {
  return Flag(app_->add_flag(names, value, help));
}
Flag Command::add_flag_callback(const std::string& names, const std::function<void()>& callback,
                                const std::string& help) const {
  return Flag(app_->add_flag_callback(names, callback, help));
}
Flag Command::get_option(const std::string& name) const { return Flag(app_->get_option(name)); }
void Command::callback(const std::function<void()>& callback) const { app_->callback(callback); }

}  // namespace trine::cli
