#include "core/segment/threshold/libraries/imagej.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "core/segment/picture.h"
#include "core/segment/threshold/auto/logarithm.h"

namespace trine::segment {
namespace {

using Counts = std::vector<uint64_t>;

constexpr size_t kBins = 256;
constexpr double kEpsilon = 0x1p-52;  // 2.220446049250313E-16
constexpr int kMostRounds = 10000;

absl::Status EndsNever() { return NoThreshold("ImageJ's iteration does not end"); }

// Java's conversion: toward zero, 0 of NaN, the nearest int of what is none.
int ToInt(double value) {
  if (std::isnan(value)) return 0;
  return static_cast<int>(std::clamp(value, -0x1p31, 0x1p31 - 1));
}

double Count(const Counts& counts, size_t i) { return static_cast<double>(counts[i]); }

// Java's products of int wrap.
double WrappedProduct(uint64_t a, uint64_t b) {
  return static_cast<double>(static_cast<int32_t>(static_cast<uint32_t>(a * b)));
}

struct Sums {
  double pixels = 0, values = 0;
  double mean() const { return pixels == 0 ? 0 : values / pixels; }
};

Sums SumsOf(const Counts& counts, int begin, int end) {
  Sums out;
  for (int i = std::max(begin, 0); i < std::min<int>(end, kBins); ++i) {
    out.values += static_cast<double>(i) * Count(counts, static_cast<size_t>(i));
    out.pixels += Count(counts, static_cast<size_t>(i));
  }
  return out;
}

bool HasTwoPeaks(const std::array<double, kBins>& y) {
  int peaks = 0;
  for (size_t i = 1; i + 1 < kBins; ++i) peaks += y[i - 1] < y[i] && y[i + 1] < y[i] ? 1 : 0;
  return peaks == 2;
}

double MeanBin(const Counts& counts) {
  const Sums all = SumsOf(counts, 0, kBins);
  return std::floor(all.values / all.pixels);
}

// Zeroth, first and second moment up to a bin, with ImageJ's wrapping products.
struct Moment3 {
  double zeroth = 0, first = 0, second = 0;
};
Moment3 MomentsUpTo(const Counts& counts, int last) {
  Moment3 out;
  for (int i = 0; i <= std::min<int>(last, kBins - 1); ++i) {
    const uint64_t place = static_cast<uint64_t>(i), count = counts[static_cast<size_t>(i)];
    out.zeroth += static_cast<double>(count);
    out.first += WrappedProduct(place, count);
    out.second += WrappedProduct(place * place, count);
  }
  return out;
}

}  // namespace

absl::StatusOr<double> ImagejMean(const MethodInput& of) { return MeanBin(of.counts); }

absl::StatusOr<double> ImagejLi(const MethodInput& of) {
  const Counts& counts = of.counts;
  const Sums all = SumsOf(counts, 0, kBins);
  double next = all.values / all.pixels;
  Poller poll = PixelPoller(of.context);
  for (int round = 0; round < kMostRounds; ++round) {
    TRINE_RETURN_IF_ERROR(poll.Spend(kBins));
    const double before = next;
    const int threshold = ToInt(before + 0.5);
    const double below = SumsOf(counts, 0, threshold + 1).mean();
    const double above = SumsOf(counts, threshold + 1, kBins).mean();
    const double middle = (below - above) / (LogToDouble(below) - LogToDouble(above));
    next = ToInt(middle < -kEpsilon ? middle - 0.5 : middle + 0.5);
    if (!(std::fabs(next - before) > 0.5)) return threshold;
  }
  return EndsNever();
}

absl::StatusOr<double> ImagejIsodata(const MethodInput& of) {
  const Counts& counts = of.counts;
  int g = 0;
  for (int i = 1; i < static_cast<int>(kBins); ++i) {
    if (counts[static_cast<size_t>(i)] == 0) continue;
    g = i + 1;
    break;
  }
  Poller poll = PixelPoller(of.context);
  for (;;) {
    TRINE_RETURN_IF_ERROR(poll.Spend(kBins));
    uint32_t pixels_below = 0, sum_below = 0;  // of int
    for (int i = 0; i < std::min<int>(g, kBins); ++i) {
      const uint32_t count = static_cast<uint32_t>(counts[static_cast<size_t>(i)]);
      pixels_below += count;
      sum_below += count * static_cast<uint32_t>(i);
    }
    const Sums above = SumsOf(counts, g + 1, kBins);
    const int32_t pixels = static_cast<int32_t>(pixels_below);
    if (pixels > 0 && above.pixels > 0) {
      const int32_t mean = static_cast<int32_t>(sum_below) / pixels;
      const double middle = (mean + above.values / above.pixels) / 2.0;
      if (g == ToInt(std::floor(middle + 0.5))) return g;
    }
    if (++g > 254) return 0;
  }
}

absl::StatusOr<double> ImagejMinimum(const MethodInput& of) {
  const Counts& counts = of.counts;
  std::array<double, kBins> y;
  for (size_t i = 0; i < kBins; ++i) y[i] = Count(counts, i);
  Poller poll = PixelPoller(of.context);
  for (int round = 0; !HasTwoPeaks(y);) {
    TRINE_RETURN_IF_ERROR(poll.Spend(2 * kBins));
    std::array<double, kBins> smooth;
    for (size_t i = 1; i + 1 < kBins; ++i) smooth[i] = (y[i - 1] + y[i] + y[i + 1]) / 3;
    smooth[0] = (y[0] + y[1]) / 3;
    smooth[kBins - 1] = (y[kBins - 2] + y[kBins - 1]) / 3;
    y = smooth;
    if (++round > kMostRounds) return 0;
  }
  for (size_t i = 1; i + 1 < kBins; ++i)
    if (y[i - 1] > y[i] && y[i + 1] >= y[i]) return static_cast<double>(i);
  return 0;
}

absl::StatusOr<double> ImagejMinError(const MethodInput& of) {
  const Counts& counts = of.counts;
  int threshold = ToInt(MeanBin(counts));
  int before = -2;
  const Moment3 all = MomentsUpTo(counts, kBins - 1);
  Poller poll = PixelPoller(of.context);
  for (int round = 0; threshold != before; ++round) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4 * kBins));
    if (round == kMostRounds) return EndsNever();
    const Moment3 low = MomentsUpTo(counts, threshold);
    const double rest = all.zeroth - low.zeroth;
    const double mu = low.first / low.zeroth, nu = (all.first - low.first) / rest;
    const double p = low.zeroth / all.zeroth, q = rest / all.zeroth;
    const double sigma2 = low.second / low.zeroth - (mu * mu);
    const double tau2 = (all.second - low.second) / rest - (nu * nu);
    const double w0 = 1.0 / sigma2 - 1.0 / tau2;
    const double w1 = mu / sigma2 - nu / tau2;
    const double odds = (sigma2 * (q * q)) / (tau2 * (p * p));
    const double ten = odds > 0 && std::isfinite(odds)
                           ? (Log(DoubleDouble(odds)) / Log(DoubleDouble(10.0))).value()
                           : LogToDouble(odds);
    const double w2 = (mu * mu) / sigma2 - (nu * nu) / tau2 + ten;
    const double square = (w1 * w1) - w0 * w2;
    if (square < 0) break;
    before = threshold;
    const double solution = (w1 + std::sqrt(square)) / w0;
    if (!std::isnan(solution)) threshold = ToInt(std::floor(solution));
  }
  return threshold == -1 ? 0 : threshold;
}

