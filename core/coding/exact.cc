#include "core/coding/exact.h"

#include <gmpxx.h>

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text/utf8.h"
#include "core/coding/models/table/rational_text.h"
#include "core/coding/models/table/table_fit.h"

namespace trine::coding {
namespace {

// Bits of the common denominator of a table, and of that of a message's interval (the table's
// times the symbols): one operation on it stays below a millisecond or two.
constexpr size_t kMaxDenominatorBits = size_t{1} << 16;
constexpr size_t kMaxIntervalBits = size_t{1} << 19;
// Text of the steps' numbers: a table of long denominators and many steps would make far more.
constexpr uint64_t kMaxStepsText = uint64_t{16} << 20;
constexpr size_t kMaxCodeBits = 65536;
constexpr unsigned long kExactDigits = 60;
constexpr size_t kShownDigits = 30;

size_t BitsOf(const mpz_class& x) { return mpz_sizeinbase(x.get_mpz_t(), 2); }

// Symbol i has the part [starts[i], starts[i+1]) of [0, total), in the order of the table.
struct Distribution {
  std::vector<mpz_class> starts;
  mpz_class total;
};

absl::StatusOr<Distribution> FromProbabilities(const Context& context,
                                               const ProbabilityTable& table) {
  std::vector<mpq_class> p;
  mpz_class common = 1;
  for (size_t i = 0; i < table.probabilities.size(); ++i) {
    if (i % 256 == 0) TRINE_RETURN_IF_ERROR(context.cancel.Check());
    TRINE_ASSIGN_OR_RETURN(mpq_class value,
                           ParseRational(table.probabilities[i], "table.probabilities"));
    mpz_lcm(common.get_mpz_t(), common.get_mpz_t(), value.get_den().get_mpz_t());
    if (BitsOf(common) > kMaxDenominatorBits) {
      return LimitExceeded("table.probabilities", BitsOf(common), "bits of the common denominator",
                           kMaxDenominatorBits);
    }
    p.push_back(std::move(value));
  }
  Distribution out;
  out.total = common;
  mpz_class sum = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    if (i % 256 == 0) TRINE_RETURN_IF_ERROR(context.cancel.Check());
    out.starts.push_back(sum);
    sum += mpz_class(common / p[i].get_den()) * p[i].get_num();
  }
  out.starts.push_back(sum);
  if (sum != common) {
    mpq_class exact(sum, common);
    exact.canonicalize();
    std::string shown = exact.get_str();
    if (shown.size() > 100) shown = absl::StrCat("about ", exact.get_d());
    return InvalidField("table.probabilities", "a sum of " + shown, "the sum must be exactly 1");
  }
  return out;
}

// Whether the symbols of a message are parted by spaces: where one is longer than a character. A
// space inside of one would be none of its own then.
absl::StatusOr<bool> IsSpaced(const ProbabilityTable& table) {
  const bool spaced = std::any_of(table.text.begin(), table.text.end(), [](const auto& symbol) {
    return symbol.empty() || TakeCodePoint(symbol).bytes != symbol.size();
  });
  for (size_t i = 0; spaced && i < table.text.size(); ++i) {
    if (table.text[i].find(' ') != std::string::npos) {
      return InvalidField(absl::StrCat("table.text[", i, "]"), table.text[i],
                          "must hold no space: spaces part the symbols of a message where one of "
                          "them is longer than a character");
    }
  }
  return spaced;
}

absl::StatusOr<Distribution> MakeDistribution(const Context& context,
                                              const ProbabilityTable& table) {
  if (table.kind != SymbolKind::kText) {
    return InvalidField("table.kind", static_cast<int64_t>(table.kind), "must be 2 (text)");
  }
  TRINE_RETURN_IF_ERROR(ValidateTablePolled(table, *context.limits, context.cancel));
  TRINE_RETURN_IF_ERROR(IsSpaced(table).status());
  if (!table.weights.empty()) {
    return InvalidField("table.weights", static_cast<int64_t>(table.weights.size()),
                        "the exact coder takes probabilities as text, or counts");
  }
  if (!table.probabilities.empty()) return FromProbabilities(context, table);
  Distribution out;
  out.total = 0;
  for (uint64_t c : table.counts) {
    out.starts.push_back(out.total);
    out.total += ToInteger(c);
  }
  out.starts.push_back(out.total);
  return out;
}

absl::Status CheckLength(const Context& context, const Distribution& d, uint64_t symbols,
                         std::string_view field) {
  if (symbols > context.limits->max_exact_symbols) {
    return LimitExceeded(field, symbols, "max_exact_symbols", context.limits->max_exact_symbols);
  }
  const uint64_t bits = symbols * BitsOf(d.total);
  if (bits > kMaxIntervalBits) {
    return LimitExceeded(field, bits, "bits of the interval's denominator", kMaxIntervalBits);
  }
  return absl::OkStatus();
}

// Before any is printed. After step k the interval's ends are fractions of the denominator total^k:
// two numbers each, of 0.302 digits a bit at most, and two decimals of a bounded length.
absl::Status ReserveSteps(const Context& context, const Distribution& d, uint64_t steps) {
  constexpr uint64_t kDecimals = 2 * (kExactDigits + 8);
  const uint64_t bits = BitsOf(d.total) * (steps * (steps + 1) / 2);
  const uint64_t bytes = 4 * (bits * 302 / 1000 + steps) + kDecimals * steps;
  if (bytes <= kMaxStepsText) return context.ReserveResult(bytes);
  return LimitExceeded("max_steps", bytes, "bytes of the steps' numbers", kMaxStepsText);
}

// floor(x * 10^digits), and whether nothing was cut off.
std::string ToDecimal(const mpq_class& x) {
  mpz_class scale;
  mpz_ui_pow_ui(scale.get_mpz_t(), 10, kExactDigits);
  mpz_class quotient, rest;
  const mpz_class scaled = x.get_num() * scale;
  mpz_fdiv_qr(quotient.get_mpz_t(), rest.get_mpz_t(), scaled.get_mpz_t(), x.get_den().get_mpz_t());
  std::string digits = quotient.get_str();
  if (digits.size() <= kExactDigits) digits.insert(0, kExactDigits + 1 - digits.size(), '0');
  std::string whole = digits.substr(0, digits.size() - kExactDigits);
  std::string fraction = digits.substr(digits.size() - kExactDigits);
  if (rest != 0) return whole + "." + fraction.substr(0, kShownDigits) + "...";
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return fraction.empty() ? whole : whole + "." + fraction;
}

Rational ToRational(const mpz_class& numerator, const mpz_class& denominator) {
  mpq_class x(numerator, denominator);
  x.canonicalize();
  return {x.get_str(), ToDecimal(x)};
}

// `bits` binary digits of value.
std::string ToBits(const mpz_class& value, size_t bits) {
  if (bits == 0) return "";
  std::string out = value.get_str(2);
  out.insert(0, bits - out.size(), '0');
  return out;
}

// The smallest n-bit fraction in [low, high) / den is ceil(low * 2^n / den); it exists when it is
// below high * 2^n / den, or, for the prefix-free one, when its successor is at most that.
absl::StatusOr<std::string> ShortestBits(const mpz_class& low, const mpz_class& high,
                                         const mpz_class& den, bool prefix_free,
                                         const CancelToken& cancel) {
  // From n = log2(den / (high - low)) on, less one for rounding, up to two more.
  const auto estimate =
      static_cast<long>(BitsOf(den)) - static_cast<long>(BitsOf(mpz_class(high - low))) - 1;
  // Shorter ones than the interval suggests exist when a coarse fraction lies inside by luck; each
  // coarser grid is part of the finer one, so the property is monotone and a binary search finds
  // it.
  const auto fits = [&](long n, mpz_class* value) {
    const mpz_class scaled_low = low << n;
    const mpz_class scaled_high = high << n;
    mpz_cdiv_q(value->get_mpz_t(), scaled_low.get_mpz_t(), den.get_mpz_t());
    return prefix_free ? (*value + 1) * den <= scaled_high : *value * den < scaled_high;
  };
  long yes = std::max(estimate, 0L);
  mpz_class value;
  while (!fits(yes, &value)) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    ++yes;
  }
  long no = -1;
  while (no + 1 < yes) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    const long middle = no + (yes - no) / 2;
    if (fits(middle, &value)) {
      yes = middle;
    } else {
      no = middle;
    }
  }
  fits(yes, &value);
  return ToBits(value, static_cast<size_t>(yes));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitMessage(std::string_view message,
                                                      const ProbabilityTable& table) {
  std::map<std::string_view, size_t> known;
  TRINE_ASSIGN_OR_RETURN(const bool spaced, IsSpaced(table));
  for (size_t i = 0; i < table.text.size(); ++i) known.emplace(table.text[i], i);
  std::vector<std::string> symbols;
  size_t at = 0;
  while (at < message.size()) {
    size_t bytes = 0;
    if (spaced) {
      bytes = std::min(message.find(' ', at), message.size()) - at;
    } else {
      bytes = std::max<size_t>(1, TakeCodePoint(message.substr(at)).bytes);
    }
    const std::string_view symbol = message.substr(at, bytes);
    if (known.find(symbol) == known.end()) {
      return InvalidField(
          "message", symbol,
          absl::StrCat("symbol ", symbols.size(), " (at byte ", at, ") is not in the table"));
    }
    symbols.emplace_back(symbol);
    at += bytes;
    if (spaced && at < message.size()) {
      ++at;  // the space; one at the very end would precede an empty symbol
      if (at == message.size()) return InvalidField("message", "", "ends with a space");
    }
  }
  return symbols;
}

