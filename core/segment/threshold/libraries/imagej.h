// ImageJ 1.53's AutoThresholder, of a histogram of 256 bins with at least one count: thresholds to
// the bit, from the same operations in the same order, 0 where it finds none. Logarithms are those
// of logarithm.h, where Java's depend on the machine in their last bit. NOT_FOUND where ImageJ goes
// round for ever. REQUIRES: a picture of uint8.
//
// Thread safety: all functions. All poll cancellation.
#pragma once

#include "absl/status/statusor.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {

absl::StatusOr<double> ImagejLi(const MethodInput& of);
absl::StatusOr<double> ImagejYen(const MethodInput& of);
absl::StatusOr<double> ImagejTriangle(const MethodInput& of);
absl::StatusOr<double> ImagejIsodata(const MethodInput& of);
absl::StatusOr<double> ImagejMinimum(const MethodInput& of);
absl::StatusOr<double> ImagejMean(const MethodInput& of);
absl::StatusOr<double> ImagejMinError(const MethodInput& of);
absl::StatusOr<double> ImagejMaxEntropy(const MethodInput& of);
absl::StatusOr<double> ImagejHuang(const MethodInput& of);
absl::StatusOr<double> ImagejMoments(const MethodInput& of);
absl::StatusOr<double> ImagejRenyi(const MethodInput& of);
absl::StatusOr<double> ImagejPercentile(const MethodInput& of);

}  // namespace trine::segment
