// The end of a damaged stream: end mark, index and trailer checked by themselves, since the blocks
// that they speak of may be lost (else core/coding/container/tail.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/index.h"

namespace trine::coding {

// Takes entry after entry, in constant memory. Serves one thread at a time.
class LooseTail {
 public:
  // `mark`: the bytes of the end mark `end`.
  void Begin(const Header& header, const BlockHead& end, ByteView mark);

  struct Step {
    size_t consumed = 0;  // 0: more bytes are needed
    bool done = false;
  };
  // Takes an entry, or the trailer, from the front of `in`, which lies at `offset`. DATA_LOSS where
  // it is malformed, or the checksum differs. REQUIRES: not done; the stream has an index.
  absl::StatusOr<Step> Take(ByteView in, uint64_t offset);

 private:
  void Add(ByteView bytes);

  uint64_t block_bytes_ = 0;
  uint64_t entries_left_ = 0;
  RunningChecksum checksum_;
  uint64_t bytes_ = 0;
};

}  // namespace trine::coding
