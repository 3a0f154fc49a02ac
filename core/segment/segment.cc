#include "core/segment/segment.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <utility>

#include "core/segment/regions/components.h"
#include "core/segment/contours/contours.h"
#include "core/segment/regions/distance.h"
#include "core/segment/regions/fill_holes.h"
#include "core/segment/threshold/local_threshold.h"
#include "core/segment/regions/markers.h"
#include "core/segment/regions/measure.h"
#include "core/segment/threshold/multi_otsu.h"
#include "core/segment/threshold/otsu.h"
#include "core/segment/picture.h"
#include "core/segment/threshold/threshold.h"
#include "core/segment/validate.h"
#include "core/segment/regions/watershed.h"

namespace trine::segment {
namespace {

constexpr std::array<std::pair<Profile, std::string_view>, 5> kProfiles = {
    {{Profile::kExact, "exact"},
     {Profile::kOpencv, "opencv"},
     {Profile::kSkimage, "skimage"},
     {Profile::kImagej, "imagej"},
     {Profile::kMatlab, "matlab"}}};

// A tensor's storage is aligned for every element type.
template <typename T>
T* DataAs(std::optional<Tensor>& tensor) {
  return reinterpret_cast<T*>(tensor->data.data());
}

// Runs validated steps over the state that Result is.
class Pipeline {
 public:
  Pipeline(const Context& context, const Inputs& inputs, const Options& options)
      : context_(context), inputs_(inputs), options_(options) {
    gray_.height = inputs.gray.shape[0];
    gray_.width = inputs.gray.shape[1];
    gray_.dtype = inputs.gray.dtype;
    gray_.data = inputs.gray.data.data();
    gray_.inside = inputs.mask ? inputs.mask->data.data() : nullptr;
  }

  absl::StatusOr<Result> Run() {
    TRINE_RETURN_IF_ERROR(CheckFinite(context_, gray_));
    for (index_ = 0; index_ < options_.steps.size(); ++index_) {
      TRINE_RETURN_IF_ERROR(context_.cancel.Check());
      TRINE_RETURN_IF_ERROR(
          std::visit([this](const auto& step) { return Do(step); }, options_.steps[index_]));
    }
    TRINE_RETURN_IF_ERROR(CountForeground());
    return std::move(result_);
  }

 private:
  std::string Field() const { return StepField(index_); }
  std::string Field(std::string_view name) const {
    return StepField(index_, options_.steps[index_]) + "." + std::string(name);
  }

  uint8_t* Mask() {
    if (!result_.mask) result_.mask = Tensor::Zeros(DType::kUint8, inputs_.gray.shape);
    return result_.mask->data.data();
  }
  int32_t* Labels() {
    if (!result_.labels) result_.labels = Tensor::Zeros(DType::kInt32, inputs_.gray.shape);
    return DataAs<int32_t>(result_.labels);
  }

  absl::Status Apply(bool with_labels) {
    const std::vector<double>& thresholds = result_.threshold->thresholds;
    if (with_labels) result_.label_count = static_cast<int64_t>(thresholds.size());
    return ApplyThresholds(context_, gray_, thresholds, options_.invert, Mask(),
                           with_labels ? Labels() : nullptr);
  }

  absl::Status Do(const OtsuStep&) {
    TRINE_ASSIGN_OR_RETURN(result_.threshold, Otsu(context_, gray_, options_.profile));
    return Apply(false);
  }
  absl::Status Do(const MultiOtsuStep& step) {
    TRINE_ASSIGN_OR_RETURN(result_.threshold, MultiOtsu(context_, gray_, options_.profile,
                                                        step.classes, Field("classes")));
    return Apply(true);
  }
  absl::Status Do(const ThresholdStep& step) {
    TRINE_ASSIGN_OR_RETURN(const Levels levels, LevelsOf(context_, gray_));
    if (levels.size() == 0) return NoPixelsInside();
    ThresholdResult described;
    described.thresholds = step.thresholds;
    described.plateau_low = described.plateau_high = step.thresholds[0];
    TRINE_RETURN_IF_ERROR(DescribeClasses(context_, levels, described));
    result_.threshold = std::move(described);
    return Apply(true);
  }
  absl::Status Do(const LocalThresholdStep& step) {
    // Pixels outside are never visited: the mask must start from 0 there.
    result_.mask.reset();
    return LocalThreshold(context_, gray_, step, options_.profile, options_.invert, Mask());
  }
  absl::Status Do(const InvertStep&) {
    uint8_t* mask = Mask();
    return ParallelFor(context_, static_cast<size_t>(gray_.pixels()),
                       static_cast<size_t>(kPixelGrain), [&](size_t begin, size_t end) {
                         for (size_t i = begin; i < end; ++i) {
                           const bool inside = gray_.Contains(static_cast<int64_t>(i));
                           mask[i] = inside && mask[i] == 0 ? 255 : 0;
                         }
                         return absl::OkStatus();
                       });
  }
  absl::Status Do(const FillHolesStep& step) {
    return FillHoles(context_, gray_.height, gray_.width, step, gray_.inside, Mask());
  }
  absl::Status Do(const ComponentsStep& step) {
    TRINE_ASSIGN_OR_RETURN(result_.label_count, LabelComponents(context_, gray_.height, gray_.width,
                                                                step, Field(), Mask(), Labels()));
    return absl::OkStatus();
  }
  absl::Status Do(const DistanceStep&) {
    if (!result_.distance) result_.distance = Tensor::Zeros(DType::kFloat32, inputs_.gray.shape);
    return DistanceMap(context_, Mask(), gray_.height, gray_.width,
                       DataAs<float>(result_.distance));
  }
  absl::Status Do(const WatershedStep& step);
  absl::Status Do(const ContoursStep&) {
    TRINE_ASSIGN_OR_RETURN(result_.contours,
                           FindContours(context_, Mask(), gray_.height, gray_.width, Field()));
    return absl::OkStatus();
  }
  absl::Status Do(const MeasureStep&) {
    TRINE_ASSIGN_OR_RETURN(result_.regions, MeasureRegions(context_, gray_, Labels(), Field()));
    return absl::OkStatus();
  }

