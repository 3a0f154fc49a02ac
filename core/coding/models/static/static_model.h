// STATIC: the frequencies of the block precede its lanes. Order 0: one table; order 1: one for each
// symbol that precedes another.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/base/limits.h"
#include "core/coding/models/histogram.h"
#include "core/coding/models/payload.h"
#include "core/coding/models/static/order1_table.h"

namespace trine::coding {

// `counts` are those of `raw`, at least two of them above 0; raw.size() < 2^32.
absl::StatusOr<Payload> EncodeStatic(ByteView raw, const Histogram& counts,
                                     const CancelToken& cancel);
// raw.size() at most 2^30; `pairs` are those of `raw`.
absl::StatusOr<Payload> EncodeStaticOrder1(ByteView raw, const Histogram& counts,
                                           const Order1Pairs& pairs, const CancelToken& cancel);

// What order 1 spends, tables included [2^-16 bits]: the likely cost within a few percent. The
// pairs are those of `raw`, and are left as they were unless the work is cancelled.
absl::StatusOr<KnownCost> CostOfStaticOrder1(ByteView raw, const Histogram& counts,
                                             Order1Pairs* pairs, const CancelToken& cancel);

// Both fill `raw`. DATA_LOSS (without block and offset) for a payload that is not one of its
// length; RESOURCE_EXHAUSTED when the tables need more than limits.max_model_bytes.
absl::Status DecodeStatic(ByteView payload, MutableByteView raw, const CancelToken& cancel);
absl::Status DecodeStaticOrder1(ByteView payload, MutableByteView raw, const Limits& limits,
                                const CancelToken& cancel);

}  // namespace trine::coding
