#include "core/segment/validate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

namespace trine::segment {
namespace {

// A map of four bytes a pixel.
absl::Status CheckWideMap(const Inputs& inputs, size_t index, const Limits& limits) {
  const uint64_t bytes = inputs.gray.elements() * 4;
  if (bytes <= limits.max_output_bytes) return absl::OkStatus();
  return LimitExceeded(StepField(index), bytes, "max_output_bytes", limits.max_output_bytes);
}

absl::Status CheckStep(const StepToCheck& step, const Limits& limits) {
  const Step& given = step.options.steps[step.index];
  const StepSpec& spec = given.spec();
  TRINE_RETURN_IF_ERROR(step.Needs(spec.needs));
  for (const Parameter& parameter : spec.parameters) {
    TRINE_RETURN_IF_ERROR(CheckRange(step.Field(parameter.name), parameter, given.Get(parameter)));
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
absl::Status ConvertMarkers(const TensorView& markers, int64_t width, size_t begin, size_t end,
                            int32_t* labels) {
  for (size_t i = begin; i < end; ++i) {
    const int64_t value = LoadLE<T>(markers.data.data() + i * sizeof(T));
    if (value > std::numeric_limits<int32_t>::max()) {
      const int64_t at = static_cast<int64_t>(i);
      return InvalidField(
          "markers[" + std::to_string(at / width) + "][" + std::to_string(at % width) + "]", value,
          "at most 2147483647");
    }
    labels[i] = static_cast<int32_t>(std::max<int64_t>(value, 0));
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
  if (gray.dtype != DType::kUint8 && gray.dtype != DType::kUint16 && gray.dtype != DType::kFloat32)
    return InvalidField("gray.dtype", DTypeName(gray.dtype), "uint8, uint16 or float32");
  if (gray.shape.size() != 2)
    return InvalidField("gray.shape", ShapeToString(gray.shape), "must be [height, width]");
  TRINE_RETURN_IF_ERROR(ValidateTensor(gray, limits, "gray"));
  const uint64_t pixels = gray.elements();
  if (pixels == 0)
    return InvalidField("gray.shape", ShapeToString(gray.shape), "must hold at least one pixel");
  const uint64_t most = std::min(limits.max_image_pixels, static_cast<uint64_t>(kMaxPixels));
  if (pixels > most) return LimitExceeded("gray.shape", pixels, "max_image_pixels", most);

  if (inputs.mask) {
    const TensorView& mask = *inputs.mask;
    if (mask.dtype != DType::kUint8 && mask.dtype != DType::kBool)
      return InvalidField("mask.dtype", DTypeName(mask.dtype), "uint8 or bool");
    TRINE_RETURN_IF_ERROR(CheckShape(mask, gray.shape, "mask"));
    TRINE_RETURN_IF_ERROR(ValidateTensor(mask, limits, "mask"));
  }
  if (inputs.markers) {
    const TensorView& markers = *inputs.markers;
    if (markers.dtype != DType::kUint8 && markers.dtype != DType::kUint16 &&
        markers.dtype != DType::kInt32 && markers.dtype != DType::kUint32)
      return InvalidField("markers.dtype", DTypeName(markers.dtype),
                          "uint8, uint16, int32 or uint32");
    TRINE_RETURN_IF_ERROR(CheckShape(markers, gray.shape, "markers"));
    TRINE_RETURN_IF_ERROR(ValidateTensor(markers, limits, "markers"));
  }
  return absl::OkStatus();
}

absl::Status ValidateSteps(const Inputs& inputs, const Options& options, const Limits& limits) {
  if (options.steps.empty()) return InvalidField("steps", int64_t{0}, "at least 1 step");
  if (options.steps.size() > static_cast<uint64_t>(std::max<int64_t>(limits.max_segment_steps, 0)))
    return LimitExceeded("steps", options.steps.size(), "max_segment_steps",
                         static_cast<uint64_t>(std::max<int64_t>(limits.max_segment_steps, 0)));
  unsigned made = 0;
  for (size_t i = 0; i < options.steps.size(); ++i) {
    TRINE_RETURN_IF_ERROR(CheckStep({inputs, options, made, i}, limits));
    made |= options.steps[i].spec().makes;
  }
  return absl::OkStatus();
}

absl::Status CheckFinite(const Context& context, const Picture& gray) {
  if (gray.dtype != DType::kFloat32) return absl::OkStatus();
  return ParallelFor(context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
                     [&](size_t begin, size_t end) {
                       for (size_t p = begin; p < end; ++p) {
                         const int64_t i = static_cast<int64_t>(p);
                         const float value = PixelAt<float>(gray.data, i);
                         if (std::isfinite(value)) continue;
                         return InvalidField("gray[" + std::to_string(i / gray.width) + "][" +
                                                 std::to_string(i % gray.width) + "]",
                                             double{value}, "must be finite");
                       }
                       return absl::OkStatus();
                     });
}

absl::Status ReadMarkers(const Context& context, const TensorView& markers, int32_t* labels) {
  const int64_t width = markers.shape[1];
  const size_t count = static_cast<size_t>(markers.elements());
  for (size_t begin = 0; begin < count; begin += static_cast<size_t>(kPixelGrain)) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    const size_t end = std::min(count, begin + static_cast<size_t>(kPixelGrain));
    absl::Status status;
    switch (markers.dtype) {
      case DType::kUint8:
        status = ConvertMarkers<uint8_t>(markers, width, begin, end, labels);
        break;
      case DType::kUint16:
        status = ConvertMarkers<uint16_t>(markers, width, begin, end, labels);
        break;
      case DType::kInt32:
        status = ConvertMarkers<int32_t>(markers, width, begin, end, labels);
        break;
      default:
        status = ConvertMarkers<uint32_t>(markers, width, begin, end, labels);
        break;
    }
    TRINE_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

}  // namespace trine::segment
