#include "core/coding/models/sample.h"

namespace trine::coding {

Sample TakeSample(ByteView raw) {
  constexpr size_t kSampleBytes = size_t{64} << 10;
  constexpr size_t kPieceBytes = size_t{16} << 10;
  Sample sample;
  if (raw.size() <= kSampleBytes) {
    sample.bytes.assign(raw.begin(), raw.end());
    return sample;
  }
  constexpr size_t kPieces = kSampleBytes / kPieceBytes;
  sample.bytes.reserve(kSampleBytes);
  for (size_t k = 0; k < kPieces; ++k) {
    const ByteView piece = raw.subspan((raw.size() - kPieceBytes) / (kPieces - 1) * k, kPieceBytes);
    sample.bytes.insert(sample.bytes.end(), piece.begin(), piece.end());
  }
  // A long block is mostly coded by models that have learned: the first half teaches only.
  sample.begin = kSampleBytes / 2;
  return sample;
}

}  // namespace trine::coding
