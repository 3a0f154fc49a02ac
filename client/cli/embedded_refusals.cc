#include "client/cli/embedded_refusals.h"

#include "core/base/error.h"
#include "server/convert/segment.h"

namespace trine::cli {

absl::Status RefusalOfAny(const v1::SegmentRequest& request, const segment::Companions& given) {
  v1::SegmentRequest sent = request;
  if (given.ground_truth) sent.mutable_ground_truth();
  TRINE_ASSIGN_OR_RETURN(const segment::Options options,
                         server::SegmentOptionsFromProto(sent, DefaultLimits()));
  return segment::ValidateForAny(given, options);
}

}  // namespace trine::cli
