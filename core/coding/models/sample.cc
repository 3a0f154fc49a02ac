#include "core/coding/models/sample.h"

#include <algorithm>

#include "core/coding/models/histogram.h"

namespace trine::coding {

namespace {

// Long enough to show what a context of two bytes is worth, short enough for many of them: data
// that are of several kinds are to show all of them.
constexpr size_t kPieceBytes = size_t{4} << 10;

// Whether the pieces' counts differ from their mean by less than a fifth of the bytes, on average.
// Text has 0.05 to 0.15, programs, pictures and archives 0.2 to 0.5.
bool IsEven(ByteView pieces) {
  const size_t n = pieces.size() / kPieceBytes;
  std::vector<Histogram> counts(n, Histogram{});
  Histogram sum{};
  for (size_t k = 0; k < n; ++k) {
    CountBytes(pieces.subspan(k * kPieceBytes, kPieceBytes), counts[k]);
    for (size_t s = 0; s < 256; ++s) sum[s] += counts[k][s];
  }
  uint64_t differences = 0;  // of n times the counts; a byte that is another one makes two
  for (const Histogram& piece : counts) {
    for (size_t s = 0; s < 256; ++s) {
      const uint64_t count = n * piece[s];
      differences += std::max(count, sum[s]) - std::min(count, sum[s]);
    }
  }
  return differences / 2 < n * n * kPieceBytes / 5;
}

}  // namespace

Sample TakeSample(ByteView raw) {
  constexpr size_t kShare = 16;
  Sample sample;
  if (raw.size() <= kMaxWholeSample) {
    sample.bytes.assign(raw.begin(), raw.end());
    return sample;
  }
  const size_t size =
      std::clamp(raw.size() / kShare / kSampleStep * kSampleStep, kSampleStep, kMaxSample);
  const size_t pieces = size / kPieceBytes;
  sample.bytes.reserve(size);
  // Those that teach come from all over the block, between those that count.
  for (const size_t first : {0, 1}) {
    sample.begin = sample.bytes.size();
    for (size_t k = first; k < pieces; k += 2) {
      // Rounded for each piece: the product is below 2^64 for blocks of any length.
      const size_t at = (raw.size() - kPieceBytes) * k / (pieces - 1);
      const ByteView piece = raw.subspan(at, kPieceBytes);
      sample.bytes.insert(sample.bytes.end(), piece.begin(), piece.end());
    }
  }
  sample.is_even = IsEven(sample.bytes);
  return sample;
}

}  // namespace trine::coding