absl::StatusOr<double> ImagejMoments(const MethodInput& of) {
  const Counts& counts = of.counts;
  double total = 0;
  for (size_t i = 0; i < kBins; ++i) total += Count(counts, i);
  double m1 = 0, m2 = 0, m3 = 0;
  for (size_t i = 0; i < kBins; ++i) {
    const double x = static_cast<double>(i), share = Count(counts, i) / total;
    m1 += x * share;
    m2 += x * x * share;
    m3 += x * x * x * share;
  }
  const double variance = m2 - m1 * m1;
  const double c0 = (-m2 * m2 + m1 * m3) / variance, c1 = (-m3 + m2 * m1) / variance;
  const double root = std::sqrt(c1 * c1 - 4.0 * c0);
  const double z0 = 0.5 * (-c1 - root), z1 = 0.5 * (-c1 + root);
  const double p0 = (z1 - m1) / (z1 - z0);
  double sum = 0;
  for (size_t i = 0; i < kBins; ++i) {
    sum += Count(counts, i) / total;
    if (sum > p0) return static_cast<double>(i);
  }
  return 0;
}

absl::StatusOr<double> ImagejPercentile(const MethodInput& of) {
  const Counts& counts = of.counts;
  double total = 0, sum = 0, nearest = 1, threshold = 0;
  for (size_t i = 0; i < kBins; ++i) total += Count(counts, i);
  for (size_t i = 0; i < kBins; ++i) {
    sum += Count(counts, i);
    const double away = std::fabs(sum / total - of.fraction);
    if (away >= nearest) continue;
    nearest = away;
    threshold = static_cast<double>(i);
  }
  return threshold;
}

absl::StatusOr<double> ImagejTriangle(const MethodInput& of) {
  Counts counts = of.counts;
  int low = 0, high = kBins - 1;
  while (low < high && counts[static_cast<size_t>(low)] == 0) ++low;
  while (high > 0 && counts[static_cast<size_t>(high)] == 0) --high;
  // The line's feet are where the histogram is 0.
  low = std::max(low - 1, 0);
  high = std::min<int>(high + 1, kBins - 1);
  int peak = static_cast<int>(std::max_element(counts.begin(), counts.end()) - counts.begin());
  const bool reversed = peak - low < high - peak;
  const int last = static_cast<int>(kBins) - 1;
  if (reversed) {
    std::reverse(counts.begin(), counts.end());
    low = last - high;
    peak = last - peak;
  }
  if (low == peak) return low;
  double nx = Count(counts, static_cast<size_t>(peak)), ny = low - peak;
  const double norm = std::sqrt(nx * nx + ny * ny);
  nx /= norm;
  ny /= norm;
  const double offset = nx * low + ny * Count(counts, static_cast<size_t>(low));
  int split = low;
  double farthest = 0;
  for (int i = low + 1; i <= peak; ++i) {
    const double distance = nx * i + ny * Count(counts, static_cast<size_t>(i)) - offset;
    if (!(distance > farthest)) continue;
    split = i;
    farthest = distance;
  }
  --split;
  const int threshold = reversed ? last - split : split;
  return threshold == -1 ? 0 : threshold;
}

}  // namespace trine::segment
