// Where in the raw bytes the recovery of a stream is, what it has lost up to there, and the zeros
// that take its place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "core/base/long_array.h"
#include "core/coding/coding.h"
#include "core/coding/stream/decode_batch.h"
#include "core/coding/stream/recover.h"

namespace trine::coding {

// Damage that lies beside the range that is wanted does not count. Serves one thread at a time.
class LossLog {
 public:
  LossLog(bool skip_lost, const std::optional<ByteRange>& range)
      : skip_lost_(skip_lost), range_(range) {}

  RecoverReport& report() { return report_; }
  const RecoverReport& report() const { return report_; }
  uint64_t HeldBytes() const { return report_.damages.capacity() * sizeof(Damage); }

  // ---- the place: raw bytes and blocks that are passed, whether they came or were lost ----

  void BeginStream();
  uint64_t raw_offset() const { return raw_offset_; }        // in the stream
  uint64_t place() const { return begin_ + raw_offset_; }    // in all streams
  uint64_t blocks() const { return blocks_; }                // of the stream
  uint64_t longest_block() const { return longest_block_; }  // of those that came [raw bytes]
  void PassBlock(uint64_t raw_bytes) {
    longest_block_ = std::max(longest_block_, raw_bytes);
    raw_offset_ += raw_bytes;
    ++blocks_;
  }
  // What of the block that is next is wanted.
  ByteRange NextPart(uint64_t raw_bytes) const { return PartOf({place(), raw_bytes}, range_); }
  bool IsPastRange() const;
  // After the last byte. OUT_OF_RANGE where the range goes on and nothing was damaged; where
  // anything was, but nothing that counts, that is told as damage at `coded_offset`.
  absl::Status End(uint64_t coded_offset);

  // ---- what is lost ----

  void Add(Damage damage);
  void AddHere(int64_t block, uint64_t raw_bytes, uint64_t coded_offset, std::string reason) {
    Add({block, place(), raw_bytes, coded_offset, std::move(reason)});
  }
  // The stretch that is lost with the last damage goes on for so many bytes from here.
  void Lose(uint64_t raw_bytes);
  // So many blocks are, which are the next raw bytes.
  void LoseBlocks(uint64_t blocks, uint64_t raw_bytes);
  // Zeros are to be handed out for the next raw bytes, unless they are left out.
  void Fill(uint64_t raw_bytes);
  // No more is lost with the last damage.
  void Settle();
  // Whether anything was damaged, in the range or not.
  bool any() const { return any_; }

  // Some of the zeros; empty where there are none left.
  LongArray<uint8_t> TakeZeros();

  // The text of an error without what a Damage says in fields of its own.
  static std::string ReasonOf(const absl::Status& status);

 private:
  // Whether the range touches these bytes, or, where there are none, this place.
  bool IsWanted(const ByteRange& bytes) const {
    return PartOf({bytes.offset, std::max<uint64_t>(bytes.length, 1)}, range_).length != 0;
  }

  const bool skip_lost_;
  const std::optional<ByteRange> range_;
  uint64_t begin_ = 0;  // raw bytes of the streams before this one
  uint64_t raw_offset_ = 0;
  uint64_t blocks_ = 0;
  uint64_t longest_block_ = 0;
  RecoverReport report_;
  std::optional<ByteRange> last_;  // the last damage, while more may be lost with it
  bool is_last_listed_ = false;
  bool any_ = false;
  uint64_t zeros_ = 0;
};

}  // namespace trine::coding
