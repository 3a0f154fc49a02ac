// scikit-image 0.26's thresholds with numpy 2, to the bit: the same operations in the same order
// and type, numpy's pairwise sums among them. NOT_FOUND where it raises. Two things are not its
// own: logarithms are those of logarithm.h, where numpy's depend on the machine (of float32
// pictures they differ in the last bit, which LI shows); and integers below 0 do not wrap.
//
// Integers have one bin a value between lowest and highest, floats 256. Thread safety: all
// functions.
#pragma once

#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {

absl::StatusOr<double> SkimageLi(const MethodInput& of);
absl::StatusOr<double> SkimageYen(const MethodInput& of);
absl::StatusOr<double> SkimageTriangle(const MethodInput& of);
absl::StatusOr<double> SkimageIsodata(const MethodInput& of);
absl::StatusOr<double> SkimageMinimum(const MethodInput& of);
absl::StatusOr<double> SkimageMean(const MethodInput& of);

}  // namespace trine::segment
