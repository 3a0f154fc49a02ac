#include "client/cli/embedded_refusals.h"

#include <limits>

#include "core/base/error.h"
#include "server/convert/segment.h"

namespace trine::cli {

absl::Status RefusalOfAny(const v1::SegmentRequest& request, const segment::Companions& given) {
  v1::SegmentRequest sent = request;
  if (given.ground_truth) sent.mutable_ground_truth();
  Limits limits;
  limits.max_segment_steps = std::numeric_limits<int64_t>::max();  // a server elsewhere has its own
  TRINE_ASSIGN_OR_RETURN(const segment::Options options,
                         server::SegmentOptionsFromProto(sent, limits));
  return segment::ValidateForAny(given, options);
}

}  // namespace trine::cli
