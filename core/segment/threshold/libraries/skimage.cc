#include "core/segment/threshold/libraries/skimage.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "core/base/error.h"
#include "core/segment/threshold/libraries/numpy.h"

namespace trine::segment {
namespace {

constexpr int kMostRounds = 10000;

bool IsConstant(const MethodInput& of) { return of.levels.size() == 1; }

// Calls body with the bins and a number of the type that numpy computes with.
template <typename Body>
absl::StatusOr<double> WithBins(const MethodInput& of, const Body& body) {
  TRINE_ASSIGN_OR_RETURN(const NumpyBins bins, BinsOf(of));
  if (of.gray.dtype == DType::kFloat32) return body(bins, float{});
  return body(bins, double{});
}

size_t PeaksOf(const std::vector<float>& counts, std::vector<size_t>& peaks) {
  peaks.clear();
  bool rising = true;
  for (size_t i = 0; i + 1 < counts.size(); ++i) {
    if (rising && counts[i + 1] < counts[i]) {
      rising = false;
      peaks.push_back(i);
    } else if (!rising && counts[i + 1] > counts[i]) {
      rising = true;
    }
  }
  return peaks.size();
}

// scipy.ndimage.uniform_filter1d(counts, 3): a running mean in double.
void RunningMeans(std::vector<float>& counts) {
  std::vector<double> line = {double{counts.front()}};
  line.insert(line.end(), counts.begin(), counts.end());
  line.push_back(double{counts.back()});
  double mean = 0;
  for (size_t i = 0; i < 3; ++i) mean += line[i];
  mean /= 3.0;
  counts[0] = static_cast<float>(mean);
  for (size_t i = 1; i < counts.size(); ++i) {
    mean += (line[i + 2] - line[i - 1]) / 3.0;
    counts[i] = static_cast<float>(mean);
  }
}

}  // namespace

absl::StatusOr<double> SkimageYen(const MethodInput& of) {
  return WithBins(of, [&](const NumpyBins& bins, auto) -> absl::StatusOr<double> {
    const size_t n = bins.counts.size();
    if (n == 1) return bins.centers[0];
    std::vector<float> share = bins.counts;
    const float total = PairwiseSum(share.data(), n);
    for (float& value : share) value /= total;
    std::vector<float> squares_above(n);
    float sum = 0;
    for (size_t i = n; i-- > 0;) {
      const float square = share[i] * share[i];
      sum = i + 1 == n ? square : sum + square;
      squares_above[i] = sum;
    }
    float below = 0, squares = 0, largest = 0;
    size_t best = n;
    for (size_t i = 0; i + 1 < n; ++i) {
      const float square = share[i] * share[i];
      below = i == 0 ? share[0] : below + share[i];
      squares = i == 0 ? square : squares + square;
      const float weights = below * (1.0f - below);
      const float value = NumpyLog(1.0f / (squares * squares_above[i + 1]) * (weights * weights));
      if (std::isnan(value)) {  // the first of these is numpy's largest
        best = i;
        break;
      }
      if (best != n && !(value > largest)) continue;
      largest = value;
      best = i;
    }
    return bins.centers[best];
  });
}

absl::StatusOr<double> SkimageTriangle(const MethodInput& of) {
  if (IsConstant(of)) return of.levels.values[0];
  TRINE_ASSIGN_OR_RETURN(const NumpyBins bins, BinsOf(of));
  std::vector<uint64_t> counts = bins.exact_counts;
  const auto first_peak = std::max_element(counts.begin(), counts.end());
  size_t peak = static_cast<size_t>(first_peak - counts.begin());
  const size_t last = counts.size() - 1;
  const bool flip = peak < last - peak;
  if (flip) {
    std::reverse(counts.begin(), counts.end());
    peak = last - peak;
  }
  double height = static_cast<double>(counts[peak]), width = static_cast<double>(peak);
  const double norm = std::sqrt(height * height + width * width);
  height /= norm;
  width /= norm;
  double longest = 0;
  size_t best = peak;
  for (size_t i = 0; i < peak; ++i) {
    const double length = height * static_cast<double>(i) - width * static_cast<double>(counts[i]);
    if (i != 0 && !(length > longest)) continue;
    longest = length;
    best = i;
  }
  return bins.centers[flip ? last - best : best];
}

absl::StatusOr<double> SkimageIsodata(const MethodInput& of) {
  return WithBins(of, [&](const NumpyBins& bins, auto type) -> absl::StatusOr<double> {
    using F = decltype(type);
    const size_t n = bins.counts.size();
    if (n == 1) return bins.centers[0];
    std::vector<float> weights(n);
    std::vector<F> sums(n);
    for (size_t i = 0; i < n; ++i) {
      const F part = static_cast<F>(bins.counts[i]) * static_cast<F>(bins.centers[i]);
      weights[i] = i == 0 ? bins.counts[0] : weights[i - 1] + bins.counts[i];
      sums[i] = i == 0 ? part : sums[i - 1] + part;
    }
    const F width = static_cast<F>(bins.centers[1]) - static_cast<F>(bins.centers[0]);
    for (size_t i = 0; i + 1 < n; ++i) {
      const float above = weights[n - 1] - weights[i];
      const F lower = sums[i] / static_cast<F>(weights[i]);
      const F higher = (sums[n - 1] - sums[i]) / static_cast<F>(above);
      const F distance = (lower + higher) / F{2} - static_cast<F>(bins.centers[i]);
      if (distance >= 0 && distance < width) return bins.centers[i];
    }
    return NoThreshold("scikit-image finds no bin between the means of its classes");
  });
}

absl::StatusOr<double> SkimageMinimum(const MethodInput& of) {
  TRINE_ASSIGN_OR_RETURN(const NumpyBins bins, BinsOf(of));
  Poller poll = PixelPoller(of.context);
  std::vector<float> smooth = bins.counts;
  std::vector<size_t> peaks;
  int round = 0;
  for (; round < kMostRounds; ++round) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4 * smooth.size()));
    RunningMeans(smooth);
    if (PeaksOf(smooth, peaks) < 3) break;
  }
  if (peaks.size() != 2) return NoThreshold("scikit-image finds no two peaks in its histogram");
  if (round == kMostRounds - 1)
    return NoThreshold("scikit-image needs too many rounds of smoothing for its histogram");
  const auto lowest = std::min_element(smooth.begin() + static_cast<int64_t>(peaks[0]),
                                       smooth.begin() + static_cast<int64_t>(peaks[1]) + 1);
  return bins.centers[static_cast<size_t>(lowest - smooth.begin())];
}

