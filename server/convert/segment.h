// Steps and results of segmentation from messages and back.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/runtime/context.h"
#include "core/segment/segment.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {

// Profile, invert, nan_policy and steps of `request`; no steps mean Otsu. What UNSPECIFIED stands
// for is said in the proto file. INVALID_ARGUMENT names "profile", "steps[i]" or
// "steps[i].<step>.<field>".
absl::StatusOr<segment::Options> SegmentOptionsFromProto(const v1::SegmentRequest& request,
                                                         const Limits& limits);

// The numbers and lists of `result`: all but mask, labels and distance. RESOURCE_EXHAUSTED naming
// "regions" or "contours" where they are more than limits.max_output_bytes.
absl::Status ResultToProto(const Context& context, const segment::Result& result,
                           v1::SegmentResponse* out);

}  // namespace trine::server
