#include "core/coding/models/static/frequencies.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/coder/nibble_coder.h"
#include "core/coding/container/corrupt.h"

namespace trine::coding {
namespace {

// Of a step in fitting: counts are below 2^32.
constexpr uint64_t kMaxWorth = (uint64_t{1} << 56) - 1;

// Both directions of a table's form: a NibbleEncoder writes `table`, a NibbleDecoder fills it.
template <class Coder>
absl::Status CodeFrequencies(Coder& coder, int total_bits, std::array<uint32_t, 256>& table) {
  std::array<NibbleModel, 16> models;  // by the bit length of the frequency before
  models.fill(kUniformNibble);
  uint32_t left = uint32_t{1} << total_bits;
  uint32_t context = 0;
  int symbols = 0;
  for (size_t s = 0; s < 256 && left > 0; ++s) {
    const uint32_t length =
        coder.Nibble(models[context], static_cast<uint32_t>(std::bit_width(table[s])));
    uint32_t f = length == 0 ? 0 : 1u << (length - 1);
    if (length > 1) f += coder.Bits(table[s] - f, static_cast<int>(length) - 1);
    if (f > left) {
      return Corrupt(ToStd(absl::StrCat("the frequency table sums to more than 2^", total_bits)));
    }
    table[s] = f;
    symbols += f != 0;
    left -= f;
    context = length;
  }
  if (left != 0) {
    return Corrupt(
        ToStd(absl::StrCat("the frequency table sums to ", left, " less than 2^", total_bits)));
  }
  if (symbols < 2) return Corrupt("the frequency table has one symbol only");
  return absl::OkStatus();
}

}  // namespace

void QuantizeCounts(absl::Span<const uint64_t> counts, int total_bits, uint32_t* frequencies) {
  const uint64_t total = uint64_t{1} << total_bits;
  uint64_t n = 0;
  for (uint64_t c : counts) n += c;
  // In proportion, at least 1. What the rarest ones take more than their share, the others lose:
  // their share is computed anew, twice at most.
  uint64_t sum = 0, rest = total, rest_n = n;
  for (int round = 0; round < 3; ++round) {
    const uint64_t share = (rest << 32) / std::max<uint64_t>(rest_n, 1);  // of a count, in 2^-32
    uint64_t ones = 0, ones_n = 0;
    sum = 0;
    for (size_t s = 0; s < counts.size(); ++s) {
      const uint64_t nearest = (counts[s] * share + (uint64_t{1} << 31)) >> 32;
      const bool lifted = nearest == 0 && counts[s] != 0;
      ones += lifted;
      ones_n += lifted ? counts[s] : 0;
      frequencies[s] = static_cast<uint32_t>(std::min(nearest + lifted, total - 1));
      sum += frequencies[s];
    }
    if (sum <= total + total / 64 || ones >= total) break;
    rest = total - ones;
    rest_n = n - ones_n;
  }
  if (sum == total) return;
  // One step of symbol s from f to f + 1 saves c * log2((f + 1) / f), about c / (f + 1/2): give
  // where most is saved, take where least is lost. The lowest symbol wins a tie.
  const bool give = sum < total;
  // What a step is worth in the upper bits, the symbol in the lower ones, and the next step last.
  const auto step_of = [&](size_t s) {
    const uint64_t middle =
        give ? 2 * uint64_t{frequencies[s]} + 1 : 2 * uint64_t{frequencies[s]} - 1;
    const uint64_t worth = (counts[s] << 24) / middle;
    return ((give ? worth : kMaxWorth - worth) << 8) | (255 - s);
  };
  std::array<uint64_t, 256> heap;
  size_t size = 0;
  for (size_t s = 0; s < counts.size(); ++s) {
    if (counts[s] != 0 && (give || frequencies[s] > 1)) heap[size++] = step_of(s);
  }
  std::make_heap(heap.begin(), heap.begin() + size);
  for (; sum != total; sum += give ? 1 : -1) {
    std::pop_heap(heap.begin(), heap.begin() + size);
    const size_t s = 255 - (heap[size - 1] & 0xFF);
    frequencies[s] += give ? 1 : -1;
    if (give || frequencies[s] > 1) {
      heap[size - 1] = step_of(s);
      std::push_heap(heap.begin(), heap.begin() + size);
    } else {
      --size;
    }
  }
}

std::array<uint32_t, 256> QuantizeCounts(const Histogram& counts, int total_bits) {
  std::array<uint32_t, 256> frequencies;
  QuantizeCounts(counts, total_bits, frequencies.data());
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
  NibbleEncoder coder(0, 2 * 256 + 1);
  std::array<uint32_t, 256> table = frequencies;
  CodeFrequencies(coder, total_bits, table).IgnoreError();  // whatever it is given can be written
  coder.Finish(out);
}

absl::StatusOr<FrequencyTable> ParseFrequencies(ByteView in, int total_bits) {
  NibbleDecoder coder;
  if (!coder.Start(0, in)) return Corrupt("the frequency table is cut off");
  FrequencyTable table{};
  TRINE_RETURN_IF_ERROR(CodeFrequencies(coder, total_bits, table.frequencies));
  if (!coder.AtEnd()) return Corrupt("the frequency table is not closed");
  table.rest = coder.rest();
  return table;
}

}  // namespace trine::coding