absl::StatusOr<double> SkimageMean(const MethodInput& of) {
  if (!IsFloat(of.gray.dtype)) {
    uint64_t sum = 0;
    for (size_t i = 0; i < of.levels.size(); ++i) sum += of.levels.counts[i] * of.levels.offset[i];
    const int64_t all = static_cast<int64_t>(sum) + static_cast<int64_t>(of.levels.values[0]) *
                                                        static_cast<int64_t>(of.levels.total);
    return static_cast<double>(all) / static_cast<double>(of.levels.total);
  }
  return WithFloats(of, [&](auto type) -> absl::StatusOr<double> {
    using F = decltype(type);
    TRINE_ASSIGN_OR_RETURN(const Scratch<F> pixels, PixelsInside<F>(of));
    Poller poll = PixelPoller(of.context);
    TRINE_ASSIGN_OR_RETURN(const auto mean, Mean(pixels.data(), of.levels.total, poll));
    return double{mean};
  });
}

namespace {

absl::StatusOr<double> LiOfIntegers(const MethodInput& of) {
  const Levels& levels = of.levels;
  const auto weight = [&](size_t i) {
    return static_cast<double>(static_cast<float>(levels.counts[i]));
  };
  uint64_t sum = 0;
  for (size_t i = 0; i < levels.size(); ++i) sum += levels.counts[i] * levels.offset[i];
  double next = static_cast<double>(sum) / static_cast<double>(levels.total), current = -1;
  while (std::fabs(next - current) > 0.5) {
    current = next;
    double weights[2] = {0, 0}, sums[2] = {0, 0};
    for (size_t i = 0; i < levels.size(); ++i) {
      const double place = static_cast<double>(levels.offset[i]);
      const int side = place > current ? 1 : 0;
      weights[side] += weight(i);
      sums[side] += place * weight(i);
    }
    const double back = sums[0] / weights[0], fore = sums[1] / weights[1];
    if (back == 0) break;
    next = (back - fore) / (NumpyLog(back) - NumpyLog(fore));
  }
  return next + levels.values[0];
}

template <typename F>
absl::StatusOr<double> LiOfFloats(const MethodInput& of) {
  TRINE_ASSIGN_OR_RETURN(Scratch<F> pixels, PixelsInside<F>(of));
  const uint64_t count = of.levels.total;
  const F low = static_cast<F>(of.levels.values[0]);
  Poller poll = PixelPoller(of.context);
  for (uint64_t i = 0; i < count; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    pixels[i] -= low;
  }
  // Half the least difference of two values.
  F tolerance = 0, before = 0;
  for (size_t i = 1; i < of.levels.size(); ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 4096));
    const F value = static_cast<F>(of.levels.values[i]) - low;
    const F difference = value - before;
    if (value != before && (tolerance == 0 || difference < tolerance)) tolerance = difference;
    before = value;
  }
  tolerance /= 2;
  Scratch<F> side = MakeScratch<F>(static_cast<int64_t>(count));
  TRINE_ASSIGN_OR_RETURN(F next, Mean(pixels.data(), count, poll));
  F current = -2 * tolerance;
  while (std::fabs(next - current) > tolerance) {
    current = next;
    F means[2];
    for (const bool fore : {false, true}) {
      uint64_t taken = 0;
      for (uint64_t i = 0; i < count; ++i) {
        if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
        if ((pixels[i] > current) == fore) side[taken++] = pixels[i];
      }
      TRINE_ASSIGN_OR_RETURN(means[fore ? 1 : 0], Mean(side.data(), taken, poll));
    }
    if (means[0] == 0) break;
    next = (means[0] - means[1]) / (NumpyLog(means[0]) - NumpyLog(means[1]));
  }
  return double{next + low};
}

}  // namespace

absl::StatusOr<double> SkimageLi(const MethodInput& of) {
  if (IsConstant(of)) return of.levels.values[0];
  if (!IsFloat(of.gray.dtype)) return LiOfIntegers(of);
  return WithFloats(of, [&](auto type) { return LiOfFloats<decltype(type)>(of); });
}

}  // namespace trine::segment
