#include "core/segment/threshold/otsu.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/segment/double_double.h"
#include "core/segment/threshold/otsu_profiles.h"
#include "core/segment/threshold/wide_moments.h"
#include "core/segment/threshold/wide_uint.h"

namespace trine::segment {
namespace {

using Uint256 = WideUint<4>;

// The criterion of one cut as the fraction difference^2 / weights.
struct ExactCriterion {
  Uint128 difference = 0;  // |D|
  uint64_t weights = 1;    // w0 w1, below 2^58
  double approximate = 0;

  ExactCriterion() = default;
  ExactCriterion(uint64_t total, uint64_t weight, uint64_t sum, uint64_t sum_below) {
    const Uint128 a = Uint128{total} * sum_below;
    const Uint128 b = Uint128{weight} * sum;
    difference = a > b ? a - b : b - a;
    weights = weight * (total - weight);
    const double d = static_cast<double>(difference);
    approximate = d * d / static_cast<double>(weights);
  }

  // REQUIRES: the approximations did not decide.
  std::strong_ordering Compare(const ExactCriterion& other) const {
    const Uint256 mine = Square(difference), theirs = Square(other.difference);
    return Uint256::Product(mine, other.weights) <=> Uint256::Product(theirs, weights);
  }

 private:
  static Uint256 Square(Uint128 v) { return Uint256::Product(Uint256(v), v); }
};

// The approximations are within 2^-50 of the truth, so that only nearer ones need the exact test.
constexpr double kDecided = 1 + 0x1p-48;

// Bounds of a cut's criterion, in doubles: products of 92 bits are within 2^-53 of themselves,
// their difference within that of their sum.
struct CriterionBounds {
  double low = 0, high = 0;  // of |D|
  double weights = 1;

