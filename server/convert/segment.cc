#include "server/convert/segment.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/reflection.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/polled.h"
#include "core/segment/steps.h"
#include "server/convert/enum.h"
#include "server/convert/error.h"
#include "server/convert/output_bounds.h"

namespace trine::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using segment::NanPolicy;
using segment::Profile;

// Regions, or points of contours, between two polls: less than a millisecond.
constexpr uint64_t kEntriesAPoll = 4096;

// A field of a step's message as the value of the parameter of its name; empty where it is not
// given (for an enum also where it is UNSPECIFIED).
absl::StatusOr<segment::Value> ValueFromProto(const Message& message, const FieldDescriptor& field,
                                              const std::string& path) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (field.has_presence() && !reflection.HasField(message, &field)) return segment::Value();
  if (field.is_repeated()) {
    const auto& values = reflection.GetRepeatedFieldRef<double>(message, &field);
    return std::vector<double>(values.begin(), values.end());
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return int64_t{reflection.GetInt32(message, &field)};
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = reflection.GetEnumValue(message, &field);
      if (number == 0) return segment::Value();
      if (field.enum_type()->FindValueByNumber(number) == nullptr)
        return UnknownEnum(field.enum_type(), number, path);
      return int64_t{number};
    }
    default:
      return reflection.GetDouble(message, &field);
  }
}

absl::StatusOr<segment::Step> StepFromProto(const v1::SegmentStep& step,
                                            const std::string& index_path) {
  const auto& reflection = *step.GetReflection();
  const FieldDescriptor* const kind =
      reflection.GetOneofFieldDescriptor(step, step.GetDescriptor()->oneof_decl(0));
  if (kind == nullptr) return MissingField(index_path, "a step names exactly one thing to do");
  // Every step of the protocol has a row, and every field a parameter: a test compares them.
  segment::Step out(*segment::FindStep(kind->name()));
  const Message& message = reflection.GetMessage(step, kind);
  for (const segment::Parameter& parameter : out.spec().parameters) {
    const std::string name(parameter.name);
    TRINE_ASSIGN_OR_RETURN(const segment::Value value,
                           ValueFromProto(message, *message.GetDescriptor()->FindFieldByName(name),
                                          Path(Path(index_path, kind->name()), name)));
    if (!std::holds_alternative<std::monostate>(value)) out.Set(parameter, value);
  }
  return out;
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

void LocalThresholdToProto(const segment::LocalThresholdResult& with,
                           v1::LocalThresholdResult* out) {
  out->set_method(static_cast<v1::LocalMethod>(with.method));
  out->set_window(with.window);
  out->set_offset(with.offset);
  out->set_k(with.k);
  out->set_r(with.r);
  out->set_sigma(with.sigma);
  out->set_border(static_cast<v1::LocalBorder>(with.border));
  out->set_p(with.p);
  out->set_q(with.q);
  out->set_contrast(with.contrast);
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
  out->set_min_intensity(region.min_intensity);
  out->set_max_intensity(region.max_intensity);
  out->set_std_intensity(region.std_intensity);
  out->set_moment_yy(region.moment_yy);
  out->set_moment_xx(region.moment_xx);
  out->set_moment_yx(region.moment_yx);
  out->set_orientation(region.orientation);
  out->set_axis_major_length(region.axis_major_length);
  out->set_axis_minor_length(region.axis_minor_length);
  out->set_eccentricity(region.eccentricity);
  out->set_extent(region.extent);
  out->set_equivalent_diameter(region.equivalent_diameter);
  out->set_touches_border(region.touches_border);
  if (!region.shape.has_value()) return;
  out->set_perimeter(region.shape->perimeter);
  out->set_perimeter_crofton(region.shape->perimeter_crofton);
  out->set_circularity(region.shape->circularity);
  out->set_euler_number(region.shape->euler_number);
  out->set_area_convex(region.shape->area_convex);
  out->set_solidity(region.shape->solidity);
  out->set_feret_max(region.shape->feret_max);
}

void ContourToProto(const segment::Contour& contour, v1::Contour* out) {
  out->mutable_points()->Reserve(static_cast<int>(2 * contour.points.size()));
  for (const segment::Point& point : contour.points) {
    out->add_points(point.x);
    out->add_points(point.y);
  }
  out->set_is_hole(contour.is_hole);
  out->set_label(contour.label);
  out->set_next(contour.next);
  out->set_previous(contour.previous);
  out->set_child(contour.child);
  out->set_parent(contour.parent);
}

// What the lists take in memory and at most on the wire.
absl::Status CheckLists(const segment::Result& result, const Limits& limits) {
  // Seven integers below 2^31, two more of a shape, 20 doubles and a flag, with their tags.
  constexpr uint64_t kRegionBytes = 288;
  constexpr uint64_t kContourBytes = 96;
  constexpr uint64_t kPointBytes = 8;  // coordinates below 2^28 take 4 bytes each
  TRINE_RETURN_IF_ERROR(CheckOutputBytes(result.regions.size() * kRegionBytes, limits, "regions"));
  uint64_t bytes = result.contours.size() * kContourBytes;
  for (const segment::Contour& contour : result.contours) {
    bytes += contour.points.size() * kPointBytes;
  }
  return CheckOutputBytes(bytes, limits, "contours");
}

void MetricsToProto(const segment::MaskMetrics& metrics, v1::MaskMetrics* out) {
  out->set_true_positives(metrics.true_positives);
  out->set_false_positives(metrics.false_positives);
  out->set_false_negatives(metrics.false_negatives);
  out->set_true_negatives(metrics.true_negatives);
  out->set_precision(metrics.precision);
  out->set_recall(metrics.recall);
  out->set_f_measure(metrics.f_measure);
  out->set_pseudo_precision(metrics.pseudo_precision);
  out->set_pseudo_recall(metrics.pseudo_recall);
  out->set_pseudo_f_measure(metrics.pseudo_f_measure);
  out->set_psnr(metrics.psnr);
  out->set_drd(metrics.drd);
  out->set_dice(metrics.dice);
  out->set_iou(metrics.iou);
}

}  // namespace

