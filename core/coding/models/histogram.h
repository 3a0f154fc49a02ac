// Counts of bytes.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/bytes.h"

namespace trine::coding {

using Histogram = std::array<uint64_t, 256>;

// Adds the counts of `raw`, fewer than 2^32 bytes, to `counts`.
void CountBytes(ByteView raw, Histogram& counts);

}  // namespace trine::coding
