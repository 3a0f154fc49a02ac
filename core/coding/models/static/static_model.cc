#include "core/coding/models/static/static_model.h"

#include <algorithm>
#include <bit>

#include "core/base/error.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/coder/lane_count.h"
#include "core/coding/coder/lane_log.h"
#include "core/coding/coder/order0_kernels.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/container/format.h"
#include "core/coding/models/static/order1_table.h"

namespace trine::coding {
namespace {

constexpr int kFastTotalBits = 12;
// Of 256 pairs each: below 1 ms.
constexpr size_t kContextsAPoll = 64;

// Cumulative frequencies by symbol: ascending symbols, the most frequent one last. It then gets
// the remainder of the coder's division, which costs 0.3 % of the bits when it is thrown away.
std::array<uint32_t, 256> StartsOf(const std::array<uint32_t, 256>& frequencies) {
  const auto last = static_cast<size_t>(std::max_element(frequencies.begin(), frequencies.end()) -
                                        frequencies.begin());
  std::array<uint32_t, 256> starts;
  uint32_t start = 0;
  for (size_t s = 0; s < 256; ++s) {
    starts[s] = start;
    if (s != last) start += frequencies[s];
  }
  starts[last] = start;
  return starts;
}

struct Choice {
  int total_bits;
  std::array<uint32_t, 256> frequencies;
  uint64_t cost;  // 2^-16 bits
};

Choice Fit(const Histogram& counts, int total_bits) {
  Choice c{total_bits, QuantizeCounts(counts, total_bits), 0};
  c.cost = CostOfFrequencies(counts, c.frequencies, total_bits);
  return c;
}

// Short blocks get small totals, because each frequency is stored with about half their bits.
Choice ChooseFrequencies(const Histogram& counts, uint64_t n) {
  Choice fast = Fit(counts, std::clamp<int>(static_cast<int>(std::bit_width(n)) + 1,
                                            format::kMinTotalBits, kFastTotalBits));
  if (fast.total_bits < kFastTotalBits) return fast;
  // 2^14 decodes from a larger table, half as fast: only where the small one and the lanes would
  // cost more than 0.18 %.
  Choice fine = Fit(counts, format::kMaxNarrowTotalBits);
  const uint64_t lanes = uint64_t{1} << ChooseKernelLanesLog2(fast.cost >> (kLog2FractionBits + 3));
  const uint64_t lanes_cost = (8 * kNarrowLaneBytes * lanes) << kLog2FractionBits;
  return fast.cost + lanes_cost > fine.cost + fine.cost / 555 ? fine : fast;
}

absl::Status WrongLanes() { return Corrupt("the number of lanes is not offered"); }

}  // namespace

absl::StatusOr<Payload> EncodeStatic(ByteView raw, const Histogram& counts,
                                     const CancelToken& cancel) {
  Payload payload;
  const Choice choice = ChooseFrequencies(counts, raw.size());
  const uint64_t estimate = choice.cost >> (kLog2FractionBits + 3);  // bytes
  if (estimate >= raw.size()) return payload;
  const int lanes_log2 = ChooseKernelLanesLog2(estimate);
  payload.bytes.push_back(static_cast<char>(lanes_log2 | choice.total_bits << 4));
  AppendFrequencies(choice.frequencies, choice.total_bits, &payload.bytes);
  payload.side_bytes = payload.bytes.size();
  if (payload.side_bytes >= raw.size()) return payload;
  Order0Parts table;
  table.Build(choice.total_bits, StartsOf(choice.frequencies), choice.frequencies);
  LaneLog log(lanes_log2, raw.size(), (raw.size() >> lanes_log2) + 1,
              raw.size() - payload.side_bytes - 1);
  TRINE_ASSIGN_OR_RETURN(payload.fits, log.EncodeOrder0Pieces(raw, table, cancel));
  if (payload.fits) TRINE_RETURN_IF_ERROR(log.Write(cancel, &payload.bytes));
  return payload;
}

absl::Status DecodeStatic(ByteView payload, MutableByteView raw, const CancelToken& cancel) {
  if (payload.empty()) return Corrupt("the payload is empty");
  const int lanes_log2 = payload[0] & 0x0F;
  const int total_bits = payload[0] >> 4;
  if (lanes_log2 > format::kMaxLanesLog2) return WrongLanes();
  if (total_bits < format::kMinTotalBits || total_bits > format::kMaxNarrowTotalBits) {
    return Corrupt("the total of the frequencies is not offered");
  }
  TRINE_ASSIGN_OR_RETURN(const FrequencyTable parsed,
                         ParseFrequencies(payload.subspan(1), total_bits));
  Order0Slots table;
  table.Build(total_bits, StartsOf(parsed.frequencies), parsed.frequencies);
  return DecodeOrder0Pieces(lanes_log2, parsed.rest, table, raw, cancel);
}

absl::StatusOr<Payload> EncodeStaticOrder1(ByteView raw, const Histogram& symbols,
                                           const Order1Pairs& pairs, const CancelToken& cancel) {
  Payload payload;
  const int lanes_log2 = pairs.lanes_log2;
  Order1Position at(lanes_log2, raw.size());
  TRINE_RETURN_IF_ERROR(cancel.Check());
  const Order1Frequencies frequencies = FitOrder1(pairs.counts, symbols);
  TRINE_RETURN_IF_ERROR(cancel.Check());
  payload.bytes.push_back(static_cast<char>(lanes_log2));
  AppendOrder1(frequencies, &payload.bytes);
  payload.side_bytes = payload.bytes.size();
  if (payload.side_bytes >= raw.size()) return payload;
  Order1Parts table;
  MakeOrder1Parts(frequencies, &table);
  LaneLog log(lanes_log2, raw.size(), at.stretch + at.rest, raw.size() - payload.side_bytes - 1);
  const size_t rows_a_piece = LaneLog::kPieceSymbols >> lanes_log2;
  while (at.row < at.stretch) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    EncodeOrder1(raw.data(), std::min(rows_a_piece, at.stretch - at.row), table, at, log.lanes);
    if (!log.Fits()) return payload;
  }
  EncodeOrder1Rest(raw.data(), table, at, log.lanes);
  if (!log.Fits()) return payload;
  TRINE_RETURN_IF_ERROR(log.Write(cancel, &payload.bytes));
  payload.fits = true;
  return payload;
}

