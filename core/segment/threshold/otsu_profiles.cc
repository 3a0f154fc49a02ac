#include "core/segment/threshold/otsu_profiles.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace trine::segment {
namespace {

uint64_t Total(const std::vector<uint64_t>& counts) {
  uint64_t total = 0;
  for (const uint64_t count : counts) total += count;
  return total;
}

// The index of scikit-image's maximum over bins of these counts and centres.
size_t SkimageArgmax(const std::vector<double>& counts, const std::vector<double>& centers) {
  const size_t n = counts.size();
  std::vector<double> weight2(n), mean2(n);
  double weight = 0, sum = 0;
  for (size_t i = n; i-- > 0;) {
    weight += counts[i];
    sum += counts[i] * centers[i];
    weight2[i] = weight;
    mean2[i] = sum / weight;
  }
  size_t best = 0;
  double best_variance = -1;
  weight = sum = 0;
  for (size_t i = 0; i + 1 < n; ++i) {
    weight += counts[i];
    sum += counts[i] * centers[i];
    const double difference = sum / weight - mean2[i + 1];
    const double variance = weight * weight2[i + 1] * (difference * difference);
    if (variance > best_variance) {
      best_variance = variance;
      best = i;
    }
  }
  return best;
}

// Over the bins from `low` to `high`, numbered from 0: the last maximum between the ends; `low`
// where nothing lies between.
double ImagejSearch(const std::vector<uint64_t>& counts, size_t low, size_t high) {
  double total = 0, sum = 0;
  for (size_t v = low; v <= high; ++v) {
    sum += static_cast<double>(v - low) * static_cast<double>(counts[v]);
    total += static_cast<double>(counts[v]);
  }
  double below = static_cast<double>(counts[low]), sum_below = 0, best = 0;
  size_t threshold = low;
  for (size_t v = low + 1; v < high; ++v) {
    const double count = static_cast<double>(counts[v]);
    sum_below += static_cast<double>(v - low) * count;
    below += count;
    const double denominator = below * (total - below);
    double variance = 0;
    if (denominator != 0) {
      const double numerator = (below / total) * sum - sum_below;
      variance = (numerator * numerator) / denominator;
    }
    if (variance >= best) {
      best = variance;
      threshold = v;
    }
  }
  return static_cast<double>(threshold);
}

}  // namespace

double OpencvOtsu(const std::vector<uint64_t>& counts) {
  const double scale = 1. / static_cast<double>(Total(counts));
  double mu = 0;
  for (size_t i = 0; i < counts.size(); ++i)
    mu += static_cast<double>(i) * static_cast<double>(counts[i]);
  mu *= scale;
  double mu1 = 0, q1 = 0, max_sigma = 0, max_value = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double p = static_cast<double>(counts[i]) * scale;
    mu1 *= q1;
    q1 += p;
    const double q2 = 1. - q1;
    // `mu1` stays multiplied when a class is passed over: OpenCV's loop does the same.
    if (std::min(q1, q2) < FLT_EPSILON || std::max(q1, q2) > 1. - FLT_EPSILON) continue;
    mu1 = (mu1 + static_cast<double>(i) * p) / q1;
    const double mu2 = (mu - q1 * mu1) / q2;
    const double sigma = q1 * q2 * (mu1 - mu2) * (mu1 - mu2);
    if (sigma > max_sigma) {
      max_sigma = sigma;
      max_value = static_cast<double>(i);
    }
  }
  return max_value;
}

double ImagejOtsu(const std::vector<uint64_t>& counts) { return ImagejSearch(counts, 0, 255); }

double ImagejOtsuOfWords(const std::vector<uint64_t>& counts) {
  size_t low = 0, high = counts.size() - 1;
  while (counts[low] == 0) ++low;
  while (counts[high] == 0) --high;
  return ImagejSearch(counts, low, high);
}

