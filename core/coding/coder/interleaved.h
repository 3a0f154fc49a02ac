// Coding with given cumulative frequencies over interleaved lanes: symbol i goes to lane i mod N.
// Shared by STATIC (bytes, narrow coder) and TABLE (indices, narrow or wide).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/coding/coder/lane_count.h"
#include "core/coding/coder/range_coder.h"

namespace trine::coding {

struct SymbolFrequency {
  uint32_t start;
  uint32_t freq;
};

// Appends the coded lanes of symbol(0..n-1), each an index into `table`, to `out`. Returns false
// (and appends nothing) when they do not fit into max_bytes.
template <class Coder, class SymbolAt>
absl::StatusOr<bool> EncodeInterleaved(const SymbolFrequency* table, int total_bits, int lanes_log2,
                                       uint64_t n, SymbolAt symbol, uint64_t max_bytes,
                                       const CancelToken& cancel, std::string* out) {
  using Word = typename Coder::Word;
  using Range = typename Coder::Range;
  const uint64_t max_events =
      std::min<uint64_t>(n, max_bytes / sizeof(Word)) + std::min(n, kPollSymbols) + 1;
  const uint32_t mask = (1u << lanes_log2) - 1;
  RangeEncoder<Coder> coder(1 << lanes_log2, max_events);
  for (uint64_t begin = 0; begin < n; begin += kPollSymbols) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    if (coder.CodedBytes() > max_bytes) return false;
    const uint64_t end = std::min(n, begin + kPollSymbols);
    for (uint64_t i = begin; i < end; ++i) {
      const int l = static_cast<int>(i & mask);
      const SymbolFrequency s = table[symbol(i)];
      Range offset, width;
      SymbolPart(coder.lane(l).range, total_bits, s.start, s.freq, &offset, &width);
      coder.lane(l).Narrow(offset, width);
      coder.Renormalise(l);
    }
  }
  if (coder.CodedBytes() > max_bytes) return false;
  TRINE_RETURN_IF_ERROR(coder.Finish(out, cancel));
  return true;
}

// Decodes n symbols: find(slot) gives the index of the symbol whose frequencies hold `slot`,
// put(i, index) takes it. DATA_LOSS unless `in` is consumed exactly.
template <class Coder, class Find, class Put>
absl::Status DecodeInterleaved(const SymbolFrequency* table, int total_bits, int lanes_log2,
                               uint64_t n, ByteView in, Find find, Put put,
                               const CancelToken& cancel) {
  using Range = typename Coder::Range;
  RangeDecoder<Coder> coder;
  if (!coder.Start(1 << lanes_log2, in)) {
    return CorruptStream(-1, -1, "the lanes' initial codes are cut off or out of range");
  }
  const uint32_t mask = (1u << lanes_log2) - 1;
  const Range last_slot = (Range{1} << total_bits) - 1;
  for (uint64_t begin = 0; begin < n; begin += kPollSymbols) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    if (coder.missing()) break;
    const uint64_t end = std::min(n, begin + kPollSymbols);
    for (uint64_t i = begin; i < end; ++i) {
      const int l = static_cast<int>(i & mask);
      auto& lane = coder.lane(l);
      const Range slot = std::min<Range>(lane.code / (lane.range >> total_bits), last_slot);
      const uint32_t index = find(static_cast<uint32_t>(slot));
      const SymbolFrequency s = table[index];
      Range offset, width;
      SymbolPart(lane.range, total_bits, s.start, s.freq, &offset, &width);
      lane.Narrow(offset, width);
      coder.Renormalise(l);
      put(i, index);
    }
  }
  if (coder.missing()) return CorruptStream(-1, -1, "the payload ends before its last symbol");
  if (!coder.rest().empty()) return CorruptStream(-1, -1, "the payload goes on behind its symbols");
  if (!coder.AtEnd()) return CorruptStream(-1, -1, "a lane does not end at its number");
  return absl::OkStatus();
}

}  // namespace trine::coding
