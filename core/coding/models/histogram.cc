#include "core/coding/models/histogram.h"

#include <algorithm>
#include <bitset>

#include "core/base/error.h"
#include "core/coding/coder/kept_array.h"
#include "core/coding/container/polled.h"

namespace trine::coding {
namespace {

constexpr size_t kPairs = 65536;

// A processor stores one counter a cycle; equal bytes in a row wait for each other unless they are
// counted in several tables.
void CountSingly(ByteView raw, Histogram& counts) {
  constexpr size_t kTables = 8;
  std::array<std::array<uint32_t, 256>, kTables> tables{};
  const uint8_t* p = raw.data();
  const uint8_t* const end = p + raw.size();
  for (; end - p >= 8; p += 8) {
    const uint64_t word = LoadLE<uint64_t>(p);
    for (size_t k = 0; k < 8; ++k) ++tables[k % kTables][(word >> (8 * k)) & 0xFF];
  }
  for (; p != end; ++p) ++tables[0][*p];
  for (size_t k = 1; k < kTables; ++k) {
    for (size_t s = 0; s < 256; ++s) tables[0][s] += tables[k][s];
  }
  for (size_t s = 0; s < 256; ++s) counts[s] += tables[0][s];
}

// Half as many counters to store, nearly twice as fast if those in use fit into the first cache.
void CountByPairs(ByteView raw, Histogram& counts) {
  KeptArray<uint32_t, struct PairTable> pairs(kPairs);
  std::fill_n(pairs.data(), kPairs, 0);
  const uint8_t* p = raw.data();
  const uint8_t* const end = p + raw.size();
  for (; end - p >= 8; p += 8) {
    const uint64_t word = LoadLE<uint64_t>(p);
    for (int k = 0; k < 4; ++k) ++pairs[(word >> (16 * k)) & 0xFFFF];
  }
  for (; p != end; ++p) ++counts[*p];
  std::array<uint32_t, 256> firsts{};  // the lower bytes
  for (size_t second = 0; second < 256; ++second) {
    const uint32_t* const row = pairs.data() + second * 256;
    uint32_t seconds = 0;
    for (size_t first = 0; first < 256; ++first) {
      seconds += row[first];
      firsts[first] += row[first];
    }
    counts[second] += seconds;
  }
  for (size_t s = 0; s < 256; ++s) counts[s] += firsts[s];
}

// Whether the counters of the pairs in use keep to few cache lines, judged by a sample. Text, and
// images of 8 bits, have about 100 to 500 lines in it, random bytes 1600.
bool HasFewPairs(ByteView raw) {
  constexpr size_t kSample = 2048;
  constexpr size_t kFew = 600;
  constexpr size_t kCountersALine = 16;
  std::bitset<kPairs / kCountersALine> lines;
  const size_t step = raw.size() / kSample;
  for (size_t k = 0; k < kSample; ++k) {
    lines.set(LoadLE<uint16_t>(raw.data() + (k * step & ~size_t{1})) / kCountersALine);
  }
  return lines.count() <= kFew;
}

}  // namespace

void CountBytes(ByteView raw, Histogram& counts) {
  // Below, clearing and adding up the table of pairs costs more than it saves.
  constexpr size_t kWorthPairs = size_t{3} << 16;
  if (raw.size() >= kWorthPairs && HasFewPairs(raw)) {
    CountByPairs(raw, counts);
  } else {
    CountSingly(raw, counts);
  }
}

absl::StatusOr<Histogram> CountBytesPolled(ByteView raw, const CancelToken& cancel) {
  Histogram counts{};
  TRINE_RETURN_IF_ERROR(InPieces(
      raw.size(), cancel, [&](size_t i, size_t n) { CountBytes(raw.subspan(i, n), counts); }));
  return counts;
}

}  // namespace trine::coding
