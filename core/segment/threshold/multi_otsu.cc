#include "core/segment/threshold/multi_otsu.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/segment/threshold/otsu.h"
#include "core/segment/threshold/otsu_profiles.h"
#include "core/segment/threshold/partition.h"
#include "core/segment/threshold/partition_ranges.h"
#include "core/segment/threshold/wide_moments.h"
#include "core/segment/threshold/wide_uint.h"

namespace trine::segment {
namespace {

constexpr uint64_t kMaxCutTable = uint64_t{1} << 26;
// Of fewer levels the search itself is as fast as finding where to search.
constexpr size_t kLeastToLimit = 4096;
// Bounds of cells take less than the search then.
constexpr size_t kLevelsOfCell = 64, kMostCells = 256;

// Moments of ranges of levels in integers; sums of fractions compared exactly.
class IntegerMoments {
 public:
  using Value = double;

  absl::Status Fill(const Context&, const Levels& levels, Poller& poll) {
    ReserveLong(levels.size() + 1, &weight_);
    ReserveLong(levels.size() + 1, &sum_);
    weight_.push_back(0);
    sum_.push_back(0);
    for (size_t i = 0; i < levels.size(); ++i) {
      TRINE_RETURN_IF_ERROR(poll.Spend(4));
      weight_.push_back(weight_.back() + levels.counts[i]);
      sum_.push_back(sum_.back() + levels.counts[i] * levels.offset[i]);
    }
    if (sum_.back() >= uint64_t{1} << 53) return absl::OkStatus();
    weights_ = MakeScratch<double>(static_cast<int64_t>(weight_.size()));
    sums_ = MakeScratch<double>(static_cast<int64_t>(weight_.size()));
    for (size_t i = 0; i < weight_.size(); ++i) {
      TRINE_RETURN_IF_ERROR(poll.Spend(2));
      weights_[i] = static_cast<double>(weight_[i]);
      sums_[i] = static_cast<double>(sum_[i]);
    }
    return absl::OkStatus();
  }

  Value Term(size_t begin, size_t end) const {
    if (!weights_.empty()) {
      const double s = sums_[end] - sums_[begin];
      return s * s / (weights_[end] - weights_[begin]);
    }
    const double s = static_cast<double>(sum_[end] - sum_[begin]);
    return s * s / static_cast<double>(weight_[end] - weight_[begin]);
  }

  void Terms(size_t begin, size_t first, size_t last, const double* rest, double* out) const {
    if (weights_.empty()) {
      for (size_t end = first; end < last; ++end) out[end - first] = Term(begin, end) + rest[end];
      return;
    }
    // The same numbers, in a loop that compiles to vectors.
    const double* const __restrict sums = sums_.data() + first;
    const double* const __restrict weights = weights_.data() + first;
    double* const __restrict to = out;
    const double sum = sums_[begin], weight = weights_[begin];
    for (size_t i = 0; i < last - first; ++i) {
      const double s = sums[i] - sum;
      to[i] = s * s / (weights[i] - weight) + rest[first + i];
    }
  }

  static double Largest(const double* values, size_t count) {
    std::array<double, 4> largest;
    largest.fill(values[0]);
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
      for (size_t k = 0; k < 4; ++k) largest[k] = std::max(largest[k], values[i + k]);
    }
    for (; i < count; ++i) largest[0] = std::max(largest[0], values[i]);
    return std::max(std::max(largest[0], largest[1]), std::max(largest[2], largest[3]));
  }

  static double Rough(Value value) { return value; }

  // Sums of up to 16 terms are within 2^-48 of the truth: nearer ones need the exact test.
  static int CompareValues(Value a, Value b) {
    constexpr double kDecided = 1 + 0x1p-46;
    if (a > b * kDecided) return 1;
    if (a * kDecided < b) return -1;
    return 0;
  }

  // Sign of (sum over a) - (sum over b), exactly.
  int CompareExactly(const std::vector<LevelRange>& a, const std::vector<LevelRange>& b) const {
    using Wide = WideUint<17>;
    Wide sum_a, sum_b, denominator{Uint128{1}};
    const auto add = [&](const LevelRange& range, Wide& to, Wide& other) {
      const uint64_t w = weight_[range.end] - weight_[range.begin];
      const uint64_t s = sum_[range.end] - sum_[range.begin];
      to *= w;
      to += Wide::Product(denominator, Uint128{s} * s);
      other *= w;
      denominator *= w;
    };
    for (const LevelRange& range : a) {
      if (std::find(b.begin(), b.end(), range) == b.end()) add(range, sum_a, sum_b);
    }
    for (const LevelRange& range : b) {
      if (std::find(a.begin(), a.end(), range) == a.end()) add(range, sum_b, sum_a);
    }
    const std::strong_ordering order = sum_a <=> sum_b;
    return std::is_gt(order) ? 1 : std::is_lt(order) ? -1 : 0;
  }

