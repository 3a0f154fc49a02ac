#include "client/cli/flags/segment_steps.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <optional>
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
#include "client/cli/flags/named_steps.h"
#include "client/cli/spelling.h"
#include "client/cli/suggest.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/segment/segment.h"
#include "core/segment/steps.h"

namespace trine::cli {
namespace {

using Step = v1::SegmentStep;

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
  return a.method == "multi-otsu" && a.parameters.at("classes") != "2";
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

// The method's step; null for a watershed, which is more than one.
std::optional<NamedStep> MethodOf(const SegmentArgs& a) {
  if (a.method == "watershed") return std::nullopt;
  return FindNamedStep(a.method);
}

bool MethodTakes(const SegmentArgs& a, std::string_view name) {
  const std::optional<NamedStep> method = MethodOf(a);
  const segment::Parameter* parameter = method ? method->spec->Find(name) : nullptr;
  return parameter != nullptr && method->Takes(*parameter);
}

// A flag of one method given with another would be silently without effect.
absl::Status CheckFlags(const SegmentArgs& a) {
  struct Row {
    bool given;
    std::string flag;
    bool fits;
  };
  const bool floods = a.method == "watershed";
  std::vector<Row> rows = {
      {!a.before.empty(), "--before", true},
      {!a.thresholds.empty(), "--threshold", MethodTakes(a, "thresholds")},
      {a.marker_height.has_value(), "--marker-height", floods},
      {a.lines, "--lines", floods},
      // A watershed fills holes, labels and measures of itself.
      {a.fill_holes, "--fill-holes", !floods},
      {a.components, "--components", !floods},
      {a.min_area.has_value(), "--min-area", true},
      {a.connectivity.has_value(), "--connectivity", true},
  };
  for (const auto& [name, text] : a.parameters)
    rows.push_back({!text.empty(), absl::StrCat("--", Dashed(name)), MethodTakes(a, name)});
  for (const auto& [name, given] : a.switches)
    rows.push_back({given, absl::StrCat("--", Dashed(name)), MethodTakes(a, name)});
  for (const Row& row : rows) {
    if (!row.given) continue;
    if (!a.steps.empty()) {
      return UsageError(
          absl::StrCat(row.flag, ": with --steps it is a step or a parameter of one"));
    }
    if (!row.fits)
      return UsageError(absl::StrCat(row.flag, " does not go with --method ", a.method));
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

// The first given flag of those that are of a mask; empty where none is.
std::string_view FlagOfMask(const SegmentArgs& a) {
  const bool to_folder = !a.outputs.out_dir.empty() && a.emit != "histogram";
  const bool says_what = a.emit_given->count() > 0;
  for (const auto& [given, flag] : {std::pair{!a.outputs.output.empty(), "-o"},
                                    {to_folder, says_what ? "--emit" : "--out-dir"},
                                    {!a.labels.empty(), "--labels"},
                                    {!a.overlay.empty(), "--overlay"},
                                    {!a.cutout.empty(), "--cutout"},
                                    {!a.ground_truth.empty(), "--ground-truth"},
                                    {!a.contours.empty(), "--contours"},
                                    {!a.csv.empty(), "--csv"},
                                    {a.summary, "--summary"},
                                    {a.invert, "--invert"},
                                    {a.fill_holes, "--fill-holes"},
                                    {a.components, "--components"},
                                    {a.min_area.has_value(), "--min-area"},
                                    {a.connectivity.has_value(), "--connectivity"}}) {
    if (given) return flag;
  }
  return "";
}

// What is made of a mask, where the method makes none.
absl::Status CheckMaskOfMethod(const SegmentArgs& a) {
  const std::optional<NamedStep> method = MethodOf(a);
  const bool makes_mask = !method.has_value() || (method->spec->makes & segment::kMask) != 0;
  const std::string_view flag = FlagOfMask(a);
  if (makes_mask || flag.empty()) return absl::OkStatus();
  return UsageError(
      absl::StrCat(ToAbsl(flag), " does not go with --method ", a.method, ", which makes no mask"));
}

// The same of listed steps.
absl::Status CheckMaskOfSteps(const SegmentArgs& a, const v1::SegmentRequest& request) {
  const std::string_view flag = FlagOfMask(a);
  if (flag.empty() || MakesMask(request)) return absl::OkStatus();
  return UsageError(absl::StrCat(ToAbsl(flag), " is of a mask, and --steps ", a.steps,
                                 " makes none; add a step that parts the picture, such as otsu"));
}

// The same of flags whose use depends on the steps that were made of the others.
absl::Status CheckUsed(const SegmentArgs& a, const v1::SegmentRequest& request) {
  const auto any = [&request](bool (*uses)(const Step&)) {
    return std::any_of(request.steps().begin(), request.steps().end(), uses);
  };
  if (a.invert && !any([](const Step& step) { return SpecOf(step).inverts; })) {
    return UsageError("--invert is of a step that parts bright from dark, and there is none");
  }
  const auto takes_markers = [](const Step& step) {
    return (step.has_watershed() && step.watershed().markers() != v1::MARKER_SOURCE_DISTANCE) ||
           (step.has_keep_overlap() && step.keep_overlap().other() != v1::OVERLAP_WITH_GRAY);
  };
  if (!a.markers.empty() && !any(takes_markers)) {
    return UsageError(
        "--markers is of a watershed of given markers and of keep-overlap, and there is none");
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
  request->add_steps()->mutable_measure()->set_shape(!a.csv.empty());
}

absl::Status AddThresholding(const SegmentArgs& a, Step* step) {
  google::protobuf::Message* parameters = SetStep(*MethodOf(a), step);
  if (step->has_threshold()) {
    step->mutable_threshold()->mutable_thresholds()->Assign(a.thresholds.begin(),
                                                            a.thresholds.end());
  }
  for (const auto& [name, text] : a.parameters) {
    if (text.empty()) continue;
    if (SetFieldFromText(absl::StrCat(name, "=", text), parameters).ok()) continue;
    // Of the flag's kind, or the command line had not taken it.
    const bool is_whole = MethodOf(a)->spec->Find(name)->kind == segment::ParameterKind::kInteger;
    return UsageError(absl::StrCat("--", Dashed(name), ": is '", text, "'; must be a ",
                                   is_whole ? "whole number of 32 bits" : "finite number"));
  }
  for (const auto& [name, given] : a.switches) {
    if (given) TRINE_RETURN_IF_ERROR(SetFieldFromText(name, parameters));
  }
  return absl::OkStatus();
}

absl::Status AddMethodSteps(const SegmentArgs& a, v1::SegmentRequest* request) {
  if (a.method == "watershed") {
    AddWatershed(a, request);
    return absl::OkStatus();
  }
  TRINE_RETURN_IF_ERROR(AddThresholding(a, request->add_steps()));
  if (a.fill_holes) request->add_steps()->mutable_fill_holes();
  if (a.components || a.min_area.has_value()) {
    v1::ComponentsStep* components = request->add_steps()->mutable_components();
    components->set_connectivity(ConnectivityOf(a));
    components->set_min_area(a.min_area.value_or(0));
    request->add_steps()->mutable_measure()->set_shape(!a.csv.empty());
  }
  return absl::OkStatus();
}

std::string Underscored(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

absl::StatusOr<NamedStep> StepOfName(std::string_view flag, std::string_view name) {
  if (const auto found = FindNamedStep(name)) return *found;
  return UsageError(absl::StrCat(ToAbsl(flag), ": '", ToAbsl(name), "' is no step; known are ",
                                 absl::StrJoin(StepNames(), ", "), DidYouMean(name, StepNames())));
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

absl::Status ParseStep(std::string_view flag, std::string_view text, Step* step) {
  std::vector<std::string_view> parts = SplitText(text, ':');
  const std::string name(parts[0]);
  TRINE_ASSIGN_OR_RETURN(const NamedStep named, StepOfName(flag, name));
  parts.erase(parts.begin());
  google::protobuf::Message* message = SetStep(named, step);
  std::set<std::string> given;
  if (!named.method.empty()) given.insert("method");
  for (const std::string_view part : parts) {
    const std::string parameter = Dashed(part.substr(0, part.find('=')));
    const segment::Parameter* known = named.spec->Find(Underscored(parameter));
    const bool is_list = known != nullptr && known->kind == segment::ParameterKind::kReals;
    if (!given.insert(parameter).second && !is_list) {
      return UsageError(absl::StrCat(ToAbsl(flag), " ", name, ": ", parameter, " is given twice"));
    }
    const absl::Status set = SetFieldFromText(part, message);
    if (!set.ok()) return UsageError(absl::StrCat(ToAbsl(flag), " ", name, ": ", set.message()));
    const absl::Status range = CheckNumber(*named.spec, part);  // begins with the parameter's name
    if (!range.ok()) return UsageError(absl::StrCat(ToAbsl(flag), " ", name, ":", range.message()));
  }
  return absl::OkStatus();
}

absl::Status ParseSteps(std::string_view flag, std::string_view text, v1::SegmentRequest* request) {
  for (const std::string_view part : SplitText(text, ',')) {
    TRINE_RETURN_IF_ERROR(ParseStep(flag, part, request->add_steps()));
  }
  return absl::OkStatus();
}

absl::Status AddStepsBefore(const SegmentArgs& a, v1::SegmentRequest* request) {
  if (a.before.empty()) return absl::OkStatus();
  TRINE_RETURN_IF_ERROR(ParseSteps("--before", a.before, request));
  for (const Step& step : request->steps()) {
    if (SpecOf(step).makes == segment::kGray) continue;
    return UsageError(absl::StrCat("--before: ", NameOf(step),
                                   " does not change the gray picture; --steps takes all steps"));
  }
  return absl::OkStatus();
}

}  // namespace

bool MakesMask(const v1::SegmentRequest& request) { return Makes(request, segment::kMask); }

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
    TRINE_RETURN_IF_ERROR(CheckMaskOfMethod(a));
    TRINE_RETURN_IF_ERROR(AddStepsBefore(a, &request));
    TRINE_RETURN_IF_ERROR(AddMethodSteps(a, &request));
  } else {
    TRINE_RETURN_IF_ERROR(ParseSteps("--steps", a.steps, &request));
    TRINE_RETURN_IF_ERROR(CheckMaskOfSteps(a, request));
  }
  const bool wants_regions = !a.csv.empty() && !Makes(request, segment::kRegions);
  const bool has_labels = HasClasses(a) ? Makes(request, segment::kLabels) : FindsRegions(request);
  if ((WantsLabels(a) || wants_regions) && !has_labels) {
    request.add_steps()->mutable_components()->set_connectivity(ConnectivityOf(a));
  }
  if (wants_regions) request.add_steps()->mutable_measure()->set_shape(true);
  if (!a.contours.empty() && !Makes(request, segment::kContours)) {
    request.add_steps()->mutable_contours();
  }
  TRINE_RETURN_IF_ERROR(CheckUsed(a, request));
  const bool draws = !a.outputs.out_dir.empty() && a.emit == "histogram";
  request.mutable_outputs()->set_histogram(a.plot || draws || !a.histogram.empty());
  request.set_invert(a.invert);
  if (a.channel.has_value()) request.set_channel(*a.channel);
  if (const auto profile = ParseEnumText<v1::SegmentProfile>(a.profile)) {
    request.set_profile(*profile);
  }
  request.set_ground_truth_dark(a.dark_truth);
  if (const auto nan = ParseEnumText<v1::NanPolicy>(a.nan)) request.set_nan_policy(*nan);
  return request;
}

}  // namespace trine::cli
