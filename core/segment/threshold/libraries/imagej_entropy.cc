#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/segment/picture.h"
#include "core/segment/threshold/auto/logarithm.h"
#include "core/segment/threshold/libraries/imagej.h"

namespace trine::segment {
namespace {

using Counts = std::vector<uint64_t>;

constexpr size_t kBins = 256;
constexpr double kEpsilon = 0x1p-52;

// Shares of the pixels: in each bin, up to it, above it.
struct Shares {
  std::array<double, kBins> bin, below, above;
  size_t first = 0, last = kBins - 1;  // bins in use, as far as the shares tell

  explicit Shares(const Counts& counts) {
    double total = 0, sum = 0;
    for (const uint64_t count : counts) total += static_cast<double>(count);
    for (size_t i = 0; i < kBins; ++i) {
      bin[i] = static_cast<double>(counts[i]) / total;
      sum = i == 0 ? bin[0] : sum + bin[i];
      below[i] = sum;
      above[i] = 1.0 - sum;
    }
    while (first + 1 < kBins && std::fabs(below[first]) < kEpsilon) ++first;
    while (last > first && std::fabs(above[last]) < kEpsilon) --last;
    if (std::fabs(above[last]) < kEpsilon) last = kBins - 1;
  }
};

// Of a logarithm and what is around it, in pixels.
constexpr size_t kLogCost = 128;

// The first threshold with the largest value of `entropy`(threshold) above `least`; -1 without one.
template <typename Entropy>
absl::StatusOr<int> FirstLargest(const MethodInput& of, const Shares& shares, double least,
                                 const Entropy& entropy) {
  int threshold = -1;
  Poller poll = PixelPoller(of.context);
  for (size_t t = shares.first; t <= shares.last; ++t) {
    TRINE_RETURN_IF_ERROR(poll.Spend(kBins * kLogCost));
    const double value = entropy(t);
    if (!(value > least)) continue;
    least = value;
    threshold = static_cast<int>(t);
  }
  return threshold;
}

double Shannon(const Shares& shares, size_t begin, size_t end, double weight) {
  double out = 0;
  for (size_t i = begin; i < end; ++i) {
    if (shares.bin[i] != 0) out -= (shares.bin[i] / weight) * LogToDouble(shares.bin[i] / weight);
  }
  return out;
}

absl::StatusOr<int> MaxEntropyThreshold(const MethodInput& of, const Shares& shares, double least) {
  return FirstLargest(of, shares, least, [&](size_t t) {
    return Shannon(shares, 0, t + 1, shares.below[t]) +
           Shannon(shares, t + 1, kBins, shares.above[t]);
  });
}

// The threshold of order 1/2 or 2, with `term`(share, weight) summed over each class.
template <typename Term>
absl::StatusOr<int> RenyiThreshold(const MethodInput& of, const Shares& shares, double factor,
                                   const Term& term) {
  return FirstLargest(of, shares, 0, [&](size_t t) {
    double low = 0, high = 0;
    for (size_t i = 0; i <= t; ++i) low += term(shares.bin[i], shares.below[t]);
    for (size_t i = t + 1; i < kBins; ++i) high += term(shares.bin[i], shares.above[t]);
    const double product = low * high;
    return factor * (product > 0.0 ? LogToDouble(product) : 0.0);
  });
}

double Fuzziness(double membership) {
  if (membership < 1e-06 || membership > 0.999999) return 0;
  return -membership * LogToDouble(membership) - (1.0 - membership) * LogToDouble(1.0 - membership);
}

}  // namespace

absl::StatusOr<double> ImagejYen(const MethodInput& of) {
  const Shares shares(of.counts);
  std::array<double, kBins> low, high;
  low[0] = shares.bin[0] * shares.bin[0];
  for (size_t i = 1; i < kBins; ++i) low[i] = low[i - 1] + shares.bin[i] * shares.bin[i];
  high[kBins - 1] = 0;
  for (size_t i = kBins - 1; i-- > 0;)
    high[i] = high[i + 1] + shares.bin[i + 1] * shares.bin[i + 1];
  const auto log = [](double value) { return value > 0.0 ? LogToDouble(value) : 0.0; };
  double largest = std::numeric_limits<double>::denorm_min(), threshold = 0;
  for (size_t i = 0; i < kBins; ++i) {
    const double value =
        -1.0 * log(low[i] * high[i]) + 2 * log(shares.below[i] * (1.0 - shares.below[i]));
    if (!(value > largest)) continue;
    largest = value;
    threshold = static_cast<double>(i);
  }
  return threshold;
}

absl::StatusOr<double> ImagejMaxEntropy(const MethodInput& of) {
  TRINE_ASSIGN_OR_RETURN(
      const int threshold,
      MaxEntropyThreshold(of, Shares(of.counts), std::numeric_limits<double>::denorm_min()));
  return std::max(0, threshold);
}

absl::StatusOr<double> ImagejRenyi(const MethodInput& of) {
  const Shares shares(of.counts);
  TRINE_ASSIGN_OR_RETURN(
      int t1, RenyiThreshold(of, shares, 1.0 / (1.0 - 0.5),
                             [](double bin, double weight) { return std::sqrt(bin / weight); }));
  TRINE_ASSIGN_OR_RETURN(int t2, MaxEntropyThreshold(of, shares, 0));
  TRINE_ASSIGN_OR_RETURN(
      int t3, RenyiThreshold(of, shares, 1.0 / (1.0 - 2.0), [](double bin, double weight) {
        return (bin * bin) / (weight * weight);
      }));
  t1 = std::max(0, t1);
  t2 = std::max(0, t2);
  t3 = std::max(0, t3);
  if (t2 < t1) std::swap(t1, t2);
  if (t3 < t2) std::swap(t2, t3);
  if (t2 < t1) std::swap(t1, t2);
  const bool near_low = t2 - t1 <= 5, near_high = t3 - t2 <= 5;
  const bool even = near_low == near_high;
  const int beta1 = even ? 1 : near_low ? 0 : 3;
  const int beta2 = even ? 2 : 1;
  const int beta3 = even ? 1 : near_low ? 3 : 0;
  const double below = shares.below[static_cast<size_t>(t1)];
  const double omega = shares.below[static_cast<size_t>(t3)] - below;
  return std::trunc(t1 * (below + 0.25 * omega * beta1) + 0.25 * t2 * omega * beta2 +
                    t3 * (shares.above[static_cast<size_t>(t3)] + 0.25 * omega * beta3));
}

absl::StatusOr<double> ImagejHuang(const MethodInput& of) {
  const Counts& counts = of.counts;
  size_t first = 0, last = kBins - 1;
  while (counts[first] == 0) ++first;
  while (counts[last] == 0) --last;
  const double term = 1.0 / static_cast<double>(last - first);
  std::array<double, kBins> low{}, high{};
  double sum = 0, pixels = 0;
  for (size_t i = first; i < kBins; ++i) {
    sum += static_cast<double>(i) * static_cast<double>(counts[i]);
    pixels += static_cast<double>(counts[i]);
    low[i] = sum / pixels;
  }
  sum = pixels = 0;
  for (size_t i = last; i > 0; --i) {
    sum += static_cast<double>(i) * static_cast<double>(counts[i]);
    pixels += static_cast<double>(counts[i]);
    high[i - 1] = sum / pixels;
  }
  double least = std::numeric_limits<double>::max(), threshold = 0;
  Poller poll = PixelPoller(of.context);
  for (size_t t = 0; t < kBins; ++t) {
    TRINE_RETURN_IF_ERROR(poll.Spend(2 * kBins * kLogCost));
    double entropy = 0;
    for (size_t i = 0; i < kBins; ++i) {
      if (counts[i] == 0) continue;  // adds 0
      const double mean = i <= t ? low[t] : high[t];
      const double membership = 1.0 / (1.0 + term * std::fabs(static_cast<double>(i) - mean));
      entropy += static_cast<double>(counts[i]) * Fuzziness(membership);
    }
    if (!(entropy < least)) continue;
    least = entropy;
    threshold = static_cast<double>(t);
  }
  return threshold;
}

}  // namespace trine::segment
