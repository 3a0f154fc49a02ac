// Otsu's criterion for several classes, exactly, by dynamic programming.
//
// The best partition into classes maximises the sum of S_i^2 / w_i (Liao, Chen, Chung 2001). Its
// cost satisfies the quadrangle inequality, so the first best cut never moves left as the suffix
// shrinks, and divide and conquer needs O(classes L log L) evaluations; of many levels, of the few
// where bounds let a best cut lie (partition_ranges.h). Sums are compared in double and, where that
// does not decide, as exact fractions: at most 32 classes of weight up to 2^30 and S up to 2^62
// need 124 + 31 * 30 + 4 = 1058 bits.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "core/segment/histogram.h"
#include "core/segment/segment.h"

namespace trine::segment {

inline constexpr int kMinClasses = 2;
inline constexpr int kMaxClasses = 16;

// The lexicographically smallest of the best tuples of cuts: classes - 1 of them, ascending; cut c
// separates levels 0..c from c+1... REQUIRES: kMinClasses <= classes <= levels.size().
// RESOURCE_EXHAUSTED naming "gray" when (classes - 2) * levels exceeds 2^26 (only floats and wide
// integers can).
absl::StatusOr<std::vector<size_t>> BestPartition(const Context& context, const Levels& levels,
                                                  int classes);

// UNIMPLEMENTED naming "profile" for one that has no multi-Otsu.
absl::Status CheckMultiOtsuProfile(Profile profile, DType dtype);

// Thresholds by the profile's conventions (EXACT or SKIMAGE), with classes and separability;
// plateau_low and plateau_high stay 0 above two classes. `field` names the step's parameter in
// errors: INVALID_ARGUMENT for fewer distinct values than classes.
absl::StatusOr<ThresholdResult> MultiOtsu(const Context& context, const Picture& gray,
                                          Profile profile, int classes, std::string_view field);

// scikit-image 0.19's threshold_multiotsu: the indices of the bins, with float32 sums and its
// weight of the first bin. REQUIRES: at most 256 bins, the first and last above 0, classes 2 to 5.
absl::StatusOr<std::vector<size_t>> SkimageMultiOtsu(const Context& context,
                                                     const std::vector<uint64_t>& counts,
                                                     int classes);

}  // namespace trine::segment