 private:
  std::vector<uint64_t> weight_;
  std::vector<uint64_t> sum_;
  Scratch<double> weights_, sums_;  // the same where double holds them, else empty
};

template <typename Moments>
absl::StatusOr<std::vector<size_t>> SearchWith(const Context& context, const Levels& levels,
                                               int classes) {
  Poller poll = PixelPoller(context);
  Moments moments;
  TRINE_RETURN_IF_ERROR(moments.Fill(context, levels, poll));
  PartitionSearch<Moments> search(context, moments, levels.size(), classes);
  if (levels.size() >= kLeastToLimit) {
    CellBounds<Moments> bounds(moments, levels.size(), static_cast<size_t>(classes),
                               std::min(kMostCells, levels.size() / kLevelsOfCell));
    TRINE_ASSIGN_OR_RETURN(const std::vector<LevelRange> ranges, bounds.Find(poll));
    search.Limit(ranges);
  }
  return search.Run();
}

absl::StatusOr<ThresholdResult> SkimageResult(const Context& context, const Picture& gray,
                                              const Levels& levels, int classes,
                                              std::string_view field) {
  if (classes > 5)
    return NotOffered(field, "the skimage profile enumerates and takes 2 to 5 classes");
  FloatBins bins;
  if (IsFloat(gray.dtype) && !gray.whole) {
    if (levels.size() > 1) {
      TRINE_ASSIGN_OR_RETURN(bins, SkimageBins(context, levels, gray.dtype));
    } else {
      bins = {{levels.total}, {levels.values.front()}};
    }
  } else {
    const double low = levels.values.front();
    const double span = levels.values.back() - low + 1;
    if (span > 256)
      return NotOffered("profile",
                        "the skimage profile's multi-Otsu takes at most 256 bins between the "
                        "lowest and the highest value");
    bins.counts.assign(static_cast<size_t>(span), 0);
    for (size_t i = 0; i < levels.size(); ++i)
      bins.counts[static_cast<size_t>(levels.values[i] - low)] = levels.counts[i];
    for (size_t i = 0; i < bins.counts.size(); ++i)
      bins.centers.push_back(low + static_cast<double>(i));
  }
  const auto used = std::count_if(bins.counts.begin(), bins.counts.end(),
                                  [](uint64_t count) { return count > 0; });
  if (used < classes)
    return InvalidField(field, int64_t{classes},
                        "at most the number of bins in use, " + std::to_string(used));
  TRINE_ASSIGN_OR_RETURN(const std::vector<size_t> cuts,
                         SkimageMultiOtsu(context, bins.counts, classes));
  ThresholdResult result;
  for (const size_t cut : cuts) result.thresholds.push_back(bins.centers[cut]);
  return result;
}

}  // namespace

absl::StatusOr<std::vector<size_t>> BestPartition(const Context& context, const Levels& levels,
                                                  int classes) {
  const uint64_t cells = static_cast<uint64_t>(classes - 2) * levels.size();
  if (cells > kMaxCutTable)
    return LimitExceeded("gray", levels.size(), "distinct values for so many classes",
                         kMaxCutTable / static_cast<uint64_t>(classes - 2));
  if (levels.offset.empty()) return SearchWith<WideMoments>(context, levels, classes);
  return SearchWith<IntegerMoments>(context, levels, classes);
}

absl::Status CheckMultiOtsuProfile(Profile profile, DType dtype) {
  if (profile == Profile::kExact) return absl::OkStatus();
  if (profile == Profile::kSkimage) return CheckSkimageBins(dtype);
  return NotOffered("profile", "multi-Otsu has the profiles exact and skimage only");
}

absl::StatusOr<ThresholdResult> MultiOtsu(const Context& context, const Picture& gray,
                                          Profile profile, int classes, std::string_view field) {
  TRINE_ASSIGN_OR_RETURN(const Levels levels, LevelsOf(context, gray));
  if (levels.size() == 0) return NoPixelsInside(gray);
  if (levels.size() < static_cast<size_t>(classes))
    return InvalidField(field, int64_t{classes},
                        "at most the number of distinct values, " + std::to_string(levels.size()));
  ThresholdResult result;
  if (profile == Profile::kSkimage) {
    TRINE_ASSIGN_OR_RETURN(result, SkimageResult(context, gray, levels, classes, field));
  } else {
    TRINE_ASSIGN_OR_RETURN(const std::vector<size_t> cuts, BestPartition(context, levels, classes));
    for (const size_t cut : cuts) result.thresholds.push_back(levels.values[cut]);
  }
  TRINE_RETURN_IF_ERROR(DescribeClasses(context, levels, result));
  return result;
}

}  // namespace trine::segment
