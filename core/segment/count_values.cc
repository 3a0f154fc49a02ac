// Counts of gray values, in the form that suits the pixels.
//
// 8 bits: a table of the 65536 pairs of neighbours, half as many additions as pixels: those of a
// picture stay near its diagonal, which stays in the first cache. Where a sample says that pairs
// are spread over the table (noise), eight tables of 256. 16 bits: counters of a byte, since the
// caches hold four times as many; a carry out of one, which is rare, goes to a table of words. Runs
// of one value would wait for their own stores: 16 equal bytes are one addition.
//
// Every thread counts into tables of its own; integer sums do not depend on the order.
#include <algorithm>
#include <array>
#include <bit>
#include <bitset>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/segment/histogram.h"
#include "core/segment/spares.h"

namespace trine::segment {
namespace {

// Below this the table of pairs costs more than it saves.
constexpr int64_t kLeastForPairs = int64_t{1} << 18;

// Pixels are counted so many bytes at once.
constexpr int64_t kBlockBytes = 16;
template <typename T>
inline constexpr int64_t kBlockPixels = kBlockBytes / static_cast<int64_t>(sizeof(T));

struct Block {
  explicit Block(const uint8_t* pixels)
      : first(LoadLE<uint64_t>(pixels)), second(LoadLE<uint64_t>(pixels + 8)) {}
  // Whether all pixels of so many bits are the same.
  bool IsConstant(int bits) const { return first == second && first == std::rotl(first, bits); }

  uint64_t first, second;
};

// Whether of so many pixels all are inside, none is, or some are.
enum class Cover : uint8_t { kAll, kNone, kSome };
template <int64_t kPixels>
Cover CoverOf(const uint8_t* inside) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  uint64_t any = 0, zeros = 0;
  for (int64_t i = 0; i < kPixels; i += 8) {
    const auto bytes = LoadLE<uint64_t>(inside + i);
    any |= bytes;
    zeros |= (bytes - kOnes) & ~bytes & (kOnes << 7);
  }
  if (any == 0) return Cover::kNone;
  return zeros != 0 ? Cover::kSome : Cover::kAll;
}

class PairCounter {
 public:
  void Add(const Block& block) {
    if (block.IsConstant(8)) {
      counts_[block.first & 0xFF] += 16;
      return;
    }
    Pairs(block.first);
    Pairs(block.second);
  }
  void One(uint8_t value) { ++counts_[value]; }

  void AddTo(std::vector<uint64_t>& counts) const {
    for (size_t second = 0; second < 256; ++second) {
      const uint32_t* row = pairs_.data() + 256 * second;
      uint64_t sum = 0;
      for (size_t first = 0; first < 256; ++first) {
        counts[first] += row[first];
        sum += row[first];
      }
      counts[second] += sum;
    }
    for (size_t value = 0; value < 256; ++value) counts[value] += counts_[value];
  }

 private:
  void Pairs(uint64_t word) {
    ++pairs_[word & 0xFFFF];
    ++pairs_[(word >> 16) & 0xFFFF];
    ++pairs_[(word >> 32) & 0xFFFF];
    ++pairs_[word >> 48];
  }

  std::array<uint32_t, 65536> pairs_{};  // by second * 256 + first
  std::array<uint32_t, 256> counts_{};
};

class ByteCounter {
 public:
  void Add(const Block& block) {
    for (const uint64_t word : {block.first, block.second})
      for (size_t i = 0; i < 8; ++i) ++counts_[i][(word >> (8 * i)) & 0xFF];
  }
  void One(uint8_t value) { ++counts_[0][value]; }

  void AddTo(std::vector<uint64_t>& counts) const {
    for (const auto& table : counts_)
      for (size_t value = 0; value < 256; ++value) counts[value] += table[value];
  }

 private:
  std::array<std::array<uint32_t, 256>, 8> counts_{};
};

class WordCounter {
 public:
  void Add(const Block& block) {
    if (block.IsConstant(16)) {
      many_[block.first & 0xFFFF] += 8;
      return;
    }
    Four(block.first);
    Four(block.second);
  }
  void One(uint64_t value) {
    if (++few_[value] == 0) many_[value] += 256;
  }

