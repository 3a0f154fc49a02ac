#include "core/coding/container/checksum.h"

#include "core/base/error.h"
#include "core/coding/container/polled.h"

namespace trine::coding {

uint64_t Checksum(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

absl::StatusOr<uint64_t> ChecksumPolled(ByteView bytes, const CancelToken& cancel) {
  if (bytes.size() <= kPollBytes) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    return Checksum(bytes);
  }
  RunningChecksum running;
  TRINE_RETURN_IF_ERROR(InPieces(bytes.size(), cancel,
                                 [&](size_t i, size_t n) { running.Add(bytes.subspan(i, n)); }));
  return running.Value();
}

RunningChecksum::RunningChecksum() : state_(XXH3_createState()) { XXH3_64bits_reset(state_.get()); }

}  // namespace trine::coding
