// Counts of bytes.
#pragma once

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"

namespace trine::coding {

using Histogram = std::array<uint64_t, 256>;

// Adds the counts of `raw`, fewer than 2^32 bytes, to `counts`.
void CountBytes(ByteView raw, Histogram& counts);
// The counts of `raw`; fails only when the work is cancelled.
absl::StatusOr<Histogram> CountBytesPolled(ByteView raw, const CancelToken& cancel);

}  // namespace trine::coding
