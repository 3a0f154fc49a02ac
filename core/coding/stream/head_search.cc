#include "core/coding/stream/head_search.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/polled.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/models/model_list.h"

namespace trine::coding {
namespace {

using format::Mode;

// Bytes that are passed or checksummed between two polls: below 1 ms.
constexpr uint64_t kPollBytes = uint64_t{1} << 14;
// A head is expected so many whole blocks after the one that is missing.
constexpr uint64_t kMaxBlocksAhead = 1024;
// The same where blocks differ in length, so that each of them takes several tries.
constexpr uint64_t kMaxUnevenAhead = 24;
// What a try of a head costs: it takes as long as to checksum so many bytes of a long header,
// though it checksums fewer, or none.
constexpr uint64_t kHeadCost = 128;
// A header that is found is checksummed here, to parse it, and by the reader that goes on there.
constexpr uint64_t kHeaderChecks = 3;

bool IsKnown(uint8_t model, uint8_t variant) {
  const ModelRow* const row = FindStreamModel(model);
  return row != nullptr && variant <= row->max_variant;
}

}  // namespace

void HeadSearch::Refill(uint64_t offset) {
  const uint64_t room = kBurstBytes - budget_;
  const uint64_t passed = std::exchange(refilled_at_, offset);
  budget_ += std::min(room, kBytesAByte * std::min(offset - passed, kBurstBytes));
}

void HeadSearch::Spend(uint64_t bytes) {
  budget_ -= bytes;
  checked_bytes_ += bytes;
}

absl::StatusOr<HeadSearch::Step> HeadSearch::Find(ByteView in, uint64_t offset, bool ended,
                                                  const Stream& stream, const CancelToken& cancel) {
  Step step;
  Poller poller(cancel, kPollBytes);
  uint64_t seen = checked_bytes_;
  for (;; ++step.passed) {
    TRINE_RETURN_IF_ERROR(poller.Spend(1 + checked_bytes_ - std::exchange(seen, checked_bytes_)));
    const ByteView here = in.subspan(step.passed);
    if (here.empty() || (here.size() < format::kMaxBlockHead && !ended)) {
      step.found = ended ? Found::kEnd : Found::kNothing;
      return step;
    }
    Refill(offset + step.passed);
    const uint8_t first = here[0];
    if (first == format::kMagic[0]) {
      TRINE_ASSIGN_OR_RETURN(const Answer answer, TryHeader(here, ended, cancel));
      step.found = answer == Answer::kYes ? Found::kHeader : Found::kNothing;
      if (answer != Answer::kNo) return step;
    } else if (first <= static_cast<uint8_t>(Mode::kModel) && !stream.only_headers) {
      if (TryHeads(here, stream, &step)) return step;
    }
  }
}

// kWait where the header is longer than what has come of it.
absl::StatusOr<HeadSearch::Answer> HeadSearch::TryHeader(ByteView in, bool ended,
                                                         const CancelToken& cancel) {
  const HeaderExtent extent = FindHeaderExtent(in);
  if (extent.is_cut_off) return ended ? Answer::kNo : Answer::kWait;
  if (extent.checked_bytes == 0 || budget_ < kHeaderChecks * extent.checked_bytes) {
    return Answer::kNo;
  }
  TRINE_RETURN_IF_ERROR(cancel.Check());
  Spend(extent.checked_bytes);
  if (!IsHeaderSound(in, extent)) return Answer::kNo;
  Spend((kHeaderChecks - 1) * extent.checked_bytes);
  Header header;
  return ParseHeader(in, 0, &header).ok() ? Answer::kYes : Answer::kNo;
}

bool HeadSearch::TryHeads(ByteView in, const Stream& stream, Step* step) {
  // Not even the fields are read of what could not be tried.
  if (budget_ < kHeadCost) return false;
  ByteReader reader(in.subspan(1, std::min(in.size(), format::kMaxBlockHead) - 1));
  if (in[0] == static_cast<uint8_t>(Mode::kEnd)) {
    const uint64_t raw_bytes = reader.Varint();
    const uint64_t blocks = reader.Varint();
    const bool has_blocks = blocks != 0;
    return !reader.failed() && raw_bytes >= stream.raw_offset && blocks <= raw_bytes &&
           has_blocks == (raw_bytes != 0) && TryHead(in, stream, raw_bytes, step);
  }
  BlockHead head;
  head.mode = static_cast<Mode>(in[0]);
  head.model = reader.Byte();
  head.variant = reader.Byte();
  head.raw_bytes = reader.Varint();
  head.coded_bytes = reader.Varint();
  head.side_bytes = reader.Varint();
  // Before any checksum: most of what is no head ends here.
  if (reader.failed() || !CheckLengths(head, stream.header.block_bytes).empty()) return false;
  if (TryHead(in, stream, stream.raw_offset, step)) {
    step->blocks_ahead = 0;
    return true;
  }
  // What no model of ours has written is not worth many tries: it is hardly a head.
  if (head.mode == Mode::kModel && !IsKnown(head.model, head.variant)) return false;
  if (stream.most_short != 0) {
    return TryAhead(in, stream, stream.block_bytes, stream.most_short, step);
  }
  const uint64_t seen = stream.longest_block != 0 ? stream.longest_block : head.raw_bytes;
  if (TryAhead(in, stream, seen, 0, step)) return true;
  return stream.block_bytes != 0 && stream.block_bytes != seen &&
         TryAhead(in, stream, stream.block_bytes, 0, step);
}

// Some blocks of `block_bytes` after the one that is missing, each of them shorter by at most
// `most_short`.
bool HeadSearch::TryAhead(ByteView in, const Stream& stream, uint64_t block_bytes,
                          uint32_t most_short, Step* step) {
  const uint64_t most_ahead = most_short == 0 ? kMaxBlocksAhead : kMaxUnevenAhead;
  HeadProbe probe(in);
  for (uint64_t k = 1; k <= most_ahead; ++k) {
    const uint64_t missing = k * block_bytes;
    for (uint64_t less = 0; less <= k * most_short && less < missing; ++less) {
      if (budget_ < kHeadCost) return false;
      Spend(kHeadCost);
      const uint64_t raw_offset = stream.raw_offset + missing - less;
      if (!probe.FitsAt(raw_offset) || !TryHead(in, stream, raw_offset, step)) continue;
      step->blocks_ahead = k;
      return true;
    }
  }
  return false;
}

// Whether a head for `raw_offset` begins `in`.
bool HeadSearch::TryHead(ByteView in, const Stream& stream, uint64_t raw_offset, Step* step) {
  if (budget_ < kHeadCost) return false;
  BlockHead head;
  const TriedHead tried = TryBlockHead(in, stream.header, raw_offset, &head);
  Spend(kHeadCost);
  if (!tried.wrong.empty() || !tried.parsed.complete()) return false;
  step->found = Found::kHead;
  step->raw_offset = raw_offset;
  return true;
}

}  // namespace trine::coding
