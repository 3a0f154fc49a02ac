#include "client/cli/files/table_file.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/files/input_file.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

using Json = nlohmann::json;

constexpr NamedLimit kFileLimit = {"bytes of a table's file", uint64_t{64} << 20};

// Events of the parser; returning false stops it. The parser hands over the text of numbers with a
// fraction or an exponent, and of integers the exact value.
class TableReader {
 public:
  explicit TableReader(v1::ProbabilityTable* table) : table_(table) {}
  const std::string& error() const { return error_; }

  bool null() { return Fail("null is not a value here"); }
  bool boolean(bool) { return Fail("true and false are no values here"); }
  bool number_integer(Json::number_integer_t value) { return Number(absl::StrCat(value)); }
  bool number_unsigned(Json::number_unsigned_t value) { return Number(absl::StrCat(value)); }
  bool number_float(Json::number_float_t, const std::string& text) { return Number(text); }
  bool binary(Json::binary_t&) { return Fail("binary values are no JSON"); }

  bool string(std::string& value) {
    if (depth_ != 2) return Fail("expected an array");
    if (key_ == "symbols") {
      table_->add_text(value);
      return true;
    }
    return Number(value);
  }

  bool start_object(size_t) {
    return ++depth_ == 1 ? true : Fail("expected an array of strings or numbers");
  }
  bool end_object() {
    --depth_;
    return true;
  }
  bool start_array(size_t) {
    if (++depth_ != 2) return Fail("expected one object with arrays in it");
    return true;
  }
  bool end_array() {
    --depth_;
    return true;
  }

  bool key(std::string& name) {
    if (name != "symbols" && name != "probabilities" && name != "counts") {
      return Fail(
          absl::StrCat("unknown key \"", name, "\"; known are symbols, probabilities and counts"));
    }
    for (const std::string& old : seen_) {
      if (old == name) return Fail(absl::StrCat("key \"", name, "\" is given twice"));
    }
    seen_.push_back(name);
    key_ = name;
    return true;
  }

  bool parse_error(size_t position, const std::string&, const Json::exception&) {
    return Fail(absl::StrCat("broken JSON at byte ", position));
  }

 private:
  bool Fail(std::string text) {
    if (error_.empty()) error_ = std::move(text);
    return false;
  }

  bool Number(const std::string& text) {
    if (depth_ != 2) return Fail("expected an array");
    if (key_ == "probabilities") {
      table_->add_decimals(text);
      return true;
    }
    if (key_ == "symbols") return Symbol(text);
    uint64_t value = 0;
    if (!absl::SimpleAtoi(text, &value)) {
      return Fail(absl::StrCat("\"", key_, "\" holds ", text,
                               ", which is no whole number from 0 to ", UINT64_MAX));
    }
    table_->add_counts(value);
    return true;
  }

  // With the first number below 0 all of them become signed.
  bool Symbol(const std::string& text) {
    uint64_t value = 0;
    int64_t signed_value = 0;
    const bool is_natural = absl::SimpleAtoi(text, &value);
    const bool is_signed = absl::SimpleAtoi(text, &signed_value);
    if (is_signed && (!is_natural || table_->signed_integers_size() > 0)) {
      for (const uint64_t old : table_->integers()) {
        if (old > uint64_t{INT64_MAX}) return OutOfRange(absl::StrCat(old));
        table_->add_signed_integers(static_cast<int64_t>(old));
      }
      table_->clear_integers();
      table_->add_signed_integers(signed_value);
      return true;
    }
    if (!is_natural || table_->signed_integers_size() > 0) return OutOfRange(text);
    table_->add_integers(value);
    return true;
  }

  bool OutOfRange(const std::string& text) {
    return Fail(absl::StrCat("\"symbols\" holds ", text, ", which is no whole number from ",
                             INT64_MIN, " to ", UINT64_MAX));
  }

  v1::ProbabilityTable* table_;
  int depth_ = 0;
  std::string key_;
  std::vector<std::string> seen_;
  std::string error_;
};

std::string CheckWhole(const v1::ProbabilityTable& table) {
  const int numbers = table.integers_size() + table.signed_integers_size();
  const int symbols = table.text_size() + numbers;
  if (table.text_size() > 0 && numbers > 0) {
    return "symbols are all strings or all numbers, not both";
  }
  if (symbols == 0) return "it needs symbols";
  const bool has_counts = table.counts_size() > 0;
  if ((table.decimals_size() > 0) == has_counts) {
    return has_counts ? "it has both probabilities and counts; give one of them"
                      : "it needs either probabilities or counts";
  }
  const int values = table.decimals_size() + table.counts_size();
  if (values == symbols) return "";
  return absl::StrCat(symbols, " symbols and ", values, has_counts ? " counts" : " probabilities",
                      ": their number must be the same");
}

}  // namespace

absl::StatusOr<v1::ProbabilityTable> ParseTable(std::string_view json, const std::string& name,
                                                IntegerSymbols integers) {
  v1::ProbabilityTable table;
  TableReader reader(&table);
  std::string error;
  if (!Json::sax_parse(json.begin(), json.end(), &reader)) {
    error = reader.error();
  } else {
    error = CheckWhole(table);
  }
  if (!error.empty()) return InputError(absl::StrCat("table '", name, "': ", error));
  if (integers == IntegerSymbols::kDigits) {
    for (const uint64_t value : table.integers()) table.add_text(absl::StrCat(value));
    for (const int64_t value : table.signed_integers()) table.add_text(absl::StrCat(value));
    table.clear_integers();
    table.clear_signed_integers();
  }
  if (table.text_size() > 0) {
    table.set_kind(v1::SYMBOL_KIND_TEXT);
  } else if (table.signed_integers_size() > 0) {
    table.set_kind(v1::SYMBOL_KIND_SIGNED_INTEGERS);
  } else {
    table.set_kind(integers == IntegerSymbols::kBytes ? v1::SYMBOL_KIND_BYTES
                                                      : v1::SYMBOL_KIND_INTEGERS);
  }
  return table;
}

absl::StatusOr<v1::ProbabilityTable> ReadTableFile(const std::string& path,
                                                   IntegerSymbols integers) {
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  TRINE_ASSIGN_OR_RETURN(const std::string json, file.ReadAll(kFileLimit));
  return ParseTable(json, path, integers);
}

}  // namespace trine::cli
