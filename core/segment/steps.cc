#include "core/segment/steps.h"

#include <cstdlib>
#include <map>
#include <typeinfo>

#include "core/base/error.h"
#include "core/segment/contours/contours.h"
#include "core/segment/pipeline.h"
#include "core/segment/regions/components.h"
#include "core/segment/regions/distance.h"
#include "core/segment/regions/fill_holes.h"
#include "core/segment/regions/invert.h"
#include "core/segment/regions/measure.h"
#include "core/segment/regions/watershed_step.h"
#include "core/segment/row.h"
#include "core/segment/segment.h"
#include "core/segment/threshold/local_threshold.h"
#include "core/segment/threshold/multi_otsu.h"
#include "core/segment/threshold/otsu.h"
#include "core/segment/threshold/threshold.h"
#include "core/segment/validate.h"

namespace trine::segment {
namespace {

std::vector<StepSpec> MakeRows() {
  std::vector<StepSpec> rows;
  rows.push_back(Row<OtsuStep>(
      {.name = "otsu",
       .about = "Otsu's threshold: the largest variance between dark and bright",
       .uses = kGray,
       .makes = kThresholds | kMask,
       .inverts = true,
       // Sorted keys of floats, then values, counts and offsets of the levels.
       .working = Working::ALevel(32)},
      [](State& s, const OtsuStep&) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.threshold, Otsu(s.context, s.gray, s.options.profile));
        return s.ApplyThreshold(false);
      },
      [](const StepToCheck& step, const OtsuStep&) {
        return CheckOtsuProfile(step.options.profile, step.inputs.gray.dtype);
      }));

  rows.push_back(Row<MultiOtsuStep>(
      {.name = "multi_otsu",
       .about = "Otsu's criterion for several classes, exactly",
       .parameters = {Param<&MultiOtsuStep::classes>("classes", "Classes to part the pixels into",
                                                     Between(kMinClasses, kMaxClasses))},
       .uses = kGray,
       .makes = kThresholds | kMask | kLabels,
       .inverts = true,
       // The same, moments, and the search: two rows of sums and the ends of 14 numbers of classes.
       .working = Working::ALevel(144)},
      [](State& s, const MultiOtsuStep& p) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.threshold, MultiOtsu(s.context, s.gray, s.options.profile,
                                                             p.classes, s.Field("classes")));
        return s.ApplyThreshold(true);
      },
      [](const StepToCheck& step, const MultiOtsuStep&) {
        return CheckMultiOtsuProfile(step.options.profile);
      }));

  rows.push_back(Row<ThresholdStep>(
      {.name = "threshold",
       .about = "Given thresholds",
       .parameters = {Param<&ThresholdStep::thresholds>(
           "thresholds", "Gray values, increasing; repeat the parameter for several",
           Between(1, kMaxClasses - 1))},
       .uses = kGray,
       .makes = kThresholds | kMask | kLabels,
       .inverts = true,
       .working = Working::ALevel(32)},
      [](State& s, const ThresholdStep& p) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.threshold, Describe(s.context, s.gray, p.thresholds));
        return s.ApplyThreshold(true);
      },
      [](const StepToCheck& step, const ThresholdStep& p) {
        return CheckIncreasing(step.Field("thresholds"), p.thresholds);
      }));

  rows.push_back(Row<LocalThresholdStep>(
      {.name = "local_threshold",
       .about = "A threshold for each pixel, from the square window around it",
       .parameters = {Param<&LocalThresholdStep::method>(
                          "method",
                          "Mean - offset, Gaussian mean - offset, or Sauvola's "
                          "mean * (1 + k * (deviation / r - 1))"),
                      Param<&LocalThresholdStep::window>("window", "Side of the window [pixels]",
                                                         OddBetween(3, kMaxWindow),
                                                         "51; profile skimage's sauvola 15"),
                      Param<&LocalThresholdStep::offset>(
                          "offset", "mean, gaussian: subtracted [gray values]"),
                      Param<&LocalThresholdStep::k>("k", "sauvola: weight of the deviation", {},
                                                    "0.2"),
                      Param<&LocalThresholdStep::r>(
                          "r", "sauvola: range of the deviation [gray values]", Above(0),
                          "half the dtype's range; of floats and of integers "
                          "above 16 bits half that of the picture's values; "
                          "profile skimage's half the dtype's of all integers, 1 of floats"),
                      Param<&LocalThresholdStep::sigma>("sigma", "gaussian: deviation [pixels]",
                                                        Above(0), "(window - 1) / 6")},
       .uses = kGray,
       .makes = kMask,
       .inverts = true,
       // A window's sums, squares, counts and columns, of floats.
       .working = Working::AColumn(40)},
      [](State& s, const LocalThresholdStep& p) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.local_threshold,
                               ResolveLocalThreshold(s.context, s.gray, p, s.options.profile,
                                                     s.inputs.gray.dtype, &s.result.warnings));
        // Pixels outside are never visited: the mask must start from 0 there.
        s.result.mask.reset();
        return LocalThreshold(s.context, s.gray, *s.result.local_threshold, s.options.profile,
                              s.options.invert, s.Mask());
      },
      [](const StepToCheck& step, const LocalThresholdStep& p) {
        return CheckLocalThreshold(p, step.options.profile, step.inputs.gray.dtype, step.Field());
      }));

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
       // Labels, and for every second pixel at most a root and an area.
       .working = Working::APixel(10)},
      [](State& s, const FillHolesStep& p) {
        return FillHoles(s.context, s.gray.height, s.gray.width, p, s.gray.inside, s.Mask());
      }));

  rows.push_back(Row<ComponentsStep>(
      {.name = "components",
       .about = "Connected components of the mask, numbered in raster order",
       .parameters = {Param<&ComponentsStep::connectivity>("connectivity",
                                                           "Neighbours of a foreground pixel"),
                      Param<&ComponentsStep::min_area>(
                          "min_area", "Smaller components are removed [pixels]", AtLeast(0))},
       .needs = kMask,
       .makes = kMask | kLabels,
       // For every second pixel at most a root and an area.
       .working = Working::APixel(4)},
      [](State& s, const ComponentsStep& p) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.label_count,
                               LabelComponents(s.context, s.gray.height, s.gray.width, p, s.Field(),
                                               s.Mask(), s.Labels()));
        s.result.lowest_label = 0;
        return absl::OkStatus();
      }));

  rows.push_back(Row<DistanceStep>({.name = "distance",
                                    .about = "Exact Euclidean distance to the background",
                                    .needs = kMask,
                                    .makes = kDistance,
                                    // A row of parabolas; the columns are solved in the map itself.
                                    .working = Working::AColumn(16)},
                                   [](State& s, const DistanceStep&) {
                                     return DistanceMap(s.context, s.Mask(), s.gray.height,
                                                        s.gray.width, s.Distance());
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
       // Ranks, order and sorted keys; then levels and the queue over them.
       .working = Working::APixel(16, 20)},
      RunWatershed, CheckWatershed));

  rows.push_back(Row<ContoursStep>(
      {.name = "contours",
       .about = "Outlines with their hierarchy",
       .needs = kMask,
       .makes = kContours,
       // Labels of borders.
       .working = Working::APixel(4)},
      [](State& s, const ContoursStep&) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.contours, FindContours(s.context, s.Mask(), s.gray.height,
                                                               s.gray.width, s.Field()));
        return absl::OkStatus();
      }));

  rows.push_back(Row<MeasureStep>(
      {.name = "measure",
       .about = "Area, box, centre and mean intensity of each label",
       .needs = kLabels,
       .uses = kGray,
       .makes = kRegions,
       .working = Working::Nothing()},
      [](State& s, const MeasureStep&) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.regions, MeasureRegions(s.context, s.gray, s.Labels(),
                                                                s.result.LabelSpan(), s.Field()));
        return absl::OkStatus();
      }));
  return rows;
}