absl::StatusOr<ExactCode> ExactEncode(const Context& context, const ProbabilityTable& table,
                                      const std::vector<std::string>& message, uint64_t max_steps) {
  if (max_steps > context.limits->max_exact_steps) {
    return LimitExceeded("max_steps", max_steps, "max_exact_steps",
                         context.limits->max_exact_steps);
  }
  TRINE_ASSIGN_OR_RETURN(const Distribution d, MakeDistribution(context, table));
  TRINE_RETURN_IF_ERROR(CheckLength(context, d, message.size(), "message"));
  const uint64_t steps = std::min<uint64_t>(max_steps, message.size());
  TRINE_RETURN_IF_ERROR(ReserveSteps(context, d, steps));
  std::map<std::string_view, size_t> index;
  for (size_t i = 0; i < table.text.size(); ++i) index.emplace(table.text[i], i);

  ExactCode code;
  mpz_class low = 0, width = 1, den = 1;
  for (size_t k = 0; k < message.size(); ++k) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    const auto at = index.find(message[k]);
    if (at == index.end()) {
      return InvalidField("message", message[k],
                          absl::StrCat("symbol ", k, " is not in the table"));
    }
    const size_t s = at->second;
    if (d.starts[s + 1] == d.starts[s]) {
      return InvalidField("message", message[k],
                          absl::StrCat("symbol ", k, " has probability 0 in the table"));
    }
    low = low * d.total + width * d.starts[s];
    width *= d.starts[s + 1] - d.starts[s];
    den *= d.total;
    if (k < steps) {
      code.steps.push_back({message[k], ToRational(low, den), ToRational(low + width, den)});
    }
  }
  const mpz_class high = low + width;
  code.low = ToRational(low, den);
  TRINE_RETURN_IF_ERROR(context.cancel.Check());
  code.high = ToRational(high, den);
  TRINE_RETURN_IF_ERROR(context.cancel.Check());
  TRINE_ASSIGN_OR_RETURN(code.shortest, ShortestBits(low, high, den, false, context.cancel));
  TRINE_ASSIGN_OR_RETURN(code.prefix_free, ShortestBits(low, high, den, true, context.cancel));
  code.ideal_bits = width == den ? 0 : Log2(den) - Log2(width);
  return code;
}

