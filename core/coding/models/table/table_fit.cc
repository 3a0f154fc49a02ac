#include "core/coding/models/table/table_fit.h"

#include <gmpxx.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/base/text/utf8.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/container/format.h"
#include "core/coding/models/table/rational_text.h"

namespace trine::coding {
namespace {

__extension__ typedef unsigned __int128 Uint128;

constexpr int kShareBits = 62;

// Probabilities as integers: exact counts, or fixed point.
struct Weights {
  std::vector<mpz_class> weights;
  std::vector<bool> is_zero;  // a fixed point may be 0 where the probability is not
  std::vector<double> ideal_bits;
  mpz_class sum;
};

absl::StatusOr<Weights> ReadWeights(const ProbabilityTable& table, const CancelToken& cancel) {
  const size_t n = table.size();
  Weights out;
  out.weights.reserve(n);
  out.ideal_bits.reserve(n);
  if (!table.counts.empty()) {
    for (uint64_t c : table.counts) {
      mpz_class w = ToInteger(c);
      out.sum += w;
      out.is_zero.push_back(c == 0);
      out.weights.push_back(std::move(w));
    }
    for (const mpz_class& w : out.weights) {
      out.ideal_bits.push_back(w == 0 ? 0 : Log2(out.sum) - Log2(w));
    }
    return out;
  }
  for (size_t i = 0; i < n; ++i) {
    if (i % 1024 == 0) TRINE_RETURN_IF_ERROR(cancel.Check());
    mpq_class p;
    if (!table.weights.empty()) {
      p = mpq_class(table.weights[i]);  // the exact binary value
    } else {
      TRINE_ASSIGN_OR_RETURN(p, ParseRational(table.probabilities[i], "table.probabilities"));
    }
    const bool is_zero = p == 0;
    out.is_zero.push_back(is_zero);
    out.ideal_bits.push_back(is_zero ? 0 : Log2(p.get_den()) - Log2(p.get_num()));
    out.weights.push_back(ToFixedPoint(p));
    out.sum += out.weights.back();
  }
  // |sum - 1| <= 1e-6, compared as integers; the fixed point cuts off less than n * 2^-192.
  mpz_class one = 1;
  mpz_mul_2exp(one.get_mpz_t(), one.get_mpz_t(), kProbabilityBits);
  const mpz_class difference = abs(mpz_class(out.sum - one)) * 1000000;
  if (difference > one + mpz_class(1000000) * static_cast<unsigned long>(n)) {
    const double sum = std::ldexp(out.sum.get_d(), -kProbabilityBits);
    return InvalidField(table.weights.empty() ? "table.probabilities" : "table.weights",
                        ToStd(absl::StrCat("a sum of ", sum)), "the sum must be within 1e-6 of 1");
  }
  return out;
}

// weight / sum, rounded down, in units of 2^-kShareBits.
uint64_t ShareOf(const mpz_class& weight, const mpz_class& sum) {
  // Counts need no long arithmetic.
  if (sum.fits_ulong_p()) {
    return static_cast<uint64_t>((static_cast<Uint128>(weight.get_ui()) << kShareBits) /
                                 sum.get_ui());
  }
  const mpz_class share = (weight << kShareBits) / sum;
  return mpz_get_ui(share.get_mpz_t());
}

absl::StatusOr<std::vector<int64_t>> ReadValues(const ProbabilityTable& table) {
  if (table.kind == SymbolKind::kSigned) return table.signed_integers;
  std::vector<int64_t> values;
  values.reserve(table.size());
  if (table.kind != SymbolKind::kText) {
    for (uint64_t v : table.integers) values.push_back(static_cast<int64_t>(v));
    return values;
  }
  for (size_t i = 0; i < table.text.size(); ++i) {
    const CodePoint c = TakeCodePoint(table.text[i]);
    if (c.bytes != table.text[i].size()) {
      return InvalidField(absl::StrCat("table.text[", i, "]"), table.text[i],
                          "must be one character in UTF-8");
    }
    values.push_back(c.value);
  }
  return values;
}

// Expected cost of a symbol, in units of 2^-(16 + kShareBits) bits.
Uint128 ExpectedCost(const std::vector<uint64_t>& shares, const std::vector<uint32_t>& frequencies,
                     int total_bits) {
  Uint128 cost = 0;
  const uint32_t whole = static_cast<uint32_t>(total_bits) << kLog2FractionBits;
  for (size_t i = 0; i < shares.size(); ++i) {
    cost += static_cast<Uint128>(shares[i]) * (whole - std::min(whole, FixedLog2(frequencies[i])));
  }
  return cost;
}

}  // namespace

std::vector<uint32_t> RoundShares(const std::vector<uint64_t>& shares, int total_bits) {
  const uint64_t total = uint64_t{1} << total_bits;
  const size_t n = shares.size();
  std::vector<uint32_t> frequencies(n);
  std::vector<uint64_t> remainders(n);
  uint64_t sum = 0;
  for (size_t i = 0; i < n; ++i) {
    const Uint128 exact = static_cast<Uint128>(shares[i]) << total_bits;
    const auto floor = static_cast<uint64_t>(exact >> kShareBits);
    frequencies[i] = static_cast<uint32_t>(std::max<uint64_t>(floor, 1));
    // A share below one unit got more than its due already.
    remainders[i] =
        floor == 0 ? 0 : static_cast<uint64_t>(exact) & ((uint64_t{1} << kShareBits) - 1);
    sum += frequencies[i];
  }
  if (sum < total) {
    std::vector<uint32_t> order(n);
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return remainders[a] > remainders[b]; });
    for (size_t k = 0; sum < total; k = (k + 1) % n, ++sum) ++frequencies[order[k]];
  }
  using Entry = std::pair<uint32_t, uint32_t>;  // frequency, ~index: the smaller index on top
  std::priority_queue<Entry> largest;
  if (sum > total) {
    for (size_t i = 0; i < n; ++i) largest.emplace(frequencies[i], ~static_cast<uint32_t>(i));
  }
  for (; sum > total; --sum) {
    const Entry top = largest.top();
    largest.pop();
    --frequencies[~top.second];
    largest.emplace(top.first - 1, top.second);
  }
  return frequencies;
}

