// Coding with given cumulative frequencies over interleaved lanes: symbol i goes to lane i mod N.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/coding/coder/lane_count.h"
#include "core/coding/coder/lanes.h"
#include "core/coding/coder/range_coder.h"

namespace trine::coding {

struct SymbolFrequency {
  uint32_t start;
  uint32_t freq;
};

// A symbol's part of 2^bits.
struct SymbolPartOf {
  SymbolFrequency symbol;
  int bits;
};

// Appends the coded lanes of the symbols part(0), ..., part(n - 1), each a SymbolPartOf, to `out`.
// Returns false (and appends nothing) when they do not fit into max_bytes.
template <class Coder, class PartAt>
absl::StatusOr<bool> EncodeInterleaved(int lanes_log2, uint64_t n, PartAt part, uint64_t max_bytes,
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
      const SymbolPartOf p = part(i);
      Range offset, width;
      SymbolPart(coder.lane(l).range, p.bits, p.symbol.start, p.symbol.freq, &offset, &width);
      coder.lane(l).Narrow(offset, width);
      coder.Renormalise(l);
    }
  }
  if (coder.CodedBytes() > max_bytes) return false;
  TRINE_RETURN_IF_ERROR(coder.Finish(out, cancel));
  return true;
}

// Decodes n symbols, symbol i by the table that table(i) gives: a value with `bits`, with
// `frequencies` by index, and with Find(slot), the index of the symbol whose frequencies hold the
// slot. put(i, index) takes the symbol. DATA_LOSS unless `in` is consumed exactly.
template <class Coder, class TableAt, class Put>
absl::Status DecodeInterleaved(int lanes_log2, uint64_t n, ByteView in, TableAt table, Put put,
                               const CancelToken& cancel) {
  using Range = typename Coder::Range;
  RangeDecoder<Coder> coder;
  if (!coder.Start(1 << lanes_log2, in)) return WrongInitialCodes();
  const uint32_t mask = (1u << lanes_log2) - 1;
  for (uint64_t begin = 0; begin < n; begin += kPollSymbols) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    if (coder.missing()) break;
    const uint64_t end = std::min(n, begin + kPollSymbols);
    for (uint64_t i = begin; i < end; ++i) {
      const int l = static_cast<int>(i & mask);
      auto& lane = coder.lane(l);
      const auto t = table(i);
      const Range last_slot = (Range{1} << t.bits) - 1;
      const Range slot = std::min<Range>(lane.code / (lane.range >> t.bits), last_slot);
      const uint32_t index = t.Find(static_cast<uint32_t>(slot));
      const SymbolFrequency s = t.frequencies[index];
      Range offset, width;
      SymbolPart(lane.range, t.bits, s.start, s.freq, &offset, &width);
      lane.Narrow(offset, width);
      coder.Renormalise(l);
      put(i, index);
    }
  }
  return CheckLanesEnd(coder.missing(), coder.rest().empty(), coder.AtEnd());
}

}  // namespace trine::coding
