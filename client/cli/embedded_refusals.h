// What the server of this program refuses whatever the picture is, known without a call: its own
// reading of a request, and the kernel's own checks.
#pragma once

#include "absl/status/status.h"
#include "core/segment/segment.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {

// Of the steps, the profile and what goes with them; `given` are the pictures that will be in the
// request. The status names the request's fields, as a server's does.
absl::Status RefusalOfAny(const v1::SegmentRequest& request, const segment::Companions& given);

}  // namespace trine::cli
