#include "client/cli/flags/segment_steps.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/flags/enum_text.h"
#include "client/cli/errors.h"
#include "client/cli/flags/message_text.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

using Step = v1::SegmentStep;

bool Has(const v1::SegmentRequest& request, std::initializer_list<Step::StepCase> kinds) {
  return std::any_of(request.steps().begin(), request.steps().end(), [kinds](const Step& step) {
    return std::find(kinds.begin(), kinds.end(), step.step_case()) != kinds.end();
  });
}

// A flag of one method given with another would be silently without effect.
absl::Status CheckFlags(const SegmentArgs& a) {
  struct Row {
    bool given;
    const char* flag;
    std::initializer_list<const char*> methods;
  };
  const Row rows[] = {
      {a.classes.has_value(), "--classes", {"multi-otsu"}},
      {!a.thresholds.empty(), "--threshold", {"threshold"}},
      {a.window.has_value(), "--window", {"mean", "gaussian", "sauvola"}},
      {a.offset.has_value(), "--offset", {"mean", "gaussian"}},
      {a.k.has_value(), "--k", {"sauvola"}},
      {a.r.has_value(), "--r", {"sauvola"}},
      {a.sigma.has_value(), "--sigma", {"gaussian"}},
      {a.marker_height.has_value(), "--marker-height", {"watershed"}},
      {a.lines, "--lines", {"watershed"}},
  };
  for (const Row& row : rows) {
    if (!row.given) continue;
    if (!a.steps.empty()) {
      return UsageError(absl::StrCat(row.flag, ": with --steps it is a parameter of a step"));
    }
    const bool fits = std::any_of(row.methods.begin(), row.methods.end(),
                                  [&a](const char* method) { return a.method == method; });
    if (!fits) return UsageError(absl::StrCat(row.flag, " does not go with --method ", a.method));
  }
  if (!a.markers.empty() && a.steps.empty() && a.method != "watershed") {
    return UsageError("--markers goes with --method watershed or --steps");
  }
  if (a.method == "threshold" && a.thresholds.empty() && a.steps.empty()) {
    return UsageError("--method threshold needs --threshold V");
  }
  if (!a.steps.empty() && (a.fill_holes || a.components || a.min_area || a.connectivity)) {
    return UsageError("with --steps, regions are made by steps such as fill-holes and components");
  }
  return absl::OkStatus();
}

v1::Connectivity ConnectivityOf(const SegmentArgs& a) {
  if (!a.connectivity.has_value()) return v1::CONNECTIVITY_UNSPECIFIED;
  return *a.connectivity == 4 ? v1::CONNECTIVITY_4 : v1::CONNECTIVITY_8;
}

void AddWatershed(const SegmentArgs& a, v1::SegmentRequest* request) {
  if (a.markers.empty()) {
    request->add_steps()->mutable_otsu();
    request->add_steps()->mutable_fill_holes();
    request->add_steps()->mutable_distance();
  }
  v1::WatershedStep* step = request->add_steps()->mutable_watershed();
  if (!a.markers.empty()) step->set_markers(v1::MARKER_SOURCE_GIVEN);
  step->set_connectivity(ConnectivityOf(a));
  if (a.marker_height.has_value()) step->set_marker_height(*a.marker_height);
  step->set_lines(a.lines);
  request->add_steps()->mutable_measure();
}

void AddThresholding(const SegmentArgs& a, Step* step) {
  if (a.method == "otsu") {
    step->mutable_otsu();
  } else if (a.method == "multi-otsu") {
    step->mutable_multi_otsu();
    if (a.classes.has_value()) step->mutable_multi_otsu()->set_classes(*a.classes);
  } else if (a.method == "threshold") {
    step->mutable_threshold()->mutable_thresholds()->Assign(a.thresholds.begin(),
                                                            a.thresholds.end());
  } else {
    v1::LocalThresholdStep* local = step->mutable_local_threshold();
    local->set_method(*ParseEnumText<v1::LocalMethod>(a.method));
    if (a.window.has_value()) local->set_window(*a.window);
    if (a.offset.has_value()) local->set_offset(*a.offset);
    if (a.k.has_value()) local->set_k(*a.k);
    if (a.r.has_value()) local->set_r(*a.r);
    if (a.sigma.has_value()) local->set_sigma(*a.sigma);
  }
}