  void AddTo(std::vector<uint64_t>& counts) const {
    for (size_t value = 0; value < counts.size(); ++value)
      counts[value] += uint64_t{many_[value]} + few_[value];
  }

 private:
  void Four(uint64_t word) {
    One(word & 0xFFFF);
    One((word >> 16) & 0xFFFF);
    One((word >> 32) & 0xFFFF);
    One(word >> 48);
  }

  std::array<uint8_t, 65536> few_{};
  std::array<uint32_t, 65536> many_{};
};

template <typename T, typename Counter>
void CountRange(const Picture& gray, int64_t begin, int64_t end, Counter& counter) {
  constexpr int64_t kPixels = kBlockPixels<T>;
  constexpr auto kSize = static_cast<int64_t>(sizeof(T));
  const uint8_t* const data = gray.data;
  const uint8_t* const inside = gray.inside;
  int64_t i = begin;
  if (inside == nullptr) {
    for (; i + kPixels <= end; i += kPixels) counter.Add(Block(data + i * kSize));
  }
  for (; i + kPixels <= end; i += kPixels) {
    const Cover cover = CoverOf<kPixels>(inside + i);
    if (cover == Cover::kNone) continue;
    if (cover == Cover::kAll) {
      counter.Add(Block(data + i * kSize));
      continue;
    }
    for (int64_t k = i; k < i + kPixels; ++k)
      if (inside[k] != 0) counter.One(PixelAt<T>(data, k));
  }
  for (; i < end; ++i)
    if (gray.Contains(i)) counter.One(PixelAt<T>(data, i));
}

template <typename T, typename Counter>
absl::StatusOr<std::vector<uint64_t>> CountWith(const Context& context, const Picture& gray) {
  Spares<Counter> counters;
  TRINE_RETURN_IF_ERROR(ParallelFor(
      context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
      [&](size_t begin, size_t end) {
        std::unique_ptr<Counter> counter =
            counters.Take([] { return std::make_unique<Counter>(); });
        CountRange<T>(gray, static_cast<int64_t>(begin), static_cast<int64_t>(end), *counter);
        counters.Give(std::move(counter));
        return absl::OkStatus();
      }));
  std::vector<uint64_t> counts(size_t{1} << (8 * sizeof(T)), 0);
  for (const auto& counter : counters.all()) counter->AddTo(counts);
  return counts;
}

// Whether more than three quarters of a sample's pairs are distinct. REQUIRES: kLeastForPairs.
bool HasSpreadPairs(const Picture& gray) {
  constexpr int64_t kWords = 2048, kPairs = 4 * kWords;
  const int64_t step = gray.pixels() / kWords;
  std::bitset<65536> seen;
  for (int64_t i = 0; i < kWords; ++i) {
    const auto word = LoadLE<uint64_t>(gray.data + i * step);
    for (int shift = 0; shift < 64; shift += 16) seen.set((word >> shift) & 0xFFFF);
  }
  return static_cast<int64_t>(seen.count()) > kPairs * 3 / 4;
}

}  // namespace

uint64_t CountingBytes(DType dtype, uint64_t pixels) {
  if (IsFloat(dtype)) return 0;
  if (DTypeSize(dtype) > 1) return sizeof(WordCounter);
  return pixels < static_cast<uint64_t>(kLeastForPairs) ? 0 : sizeof(PairCounter);
}

absl::StatusOr<std::vector<uint64_t>> CountValues(const Context& context, const Picture& gray) {
  if (gray.dtype == DType::kUint16) return CountWith<uint16_t, WordCounter>(context, gray);
  if (gray.pixels() < kLeastForPairs || HasSpreadPairs(gray))
    return CountWith<uint8_t, ByteCounter>(context, gray);
  return CountWith<uint8_t, PairCounter>(context, gray);
}

}  // namespace trine::segment