  absl::Status FloodRegion(uint8_t* mask);
  absl::Status CountForeground();

  const Context& context_;
  const Inputs& inputs_;
  const Options& options_;
  Picture gray_;
  Result result_;
  size_t index_ = 0;
};

// The mask where a step made one, else every pixel inside.
absl::Status Pipeline::FloodRegion(uint8_t* mask) {
  return ParallelFor(context_, static_cast<size_t>(gray_.pixels()),
                     static_cast<size_t>(kPixelGrain), [&](size_t begin, size_t end) {
                       for (size_t i = begin; i < end; ++i)
                         mask[i] = gray_.Contains(static_cast<int64_t>(i)) ? 255 : 0;
                       return absl::OkStatus();
                     });
}

absl::Status Pipeline::Do(const WatershedStep& step) {
  const bool have_mask = result_.mask.has_value();
  uint8_t* mask = Mask();
  if (!have_mask) TRINE_RETURN_IF_ERROR(FloodRegion(mask));
  const float* distance = result_.distance ? DataAs<float>(result_.distance) : nullptr;
  int32_t* labels = Labels();
  if (step.markers == MarkerSource::kGiven) {
    TRINE_RETURN_IF_ERROR(ReadMarkers(context_, *inputs_.markers, labels));
  } else {
    TRINE_RETURN_IF_ERROR(DistanceMarkers(context_, distance, mask, gray_.height, gray_.width,
                                          step.connectivity, step.marker_height, Field(), labels));
  }
  Levelled relief;
  if (step.relief == Relief::kGray) {
    TRINE_ASSIGN_OR_RETURN(relief, LevelsOfGray(context_, gray_));
  } else {
    TRINE_ASSIGN_OR_RETURN(relief, LevelsOfDistance(context_, distance, mask, gray_.pixels()));
  }
  TRINE_RETURN_IF_ERROR(Flood(context_, relief, mask, gray_.height, gray_.width, step.connectivity,
                              step.lines, labels));
  // Given markers outside the region are gone: the highest label may be another now.
  std::atomic<int32_t> highest{0};
  absl::Status status =
      ParallelFor(context_, static_cast<size_t>(gray_.pixels()), static_cast<size_t>(kPixelGrain),
                  [&](size_t begin, size_t end) {
                    int32_t top = 0;
                    for (size_t i = begin; i < end; ++i) {
                      mask[i] = labels[i] > 0 ? 255 : 0;
                      top = std::max(top, labels[i]);
                    }
                    int32_t known = highest.load();
                    while (known < top && !highest.compare_exchange_weak(known, top)) {
                    }
                    return absl::OkStatus();
                  });
  result_.label_count = highest.load();
  return status;
}

absl::Status Pipeline::CountForeground() {
  if (!result_.mask) return absl::OkStatus();
  const uint8_t* mask = result_.mask->data.data();
  std::atomic<uint64_t> set{0}, all{0};
  absl::Status status =
      ParallelFor(context_, static_cast<size_t>(gray_.pixels()), static_cast<size_t>(kPixelGrain),
                  [&](size_t begin, size_t end) {
                    uint64_t foreground = 0, inside = 0;
                    for (size_t i = begin; i < end; ++i) {
                      foreground += mask[i] != 0 ? 1 : 0;
                      inside += gray_.Contains(static_cast<int64_t>(i)) ? 1 : 0;
                    }
                    set += foreground;
                    all += inside;
                    return absl::OkStatus();
                  });
  TRINE_RETURN_IF_ERROR(status);
  result_.foreground_fraction =
      all == 0 ? 0 : static_cast<double>(set.load()) / static_cast<double>(all.load());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Result> Segment(const Context& context, const Inputs& inputs,
                               const Options& options) {
  TRINE_RETURN_IF_ERROR(ValidateInputs(inputs, *context.limits));
  TRINE_RETURN_IF_ERROR(ValidateSteps(inputs, options, *context.limits));
  return Pipeline(context, inputs, options).Run();
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
