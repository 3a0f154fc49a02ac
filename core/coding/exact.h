// The textbook's arithmetic coder: a message is an interval of rationals inside [0, 1), its code a
// binary fraction inside that interval (Rissanen 1976; Witten, Neal, Cleary 1987, section 2).
// Exact: computed with rationals of any length (GMP). For short messages and for teaching.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/coding/table.h"
#include "core/runtime/context.h"

namespace trine::coding {

// A rational number as text: "343/1000", and as a decimal: exact where it terminates within 60
// digits ("0.343"), else cut off after 30 digits and followed by "...".
struct Rational {
  std::string fraction;
  std::string decimal;
};

struct ExactStep {
  std::string symbol;
  Rational low;
  Rational high;
};

struct ExactCode {
  Rational low;  // the final interval [low, high)
  Rational high;
  // The shortest binary fraction 0.b1b2... inside [low, high) (the smallest such value of that
  // length); empty for an empty message. Needs the symbol count to be decoded.
  std::string shortest;
  // The shortest codeword whose every continuation stays inside the interval: [v, v + 2^-n) lies
  // in [low, high). Messages of one length get prefix-free codewords.
  std::string prefix_free;
  double ideal_bits = 0;         // -log2(high - low)
  std::vector<ExactStep> steps;  // the first max_steps, on request
};

// Splits a message into the table's symbols: one character each, or, where a symbol of the table is
// longer than one character, parts separated by single spaces. INVALID_ARGUMENT names "message" and
// the position of an unknown symbol, or a symbol of the table that holds a space where they are so
// parted, which no message can hold.
absl::StatusOr<std::vector<std::string>> SplitMessage(std::string_view message,
                                                      const ProbabilityTable& table);

// `table` has kind kText and probabilities or counts. INVALID_ARGUMENT names "message" (a symbol
// that is unknown, or has probability 0), "table.text[i]" (as above), "table.probabilities" (the
// sum is not exactly 1; it is stated); RESOURCE_EXHAUSTED for more than limits.max_exact_symbols
// symbols, max_steps above limits.max_exact_steps, or steps whose numbers could take more than 16
// MiB of text, which is bounded before any is printed.
absl::StatusOr<ExactCode> ExactEncode(const Context& context, const ProbabilityTable& table,
                                      const std::vector<std::string>& message, uint64_t max_steps);

// The first `count` symbols of the message whose interval holds the value 0.`bits` (characters '0'
// and '1', at most 65536 of them).
absl::StatusOr<std::vector<std::string>> ExactDecode(const Context& context,
                                                     const ProbabilityTable& table,
                                                     std::string_view bits, uint64_t count);

}  // namespace trine::coding
