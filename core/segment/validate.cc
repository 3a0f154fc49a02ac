#include "core/segment/validate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "core/segment/threshold/local_threshold.h"
#include "core/segment/threshold/multi_otsu.h"

namespace trine::segment {
namespace {

constexpr size_t kMaxThresholds = kMaxClasses - 1;

struct Made {
  bool mask = false, labels = false, distance = false;
};

absl::Status Needs(bool present, size_t i, const Step& step, std::string_view what) {
  if (present) return absl::OkStatus();
  const std::string name = StepField(i, step).substr(StepField(i).size() + 1);
  return InvalidField(StepField(i), std::string_view(name),
                      "needs a " + std::string(what) + " that a step before it makes");
}

absl::Status CheckNotNegative(std::string_view field, int64_t value) {
  if (value >= 0) return absl::OkStatus();
  return InvalidField(field, value, "at least 0");
}

// Checks one step and records what it makes.
class StepChecker {
 public:
  StepChecker(const Inputs& inputs, const Options& options, const Limits& limits)
      : inputs_(inputs), options_(options), limits_(limits) {}

  absl::Status Check(size_t i) {
    index_ = i;
    step_ = &options_.steps[i];
    return std::visit([this](const auto& step) { return Visit(step); }, *step_);
  }

 private:
  std::string Field(std::string_view name) const {
    return StepField(index_, *step_) + "." + std::string(name);
  }
  absl::Status Need(bool present, std::string_view what) const {
    return Needs(present, index_, *step_, what);
  }
  // A map of four bytes a pixel.
  absl::Status FourBytesEach() const {
    const uint64_t bytes = inputs_.gray.elements() * 4;
    if (bytes <= limits_.max_output_bytes) return absl::OkStatus();
    return LimitExceeded(StepField(index_), bytes, "max_output_bytes", limits_.max_output_bytes);
  }
  absl::Status MakeLabels() {
    made_.labels = true;
    return FourBytesEach();
  }

  absl::Status Visit(const OtsuStep&) {
    made_.mask = true;
    return absl::OkStatus();
  }
  absl::Status Visit(const MultiOtsuStep& step) {
    if (step.classes < kMinClasses || step.classes > kMaxClasses)
      return InvalidField(Field("classes"), int64_t{step.classes},
                          std::to_string(kMinClasses) + " to " + std::to_string(kMaxClasses));
    if (options_.profile != Profile::kExact && options_.profile != Profile::kSkimage)
      return NotOffered("profile", "multi-Otsu has the profiles exact and skimage only");
    made_.mask = true;
    return MakeLabels();
  }
  absl::Status Visit(const ThresholdStep& step) {
    const std::vector<double>& t = step.thresholds;
    if (t.empty() || t.size() > kMaxThresholds)
      return InvalidField(Field("thresholds"), static_cast<int64_t>(t.size()),
                          "1 to " + std::to_string(kMaxThresholds) + " thresholds");
    for (size_t j = 0; j < t.size(); ++j) {
      const std::string field = Field("thresholds[" + std::to_string(j) + "]");
      if (!std::isfinite(t[j])) return InvalidField(field, t[j], "must be finite");
      if (j > 0 && !(t[j - 1] < t[j]))
        return InvalidField(field, t[j], "must be above the threshold before it");
    }
    made_.mask = true;
    return MakeLabels();
  }
  absl::Status Visit(const LocalThresholdStep& step) {
    made_.mask = true;
    return ValidateLocalThreshold(step, options_.profile, inputs_.gray.dtype,
                                  StepField(index_, *step_));
  }
  absl::Status Visit(const InvertStep&) { return Need(made_.mask, "mask"); }
  absl::Status Visit(const FillHolesStep& step) {
    TRINE_RETURN_IF_ERROR(Need(made_.mask, "mask"));
    return CheckNotNegative(Field("max_area"), step.max_area);
  }
  absl::Status Visit(const ComponentsStep& step) {
    TRINE_RETURN_IF_ERROR(Need(made_.mask, "mask"));
    TRINE_RETURN_IF_ERROR(CheckNotNegative(Field("min_area"), step.min_area));
    return MakeLabels();
  }
  absl::Status Visit(const DistanceStep&) {
    TRINE_RETURN_IF_ERROR(Need(made_.mask, "mask"));
    made_.distance = true;
    return FourBytesEach();
  }
  absl::Status Visit(const WatershedStep& step) {
    if (!std::isfinite(step.marker_height) || step.marker_height < 0)
      return InvalidField(Field("marker_height"), step.marker_height,
                          "must be finite and at least 0");
    if (step.markers == MarkerSource::kGiven && !inputs_.markers)
      return InvalidField("markers", std::string_view("absent"),
                          "the watershed of " + StepField(index_) + " needs given markers");
    if (step.markers == MarkerSource::kDistance || step.relief == Relief::kDistance)
      TRINE_RETURN_IF_ERROR(Need(made_.distance, "distance map"));
    made_.mask = true;
    return MakeLabels();
  }
  absl::Status Visit(const ContoursStep&) { return Need(made_.mask, "mask"); }
  absl::Status Visit(const MeasureStep&) { return Need(made_.labels, "label map"); }

  const Inputs& inputs_;
  const Options& options_;
  const Limits& limits_;
  size_t index_ = 0;
  const Step* step_ = nullptr;
  Made made_;
};

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
  static constexpr std::string_view kNames[] = {
      "otsu",       "multi_otsu", "threshold", "local_threshold", "invert", "fill_holes",
      "components", "distance",   "watershed", "contours",        "measure"};
  static_assert(std::size(kNames) == std::variant_size_v<Step>);
  return StepField(i) + "." + std::string(kNames[step.index()]);
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
  StepChecker checker(inputs, options, limits);
  for (size_t i = 0; i < options.steps.size(); ++i) TRINE_RETURN_IF_ERROR(checker.Check(i));
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