  CriterionBounds() = default;
  CriterionBounds(uint64_t total, uint64_t weight, uint64_t sum, uint64_t sum_below) {
    const double a = static_cast<double>(total) * static_cast<double>(sum_below);
    const double b = static_cast<double>(weight) * static_cast<double>(sum);
    const double difference = std::fabs(a - b), error = (a + b) * 0x1p-50;
    low = std::max(0.0, difference - error);
    high = difference + error;
    weights = static_cast<double>(weight * (total - weight));
  }
  // Whether this cut is surely worse than the other.
  bool IsBelow(const CriterionBounds& other) const {
    return high * high * other.weights * kDecided < other.low * other.low * weights;
  }
};

// Calls cut(index, weight, sum_below) for all cuts.
template <typename Cut>
absl::Status ForCuts(const Levels& levels, Poller& poll, uint64_t units, const Cut& cut) {
  uint64_t weight = 0, sum_below = 0;
  for (size_t i = 0; i + 1 < levels.size(); ++i) {
    if (i % 64 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(64 * units));
    weight += levels.counts[i];
    sum_below += levels.counts[i] * levels.offset[i];
    cut(i, weight, sum_below);
  }
  return absl::OkStatus();
}

absl::StatusOr<OtsuCuts> BestCutsOfIntegers(const Context& context, const Levels& levels) {
  Poller poll = PixelPoller(context);
  uint64_t sum = 0;
  for (size_t i = 0; i < levels.size(); ++i) {
    if (i % 64 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(64));
    sum += levels.counts[i] * levels.offset[i];
  }
  // First in doubles, which leave few cuts to be compared exactly.
  CriterionBounds floor;
  TRINE_RETURN_IF_ERROR(
      ForCuts(levels, poll, 4, [&](size_t /*cut*/, uint64_t weight, uint64_t sum_below) {
        const CriterionBounds here(levels.total, weight, sum, sum_below);
        if (floor.low * floor.low * here.weights < here.low * here.low * floor.weights)
          floor = here;
      }));
  ExactCriterion best;
  OtsuCuts cuts;
  TRINE_RETURN_IF_ERROR(
      ForCuts(levels, poll, 8, [&](size_t cut, uint64_t weight, uint64_t sum_below) {
        if (CriterionBounds(levels.total, weight, sum, sum_below).IsBelow(floor)) return;
        const ExactCriterion here(levels.total, weight, sum, sum_below);
        if (here.approximate * kDecided < best.approximate) return;
        const std::strong_ordering order = here.approximate > best.approximate * kDecided
                                               ? std::strong_ordering::greater
                                               : here.Compare(best);
        if (std::is_lt(order)) return;
        if (std::is_gt(order)) {
          best = here;
          cuts.first = cut;
        }
        cuts.last = cut;
      }));
  return cuts;
}

absl::StatusOr<OtsuCuts> BestCutsOfDoubles(const Context& context, const Levels& levels) {
  Poller poll = PixelPoller(context);
  WideMoments moments;
  TRINE_RETURN_IF_ERROR(moments.Fill(context, levels, poll));
  const size_t all = levels.size();
  DoubleDouble best;
  OtsuCuts cuts;
  for (size_t cut = 0; cut + 1 < all; ++cut) {
    TRINE_RETURN_IF_ERROR(poll.Spend(64));
    const size_t end = cut + 1;
    const DoubleDouble here = moments.Term(0, end) + moments.Term(end, all);
    int order = cut == 0 ? 1 : WideMoments::CompareValues(here, best);
    if (order == 0) {
      const size_t best_end = cuts.first + 1;
      order = moments.CompareExactly({{0, end}, {end, all}}, {{0, best_end}, {best_end, all}});
    }
    if (order < 0) continue;
    if (order > 0) {
      best = here;
      cuts.first = cut;
    }
    cuts.last = cut;
  }
  return cuts;
}

absl::StatusOr<double> ProfileThreshold(const Context& context, const Picture& gray,
                                        Profile profile, const Levels& levels,
                                        const std::vector<uint64_t>& counts, double exact) {
  if (profile == Profile::kExact) return exact;
  if (IsFloat(gray.dtype)) {
    if (gray.whole)
      return NotOffered("profile",
                        "the skimage profile's Otsu has a bin for each integer and takes pictures "
                        "that span 65536 of them at most");
    return SkimageOtsuOfFloats(context, levels, gray.dtype);
  }
  switch (profile) {
    case Profile::kOpencv:
      return OpencvOtsu(counts);
    case Profile::kSkimage:
      return SkimageOtsu(counts, gray.origin);
    case Profile::kImagej:
      return gray.dtype == DType::kUint8 ? ImagejOtsu(counts) : ImagejOtsuOfWords(counts);
    default:
      return static_cast<double>(gray.origin) + MatlabOtsu(counts);
  }
}

// Whether the profile's threshold comes from bins of several values, of whose thresholds it does
// not know which are as good.
bool IsOfBins(Profile profile, DType dtype) {
  return (profile == Profile::kSkimage && IsFloat(dtype)) ||
         (profile == Profile::kMatlab && dtype != DType::kUint8);
}

// A class's weight, and its sums from the lowest value on: squares of what all have in common would
// drown the rest.
struct ClassSums {
  uint64_t weight = 0;
  DoubleDouble sum, squares;
};

constexpr double kHighest = std::numeric_limits<double>::infinity();

// Whether the offsets are from the lowest value on.
bool AreOffsets(const Levels& levels) {
  return !levels.offset.empty() &&
         levels.values.back() - levels.values.front() == static_cast<double>(levels.offset.back());
}

// REQUIRES: value < 2^106.
DoubleDouble ExactDoubles(Uint128 value) {
  const double high = static_cast<double>(value);
  const auto rest = static_cast<Int128>(value - static_cast<Uint128>(high));
  return {high, static_cast<double>(rest)};
}

// Of the levels from `level` on that are no more than `last`.
absl::StatusOr<ClassSums> SumIntegers(const Levels& levels, double last, Poller& poll,
                                      size_t* level) {
  uint64_t weight = 0, sum = 0;  // below 2^30 and 2^62
  Uint128 squares = 0;           // below 2^94
  for (; *level < levels.size() && levels.values[*level] <= last; ++*level) {
    TRINE_RETURN_IF_ERROR(poll.Spend(2));
    const uint64_t count = levels.counts[*level], offset = levels.offset[*level];
    weight += count;
    sum += count * offset;
    squares += Uint128{count * offset} * offset;
  }
  return ClassSums{weight, ExactDoubles(sum), ExactDoubles(squares)};
}

absl::StatusOr<ClassSums> SumDoubles(const Levels& levels, double last, Poller& poll,
                                     size_t* level) {
  ClassSums out;
  for (; *level < levels.size() && levels.values[*level] <= last; ++*level) {
    TRINE_RETURN_IF_ERROR(poll.Spend(16));
    const DoubleDouble count(static_cast<double>(levels.counts[*level]));
    const DoubleDouble above = DoubleDouble::TwoSum(levels.values[*level], -levels.values.front());
    out.weight += levels.counts[*level];
    out.sum = out.sum + count * above;
    out.squares = out.squares + count * (above * above);
  }
  return out;
}

}  // namespace

absl::Status CheckOtsuProfile(Profile profile, DType dtype) {
  const bool plain = dtype == DType::kUint8 || dtype == DType::kUint16;
  switch (profile) {
    case Profile::kOpencv:
    case Profile::kImagej:
      if (plain) return absl::OkStatus();
      return NotOffered("profile",
                        "this profile's Otsu takes uint8 and uint16 pictures only, not " +
                            std::string(DTypeName(dtype)));
    case Profile::kMatlab:
      if (plain || dtype == DType::kInt16) return absl::OkStatus();
      return NotOffered("profile", "graythresh takes uint8, uint16 and int16 pictures only, not " +
                                       std::string(DTypeName(dtype)));
    case Profile::kSkimage:
      return CheckSkimageBins(dtype);
    default:
      return absl::OkStatus();
  }
}

double HighestThreshold(double next, const Picture& gray) {
  if (gray.dtype == DType::kFloat32)
    return std::nextafter(static_cast<float>(next), -std::numeric_limits<float>::infinity());
  const double before = std::nextafter(next, -std::numeric_limits<double>::infinity());
  if (gray.dtype == DType::kFloat64 && !gray.whole) return before;
  return std::min(next - 1, before);
}

absl::Status CheckSkimageBins(DType dtype) {
  if (dtype != DType::kBool) return absl::OkStatus();
  return NotOffered("profile", "the skimage profile's thresholds from a histogram take no bool");
}

absl::Status NoPixelsInside(const Picture& gray) {
  if (gray.leaves_out)
    return InvalidField("gray", std::string_view("finite nowhere"),
                        "at least one pixel must be finite to find a threshold");
  return InvalidField("mask", std::string_view("0 everywhere"),
                      "at least one pixel must lie inside to find a threshold");
}

absl::StatusOr<OtsuCuts> BestCuts(const Context& context, const Levels& levels) {
  if (levels.offset.empty()) return BestCutsOfDoubles(context, levels);
  return BestCutsOfIntegers(context, levels);
}

absl::Status DescribeClasses(const Context& context, const Levels& levels,
                             ThresholdResult& result) {
  Poller poll = PixelPoller(context);
  const size_t classes = result.thresholds.size() + 1;
  result.classes.assign(classes, ClassStats{});
  result.separability = 0;
  if (levels.size() == 0) return absl::OkStatus();
  const DoubleDouble total(static_cast<double>(levels.total));
  const bool is_integers = AreOffsets(levels);
  DoubleDouble all_sum, all_squares, explained;
  size_t level = 0;
  for (size_t c = 0; c < classes; ++c) {
    const double last = c + 1 < classes ? result.thresholds[c] : kHighest;
    TRINE_ASSIGN_OR_RETURN(const ClassSums sums, is_integers
                                                     ? SumIntegers(levels, last, poll, &level)
                                                     : SumDoubles(levels, last, poll, &level));
    all_squares = all_squares + sums.squares;
    if (sums.weight == 0) continue;
    const DoubleDouble w(static_cast<double>(sums.weight));
    result.classes[c] = {w.hi / total.hi,
                         (sums.sum / w + DoubleDouble(levels.values.front())).value()};
    all_sum = all_sum + sums.sum;
    explained = explained + sums.sum * sums.sum / w;
  }
  const DoubleDouble correction = all_sum * all_sum / total;
  const double variance = (all_squares - correction).value();
  const double between = (explained - correction).value();
  const bool constant = levels.size() < 2 || !(variance > 0);
  result.separability = constant ? 0 : std::clamp(between / variance, 0.0, 1.0);
  return absl::OkStatus();
}

absl::StatusOr<ThresholdResult> OtsuOf(const Context& context, const Picture& gray, Profile profile,
                                       const Levels& levels, const std::vector<uint64_t>& counts) {
  ThresholdResult result;
  result.plateau_low = result.plateau_high = levels.values.front();
  if (levels.size() > 1) {
    TRINE_ASSIGN_OR_RETURN(const OtsuCuts cuts, BestCuts(context, levels));
    result.plateau_low = levels.values[cuts.first];
    result.plateau_high = HighestThreshold(levels.values[cuts.last + 1], gray);
  }
  TRINE_ASSIGN_OR_RETURN(const double threshold, ProfileThreshold(context, gray, profile, levels,
                                                                  counts, result.plateau_low));
  result.thresholds = {threshold};
  const bool is_of_plateau = result.plateau_low <= threshold && threshold <= result.plateau_high;
  if (!is_of_plateau || IsOfBins(profile, gray.dtype))
    result.plateau_low = result.plateau_high = threshold;
  return result;
}

absl::StatusOr<ThresholdResult> Otsu(const Context& context, const Picture& gray, Profile profile) {
  std::vector<uint64_t> counts;
  Levels levels;
  if (IsFloat(gray.dtype)) {
    TRINE_ASSIGN_OR_RETURN(levels, LevelsOfFloats(context, gray));
  } else {
    TRINE_ASSIGN_OR_RETURN(counts, CountValues(context, gray));
    levels = LevelsOfCounts(counts, gray.origin);
  }
  if (levels.size() == 0) return NoPixelsInside(gray);
  TRINE_ASSIGN_OR_RETURN(ThresholdResult result, OtsuOf(context, gray, profile, levels, counts));
  TRINE_RETURN_IF_ERROR(DescribeClasses(context, levels, result));
  return result;
}

}  // namespace trine::segment
