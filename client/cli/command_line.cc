#include "client/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <regex>
#include <type_traits>
#include <utility>

#include "client/cli/spelling.h"
#include "client/cli/suggest.h"
#include "client/cli/wrap.h"

namespace trine::cli {
namespace {

// That a text passes `test`; else it "must be" something. `shown`: in the help, after the flag's
// name. CLI11's own checks each say it in another way.
CLI::Validator Must(const std::string& be, const std::function<bool(const std::string&)>& test,
                    const std::string& shown = "") {
  return CLI::Validator(
      [be, test](const std::string& text) {
        return test(text) ? std::string() : "is '" + text + "'; must be " + be;
      },
      shown, "");
}

// "4, 8 or 16".
std::string Listed(const std::vector<std::string>& names) {
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) list += i + 1 < names.size() ? ", " : " or ";
    list += names[i];
  }
  return list;
}

// CLI11's help, in lines that are no longer than the terminal.
class WrappingFormatter : public CLI::Formatter {
 public:
  explicit WrappingFormatter(size_t columns) : columns_(columns) {}

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    return Entry(make_option_name(option, is_positional) + make_option_opts(option),
                 make_option_desc(option));
  }
  std::string make_subcommand(const CLI::App* command) const override {
    return Entry(command->get_display_name(true), command->get_description());
  }
  std::string make_description(const CLI::App* app) const override {
    return WrappedText(app->get_description(), columns_) + "\n";
  }

 private:
  std::string Entry(const std::string& name, const std::string& about) const {
    constexpr size_t kMore = 6;  // the indent of what follows a long name
    const size_t about_at = get_column_width();
    std::string text = "  " + WrappedText(name, columns_ - kMore, kMore);
    if (!about.empty()) {
      text += text.size() < about_at ? std::string(about_at - text.size(), ' ')
                                     : "\n" + std::string(about_at, ' ');
      text += WrappedText(about, columns_ - about_at, about_at);
    }
    return text + "\n";
  }

  size_t columns_;
};

constexpr char kIsEmpty[] = "is empty; leave it out, or give it a value";

// The same of a text that must be one of some words, of which the nearest is named. The text
// becomes the word.
CLI::Validator MustBeOneOf(const std::vector<std::string>& words) {
  return CLI::Validator(
      [words, list = Listed(words)](std::string& text) {
        if (text.empty()) return std::string(kIsEmpty);
        const auto word = std::find_if(words.begin(), words.end(), [&text](const std::string& w) {
          return Dashed(w) == Dashed(text);
        });
        if (word == words.end())
          return "is '" + text + "'; must be " + list + DidYouMean(text, words);
        text = *word;
        return std::string();
      },
      "{" + CLI::detail::join(words) + "}", "");
}

// Its name, by which a flag can do without.
constexpr char kNotEmpty[] = "not_empty";

CLI::Validator NotEmpty() {
  return CLI::Validator(
      [](const std::string& text) { return text.empty() ? std::string(kIsEmpty) : std::string(); },
      "", kNotEmpty);
}

Check Of(CLI::Validator validator, bool changes = false) {
  return Check(std::make_shared<CLI::Validator>(std::move(validator)), changes);
}

template <typename T>
struct NumberIn {
  using Type = T;
};
template <typename T>
struct NumberIn<std::optional<T>> {
  using Type = T;
};
template <typename T>
using Number = typename NumberIn<T>::Type;

// As CLI11 will convert the text to a T; of a whole number of more than 64 bits it would make the
// nearest one of 64.
template <typename T>
bool IsA(const std::string& text) {
  T value{};
  errno = 0;
  const bool is_one = CLI::detail::lexical_cast(text, value);
  return is_one && !(std::is_integral_v<T> && errno == ERANGE);
}

}  // namespace

std::string InOwnWords(const std::string& text) {
  static const std::pair<std::regex, const char*> kTexts[] = {
      {std::regex(R"((\S+): At Most 1 required but received (\d+))"),
       "$1: is given $2 times; must be given once"},
      {std::regex(R"((\S+): 1 required ([^:]*)(:.*)? missing)"), "$1: needs a value: $2"},
      {std::regex(R"((\S+): At least (\d+) required but received (\d+))"),
       "$1: is given $3 times; must be at least $2"},
      {std::regex(R"((\S+) excludes (\S+))"), "$1 does not go with $2"},
  };
  for (const auto& [pattern, words] : kTexts) {
    if (std::regex_match(text, pattern)) return std::regex_replace(text, pattern, words);
  }
  return text;
}

void WrapHelp(CLI::App* app, size_t columns) {
  app->formatter(std::make_shared<WrappingFormatter>(columns));
}

Check IsMember(const std::vector<std::string>& names) { return Of(MustBeOneOf(names), true); }
Check IsMember(const std::vector<int>& numbers) {
  std::vector<std::string> names;
  names.reserve(numbers.size());
  for (const int number : numbers) names.push_back(std::to_string(number));
  return Of(MustBeOneOf(names));
}
Check InRange(int low, int high) {
  const std::string ends = std::to_string(low) + " to " + std::to_string(high);
  return Of(Must(
      ends,
      [low, high](const std::string& text) {
        int value = 0;
        return CLI::detail::lexical_cast(text, value) && low <= value && value <= high;
      },
      "[" + ends + "]"));
}
Check IsNumber() { return Of(Must("a number", IsA<double>)); }
Check IsWholeNumber() { return Of(Must("a whole number", IsA<int64_t>)); }
Check NotNegative() {
  return Of(Must("at least 0", [](const std::string& t) { return t.empty() || t[0] != '-'; }));
}

Flag Flag::type_name(const std::string& name) const { return Flag(option_->type_name(name)); }
Flag Flag::group(const std::string& name) const { return Flag(option_->group(name)); }
Flag Flag::check(const Check& check) const {
  if (check.changes()) return Flag(option_->transform(check.validator()));
  return Flag(option_->check(check.validator()));
}
Flag Flag::required(bool required) const { return Flag(option_->required(required)); }
Flag Flag::envname(const std::string& name) const { return Flag(option_->envname(name)); }
Flag Flag::excludes(Flag other) const { return Flag(option_->excludes(other.option_)); }
Flag Flag::may_be_empty() const {
  option_->get_validator(kNotEmpty)->active(false);
  return *this;
}
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
  CLI::Option* option = app_->add_option(names, value, help);
  if constexpr (std::is_same_v<T, double> || std::is_same_v<T, std::optional<double>> ||
                std::is_same_v<T, std::vector<double>>) {
    option->check(Must("a number", IsA<double>));
  } else if constexpr (!std::is_same_v<T, std::string> &&
                       !std::is_same_v<T, std::vector<std::string>>) {
    option->check(Must("a whole number", IsA<Number<T>>));
  } else if (names[0] == '-') {
    // Of a variable that is not set, most often.
    option->check(NotEmpty());
  }
  return Flag(option);
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
