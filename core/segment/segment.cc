#include "core/segment/segment.h"

#include <array>
#include <limits>

#include "core/base/dtype.h"
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

absl::Status ValidateForAny(const Companions& given, const Options& options) {
  const auto one_pixel = [](bool is_given, DType dtype) -> std::optional<TensorView> {
    if (!is_given) return std::nullopt;
    return TensorView{dtype, {1, 1}, {}};
  };
  Limits limits;
  limits.max_segment_steps = std::numeric_limits<int64_t>::max();  // who will run them has his own
  absl::Status first;
  for (int dtype = kMinDType; dtype <= kMaxDType; ++dtype) {
    Inputs inputs;
    inputs.gray = *one_pixel(true, static_cast<DType>(dtype));
    inputs.mask = one_pixel(given.mask, DType::kUint8);
    inputs.markers = one_pixel(given.markers, DType::kInt32);
    inputs.ground_truth = one_pixel(given.ground_truth, DType::kUint8);
    const absl::Status status = Validate(inputs, options, limits);
    if (status.ok()) return status;
    if (first.ok()) first = status;  // of kMinDType, which is uint8
  }
  return first;
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
