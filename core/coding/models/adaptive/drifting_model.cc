#include "core/coding/models/adaptive/drifting_model.h"

#include <algorithm>
#include <vector>

#include "core/base/error.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/coder/lane_count.h"
#include "core/coding/coder/lane_log.h"
#include "core/coding/coder/nibble_coder.h"
#include "core/coding/coder/order0_kernels.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/container/format.h"

namespace trine::coding {
namespace {

constexpr size_t kSideBytes = 4;
constexpr size_t kMinTrialBytes = size_t{8} << 10;
constexpr size_t kMaxTrialBytes = size_t{64} << 10;

uint8_t Check(ByteView params) {
  uint8_t check = format::kParamsCheckSeed;
  for (uint8_t byte : params) check ^= byte;
  return check;
}

std::array<bool, 256> PresentOf(const std::vector<uint8_t>& alphabet) {
  std::array<bool, 256> present{};
  for (uint8_t s : alphabet) present[s] = true;
  return present;
}

// What the tables spend on the symbols from number `counted_from` on, a multiple of the smallest
// piece [2^-16 bits].
uint64_t CostOf(ByteView raw, size_t counted_from, const std::array<bool, 256>& present,
                const DriftParams& params) {
  static const std::array<uint32_t, DriftingTable::kTotal + 1> kCosts = [] {
    std::array<uint32_t, DriftingTable::kTotal + 1> costs{};
    for (uint32_t f = 1; f <= DriftingTable::kTotal; ++f) {
      costs[f] = (uint32_t{DriftingTable::kBits} << kLog2FractionBits) - FixedLog2(f);
    }
    return costs;
  }();
  DriftingTable table(params, present);
  uint64_t cost = 0;
  std::array<uint32_t, 256> costs;
  for (size_t i = 0; i < raw.size();) {
    const size_t n = std::min(table.piece(), raw.size() - i);
    if (i + n > counted_from) {
      for (size_t s = 0; s < 256; ++s) costs[s] = kCosts[table.freqs()[s]];
      for (size_t k = std::max(i, counted_from); k < i + n; ++k) cost += costs[raw[k]];
    }
    table.Learn(raw.data() + i, n);
    i += n;
  }
  return cost;
}

}  // namespace

DriftTrial ChooseDrift(ByteView raw, const Histogram& counts) {
  // Slowest rate first; a faster one codes more slowly, so it must save at least 1/256.
  static constexpr DriftParams kTried[] = {
      {.piece_log2 = 11, .slow_shift = 4, .fast_shift = 1, .fast_share = 2},
      {.piece_log2 = 9, .slow_shift = 5, .fast_shift = 1, .fast_share = 5},
      {.piece_log2 = 8, .slow_shift = 5, .fast_shift = 1, .fast_share = 8},
  };
  std::array<bool, 256> present;
  for (size_t s = 0; s < 256; ++s) present[s] = counts[s] != 0;
  const size_t n =
      std::clamp(raw.size() / 16, std::min(raw.size(), kMinTrialBytes), kMaxTrialBytes);
  DriftTrial trial;
  trial.part = raw.subspan((raw.size() - n) / 2, n);
  // Most of a long block is coded by a table that has learned.
  trial.counted_from = n / 4;
  trial.cost = ~uint64_t{0};
  for (const DriftParams& params : kTried) {
    const uint64_t cost = CostOf(trial.part, trial.counted_from, present, params);
    if (cost >= trial.cost - trial.cost / 256) continue;
    trial.params = params;
    trial.cost = cost;
  }
  return trial;
}

absl::StatusOr<Payload> EncodeDrifting(ByteView raw, const Histogram& counts,
                                       const DriftParams& params, const CancelToken& cancel) {
  Payload payload;
  std::vector<uint8_t> alphabet;
  for (size_t s = 0; s < 256; ++s) {
    if (counts[s] != 0) alphabet.push_back(static_cast<uint8_t>(s));
  }
  const int lanes_log2 = ChooseLanesLog2(raw.size(), format::kMaxLanesLog2);
  for (int byte : {lanes_log2 | kDriftForm << 4, params.piece_log2 | params.fast_shift << 4,
                   params.slow_shift | params.fast_share << 4}) {
    payload.bytes.push_back(static_cast<char>(byte));
  }
  payload.bytes.push_back(static_cast<char>(Check(ViewOf(payload.bytes))));
  NibbleEncoder coder(0, 64);
  const std::array<bool, 256> present = PresentOf(alphabet);
  CodeAlphabet(coder, alphabet);
  coder.Finish(&payload.bytes);
  payload.side_bytes = payload.bytes.size();
  if (payload.side_bytes >= raw.size()) return payload;
  DriftingTable table(params, present);
  Order0Parts parts;
  LaneLog log(lanes_log2, raw.size(), (raw.size() >> lanes_log2) + 1,
              raw.size() - payload.side_bytes - 1);
  size_t next_poll = 0;
  for (size_t i = 0; i < raw.size();) {
    if (i >= next_poll) {
      TRINE_RETURN_IF_ERROR(cancel.Check());
      if (!log.Fits()) return payload;
      next_poll = i + LaneLog::kPieceSymbols / 2;
    }
    const size_t n = std::min(table.piece(), raw.size() - i);
    parts.Build(DriftingTable::kBits, table.starts(), table.freqs());
    EncodeOrder0(raw.data() + i, n, parts, log.lanes);
    table.Learn(raw.data() + i, n);
    i += n;
  }
  if (!log.Fits()) return payload;
  TRINE_RETURN_IF_ERROR(log.Write(cancel, &payload.bytes));
  payload.fits = true;
  return payload;
}

absl::Status DecodeDrifting(ByteView payload, MutableByteView raw, const CancelToken& cancel) {
  if (payload.size() < kSideBytes) return Corrupt("the payload is cut off");
  if (payload[kSideBytes - 1] != Check(payload.subspan(0, kSideBytes - 1))) {
    return Corrupt("the check of the payload's parameters differs");
  }
  const int lanes_log2 = payload[0] & 15;
  const DriftParams params{.piece_log2 = payload[1] & 15,
                           .slow_shift = payload[2] & 15,
                           .fast_shift = payload[1] >> 4,
                           .fast_share = payload[2] >> 4};
  if (lanes_log2 > format::kMaxLanesLog2 || !params.valid()) {
    return Corrupt("the parameters of the payload are not offered");
  }
  NibbleDecoder coder;
  if (!coder.Start(0, payload.subspan(kSideBytes))) {
    return Corrupt("the alphabet is cut off");
  }
  std::vector<uint8_t> alphabet;
  CodeAlphabet(coder, alphabet);
  if (!coder.AtEnd()) return Corrupt("the alphabet is not closed");
  if (alphabet.size() < 2) return Corrupt("the alphabet has one symbol only");
  DecoderLanes lanes;
  if (!lanes.Start(lanes_log2, coder.rest())) {
    return WrongInitialCodes();
  }
  DriftingTable table(params, PresentOf(alphabet));
  Order0Slots slots;
  size_t next_poll = 0;
  for (size_t i = 0; i < raw.size() && !lanes.missing;) {
    if (i >= next_poll) {
      TRINE_RETURN_IF_ERROR(cancel.Check());
      next_poll = i + LaneLog::kPieceSymbols;
    }
    const size_t n = std::min(table.piece(), raw.size() - i);
    slots.Build(DriftingTable::kBits, table.starts(), table.freqs());
    DecodeOrder0(lanes, slots, raw.data() + i, n);
    table.Learn(raw.data() + i, n);
    i += n;
  }
  return lanes.CheckEnd();
}

}  // namespace trine::coding
