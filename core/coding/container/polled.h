// Copies of long buffers that poll the cancellation on the way.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/long_array.h"
#include "core/base/polled.h"

namespace trine::coding {

inline constexpr size_t kPollBytes = size_t{2} << 20;  // about 1 ms of memcpy with page faults

// Calls step(begin, length) for the pieces of [0, n), polling before each.
template <class Step>
absl::Status InPieces(size_t n, const CancelToken& cancel, Step step) {
  return trine::InPieces(n, kPollBytes, cancel, step);
}

// Appends `bytes` to a std::string or std::vector<uint8_t>.
template <class Buffer>
absl::Status AppendPolled(ByteView bytes, const CancelToken& cancel, Buffer* out) {
  return InPieces(bytes.size(), cancel, [&](size_t i, size_t n) {
    out->insert(out->end(), bytes.data() + i, bytes.data() + i + n);
  });
}

// Grows a buffer by n zeros.
template <class Buffer>
absl::Status GrowPolled(size_t n, const CancelToken& cancel, Buffer* out) {
  ReserveLong(out->size() + n, out);
  return InPieces(n, cancel, [&](size_t, size_t step) { out->resize(out->size() + step); });
}

inline absl::Status CopyPolled(ByteView from, const CancelToken& cancel, uint8_t* to) {
  return InPieces(from.size(), cancel,
                  [&](size_t i, size_t n) { std::memcpy(to + i, from.data() + i, n); });
}

}  // namespace trine::coding