absl::StatusOr<KnownCost> CostOfStaticOrder1(ByteView raw, const Histogram& symbols,
                                             Order1Pairs* of_block, const CancelToken& cancel) {
  of_block->JoinLanes(raw);
  const PairCounts& counts = of_block->counts;
  uint64_t cost = 0, all_pairs = 0;
  for (size_t c = 0; c < 256; ++c) {
    if (c % kContextsAPoll == 0) TRINE_RETURN_IF_ERROR(cancel.Check());
    if (symbols[c] == 0 && c != 0) continue;
    uint64_t n = 0, pairs = 0;
    for (size_t s = 0; s < 256; ++s) {
      const uint64_t count = counts[c << 8 | s];
      if (count == 0) continue;
      n += count;
      ++pairs;
      cost -= count * FixedLog2(count);
    }
    if (n != 0) cost += n * FixedLog2(n);
    all_pairs += pairs;
  }
  of_block->SplitLanes(raw);
  // A pair's entry in the tables takes about four bits, hardly one where most are alike;
  // frequencies that are rounded, more.
  return KnownCost{.least = cost + (all_pairs << kLog2FractionBits),
                   .likely = cost + ((all_pairs * 5) << kLog2FractionBits)};
}

absl::Status DecodeStaticOrder1(ByteView payload, MutableByteView raw, const Limits& limits,
                                const CancelToken& cancel) {
  if (payload.empty()) return Corrupt("the payload is empty");
  const int lanes_log2 = payload[0];
  if (lanes_log2 > format::kMaxLanesLog2) return WrongLanes();
  TRINE_ASSIGN_OR_RETURN(const ParsedOrder1 parsed, ParseOrder1(payload.subspan(1)));
  TRINE_RETURN_IF_ERROR(cancel.Check());
  const size_t slots = CountSlots(parsed.frequencies);
  const uint64_t model_bytes = slots * sizeof(uint32_t);
  if (model_bytes > limits.max_model_bytes) {
    return LimitExceeded("model bytes", model_bytes, "max_model_bytes", limits.max_model_bytes);
  }
  Order1Slots table(slots);
  MakeOrder1Slots(parsed.frequencies, &table);
  DecoderLanes lanes;
  if (!lanes.Start(lanes_log2, parsed.rest)) return WrongInitialCodes();
  Order1Position at(lanes_log2, raw.size());
  const size_t rows_a_piece = LaneLog::kPieceSymbols >> lanes_log2;
  bool absent = false;
  while (at.row < at.stretch && !lanes.missing && !absent) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    DecodeOrder1(lanes, table, std::min(rows_a_piece, at.stretch - at.row), at, raw.data(),
                 &absent);
  }
  DecodeOrder1Rest(lanes, table, at, raw.data(), &absent);
  if (absent) return Corrupt("a lane reaches a context that has no frequency table");
  return lanes.CheckEnd();
}

}  // namespace trine::coding
