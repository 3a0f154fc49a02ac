#include "core/coding/frequencies.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/coding/fixed_log2.h"
#include "core/coding/format.h"
#include "core/coding/nibble_model.h"
#include "core/coding/range_coder.h"

namespace trine::coding {
namespace {

// Counting into four tables keeps equal neighbours from waiting for each other's store.
constexpr int kCountTables = 4;

using NibbleModels = std::array<NibbleModel, 16>;  // by the bit length of the frequency before

NibbleModels FreshModels() {
  NibbleModels models;
  models.fill(kUniformNibble);
  return models;
}

void EncodePart(RangeEncoder<NarrowCoder>& coder, uint32_t offset, uint32_t width) {
  coder.lane(0).Narrow(offset, width);
  coder.Renormalise(0);
}

}  // namespace

void CountBytes(ByteView raw, Histogram& counts) {
  std::array<std::array<uint32_t, 256>, kCountTables> tables{};
  const uint8_t* p = raw.data();
  const uint8_t* const end = p + raw.size();
  for (; end - p >= 8; p += 8) {
    const uint64_t word = LoadLE<uint64_t>(p);
    for (int k = 0; k < 8; ++k) ++tables[k % kCountTables][(word >> (8 * k)) & 0xFF];
  }
  for (; p != end; ++p) ++tables[0][*p];
  for (int s = 0; s < 256; ++s) {
    for (const auto& table : tables) counts[s] += table[s];
  }
}

std::array<uint32_t, 256> FitFrequencies(const Histogram& counts, int total_bits) {
  const uint64_t total = uint64_t{1} << total_bits;
  uint64_t n = 0;
  for (uint64_t c : counts) n += c;
  std::array<uint32_t, 256> frequencies{};
  uint64_t sum = 0;
  for (int s = 0; s < 256; ++s) {
    if (counts[s] == 0) continue;
    const uint64_t nearest = (counts[s] * total + n / 2) / n;
    frequencies[s] = static_cast<uint32_t>(std::clamp<uint64_t>(nearest, 1, total - 1));
    sum += frequencies[s];
  }
  // One step of symbol s from f to f + 1 saves c * log2((f + 1) / f), about c / (f + 1/2): give
  // where most is saved, take where least is lost. The lowest symbol wins a tie.
  while (sum != total) {
    const bool give = sum < total;
    int best = -1;
    uint64_t best_count = 0, best_middle = 1;  // saving = 2 * count / middle
    for (int s = 0; s < 256; ++s) {
      if (counts[s] == 0 || (!give && frequencies[s] == 1)) continue;
      const uint64_t middle =
          give ? 2 * uint64_t{frequencies[s]} + 1 : 2 * uint64_t{frequencies[s]} - 1;
      const uint64_t here = counts[s] * best_middle, there = best_count * middle;
      if (best < 0 || (give ? here > there : here < there)) {
        best = s;
        best_count = counts[s];
        best_middle = middle;
      }
    }
    frequencies[best] += give ? 1 : -1;
    sum += give ? 1 : -1;
  }
  return frequencies;
}

uint64_t CostOfFrequencies(const Histogram& counts, const std::array<uint32_t, 256>& frequencies,
                           int total_bits) {
  uint64_t cost = 0;
  for (int s = 0; s < 256; ++s) {
    if (counts[s] == 0) continue;
    const uint32_t whole = static_cast<uint32_t>(total_bits) << kLog2FractionBits;
    cost += counts[s] * (whole - std::min(whole, FixedLog2(frequencies[s])));
  }
  return cost;
}

void AppendFrequencies(const std::array<uint32_t, 256>& frequencies, int total_bits,
                       std::string* out) {
  RangeEncoder<NarrowCoder> coder(1, 2 * 256 + 1);
  NibbleModels models = FreshModels();
  uint32_t left = uint32_t{1} << total_bits;
  uint32_t context = 0;
  for (int s = 0; s < 256 && left > 0; ++s) {
    const uint32_t f = frequencies[s];
    const uint32_t length = static_cast<uint32_t>(std::bit_width(f));
    NibbleModel& model = models[context];
    const uint64_t range = coder.lane(0).range;
    const uint32_t offset = static_cast<uint32_t>((range * model.Start(length)) >> 16);
    EncodePart(coder, offset, static_cast<uint32_t>((range * model.End(length)) >> 16) - offset);
    Update(model, length, format::kTableLimit);
    if (length > 1) {
      const int bits = static_cast<int>(length) - 1;
      uint32_t raw_offset, width;
      SymbolPart(coder.lane(0).range, bits, f - (1u << bits), 1u, &raw_offset, &width);
      EncodePart(coder, raw_offset, width);
    }
    context = length;
    left -= f;
  }
  coder.Finish(out).IgnoreError();  // short, and never called off
}

absl::StatusOr<FrequencyTable> ParseFrequencies(ByteView in, int total_bits) {
  RangeDecoder<NarrowCoder> coder;
  if (!coder.Start(1, in)) return CorruptStream(-1, -1, "the frequency table is cut off");
  NibbleModels models = FreshModels();
  FrequencyTable table{};
  uint32_t left = uint32_t{1} << total_bits;
  uint32_t context = 0;
  int symbols = 0;
  for (int s = 0; s < 256 && left > 0; ++s) {
    NibbleModel& model = models[context];
    DecoderLane<NarrowCoder>& lane = coder.lane(0);
    const uint64_t range = lane.range;
    uint32_t length = 0;
    while (length < 15 && (range * model.End(length)) >> 16 <= lane.code) ++length;
    const uint32_t offset = static_cast<uint32_t>((range * model.Start(length)) >> 16);
    lane.Narrow(offset, static_cast<uint32_t>((range * model.End(length)) >> 16) - offset);
    coder.Renormalise(0);
    Update(model, length, format::kTableLimit);
    uint32_t f = length == 0 ? 0 : 1;
    if (length > 1) {
      const int bits = static_cast<int>(length) - 1;
      const uint32_t v = std::min(lane.code / (lane.range >> bits), (1u << bits) - 1);
      uint32_t raw_offset, width;
      SymbolPart(lane.range, bits, v, 1u, &raw_offset, &width);
      lane.Narrow(raw_offset, width);
      coder.Renormalise(0);
      f = (1u << bits) + v;
    }
    if (f > left) {
      return CorruptStream(
          -1, -1, ToStd(absl::StrCat("the frequency table sums to more than 2^", total_bits)));
    }
    table.frequencies[s] = f;
    symbols += f != 0;
    left -= f;
    context = length;
  }
  if (left != 0) {
    return CorruptStream(
        -1, -1,
        ToStd(absl::StrCat("the frequency table sums to ", left, " less than 2^", total_bits)));
  }
  if (symbols < 2) return CorruptStream(-1, -1, "the frequency table has one symbol only");
  if (!coder.AtEnd()) return CorruptStream(-1, -1, "the frequency table is not closed");
  table.rest = coder.rest();
  return table;
}

}  // namespace trine::coding