void AddMethodSteps(const SegmentArgs& a, v1::SegmentRequest* request) {
  if (a.method == "watershed") {
    AddWatershed(a, request);
    return;
  }
  AddThresholding(a, request->add_steps());
  if (a.fill_holes) request->add_steps()->mutable_fill_holes();
  if (a.components || a.min_area.has_value()) {
    v1::ComponentsStep* components = request->add_steps()->mutable_components();
    components->set_connectivity(ConnectivityOf(a));
    components->set_min_area(a.min_area.value_or(0));
    request->add_steps()->mutable_measure();
  }
}

absl::Status ParseStep(std::string_view text, Step* step) {
  std::vector<std::string_view> parts = SplitText(text, ':');
  std::string name(parts[0]);
  const google::protobuf::OneofDescriptor* kinds = Step::descriptor()->oneof_decl(0);
  const bool local = ParseEnumText<v1::LocalMethod>(name).has_value();
  std::string known = "mean, gaussian, sauvola";
  for (int i = 0; i < kinds->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* kind = kinds->field(i);
    const std::string dashed = Dashed(kind->name());
    absl::StrAppend(&known, ", ", dashed);
    if (name != dashed && !(local && dashed == "local-threshold")) continue;
    google::protobuf::Message* message = step->GetReflection()->MutableMessage(step, kind);
    if (local) step->mutable_local_threshold()->set_method(*ParseEnumText<v1::LocalMethod>(name));
    for (size_t p = 1; p < parts.size(); ++p) {
      const absl::Status set = SetFieldFromText(parts[p], message);
      if (!set.ok()) return UsageError(absl::StrCat("--steps: ", name, ": ", set.message()));
    }
    return absl::OkStatus();
  }
  return UsageError(absl::StrCat("--steps: '", name, "' is no step; known are ", known));
}

}  // namespace

absl::Status ParseSteps(std::string_view text, v1::SegmentRequest* request) {
  for (const std::string_view part : SplitText(text, ',')) {
    TRINE_RETURN_IF_ERROR(ParseStep(part, request->add_steps()));
  }
  return absl::OkStatus();
}

bool MakesLabels(const v1::SegmentRequest& request) {
  return Has(request, {Step::kMultiOtsu, Step::kThreshold, Step::kComponents, Step::kWatershed});
}

absl::StatusOr<v1::SegmentRequest> MakeSegmentRequest(const SegmentArgs& a) {
  TRINE_RETURN_IF_ERROR(CheckFlags(a));
  v1::SegmentRequest request;
  if (a.steps.empty()) {
    AddMethodSteps(a, &request);
  } else {
    TRINE_RETURN_IF_ERROR(ParseSteps(a.steps, &request));
  }
  const bool wants_labels = !a.labels.empty() || (!a.outputs.out_dir.empty() && a.emit == "labels");
  const bool wants_regions = !a.csv.empty() && !Has(request, {Step::kMeasure});
  if ((wants_labels || wants_regions) && !MakesLabels(request)) {
    request.add_steps()->mutable_components()->set_connectivity(ConnectivityOf(a));
  }
  if (wants_regions) request.add_steps()->mutable_measure();
  if (!a.contours.empty() && !Has(request, {Step::kContours})) {
    request.add_steps()->mutable_contours();
  }
  request.set_invert(a.invert);
  if (a.channel.has_value()) request.set_channel(*a.channel);
  if (const auto profile = ParseEnumText<v1::SegmentProfile>(a.profile)) {
    request.set_profile(*profile);
  }
  return request;
}

}  // namespace trine::cli
