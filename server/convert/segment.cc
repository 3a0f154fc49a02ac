#include "server/convert/segment.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/convert/enum.h"
#include "server/convert/error.h"
#include "server/convert/output_bounds.h"

namespace trine::server {
namespace {

using segment::Connectivity;
using segment::LocalMethod;
using segment::MarkerSource;
using segment::Profile;
using segment::Relief;

// Regions, or points of contours, between two looks at the cancellation: less than a millisecond.
constexpr size_t kEntriesAPoll = 4096;

absl::StatusOr<segment::Step> LocalThresholdFromProto(const v1::LocalThresholdStep& step,
                                                      const std::string& path) {
  segment::LocalThresholdStep out;
  TRINE_ASSIGN_OR_RETURN(const std::optional<LocalMethod> method,
                         EnumFromProto<LocalMethod>(step.method(), Path(path, "method")));
  out.method = method.value_or(out.method);
  out.window = step.window();
  out.offset = step.offset();
  if (step.has_k()) out.k = step.k();
  if (step.has_r()) out.r = step.r();
  if (step.has_sigma()) out.sigma = step.sigma();
  return out;
}

absl::StatusOr<segment::Step> FillHolesFromProto(const v1::FillHolesStep& step,
                                                 const std::string& path) {
  segment::FillHolesStep out;
  TRINE_ASSIGN_OR_RETURN(
      const std::optional<Connectivity> connectivity,
      EnumFromProto<Connectivity>(step.connectivity(), Path(path, "connectivity")));
  out.connectivity = connectivity.value_or(out.connectivity);
  out.max_area = step.max_area();
  return out;
}

absl::StatusOr<segment::Step> ComponentsFromProto(const v1::ComponentsStep& step,
                                                  const std::string& path) {
  segment::ComponentsStep out;
  TRINE_ASSIGN_OR_RETURN(
      const std::optional<Connectivity> connectivity,
      EnumFromProto<Connectivity>(step.connectivity(), Path(path, "connectivity")));
  out.connectivity = connectivity.value_or(out.connectivity);
  out.min_area = step.min_area();
  return out;
}

absl::StatusOr<segment::Step> WatershedFromProto(const v1::WatershedStep& step, bool has_markers,
                                                 const std::string& path) {
  segment::WatershedStep out;
  TRINE_ASSIGN_OR_RETURN(const std::optional<MarkerSource> markers,
                         EnumFromProto<MarkerSource>(step.markers(), Path(path, "markers")));
  out.markers = markers.value_or(has_markers ? MarkerSource::kGiven : MarkerSource::kDistance);
  if (out.markers == MarkerSource::kGiven && !has_markers) {
    return InvalidField(Path(path, "markers"), "GIVEN", "the request has no markers");
  }
  TRINE_ASSIGN_OR_RETURN(const std::optional<Relief> relief,
                         EnumFromProto<Relief>(step.relief(), Path(path, "relief")));
  out.relief =
      relief.value_or(out.markers == MarkerSource::kDistance ? Relief::kDistance : Relief::kGray);
  TRINE_ASSIGN_OR_RETURN(
      const std::optional<Connectivity> connectivity,
      EnumFromProto<Connectivity>(step.connectivity(), Path(path, "connectivity")));
  out.connectivity = connectivity.value_or(out.connectivity);
  if (step.has_marker_height()) out.marker_height = step.marker_height();
  out.lines = step.lines();
  return out;
}

// The name of the step's field: "multi_otsu"; empty where none is set.
std::string StepName(const v1::SegmentStep& step) {
  if (step.step_case() == v1::SegmentStep::STEP_NOT_SET) return "";
  return v1::SegmentStep::descriptor()->FindFieldByNumber(step.step_case())->name();
}

absl::StatusOr<segment::Step> StepFromProto(const v1::SegmentStep& step, bool has_markers,
                                            const std::string& index_path) {
  const std::string path = Path(index_path, StepName(step));
  switch (step.step_case()) {
    case v1::SegmentStep::kOtsu:
      return segment::OtsuStep{};
    case v1::SegmentStep::kMultiOtsu: {
      segment::MultiOtsuStep out;
      if (step.multi_otsu().has_classes()) out.classes = step.multi_otsu().classes();
      return out;
    }
    case v1::SegmentStep::kThreshold: {
      const auto& given = step.threshold().thresholds();
      return segment::ThresholdStep{{given.begin(), given.end()}};
    }
    case v1::SegmentStep::kLocalThreshold:
      return LocalThresholdFromProto(step.local_threshold(), path);
    case v1::SegmentStep::kInvert:
      return segment::InvertStep{};
    case v1::SegmentStep::kFillHoles:
      return FillHolesFromProto(step.fill_holes(), path);
    case v1::SegmentStep::kComponents:
      return ComponentsFromProto(step.components(), path);
    case v1::SegmentStep::kDistance:
      return segment::DistanceStep{};
    case v1::SegmentStep::kWatershed:
      return WatershedFromProto(step.watershed(), has_markers, path);
    case v1::SegmentStep::kContours:
      return segment::ContoursStep{};
    case v1::SegmentStep::kMeasure:
      return segment::MeasureStep{};
    case v1::SegmentStep::STEP_NOT_SET:
      break;
  }
  return MissingField(index_path, "a step names exactly one thing to do");
}

void ThresholdToProto(const segment::ThresholdResult& threshold, v1::ThresholdResult* out) {
  out->mutable_thresholds()->Assign(threshold.thresholds.begin(), threshold.thresholds.end());
  out->set_plateau_low(threshold.plateau_low);
  out->set_plateau_high(threshold.plateau_high);
  out->set_separability(threshold.separability);
  for (const segment::ClassStats& stats : threshold.classes) {
    v1::ThresholdClass* added = out->add_classes();
    added->set_weight(stats.weight);
    added->set_mean(stats.mean);
  }
}

void RegionToProto(const segment::Region& region, v1::Region* out) {
  out->set_label(region.label);
  out->set_area(region.area);
  out->set_min_y(region.min_y);
  out->set_min_x(region.min_x);
  out->set_max_y(region.max_y);
  out->set_max_x(region.max_x);
  out->set_centroid_y(region.centroid_y);
  out->set_centroid_x(region.centroid_x);
  out->set_mean_intensity(region.mean_intensity);
}

void ContourToProto(const segment::Contour& contour, v1::Contour* out) {
  out->mutable_points()->Reserve(static_cast<int>(2 * contour.points.size()));
  for (const segment::Point& point : contour.points) {
    out->add_points(point.x);
    out->add_points(point.y);
  }
  out->set_is_hole(contour.is_hole);
  out->set_next(contour.next);
  out->set_previous(contour.previous);
  out->set_child(contour.child);
  out->set_parent(contour.parent);
}

// What the lists take in memory and at most on the wire.
absl::Status CheckLists(const segment::Result& result, const Limits& limits) {
  constexpr uint64_t kRegionBytes = 96;
  constexpr uint64_t kContourBytes = 96;
  constexpr uint64_t kPointBytes = 8;  // coordinates below 2^28 take 4 bytes each
  TRINE_RETURN_IF_ERROR(CheckOutputBytes(result.regions.size() * kRegionBytes, limits, "regions"));
  uint64_t bytes = result.contours.size() * kContourBytes;
  for (const segment::Contour& contour : result.contours) {
    bytes += contour.points.size() * kPointBytes;
  }
  return CheckOutputBytes(bytes, limits, "contours");
}

}  // namespace

absl::StatusOr<segment::Options> SegmentOptionsFromProto(const v1::SegmentRequest& request,
                                                         const Limits& limits) {
  segment::Options out;
  TRINE_ASSIGN_OR_RETURN(const std::optional<Profile> profile,
                         EnumFromProto<Profile>(request.profile(), "profile"));
  out.profile = profile.value_or(Profile::kExact);
  out.invert = request.invert();
  if (request.steps_size() > limits.max_segment_steps) {
    return LimitExceeded("steps", static_cast<uint64_t>(request.steps_size()), "max_segment_steps",
                         static_cast<uint64_t>(limits.max_segment_steps));
  }
  for (int i = 0; i < request.steps_size(); ++i) {
    TRINE_ASSIGN_OR_RETURN(
        segment::Step step,
        StepFromProto(request.steps(i), request.has_markers(), absl::StrCat("steps[", i, "]")));
    out.steps.push_back(std::move(step));
  }
  if (out.steps.empty()) out.steps.push_back(segment::OtsuStep{});
  return out;
}

absl::Status ResultToProto(const Context& context, const segment::Result& result,
                           v1::SegmentResponse* out) {
  TRINE_RETURN_IF_ERROR(CheckLists(result, *context.limits));
  if (result.threshold.has_value()) {
    ThresholdToProto(*result.threshold, out->mutable_threshold());
  }
  out->set_label_count(result.label_count);
  out->set_foreground_fraction(result.foreground_fraction);
  for (size_t i = 0; i < result.regions.size(); ++i) {
    if (i % kEntriesAPoll == 0) TRINE_RETURN_IF_ERROR(context.cancel.Check());
    RegionToProto(result.regions[i], out->add_regions());
  }
  uint64_t polled = 0, done = 0;  // points, and one for each contour
  for (const segment::Contour& contour : result.contours) {
    if (done - polled >= kEntriesAPoll) {
      TRINE_RETURN_IF_ERROR(context.cancel.Check());
      polled = done;
    }
    ContourToProto(contour, out->add_contours());
    done += 1 + contour.points.size();
  }
  return absl::OkStatus();
}

}  // namespace trine::server
