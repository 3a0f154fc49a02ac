#include "core/coding/models/table/rational_text.h"

#include <cctype>
#include <charconv>
#include <cmath>

#include "core/base/error.h"

namespace trine::coding {
namespace {

bool TakeDigits(std::string_view& text, std::string& digits) {
  const size_t before = digits.size();
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    digits.push_back(text[0]);
    text.remove_prefix(1);
  }
  return digits.size() != before;
}

mpz_class PowerOfTen(unsigned long exponent) {
  mpz_class out;
  mpz_ui_pow_ui(out.get_mpz_t(), 10, exponent);
  return out;
}

}  // namespace

absl::StatusOr<mpq_class> ParseRational(std::string_view text, std::string_view field) {
  constexpr std::string_view kForm =
      "must be a decimal such as 0.7 or 7e-1, or a fraction such as 1/3";
  const auto invalid = [&] { return InvalidField(field, text, kForm); };
  if (text.empty() || text.size() > kMaxNumberText) return invalid();
  std::string_view rest = text;
  std::string digits;
  const bool whole = TakeDigits(rest, digits);
  if (whole && !rest.empty() && rest[0] == '/') {
    rest.remove_prefix(1);
    std::string denominator;
    if (!TakeDigits(rest, denominator) || !rest.empty()) return invalid();
    mpq_class value{mpz_class(digits, 10), mpz_class(denominator, 10)};
    if (sgn(value.get_den()) == 0) return invalid();
    value.canonicalize();
    return value;
  }
  long exponent = 0;
  bool fraction = false;
  if (!rest.empty() && rest[0] == '.') {
    rest.remove_prefix(1);
    const size_t before = digits.size();
    fraction = TakeDigits(rest, digits);
    exponent = -static_cast<long>(digits.size() - before);
  }
  if (!whole && !fraction) return invalid();
  if (!rest.empty() && (rest[0] == 'e' || rest[0] == 'E')) {
    rest.remove_prefix(1);
    if (!rest.empty() && rest[0] == '+') {
      rest.remove_prefix(1);
      if (!rest.empty() && rest[0] == '-') return invalid();
    }
    int power = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), power);
    if (error != std::errc() || end != rest.data() + rest.size() || power > kMaxNumberExponent ||
        power < -kMaxNumberExponent) {
      return invalid();
    }
    exponent += power;
  } else if (!rest.empty()) {
    return invalid();
  }
  mpq_class value{mpz_class(digits, 10)};
  if (exponent >= 0) {
    value *= PowerOfTen(static_cast<unsigned long>(exponent));
  } else {
    value /= PowerOfTen(static_cast<unsigned long>(-exponent));
  }
  return value;
}

mpz_class ToInteger(uint64_t x) {
  mpz_class out;
  mpz_import(out.get_mpz_t(), 1, -1, sizeof x, 0, 0, &x);
  return out;
}

double Log2(const mpz_class& x) {
  long exponent = 0;
  const double mantissa = mpz_get_d_2exp(&exponent, x.get_mpz_t());
  return std::log2(mantissa) + static_cast<double>(exponent);
}

mpz_class ToFixedPoint(const mpq_class& x) {
  mpz_class out;
  mpz_mul_2exp(out.get_mpz_t(), x.get_num().get_mpz_t(), kProbabilityBits);
  mpz_fdiv_q(out.get_mpz_t(), out.get_mpz_t(), x.get_den().get_mpz_t());
  return out;
}

}  // namespace trine::coding
