// ADAPTIVE of order 0 in long blocks: STATIC's loops over a drifting table.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/coding/models/adaptive/drifting_table.h"
#include "core/coding/models/histogram.h"
#include "core/coding/models/payload.h"

namespace trine::coding {

// What a payload's first byte holds in its upper half where it is of this form.
inline constexpr int kDriftForm = 1;

// A trial on a part of a block.
struct DriftTrial {
  DriftParams params;  // the best
  ByteView part;
  size_t counted_from = 0;  // bytes of the part before which are only learned from
  uint64_t cost = 0;        // of the others [2^-16 bits]
};
// `counts` are those of `raw`.
DriftTrial ChooseDrift(ByteView raw, const Histogram& counts);

// REQUIRES: at least two counts above 0.
absl::StatusOr<Payload> EncodeDrifting(ByteView raw, const Histogram& counts,
                                       const DriftParams& params, const CancelToken& cancel);

// Fills `raw`. DATA_LOSS (without block and offset) for a payload that is not one of its length.
absl::Status DecodeDrifting(ByteView payload, MutableByteView raw, const CancelToken& cancel);

}  // namespace trine::coding
