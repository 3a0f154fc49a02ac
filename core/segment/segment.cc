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

}  // namespace

absl::Status Validate(const Inputs& inputs, const Options& options, const Limits& limits) {
  TRINE_RETURN_IF_ERROR(ValidateInputs(inputs, limits));
  return ValidateSteps(inputs, options, limits);
}

absl::StatusOr<Result> Segment(const Context& context, const Inputs& inputs,
                               const Options& options) {
  TRINE_RETURN_IF_ERROR(Validate(inputs, options, *context.limits));
  TRINE_RETURN_IF_ERROR(ValidateData(inputs, *context.limits));
  return RunPipeline(context, inputs, options);
}

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
