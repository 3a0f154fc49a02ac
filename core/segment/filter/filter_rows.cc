#include <any>
#include <string_view>
#include <vector>

#include "core/segment/filter/background/background.h"
#include "core/segment/filter/contrast.h"
#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/filter/smooth/smooth.h"
#include "core/segment/row.h"
#include "core/segment/rows.h"

namespace trine::segment {
namespace {

constexpr std::string_view kBackgroundMethods[] = {"top_hat", "rolling_ball", "polynomial",
                                                   "closing"};
constexpr std::string_view kRemovals[] = {"subtract", "divide"};
constexpr std::string_view kSmoothMethods[] = {"gaussian", "median", "mean", "binomial"};

StepSpec SmoothRow() {
  return Row<SmoothStep>(
      {.name = "smooth",
       .about = "Means or medians of the pixels around each pixel",
       .parameters = {Param<&SmoothStep::method>("method",
                                                 "What becomes of a pixel's surroundings"),
                      Of({"gaussian"},
                         Param<&SmoothStep::sigma>(
                             "sigma", "deviation [pixels]",
                             {.least = 0, .most = kMostSmoothSigma, .above = true}, "2")),
                      Of({"median", "mean", "binomial"},
                         Param<&SmoothStep::radius>(
                             "radius", "reach to each side [pixels]; binomial at most 500",
                             Between(0, static_cast<double>(kMostSmoothRadius)), "0: 2"))},
       .uses = kGray,
       .makes = kGray,
       .profiles = kEveryProfile,
       // Sums and counts of windows, planes of half the size, or ranks and keys of floats, at most.
       // Of thin pictures the rows or the histograms of columns that a thread keeps.
       .working = Working::APixelOrColumn(40, 1024),
       .turns =
           [](DType gray, Profile profile, const std::any& given) {
             const auto method = std::any_cast<const SmoothStep&>(given).method;
             return profile == Profile::kSkimage && method == SmoothMethod::kGaussian
                        ? SkimageFloats(gray)
                        : gray;
           }},
      RunSmooth, CheckSmooth);
}

StepSpec BackgroundRow() {
  return Row<BackgroundStep>(
      {.name = "background",
       .about = "Takes off the background under the objects",
       .parameters = {Param<&BackgroundStep::method>("method", "What is taken for the background"),
                      Of({"top_hat", "rolling_ball", "closing"},
                         Param<&BackgroundStep::radius>(
                             "radius", "of the disk or ball [pixels]; objects are smaller",
                             Between(0, static_cast<double>(kMostBackgroundRadius)), "0: 50")),
                      Of({"polynomial"}, Param<&BackgroundStep::degree>(
                                             "degree", "of the surface",
                                             Between(0, static_cast<double>(kMostDegree)), "0: 2")),
                      Of({"top_hat", "rolling_ball"},
                         Param<&BackgroundStep::light>(
                             "light", "the background is brighter than the objects")),
                      Of({"top_hat", "rolling_ball", "closing"},
                         Param<&BackgroundStep::remove>(
                             "remove",
                             "how it goes; divide: of a light one, which becomes white"))},
       .uses = kGray,
       .makes = kGray,
       .profiles = kEveryProfile,
       // The eroded picture. Pieces with their surroundings come on top.
       .working = Working::APixel(8)},
      RunBackground, CheckBackground);
}

StepSpec EqualizeRow() {
  return Row<EqualizeStep>(
      {.name = "equalize",
       .about = "Equalizes histograms of tiles with a limit on contrast (CLAHE)",
       .parameters = {Param<&EqualizeStep::tiles>("tiles", "Tiles along each axis",
                                                  Between(1, static_cast<double>(kMostTiles))),
                      Param<&EqualizeStep::clip_limit>("clip_limit",
                                                       "Of a bin, over the mean bin; 0: none",
                                                       Between(0, kMostClipLimit))},
       .uses = kGray,
       .makes = kGray,
       .profiles = kEveryProfile,
       // Counts of a tile on each thread. Tables come on top.
       .working = Working::ALevel(64),
       .turns =
           [](DType gray, Profile profile, const std::any&) {
             return profile == Profile::kSkimage ? SkimageFloats(gray) : gray;
           }},
      RunEqualize, CheckEqualize);
}

StepSpec StretchRow() {
  return Row<StretchStep>(
      {.name = "stretch",
       .about = "Stretches the gray values between two percentiles over the whole range",
       .parameters = {Param<&StretchStep::low>("low", "Percentile that becomes the lowest value",
                                               Between(0, 100)),
                      Param<&StretchStep::high>("high", "Percentile that becomes the highest value",
                                                Between(0, 100))},
       .uses = kGray,
       .makes = kGray,
       .profiles = kEveryProfile,
       // Sorted keys of floats, then values and counts of the levels.
       .working = Working::ALevel(32)},
      RunStretch, CheckStretch);
}

}  // namespace

absl::Span<const std::string_view> NamesOf(SmoothMethod) { return kSmoothMethods; }

absl::Span<const std::string_view> NamesOf(BackgroundMethod) { return kBackgroundMethods; }

absl::Span<const std::string_view> NamesOf(BackgroundRemoval) { return kRemovals; }

std::vector<StepSpec> FilterRows() {
  return {SmoothRow(), BackgroundRow(), EqualizeRow(), StretchRow()};
}

}  // namespace trine::segment
