#include "core/segment/validate.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/base/element_type.h"

namespace trine::segment {
namespace {

// A map of four bytes a pixel.
absl::Status CheckWideMap(const Inputs& inputs, size_t index, const Limits& limits) {
  const Shape& shape = inputs.gray.shape;
  const uint64_t bytes = static_cast<uint64_t>(shape[0]) * static_cast<uint64_t>(shape[1]) * 4;
  if (bytes <= limits.max_output_bytes) return absl::OkStatus();
  return LimitExceeded(StepField(index), bytes, "max_output_bytes", limits.max_output_bytes);
}

absl::Status CheckStep(const StepToCheck& step, const Limits& limits) {
  const Step& given = step.options.steps[step.index];
  const StepSpec& spec = given.spec();
  TRINE_RETURN_IF_ERROR(step.Needs(spec.needs));
  for (const Parameter& parameter : spec.parameters) {
    const std::string field = step.Field(parameter.name);
    TRINE_RETURN_IF_ERROR(CheckRange(field, parameter, given.Get(parameter)));
    TRINE_RETURN_IF_ERROR(CheckTaken(field, given, parameter));
  }
  if (spec.check) TRINE_RETURN_IF_ERROR(spec.check(step, given.parameters()));
  if ((spec.makes & (kLabels | kDistance)) == 0) return absl::OkStatus();
  return CheckWideMap(step.inputs, step.index, limits);
}

absl::Status CheckShape(const TensorView& tensor, const Shape& shape, std::string_view field) {
  if (tensor.shape == shape) return absl::OkStatus();
  return InvalidField(std::string(field) + ".shape", ShapeToString(tensor.shape),
                      "must be that of gray, " + ShapeToString(shape));
}

template <typename T>
absl::Status ConvertMarkers(const TensorView& markers, const uint8_t* inside, int64_t lowest,
                            size_t begin, size_t end, int32_t* labels) {
  constexpr int32_t kHighest = std::numeric_limits<int32_t>::max();
  const int64_t width = markers.shape[1];
  for (size_t i = begin; i < end; ++i) {
    if (labels != nullptr) labels[i] = 0;
    if (inside != nullptr && inside[i] == 0) continue;
    const T value = LoadLE<T>(markers.data.data() + i * sizeof(T));
    if (std::cmp_greater(value, kHighest) || std::cmp_less(value, lowest)) {
      const int64_t at = static_cast<int64_t>(i);
      return InvalidField(
          "markers[" + std::to_string(at / width) + "][" + std::to_string(at % width) + "]",
          std::to_string(value),
          std::to_string(lowest) + " to " + std::to_string(kHighest) +
              (std::cmp_less(value, 0) ? "; labels below 0 are the skimage profile's alone" : ""));
    }
    // Of int8 too: these are numbers, no characters.
    if (labels != nullptr)
      labels[i] = static_cast<int32_t>(value);  // NOLINT(bugprone-signed-char-misuse)
  }
  return absl::OkStatus();
}

}  // namespace

std::string StepField(size_t i) { return "steps[" + std::to_string(i) + "]"; }

std::string StepField(size_t i, const Step& step) {
  return StepField(i) + "." + std::string(step.spec().name);
}

std::string StepToCheck::Field() const { return StepField(index, options.steps[index]); }
std::string StepToCheck::Field(std::string_view parameter) const {
  return Field() + "." + std::string(parameter);
}

absl::Status StepToCheck::Needs(unsigned maps) const {
  for (const auto& [map, what] :
       {std::pair{kMask, "mask"}, {kLabels, "label map"}, {kDistance, "distance map"}}) {
    if ((maps & ~made & map) == 0) continue;
    return InvalidField(StepField(index), options.steps[index].spec().name,
                        "needs a " + std::string(what) + " that a step before it makes");
  }
  return absl::OkStatus();
}

absl::Status ValidateInputs(const Inputs& inputs, const Limits& limits) {
  const TensorView& gray = inputs.gray;
  if (gray.shape.size() != 2)
    return InvalidField("gray.shape", ShapeToString(gray.shape), "must be [height, width]");
  TRINE_ASSIGN_OR_RETURN(const uint64_t pixels, CountElements(gray.shape, limits, "gray.shape"));
  if (pixels == 0)
    return InvalidField("gray.shape", ShapeToString(gray.shape), "must hold at least one pixel");
  const uint64_t most = std::min(limits.max_image_pixels, static_cast<uint64_t>(kMaxPixels));
  if (pixels > most) return LimitExceeded("gray.shape", pixels, "max_image_pixels", most);

  for (const auto& [mask, field] :
       {std::pair<const std::optional<TensorView>&, std::string>{inputs.mask, "mask"},
        {inputs.ground_truth, "ground_truth"}}) {
    if (!mask) continue;
    if (mask->dtype != DType::kUint8 && mask->dtype != DType::kBool)
      return InvalidField(field + ".dtype", DTypeName(mask->dtype), "uint8 or bool");
    TRINE_RETURN_IF_ERROR(CheckShape(*mask, gray.shape, field));
  }
  if (inputs.markers) {
    const TensorView& markers = *inputs.markers;
    if (IsFloat(markers.dtype))
      return InvalidField("markers.dtype", DTypeName(markers.dtype), "an integer type");
    TRINE_RETURN_IF_ERROR(CheckShape(markers, gray.shape, "markers"));
  }
  if (!inputs.mask_memory.empty() && inputs.mask_memory.size() != pixels)
    return InvalidField("mask_memory", static_cast<int64_t>(inputs.mask_memory.size()),
                        "must be a byte for each of the " + std::to_string(pixels) + " pixels");
  return absl::OkStatus();
}

absl::Status ValidateData(const Inputs& inputs, const Limits& limits) {
  TRINE_RETURN_IF_ERROR(ValidateTensor(inputs.gray, limits, "gray"));
  if (inputs.mask) TRINE_RETURN_IF_ERROR(ValidateTensor(*inputs.mask, limits, "mask"));
  if (inputs.markers) TRINE_RETURN_IF_ERROR(ValidateTensor(*inputs.markers, limits, "markers"));
  if (inputs.ground_truth) {
    TRINE_RETURN_IF_ERROR(ValidateTensor(*inputs.ground_truth, limits, "ground_truth"));
  }
  return absl::OkStatus();
}

absl::Status ValidateSteps(const Inputs& inputs, const Options& options, const Limits& limits) {
  if (options.steps.empty()) return InvalidField("steps", int64_t{0}, "at least 1 step");
  if (options.steps.size() > static_cast<uint64_t>(std::max<int64_t>(limits.max_segment_steps, 0)))
    return LimitExceeded("steps", options.steps.size(), "max_segment_steps",
                         static_cast<uint64_t>(std::max<int64_t>(limits.max_segment_steps, 0)));
  unsigned made = 0;
  DType gray_type = inputs.gray.dtype;
  for (size_t i = 0; i < options.steps.size(); ++i) {
    TRINE_RETURN_IF_ERROR(CheckStep({inputs, options, made, gray_type, i}, limits));
    made |= options.steps[i].spec().makes;
    gray_type = options.steps[i].GrayAfter(gray_type, options.profile);
  }
  if (!options.metrics) return absl::OkStatus();
  if (!inputs.ground_truth)
    return InvalidField("ground_truth", "none", "metrics compare the mask with one");
  if ((made & kMask) == 0)
    return InvalidField("ground_truth", "given", "no step makes a mask to compare with it");
  return absl::OkStatus();
}

std::vector<std::string> UnusedInputs(const Inputs& inputs, const Options& options) {
  std::vector<std::string> out;
  bool inverts = false, takes_markers = false;
  unsigned profiles = ProfileBit(Profile::kExact);
  for (const Step& step : options.steps) {
    inverts |= step.spec().inverts;
    profiles |= step.spec().profiles;
    if (step.spec().defaults.type() == typeid(KeepOverlapStep)) {
      const auto& keep = std::any_cast<const KeepOverlapStep&>(step.parameters());
      takes_markers |= keep.other != OverlapWith::kGray && inputs.markers.has_value();
    }
    if (step.spec().defaults.type() != typeid(WatershedStep)) continue;
    const auto& watershed = std::any_cast<const WatershedStep&>(step.parameters());
    if (watershed.markers == MarkerSource::kDistance || !inputs.markers) continue;
    takes_markers = true;
    if (watershed.marker_height)
      out.emplace_back("a watershed of given markers does not use marker_height");
  }
  if (options.invert && !inverts)
    out.emplace_back("invert has no effect: no step parts bright from dark");
  if (!inputs.is_weighed && (profiles & ProfileBit(options.profile)) == 0)
    out.emplace_back(
        "the profile has no effect: neither gray pictures nor these steps differ by it");
  if (options.nan_policy == NanPolicy::kIgnore && !IsFloat(inputs.gray.dtype))
    out.push_back("to ignore NaN has no effect: a picture of " +
                  std::string(DTypeName(inputs.gray.dtype)) + " has none");
  if (inputs.ground_truth && !options.metrics)
    out.emplace_back("the ground truth has no effect: no metrics are asked for");
  if (inputs.markers && !takes_markers)
    out.emplace_back("the markers have no effect: no step takes them");
  return out;
}

absl::Status ReadMarkers(const Context& context, const TensorView& markers, const uint8_t* inside,
                         Profile profile, int32_t* labels) {
  const int64_t lowest =
      profile == Profile::kSkimage ? std::numeric_limits<int32_t>::min() : int64_t{0};
  return WithElementType(markers.dtype, [&](auto type) -> absl::Status {
    using T = decltype(type);
    if constexpr (std::is_integral_v<T>) {
      return ParallelFor(context, static_cast<size_t>(markers.elements()),
                         static_cast<size_t>(kPixelGrain), [&](size_t begin, size_t end) {
                           return ConvertMarkers<T>(markers, inside, lowest, begin, end, labels);
                         });
    } else {
      return absl::InternalError("markers of floats");  // refused by ValidateInputs
    }
  });
}

}  // namespace trine::segment
