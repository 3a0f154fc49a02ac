#include "core/segment/segment.h"

#include <array>

#include "core/base/error.h"
#include "core/segment/pipeline.h"
#include "core/segment/validate.h"

namespace trine::segment {
namespace {

constexpr std::array<std::pair<Profile, std::string_view>, 5> kProfiles = {
    {{Profile::kExact, "exact"},
     {Profile::kOpencv, "opencv"},
     {Profile::kSkimage, "skimage"},
     {Profile::kImagej, "imagej"},
     {Profile::kMatlab, "matlab"}}};

constexpr std::string_view kConnectivities[] = {"4", "8"};
constexpr std::string_view kLocalMethods[] = {"mean", "gaussian", "sauvola"};
constexpr std::string_view kMarkerSources[] = {"given", "distance"};
constexpr std::string_view kReliefs[] = {"gray", "distance"};

}  // namespace

absl::StatusOr<Result> Segment(const Context& context, const Inputs& inputs,
                               const Options& options) {
  TRINE_RETURN_IF_ERROR(ValidateInputs(inputs, *context.limits));
  TRINE_RETURN_IF_ERROR(ValidateSteps(inputs, options, *context.limits));
  return RunPipeline(context, inputs, options);
}

absl::Span<const std::string_view> NamesOf(Connectivity) { return kConnectivities; }
absl::Span<const std::string_view> NamesOf(LocalMethod) { return kLocalMethods; }
absl::Span<const std::string_view> NamesOf(MarkerSource) { return kMarkerSources; }
absl::Span<const std::string_view> NamesOf(Relief) { return kReliefs; }

std::string_view ProfileName(Profile profile) {
  for (const auto& [value, name] : kProfiles) {
    if (value == profile) return name;
  }
  return "unknown";
}

std::optional<Profile> ParseProfile(std::string_view name) {
  for (const auto& [value, text] : kProfiles) {
    if (text == name) return value;
  }
  return std::nullopt;
}

}  // namespace trine::segment
