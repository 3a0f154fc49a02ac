// Copies and checksums of long buffers that look at the cancellation on the way.
#pragma once

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/long_array.h"

namespace trine::coding {

inline constexpr size_t kPollBytes = size_t{2} << 20;  // about 1 ms of memcpy with page faults

// Calls step(begin, length) for pieces of [0, n).
template <class Step>
absl::Status InPieces(size_t n, const CancelToken& cancel, Step step) {
  for (size_t i = 0; i < n; i += kPollBytes) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    step(i, std::min(kPollBytes, n - i));
  }
  return absl::OkStatus();
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

// XXH3, 64 bits.
inline absl::StatusOr<uint64_t> ChecksumPolled(ByteView bytes, const CancelToken& cancel) {
  if (bytes.size() <= kPollBytes) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    return XXH3_64bits(bytes.data(), bytes.size());
  }
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  const std::unique_ptr<XXH3_state_t, Free> state(XXH3_createState());
  XXH3_64bits_reset(state.get());
  TRINE_RETURN_IF_ERROR(InPieces(bytes.size(), cancel, [&](size_t i, size_t n) {
    XXH3_64bits_update(state.get(), bytes.data() + i, n);
  }));
  return XXH3_64bits_digest(state.get());
}

}  // namespace trine::coding
