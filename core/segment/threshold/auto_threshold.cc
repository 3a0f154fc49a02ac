#include "core/segment/threshold/auto_threshold.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/segment/threshold/auto/methods.h"
#include "core/segment/threshold/otsu.h"

namespace trine::segment {
namespace {

// 0 is the default, the first.
const AutoMethodRow& RowOf(AutoMethod method) {
  return AutoMethods()[std::max<size_t>(static_cast<size_t>(method), 1) - 1];
}

absl::StatusOr<double> ThresholdOf(const MethodInput& of, const AutoMethodRow& row,
                                   Profile profile) {
  if (profile == Profile::kSkimage) {
    if (of.gray.whole)
      return NotOffered("profile",
                        "the skimage profile takes integers that span 65536 values at most");
    return row.skimage(of);
  }
  if (profile == Profile::kImagej) return row.imagej(of);
  if (profile == Profile::kOpencv) return row.opencv(of);
  if (of.levels.size() == 1 && row.method != AutoMethod::kGlobalMean) return of.levels.values[0];
  return row.exact(of);
}

}  // namespace

absl::Span<const std::string_view> NamesOf(AutoMethod) {
  static const auto names = [] {
    std::array<std::string_view, 12> out;
    for (size_t i = 0; i < out.size(); ++i) out[i] = AutoMethods()[i].name;
    return out;
  }();
  return names;
}

absl::Status CheckAutoProfile(Profile profile, DType dtype, AutoMethod method) {
  const AutoMethodRow& row = RowOf(method);
  const std::string name(row.name);
  switch (profile) {
    case Profile::kExact:
      return absl::OkStatus();
    case Profile::kSkimage:
      if (row.skimage != nullptr) return CheckSkimageBins(dtype);
      return NotOffered("profile", "scikit-image has no method " + name);
    case Profile::kImagej:
      if (dtype == DType::kUint8) return absl::OkStatus();
      return NotOffered("profile", "ImageJ's methods take uint8 pictures only, not " +
                                       std::string(DTypeName(dtype)));
    case Profile::kOpencv:
      if (row.opencv == nullptr) return NotOffered("profile", "OpenCV has no method " + name);
      if (dtype == DType::kUint8) return absl::OkStatus();
      return NotOffered("profile", "OpenCV's " + name + " takes uint8 pictures only, not " +
                                       std::string(DTypeName(dtype)));
    default:
      return NotOffered("profile", "MATLAB has no method " + name);
  }
}

absl::StatusOr<ThresholdResult> AutoThreshold(const Context& context, const Picture& gray,
                                              Profile profile, const AutoThresholdStep& step,
                                              std::string_view field) {
  const AutoMethodRow& row = RowOf(step.method);
  TRINE_ASSIGN_OR_RETURN(MethodInput histogram, MakeMethodInput(context, gray));
  histogram.fraction = step.fraction.value_or(histogram.fraction);
  absl::StatusOr<double> threshold = ThresholdOf(histogram, row, profile);
  if (absl::IsNotFound(threshold.status()))
    return InvalidField(
        field, row.name,
        "the picture has no such threshold: " + std::string(threshold.status().message()));
  TRINE_RETURN_IF_ERROR(threshold.status());
  ThresholdResult result;
  result.thresholds = {*threshold};
  result.plateau_low = result.plateau_high = *threshold;
  TRINE_RETURN_IF_ERROR(DescribeClasses(context, histogram.levels, result));
  return result;
}

absl::StatusOr<std::vector<MethodThreshold>> AllThresholds(const Context& context,
                                                           const Picture& gray, DType dtype,
                                                           Profile profile) {
  TRINE_ASSIGN_OR_RETURN(const MethodInput histogram, MakeMethodInput(context, gray));
  std::vector<MethodThreshold> out;
  const auto add = [&out](std::string_view name,
                          const absl::StatusOr<double>& threshold) -> absl::Status {
    const absl::Status& status = threshold.status();
    if (!status.ok() && !absl::IsNotFound(status) && !absl::IsUnimplemented(status)) return status;
    out.push_back({name, std::nullopt, std::string(status.message())});
    if (status.ok()) out.back().threshold = *threshold;
    return absl::OkStatus();
  };
  const auto otsu = [&]() -> absl::StatusOr<double> {
    TRINE_RETURN_IF_ERROR(CheckOtsuProfile(profile, dtype));
    TRINE_ASSIGN_OR_RETURN(const ThresholdResult found,
                           OtsuOf(context, gray, profile, histogram.levels, histogram.counts));
    return found.thresholds[0];
  };
  TRINE_RETURN_IF_ERROR(add("otsu", otsu()));
  for (const AutoMethodRow& row : AutoMethods()) {
    const auto threshold = [&]() -> absl::StatusOr<double> {
      TRINE_RETURN_IF_ERROR(CheckAutoProfile(profile, dtype, row.method));
      return ThresholdOf(histogram, row, profile);
    };
    TRINE_RETURN_IF_ERROR(add(row.name, threshold()));
  }
  return out;
}

}  // namespace trine::segment
