// Checks the end mark, index and trailer of a stream that arrives in pieces, against the blocks
// that came before, in constant memory (for an excerpt: a few bytes a block).
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/index.h"

namespace trine::coding {

class TailParser {
 public:
  explicit TailParser(const Header& header);

  // Each block of the stream, in order.
  absl::Status AddBlock(const BlockHead& head);

  struct Step {
    size_t consumed = 0;
    bool done = false;
  };
  // Takes what is complete of `in`, which begins where the last step ended (the first: at the end
  // mark). DATA_LOSS when it differs from the blocks.
  absl::StatusOr<Step> Take(ByteView in, uint64_t offset);
  uint64_t HeldBytes() const {
    return found_.capacity() * (sizeof(found_[0]) + sizeof(found_at_[0]));
  }

 private:
  enum class State { kMark, kEntries, kTrailer };

  absl::StatusOr<size_t> TakeMark(ByteView in, uint64_t offset);
  absl::StatusOr<size_t> TakeEntry(ByteView in, uint64_t offset);

  bool excerpt_;
  bool has_index_;
  uint64_t block_bytes_;
  State state_ = State::kMark;
  RunningChecksum expected_;  // of the index entries as the blocks say
  RunningChecksum actual_;    // of those in the index
  RunningChecksum tail_;      // end mark and index
  std::vector<IndexEntry> found_;
  std::vector<uint64_t> found_at_;  // raw offsets of `found_`
  size_t next_found_ = 0;
  uint64_t entries_left_ = 0;
  uint64_t raw_bytes_ = 0;  // in the end mark
  uint64_t raw_sum_ = 0;
  uint64_t tail_bytes_ = 0;
};

}  // namespace trine::coding
