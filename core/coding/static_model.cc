#include "core/coding/static_model.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "core/base/error.h"
#include "core/coding/fixed_log2.h"
#include "core/coding/format.h"
#include "core/coding/interleaved.h"

namespace trine::coding {
namespace {

constexpr int kMaxStaticLanesLog2 = 5;
constexpr int kFastTotalBits = 12;

// Cumulative frequencies by symbol: ascending symbols, the most frequent one last. It then gets
// the remainder of the coder's division, which costs 0.3 % of the bits when it is thrown away.
std::array<SymbolFrequency, 256> Accumulate(const std::array<uint32_t, 256>& frequencies) {
  const auto last = static_cast<size_t>(std::max_element(frequencies.begin(), frequencies.end()) -
                                        frequencies.begin());
  std::array<SymbolFrequency, 256> table;
  uint32_t start = 0;
  for (size_t s = 0; s < 256; ++s) {
    table[s] = {start, frequencies[s]};
    if (s != last) start += frequencies[s];
  }
  table[last].start = start;
  return table;
}

struct Choice {
  int total_bits;
  std::array<uint32_t, 256> frequencies;
  uint64_t cost;  // 2^-16 bits
};

Choice Fit(const Histogram& counts, int total_bits) {
  Choice c{total_bits, FitFrequencies(counts, total_bits), 0};
  c.cost = CostOfFrequencies(counts, c.frequencies, total_bits);
  return c;
}

// Short blocks get small totals, because each frequency is stored with about half their bits.
Choice ChooseFrequencies(const Histogram& counts, uint64_t n) {
  Choice fast = Fit(counts, std::clamp<int>(static_cast<int>(std::bit_width(n)) + 1,
                                            format::kMinTotalBits, kFastTotalBits));
  if (fast.total_bits < kFastTotalBits) return fast;
  // 2^14 decodes from a larger table: only where it saves more than 0.1 %.
  Choice fine = Fit(counts, format::kMaxNarrowTotalBits);
  return fine.cost + fast.cost / 1024 < fast.cost ? fine : fast;
}

}  // namespace

absl::StatusOr<Payload> EncodeStatic(ByteView raw, const Histogram& counts,
                                     const CancelToken& cancel) {
  Payload payload;
  const Choice choice = ChooseFrequencies(counts, raw.size());
  const uint64_t estimate = choice.cost >> (kLog2FractionBits + 3);  // bytes
  if (estimate >= raw.size()) return payload;
  const int lanes_log2 = ChooseLanesLog2(estimate, kMaxStaticLanesLog2);
  payload.bytes.push_back(static_cast<char>(lanes_log2 | choice.total_bits << 4));
  AppendFrequencies(choice.frequencies, choice.total_bits, &payload.bytes);
  payload.side_bytes = payload.bytes.size();
  if (payload.side_bytes >= raw.size()) return payload;
  const auto table = Accumulate(choice.frequencies);
  TRINE_ASSIGN_OR_RETURN(
      payload.fits, EncodeInterleaved<NarrowCoder>(
                        table.data(), choice.total_bits, lanes_log2, raw.size(),
                        [&](uint64_t i) { return raw[i]; }, raw.size() - payload.side_bytes - 1,
                        cancel, &payload.bytes));
  return payload;
}

absl::Status DecodeStatic(ByteView payload, MutableByteView raw, const CancelToken& cancel) {
  if (payload.empty()) return CorruptStream(-1, -1, "the payload is empty");
  const int lanes_log2 = payload[0] & 0x0F;
  const int total_bits = payload[0] >> 4;
  if (lanes_log2 > format::kMaxLanesLog2) {
    return CorruptStream(-1, -1, "the number of lanes is not offered");
  }
  if (total_bits < format::kMinTotalBits || total_bits > format::kMaxNarrowTotalBits) {
    return CorruptStream(-1, -1, "the total of the frequencies is not offered");
  }
  TRINE_ASSIGN_OR_RETURN(const FrequencyTable parsed,
                         ParseFrequencies(payload.subspan(1), total_bits));
  const auto table = Accumulate(parsed.frequencies);
  std::array<uint8_t, size_t{1} << format::kMaxNarrowTotalBits> symbol_of_slot;
  for (size_t s = 0; s < 256; ++s) {
    std::fill_n(symbol_of_slot.begin() + table[s].start, table[s].freq, static_cast<uint8_t>(s));
  }
  return DecodeInterleaved<NarrowCoder>(
      table.data(), total_bits, lanes_log2, raw.size(), parsed.rest,
      [&](uint32_t slot) { return symbol_of_slot[slot]; },
      [&](uint64_t i, uint32_t s) { raw[i] = static_cast<uint8_t>(s); }, cancel);
}

}  // namespace trine::coding
