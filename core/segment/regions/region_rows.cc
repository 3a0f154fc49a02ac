#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/segment/pipeline.h"
#include "core/segment/regions/components.h"
#include "core/segment/regions/distance.h"
#include "core/segment/regions/fill_holes.h"
#include "core/segment/regions/invert.h"
#include "core/segment/regions/keep_overlap.h"
#include "core/segment/regions/measure/measure.h"
#include "core/segment/regions/watershed_step.h"
#include "core/segment/row.h"
#include "core/segment/rows.h"
#include "core/segment/segment.h"

namespace trine::segment {
namespace {

constexpr std::string_view kConnectivities[] = {"4", "8"};
constexpr std::string_view kOverlaps[] = {"markers", "gray"};
constexpr std::string_view kMarkerSources[] = {"given", "distance"};
constexpr std::string_view kReliefs[] = {"gray", "distance"};

}  // namespace

absl::Span<const std::string_view> NamesOf(Connectivity) { return kConnectivities; }
absl::Span<const std::string_view> NamesOf(OverlapWith) { return kOverlaps; }
absl::Span<const std::string_view> NamesOf(MarkerSource) { return kMarkerSources; }
absl::Span<const std::string_view> NamesOf(Relief) { return kReliefs; }

std::vector<StepSpec> RegionRows() {
  std::vector<StepSpec> rows;
  rows.push_back(Row<InvertStep>({.name = "invert",
                                  .about = "Swaps foreground and background",
                                  .needs = kMask,
                                  .makes = kMask,
                                  .working = Working::Nothing()},
                                 [](State& s, const InvertStep&) { return Invert(s); }));

  rows.push_back(Row<FillHolesStep>(
      {.name = "fill_holes",
       .about = "Fills background that does not reach the border",
       .parameters =
           {Param<&FillHolesStep::connectivity>("connectivity", "Neighbours of a background pixel"),
            Param<&FillHolesStep::max_area>("max_area", "Only holes of at most so many pixels",
                                            AtLeast(0), "0: all holes")},
       .needs = kMask,
       .makes = kMask,
       // Runs, as many as there are.
       .working = Working::Nothing()},
      RunFillHoles));

  rows.push_back(Row<KeepOverlapStep>(
      {.name = "keep_overlap",
       .about = "Keeps components of the mask that overlap markers, or what is bright",
       .parameters = {Param<&KeepOverlapStep::other>(
                          "other", "The request's markers, or the gray picture above a threshold",
                          {}, "markers if sent, else gray"),
                      Param<&KeepOverlapStep::threshold>("threshold", "gray: gray value", {},
                                                         "what the last step before it found"),
                      Param<&KeepOverlapStep::share>(
                          "share", "Least share of a component's area; 0: a pixel", Between(0, 1)),
                      Param<&KeepOverlapStep::connectivity>("connectivity",
                                                            "Neighbours of a foreground pixel")},
       .needs = kMask,
       .uses = kGray | kMarkers | kThresholds,
       .makes = kMask,
       .inverts = true,
       // Runs, as many as there are.
       .working = Working::Nothing()},
      RunKeepOverlap, CheckKeepOverlap));

  rows.push_back(Row<ComponentsStep>(
      {.name = "components",
       .about = "Connected components of the mask, numbered in raster order",
       .parameters = {Param<&ComponentsStep::connectivity>("connectivity",
                                                           "Neighbours of a foreground pixel"),
                      Param<&ComponentsStep::min_area>(
                          "min_area", "Smaller components are removed [pixels]", AtLeast(0))},
       .needs = kMask,
       .makes = kMask | kLabels,
       // Runs, as many as there are.
       .working = Working::Nothing()},
      RunComponentsStep));

  rows.push_back(Row<DistanceStep>(
      {.name = "distance",
       .about = "Exact Euclidean distance to the background",
       .needs = kMask,
       .makes = kDistance,
       // Edges of bands and rows, as many as there are.
       .working = Working::Nothing()},
      [](State& s, const DistanceStep&) -> absl::Status {
        const auto [height, width] = std::pair(s.gray.height, s.gray.width);
        TRINE_RETURN_IF_ERROR(s.context.Reserve(DistanceBytes(s.context, height, width)));
        return DistanceMap(s.context, s.Mask(), height, width, s.Distance());
      }));

  rows.push_back(Row<WatershedStep>(
      {.name = "watershed",
       .about = "Marker-controlled watershed",
       .parameters =
           {Param<&WatershedStep::markers>("markers",
                                           "The request's markers, or maxima of the distance map",
                                           {}, "given if sent, else distance"),
            Param<&WatershedStep::relief>(
                "relief", "What is flooded: gray, where basins are dark, or the negated distance",
                {}, "distance if markers are, else gray"),
            Param<&WatershedStep::connectivity>("connectivity", "Neighbours of a pixel"),
            Param<&WatershedStep::marker_height>(
                "marker_height",
                "distance: how far a maximum rises above its saddle to count [pixels]", AtLeast(0),
                "1"),
            Param<&WatershedStep::lines>("lines", "Pixels where two basins meet become 0"),
            Param<&WatershedStep::min_area>(
                "min_area", "Smaller regions become background, the others are numbered anew",
                AtLeast(0))},
       .uses = kGray | kMask | kDistance | kMarkers,
       .makes = kMask | kLabels,
       .profiles = ProfileBit(Profile::kSkimage),
       // Ranks, order and sorted keys; then the states or levels and the queue over them. SKIMAGE
       // reserves what its heap takes.
       .working = Working::APixel(16, 20)},
      RunWatershed, CheckWatershed));

  rows.push_back(Row<MeasureStep>(
      {.name = "measure",
       .about = "Area, box, moments and intensities of each label",
       .parameters = {Param<&MeasureStep::shape>(
           "shape", "Perimeters, Euler number, convex hull and Feret diameter too")},
       .needs = kLabels,
       .uses = kGray,
       .makes = kRegions,
       // Sums, as many as there are labels.
       .working = Working::Nothing()},
      RunMeasure));
  return rows;
}

}  // namespace trine::segment
