// What the filters share that give another library's pixels to the bit: scikit-image 0.26's
// (profile SKIMAGE), ImageJ 1.52's (IMAGEJ).
#pragma once

#include "absl/status/status.h"
#include "core/base/error.h"
#include "core/segment/pipeline.h"
#include "core/segment/validate.h"

namespace trine::segment {

// UNIMPLEMENTED where the picture is of other types, or has a mask: those filters have none.
inline absl::Status CheckLibrary(const StepToCheck& step, bool takes_floats) {
  const DType dtype = step.inputs.gray.dtype;
  const bool real = dtype == DType::kFloat32 || dtype == DType::kFloat64;
  if (dtype != DType::kUint8 && dtype != DType::kUint16 && !(real && takes_floats))
    return NotOffered("gray.dtype", takes_floats
                                        ? "the profile takes uint8, uint16, float32 and float64"
                                        : "the profile takes uint8 and uint16");
  if (step.inputs.mask) return NotOffered("mask", "the profile's filters take none");
  return absl::OkStatus();
}

// The same of values that are not finite, known when the picture is.
inline absl::Status CheckAllCount(const State& state) {
  if (state.options.profile == Profile::kExact || state.gray.inside == nullptr)
    return absl::OkStatus();
  return NotOffered("gray", "the profile's filters leave no pixel out");
}

}  // namespace trine::segment
