// XXH3, 64 bits, seed 0: the checksum of every part of a stream. A head holds its low half.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"

namespace trine::coding {

uint64_t Checksum(ByteView bytes);

// The same of long bytes, polling the cancellation.
absl::StatusOr<uint64_t> ChecksumPolled(ByteView bytes, const CancelToken& cancel);

// Of bytes that come in pieces.
class RunningChecksum {
 public:
  RunningChecksum();
  void Add(ByteView bytes) { XXH3_64bits_update(state_.get(), bytes.data(), bytes.size()); }
  uint64_t Value() const { return XXH3_64bits_digest(state_.get()); }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
};

}  // namespace trine::coding