// Whether the mask after the step may be another than before it.
bool ChangesMask(const Step& step) {
  if ((step.spec().makes & kMask) == 0) return false;
  if (step.spec().defaults.type() != typeid(ComponentsStep)) return true;
  return std::any_cast<const ComponentsStep&>(step.parameters()).min_area > 0;
}

}  // namespace

absl::Span<const StepSpec> AllSteps() {
  static const auto* const rows = new std::vector<StepSpec>(MakeRows());  // for ever
  return *rows;
}

const StepSpec* FindStep(std::string_view name) {
  for (const StepSpec& row : AllSteps()) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::vector<std::string> StaleMaps(absl::Span<const Step> steps, bool invert, unsigned wanted) {
  // Of each map that was made what it is instead; empty where it is the mask's.
  std::map<unsigned, std::string> stale;
  for (size_t i = 0; i < steps.size(); ++i) {
    const StepSpec& spec = steps[i].spec();
    const std::string name = StepField(i, steps[i]);
    for (auto& [map, instead] : stale) {
      const bool is_read = map == kDistance && (spec.uses & kDistance) != 0;
      if (!instead.empty() || is_read) continue;
      if (map == kRegions && (spec.makes & kLabels) != 0) {
        instead = "those of the labels before " + name;
      } else if (ChangesMask(steps[i])) {
        instead = "those of the mask before " + name;
      }
    }
    for (const Map map : {kDistance, kLabels, kContours}) {
      if ((spec.makes & map) != 0) stale[map].clear();
    }
    const unsigned classes = kThresholds | kLabels;
    if (invert && (spec.makes & classes) == classes) {
      stale[kLabels] = "the classes of gray values of " + name + ", which invert does not swap";
    }
    if ((spec.makes & kRegions) != 0) stale[kRegions] = stale[kLabels];
  }
  std::vector<std::string> out;
  for (const auto& [map, instead] : stale) {
    if ((map & wanted) == 0 || instead.empty()) continue;
    const std::string_view plural = map == kDistance ? "s are " : " are ";
    out.push_back("the " + std::string(MapNames(map)[0]) + std::string(plural) + instead);
  }
  return out;
}

const StepSpec& Step::SpecOf(std::type_index parameters) {
  for (const StepSpec& row : AllSteps()) {
    if (row.defaults.type() == parameters) return row;
  }
  std::abort();  // a struct that no row has
}

}  // namespace trine::segment