double MatlabOtsu(const std::vector<uint64_t>& counts) {
  std::vector<uint64_t> bins(256, 0);
  const size_t step = counts.size() == 256 ? 1 : 257;
  for (size_t v = 0; v < counts.size(); ++v) bins[(v + step / 2) / step] += counts[v];

  const double total = static_cast<double>(Total(bins));
  std::vector<double> omega(256), mu(256);
  double weight = 0, moment = 0;
  for (size_t i = 0; i < 256; ++i) {
    const double p = static_cast<double>(bins[i]) / total;
    omega[i] = weight += p;
    mu[i] = moment += p * static_cast<double>(i + 1);
  }
  double best = -1, sum_of_indices = 0, maxima = 0;
  for (size_t i = 0; i < 256; ++i) {
    const double d = mu[255] * omega[i] - mu[i];
    const double variance = (d * d) / (omega[i] * (1 - omega[i]));
    if (!std::isfinite(variance) || variance < best) continue;  // 0 / 0 where a class is empty
    if (variance > best) {
      best = variance;
      sum_of_indices = maxima = 0;
    }
    sum_of_indices += static_cast<double>(i);
    ++maxima;
  }
  return maxima == 0 ? 0 : sum_of_indices / maxima * static_cast<double>(step);
}

double SkimageOtsu(const std::vector<uint64_t>& counts, int64_t origin) {
  size_t low = 0, high = counts.size() - 1;
  while (counts[low] == 0) ++low;
  while (counts[high] == 0) --high;
  const auto value = [origin](size_t bin) {
    return static_cast<double>(origin + static_cast<int64_t>(bin));
  };
  if (low == high) return value(low);
  std::vector<double> weights, centers;
  for (size_t v = low; v <= high; ++v) {
    weights.push_back(static_cast<double>(counts[v]));
    centers.push_back(value(v));
  }
  return value(low + SkimageArgmax(weights, centers));
}

namespace {

// numpy's arithmetic is in the picture's own type F.
template <typename F>
absl::StatusOr<FloatBins> BinsOf(const Context& context, const Levels& levels) {
  constexpr size_t kBins = 256;
  const F first = static_cast<F>(levels.values.front());
  const F last = static_cast<F>(levels.values.back());
  const F norm = static_cast<F>(double{kBins} / double{last - first});
  if (!std::isfinite(last - first) || !std::isfinite(norm))
    return NotOffered("gray", "the skimage profile has no bins for so wide or narrow a range");
  // numpy.linspace: computed in double, stored in the picture's type, the end exact.
  std::vector<F> edges(kBins + 1);
  const double step = (double{last} - double{first}) / double{kBins};
  for (size_t i = 0; i < kBins; ++i)
    edges[i] = static_cast<F>(static_cast<double>(i) * step + double{first});
  edges[kBins] = last;

  FloatBins bins;
  bins.counts.assign(kBins, 0);
  Poller poll = PixelPoller(context);
  for (size_t i = 0; i < levels.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4));
    const F value = static_cast<F>(levels.values[i]);
    size_t bin = std::min(static_cast<size_t>((value - first) * norm), kBins);
    if (bin == kBins) --bin;
    if (value < edges[bin]) {
      --bin;
    } else if (bin != kBins - 1 && value >= edges[bin + 1]) {
      ++bin;
    }
    bins.counts[bin] += levels.counts[i];
  }
  for (size_t i = 0; i < kBins; ++i)
    bins.centers.push_back(double{(edges[i] + edges[i + 1]) / F{2}});
  return bins;
}

}  // namespace

absl::StatusOr<FloatBins> SkimageBins(const Context& context, const Levels& levels, DType dtype) {
  if (dtype == DType::kFloat32) return BinsOf<float>(context, levels);
  return BinsOf<double>(context, levels);
}

absl::StatusOr<double> SkimageOtsuOfFloats(const Context& context, const Levels& levels,
                                           DType dtype) {
  if (levels.size() == 1) return levels.values.front();
  TRINE_ASSIGN_OR_RETURN(const FloatBins bins, SkimageBins(context, levels, dtype));
  const std::vector<double> counts(bins.counts.begin(), bins.counts.end());
  return bins.centers[SkimageArgmax(counts, bins.centers)];
}

}  // namespace trine::segment