absl::StatusOr<segment::Options> SegmentOptionsFromProto(const v1::SegmentRequest& request,
                                                         const Limits& limits) {
  segment::Options out;
  TRINE_ASSIGN_OR_RETURN(const std::optional<Profile> profile,
                         EnumFromProto<Profile>(request.profile(), "profile"));
  out.profile = profile.value_or(Profile::kExact);
  out.invert = request.invert();
  out.histogram = request.outputs().histogram();
  out.metrics = request.has_ground_truth();
  out.labels = request.outputs().labels();
  if (request.ground_truth_dark() && !request.has_ground_truth())
    return InvalidField("ground_truth_dark", "true", "is of a ground truth, which is not given");
  TRINE_ASSIGN_OR_RETURN(const std::optional<NanPolicy> nan_policy,
                         EnumFromProto<NanPolicy>(request.nan_policy(), "nan_policy"));
  out.nan_policy = nan_policy.value_or(NanPolicy::kRefuse);
  if (request.steps_size() > limits.max_segment_steps) {
    return LimitExceeded("steps", static_cast<uint64_t>(request.steps_size()), "max_segment_steps",
                         static_cast<uint64_t>(limits.max_segment_steps));
  }
  for (int i = 0; i < request.steps_size(); ++i) {
    TRINE_ASSIGN_OR_RETURN(segment::Step step,
                           StepFromProto(request.steps(i), absl::StrCat("steps[", i, "]")));
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
  if (result.local_threshold.has_value()) {
    LocalThresholdToProto(*result.local_threshold, out->mutable_local_threshold());
  }
  if (result.histogram.has_value()) {
    v1::Histogram& histogram = *out->mutable_histogram();
    histogram.set_low(result.histogram->low);
    histogram.set_bin_width(result.histogram->bin_width);
    histogram.mutable_counts()->Assign(result.histogram->counts.begin(),
                                       result.histogram->counts.end());
  }
  if (result.metrics.has_value()) MetricsToProto(*result.metrics, out->mutable_mask_metrics());
  for (const segment::MethodThreshold& method : result.method_thresholds) {
    v1::MethodThreshold* added = out->add_method_thresholds();
    added->set_name(std::string(method.name));
    if (method.threshold.has_value()) added->set_threshold(*method.threshold);
    added->set_none(method.none);
  }
  out->set_label_count(result.label_count);
  out->set_ignored_pixels(result.ignored_pixels);
  out->set_foreground_fraction(result.foreground_fraction);
  for (const std::string& warning : result.warnings) out->add_warnings(warning);
  Poller poll(context.cancel, kEntriesAPoll);
  for (const segment::Region& region : result.regions) {
    TRINE_RETURN_IF_ERROR(poll.Spend(1));
    RegionToProto(region, out->add_regions());
  }
  for (const segment::Contour& contour : result.contours) {
    TRINE_RETURN_IF_ERROR(poll.Spend(1 + contour.points.size()));
    ContourToProto(contour, out->add_contours());
  }
  return absl::OkStatus();
}

}  // namespace trine::server