absl::StatusOr<FittedTable> FitTable(const ProbabilityTable& table, const Limits& limits,
                                     const CancelToken& cancel) {
  TRINE_RETURN_IF_ERROR(ValidateTablePolled(table, limits, cancel));
  if (table.size() > format::kMaxTableSymbols) {
    return LimitExceeded("table", table.size(), "symbols of the format", format::kMaxTableSymbols);
  }
  TRINE_ASSIGN_OR_RETURN(const std::vector<int64_t> values, ReadValues(table));
  TRINE_ASSIGN_OR_RETURN(const Weights weights, ReadWeights(table, cancel));
  // Ascending values, so that the caller's order does not matter.
  std::vector<uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return values[a] < values[b]; });
  FittedTable fitted;
  std::vector<uint64_t> shares;
  shares.reserve(values.size());
  for (size_t k = 0; k < order.size(); ++k) {
    if (k % 1024 == 0) TRINE_RETURN_IF_ERROR(cancel.Check());
    if (weights.is_zero[order[k]]) {
      fitted.zeros.push_back(values[order[k]]);
      continue;
    }
    shares.push_back(ShareOf(weights.weights[order[k]], weights.sum));
    fitted.values.push_back(values[order[k]]);
    fitted.ideal_bits.push_back(weights.ideal_bits[order[k]]);
  }
  // The smallest total that costs at most 1/1024 more than the largest one: 2^12 decodes twice as
  // fast as 2^14.
  fitted.total_bits = format::kMaxTotalBits;
  fitted.frequencies = RoundShares(shares, format::kMaxTotalBits);
  const Uint128 best = ExpectedCost(shares, fitted.frequencies, format::kMaxTotalBits);
  for (int bits : {12, format::kMaxNarrowTotalBits}) {
    if (shares.size() > size_t{1} << (bits - 2)) continue;
    std::vector<uint32_t> frequencies = RoundShares(shares, bits);
    if (ExpectedCost(shares, frequencies, bits) > best + best / 1024) continue;
    fitted.total_bits = bits;
    fitted.frequencies = std::move(frequencies);
    break;
  }
  return fitted;
}

}  // namespace trine::coding
