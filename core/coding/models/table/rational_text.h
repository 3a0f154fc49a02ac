// Probabilities as text and as binary doubles, read exactly, and what else GMP's numbers need.
#pragma once

#include <gmpxx.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace trine::coding {

// Longest text and largest power of ten of a probability.
inline constexpr size_t kMaxNumberText = 256;
inline constexpr int kMaxNumberExponent = 400;

// "0.7", ".7", "7e-1", "1/3": unsigned decimal with optional exponent, or a fraction of two
// unsigned integers. The exact value, in lowest terms. INVALID_ARGUMENT naming `field`.
absl::StatusOr<mpq_class> ParseRational(std::string_view text, std::string_view field);

mpz_class ToInteger(uint64_t x);
// For statistics only: no coded bit depends on it. REQUIRES: x >= 1.
double Log2(const mpz_class& x);

// floor(x * 2^kProbabilityBits), x >= 0: the integer by which TABLE weighs a probability. Far
// finer than the 2^-24 to which it rounds; a common denominator of many fractions could be too
// long to compute with.
inline constexpr int kProbabilityBits = 192;
mpz_class ToFixedPoint(const mpq_class& x);

}  // namespace trine::coding