absl::StatusOr<std::vector<std::string>> ExactDecode(const Context& context,
                                                     const ProbabilityTable& table,
                                                     std::string_view bits, uint64_t count) {
  TRINE_ASSIGN_OR_RETURN(const Distribution d, MakeDistribution(context, table));
  TRINE_RETURN_IF_ERROR(CheckLength(context, d, count, "count"));
  if (bits.size() > kMaxCodeBits) {
    return LimitExceeded("bits", bits.size(), "bits of a codeword", kMaxCodeBits);
  }
  const size_t bad = bits.find_first_not_of("01");
  if (bad != std::string_view::npos) {
    return InvalidField("bits", bits.substr(bad, 1),
                        absl::StrCat("character ", bad, " must be 0 or 1"));
  }
  // The code's place inside the current interval, as code / den in [0, 1).
  mpz_class code = bits.empty() ? mpz_class(0) : mpz_class(std::string(bits), 2);
  mpz_class den = mpz_class(1) << bits.size();
  std::vector<std::string> message;
  for (uint64_t k = 0; k < count; ++k) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    const mpz_class scaled = code * d.total;  // the symbol: starts[s] <= scaled / den < starts[s+1]
    mpz_class slot;
    mpz_fdiv_q(slot.get_mpz_t(), scaled.get_mpz_t(), den.get_mpz_t());
    const auto next = std::upper_bound(d.starts.begin(), d.starts.end(), slot);
    const auto s = static_cast<size_t>(next - d.starts.begin()) - 1;
    message.push_back(table.text[s]);
    code = scaled - d.starts[s] * den;
    den *= d.starts[s + 1] - d.starts[s];
  }
  return message;
}

}  // namespace trine::coding
