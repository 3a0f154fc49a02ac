// STATIC of order 0: the frequencies of the block stand in front of its lanes.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/coding/frequencies.h"
#include "core/coding/payload.h"

namespace trine::coding {

// `counts` are those of `raw`, at least two of them above 0; raw.size() < 2^32.
absl::StatusOr<Payload> EncodeStatic(ByteView raw, const Histogram& counts,
                                     const CancelToken& cancel);

// Fills `raw`. DATA_LOSS (without block and offset) for a payload that is not one of its length.
absl::Status DecodeStatic(ByteView payload, MutableByteView raw, const CancelToken& cancel);

}  // namespace trine::coding
