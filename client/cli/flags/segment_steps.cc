#include "client/cli/flags/segment_steps.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/errors.h"
#include "client/cli/flags/enum_text.h"
#include "client/cli/flags/message_text.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/segment/segment.h"
#include "core/segment/steps.h"

namespace trine::cli {
namespace {

using Step = v1::SegmentStep;

// The field of the step that is set.
const google::protobuf::FieldDescriptor& KindOf(const Step& step) {
  return *step.GetReflection()->GetOneofFieldDescriptor(step, Step::descriptor()->oneof_decl(0));
}

const segment::StepSpec& SpecOf(const Step& step) {
  return *segment::FindStep(KindOf(step).name());
}

// Whether a step of `request` makes one of these maps.
bool Makes(const v1::SegmentRequest& request, unsigned maps) {
  return std::any_of(request.steps().begin(), request.steps().end(),
                     [maps](const Step& step) { return (SpecOf(step).makes & maps) != 0; });
}

// Whether a step of `request` labels regions, and not gray values.
bool FindsRegions(const v1::SegmentRequest& request) {
  return std::any_of(request.steps().begin(), request.steps().end(), [](const Step& step) {
    return (SpecOf(step).makes & (segment::kLabels | segment::kThresholds)) == segment::kLabels;
  });
}

bool WantsLabels(const SegmentArgs& a) {
  return !a.labels.empty() || (!a.outputs.out_dir.empty() && a.emit == "labels");
}

// Whether the method's own labels say more than its mask. Where they do not, the regions of the
// mask are labelled, as with the methods that make no labels.
bool HasClasses(const SegmentArgs& a) {
  if (!a.steps.empty()) return true;  // as they are listed
  if (a.method == "threshold") return a.thresholds.size() > 1;
  return a.method == "multi-otsu" && a.classes.value_or(segment::MultiOtsuStep().classes) != 2;
}

// Such labels stay what they are when the mask is changed.
absl::Status CheckClasses(const SegmentArgs& a) {
  const bool finds_regions = a.components || a.min_area.has_value();
  const bool is_read = WantsLabels(a) || !a.csv.empty();
  if (!a.steps.empty() || !HasClasses(a) || finds_regions || !is_read) return absl::OkStatus();
  for (const auto& [given, flag] :
       {std::pair{a.invert, "--invert"}, {a.fill_holes, "--fill-holes"}}) {
    if (!given) continue;
    return UsageError(absl::StrCat(flag, " changes the mask, and not the classes that --method ",
                                   a.method, " labels; --components labels the mask's regions"));
  }
  return absl::OkStatus();
}

// A flag of one method given with another would be silently without effect.
absl::Status CheckFlags(const SegmentArgs& a) {
  using Methods = std::vector<const char*>;
  struct Row {
    bool given;
    const char* flag;
    Methods methods;  // empty: all
  };
  const Methods kThresholding = {"otsu", "multi-otsu", "threshold", "mean", "gaussian", "sauvola"};
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
      // A watershed fills holes, labels and measures of itself.
      {a.fill_holes, "--fill-holes", kThresholding},
      {a.components, "--components", kThresholding},
      {a.min_area.has_value(), "--min-area", {}},
      {a.connectivity.has_value(), "--connectivity", {}},
  };
  for (const Row& row : rows) {
    if (!row.given) continue;
    if (!a.steps.empty()) {
      return UsageError(
          absl::StrCat(row.flag, ": with --steps it is a step or a parameter of one"));
    }
    const bool fits = std::any_of(row.methods.begin(), row.methods.end(),
                                  [&a](const char* method) { return a.method == method; });
    if (!fits && !std::empty(row.methods)) {
      return UsageError(absl::StrCat(row.flag, " does not go with --method ", a.method));
    }
  }
  if (a.method == "threshold" && a.thresholds.empty() && a.steps.empty()) {
    return UsageError("--method threshold needs --threshold V");
  }
  if (a.marker_height.has_value() && !a.markers.empty()) {
    return UsageError(
        "--marker-height is of markers from the distance, and --markers gives others");
  }
  return absl::OkStatus();
}

// The same of flags whose use depends on the steps that were made of the others.
absl::Status CheckUsed(const SegmentArgs& a, const v1::SegmentRequest& request) {
  const auto any = [&request](bool (*uses)(const Step&)) {
    return std::any_of(request.steps().begin(), request.steps().end(), uses);
  };
  if (a.invert && !any([](const Step& step) { return SpecOf(step).inverts; })) {
    return UsageError("--invert is of a step that parts bright from dark, and there is none");
  }
  if (!a.markers.empty() && !any([](const Step& step) {
        return step.has_watershed() && step.watershed().markers() != v1::MARKER_SOURCE_DISTANCE;
      })) {
    return UsageError("--markers is of a watershed of given markers, and there is none");
  }
  const auto neighbours = [](const Step& step) {
    return step.has_components() || step.has_watershed();
  };
  if (a.connectivity.has_value() && !any(neighbours)) {
    return UsageError(
        "--connectivity is of a watershed and of components: add --components or --min-area");
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
  step->set_min_area(a.min_area.value_or(0));
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

// A row of the list, and what the name itself says: "sauvola" is local_threshold:method=sauvola.
struct NamedStep {
  const segment::StepSpec* spec = nullptr;
  std::string parameter;  // such as "method=sauvola"; empty: none
};

std::string Underscored(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

absl::StatusOr<NamedStep> StepOfName(std::string_view name) {
  const segment::StepSpec* const spec = segment::FindStep(Underscored(name));
  if (spec != nullptr) return NamedStep{spec, ""};
  if (ParseEnumText<v1::LocalMethod>(name).has_value()) {
    return NamedStep{segment::FindStep("local_threshold"), absl::StrCat("method=", ToAbsl(name))};
  }
  std::vector<std::string> known = EnumNames<v1::LocalMethod>();
  for (const segment::StepSpec& row : segment::AllSteps()) known.push_back(Dashed(row.name));
  return UsageError(absl::StrCat("--steps: '", ToAbsl(name), "' is no step; known are ",
                                 absl::StrJoin(known, ", ")));
}

// Refuses here a number that no server takes. REQUIRES: SetFieldFromText took `text`.
absl::Status CheckNumber(const segment::StepSpec& spec, std::string_view text) {
  const size_t equals = text.find('=');
  const std::string name = Underscored(text.substr(0, equals));
  const segment::Parameter* parameter = spec.Find(name);
  if (parameter == nullptr || equals == std::string_view::npos) return absl::OkStatus();
  const absl::string_view number = ToAbsl(text.substr(equals + 1));
  int64_t whole = 0;
  double real = 0;
  segment::Value value;
  if (parameter->kind == segment::ParameterKind::kInteger && absl::SimpleAtoi(number, &whole)) {
    value = whole;
  } else if (parameter->kind == segment::ParameterKind::kReal && absl::SimpleAtod(number, &real)) {
    value = real;
  }
  return segment::CheckRange(name, *parameter, value);
}

absl::Status ParseStep(std::string_view text, Step* step) {
  std::vector<std::string_view> parts = SplitText(text, ':');
  const std::string name(parts[0]);
  TRINE_ASSIGN_OR_RETURN(const NamedStep named, StepOfName(name));
  parts[0] = named.parameter;
  if (named.parameter.empty()) parts.erase(parts.begin());
  google::protobuf::Message* message = step->GetReflection()->MutableMessage(
      step, Step::descriptor()->FindFieldByName(std::string(named.spec->name)));
  std::set<std::string> given;
  for (const std::string_view part : parts) {
    const std::string parameter = Dashed(part.substr(0, part.find('=')));
    const segment::Parameter* known = named.spec->Find(Underscored(parameter));
    const bool is_list = known != nullptr && known->kind == segment::ParameterKind::kReals;
    if (!given.insert(parameter).second && !is_list) {
      return UsageError(absl::StrCat("--steps ", name, ": ", parameter, " is given twice"));
    }
    const absl::Status set = SetFieldFromText(part, message);
    if (!set.ok()) return UsageError(absl::StrCat("--steps ", name, ": ", set.message()));
    const absl::Status range = CheckNumber(*named.spec, part);  // begins with the parameter's name
    if (!range.ok()) return UsageError(absl::StrCat("--steps ", name, ":", range.message()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseSteps(std::string_view text, v1::SegmentRequest* request) {
  for (const std::string_view part : SplitText(text, ',')) {
    TRINE_RETURN_IF_ERROR(ParseStep(part, request->add_steps()));
  }
  return absl::OkStatus();
}

bool LabelsAreOfMask(const v1::SegmentRequest& request) {
  std::vector<segment::Step> steps;
  for (const Step& step : request.steps()) steps.emplace_back(SpecOf(step));
  return Makes(request, segment::kLabels) &&
         segment::StaleMaps(steps, request.invert(), segment::kLabels).empty();
}

bool CountsLabels(const v1::SegmentRequest& request) {
  bool counts = false;
  for (const Step& step : request.steps()) {
    if ((SpecOf(step).makes & segment::kLabels) != 0) counts = step.has_components();
  }
  return counts;
}

absl::StatusOr<v1::SegmentRequest> MakeSegmentRequest(const SegmentArgs& a) {
  TRINE_RETURN_IF_ERROR(CheckFlags(a));
  TRINE_RETURN_IF_ERROR(CheckClasses(a));
  v1::SegmentRequest request;
  if (a.steps.empty()) {
    AddMethodSteps(a, &request);
  } else {
    TRINE_RETURN_IF_ERROR(ParseSteps(a.steps, &request));
  }
  const bool wants_regions = !a.csv.empty() && !Makes(request, segment::kRegions);
  const bool has_labels = HasClasses(a) ? Makes(request, segment::kLabels) : FindsRegions(request);
  if ((WantsLabels(a) || wants_regions) && !has_labels) {
    request.add_steps()->mutable_components()->set_connectivity(ConnectivityOf(a));
  }
  if (wants_regions) request.add_steps()->mutable_measure();
  if (!a.contours.empty() && !Makes(request, segment::kContours)) {
    request.add_steps()->mutable_contours();
  }
  TRINE_RETURN_IF_ERROR(CheckUsed(a, request));
  request.set_invert(a.invert);
  if (a.channel.has_value()) request.set_channel(*a.channel);
  if (const auto profile = ParseEnumText<v1::SegmentProfile>(a.profile)) {
    request.set_profile(*profile);
  }
  if (const auto nan = ParseEnumText<v1::NanPolicy>(a.nan)) request.set_nan_policy(*nan);
  return request;
}

}  // namespace trine::cli
