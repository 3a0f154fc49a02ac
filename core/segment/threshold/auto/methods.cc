#include "core/segment/threshold/auto/methods.h"

#include <algorithm>
#include <string>

#include "core/base/error.h"
#include "core/segment/threshold/libraries/imagej.h"
#include "core/segment/threshold/libraries/opencv.h"
#include "core/segment/threshold/libraries/skimage.h"
#include "core/segment/threshold/otsu.h"

namespace trine::segment {
namespace {

constexpr size_t kBinsOfFloats = 256;

constexpr AutoMethodRow kMethods[] = {
    {AutoMethod::kLi, "li", Li, SkimageLi, ImagejLi},
    {AutoMethod::kYen, "yen", Yen, SkimageYen, ImagejYen},
    {AutoMethod::kTriangle, "triangle", Triangle, SkimageTriangle, ImagejTriangle, OpencvTriangle},
    {AutoMethod::kIsodata, "isodata", Isodata, SkimageIsodata, ImagejIsodata},
    {AutoMethod::kMinimum, "minimum", Minimum, SkimageMinimum, ImagejMinimum},
    {AutoMethod::kGlobalMean, "global_mean", GlobalMean, SkimageMean, ImagejMean},
    {AutoMethod::kMinError, "min_error", MinError, nullptr, ImagejMinError},
    {AutoMethod::kMaxEntropy, "max_entropy", MaxEntropy, nullptr, ImagejMaxEntropy},
    {AutoMethod::kHuang, "huang", Huang, nullptr, ImagejHuang},
    {AutoMethod::kMoments, "moments", Moments, nullptr, ImagejMoments},
    {AutoMethod::kRenyi, "renyi", Renyi, nullptr, ImagejRenyi},
    {AutoMethod::kPercentile, "percentile", Percentile, nullptr, ImagejPercentile},
};

absl::StatusOr<Levels> EqualBins(const Context& context, const Levels& levels) {
  Levels bins;
  bins.total = levels.total;
  const double low = levels.values.front(), range = levels.values.back() - low;
  Poller poll = PixelPoller(context);
  for (size_t i = 0; i < levels.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4));
    const double share = range > 0 ? (levels.values[i] - low) / range : 0;
    const uint64_t place =
        std::min(static_cast<uint64_t>(share * double{kBinsOfFloats}), uint64_t{kBinsOfFloats - 1});
    if (bins.offset.empty() || bins.offset.back() != place) {
      bins.offset.push_back(place);
      bins.counts.push_back(0);
      bins.values.push_back(0);
    }
    bins.counts.back() += levels.counts[i];
    bins.values.back() = levels.values[i];
  }
  return bins;
}

}  // namespace

absl::Span<const AutoMethodRow> AutoMethods() { return kMethods; }

absl::StatusOr<MethodInput> MakeMethodInput(const Context& context, const Picture& gray) {
  MethodInput out{context, gray, {}, {}, {}};
  if (IsFloat(gray.dtype)) {
    TRINE_ASSIGN_OR_RETURN(out.levels, LevelsOfFloats(context, gray));
    if (out.levels.size() == 0) return NoPixelsInside(gray);
    TRINE_ASSIGN_OR_RETURN(out.bins, EqualBins(context, out.levels));
    return out;
  }
  TRINE_ASSIGN_OR_RETURN(out.counts, CountValues(context, gray));
  out.levels = LevelsOfCounts(out.counts, gray.origin);
  if (out.levels.size() == 0) return NoPixelsInside(gray);
  out.bins = out.levels;
  return out;
}

absl::Status NoThreshold(std::string_view why) { return absl::NotFoundError(std::string(why)); }

std::vector<uint64_t> DenseCounts(const Levels& bins) {
  std::vector<uint64_t> counts(bins.offset.back() + 1, 0);
  for (size_t i = 0; i < bins.size(); ++i) counts[bins.offset[i]] = bins.counts[i];
  return counts;
}

double ValueUpTo(const Levels& bins, uint64_t place) {
  const auto after = std::upper_bound(bins.offset.begin(), bins.offset.end(), place);
  return bins.values[static_cast<size_t>(after - bins.offset.begin()) - 1];
}

}  // namespace trine::segment
