// Thresholds from the histogram by name and profile: auto_threshold and all_thresholds.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/segment/picture.h"
#include "core/segment/segment.h"

namespace trine::segment {

// UNIMPLEMENTED naming "profile" for one that does not have the method for pictures given as
// `dtype`.
absl::Status CheckAutoProfile(Profile profile, DType dtype, AutoMethod method);

// The threshold with classes and separability; plateau_low and plateau_high are it too. `field`
// names the step's method in errors. REQUIRES: CheckAutoProfile said OK.
absl::StatusOr<ThresholdResult> AutoThreshold(const Context& context, const Picture& gray,
                                              Profile profile, const AutoThresholdStep& step,
                                              std::string_view field);

// Otsu's and every method's, in this order, for a picture given as `dtype`.
absl::StatusOr<std::vector<MethodThreshold>> AllThresholds(const Context& context,
                                                           const Picture& gray, DType dtype,
                                                           Profile profile);

}  // namespace trine::segment
