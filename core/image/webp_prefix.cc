#include "core/image/webp_prefix.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/checked.h"
#include "core/base/polled.h"

namespace trine::image::internal {
namespace {

constexpr size_t kLengthCodes = 24, kDistanceCodes = 40, kLiterals = 256;
constexpr int kMaxCodeLength = 15;

// Least significant bits first. Beyond the end there are zeros, and ok() is false.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}
  bool ok() const { return at_ <= 8 * uint64_t{bytes_.size()}; }
  uint64_t Bits(int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; ++i, ++at_) {
      const uint64_t byte = at_ / 8;
      if (byte < bytes_.size()) value |= (uint64_t{bytes_[byte]} >> (at_ % 8) & 1) << i;
    }
    return value;
  }

 private:
  ByteView bytes_;
  uint64_t at_ = 0;
};

// A canonical prefix code.
class PrefixCode {
 public:
  // False where the lengths are those of no complete code.
  bool Build(const std::vector<uint8_t>& lengths) {
    count_.fill(0);
    symbols_.clear();
    for (const uint8_t length : lengths) ++count_[length];
    const size_t used = lengths.size() - count_[0];
    count_[0] = 0;
    std::array<size_t, kMaxCodeLength + 2> offset{};
    int64_t left = 1;
    for (size_t length = 1; length <= kMaxCodeLength; ++length) {
      left = 2 * left - static_cast<int64_t>(count_[length]);
      if (left < 0) return false;
      offset[length + 1] = offset[length] + count_[length];
    }
    symbols_.resize(used);
    for (size_t s = 0; s < lengths.size(); ++s) {
      if (lengths[s] != 0) symbols_[offset[lengths[s]]++] = s;
    }
    return used == 1 || (used > 1 && left == 0);
  }
  // REQUIRES: Build returned true.
  size_t Read(BitReader& in) const {
    if (symbols_.size() == 1) return symbols_[0];
    size_t code = 0, first = 0, index = 0;
    for (size_t length = 1; length <= kMaxCodeLength; ++length) {
      code |= in.Bits(1);
      if (code < first + count_[length]) return symbols_[index + code - first];
      index += count_[length];
      first = (first + count_[length]) << 1;
      code <<= 1;
    }
    return 0;  // not of a complete code
  }

 private:
  std::array<size_t, kMaxCodeLength + 1> count_{};
  std::vector<size_t> symbols_;
};

// The lengths of a code over `symbols`, themselves coded (section 3.7.2.1.2).
bool ReadCodedLengths(BitReader& in, std::vector<uint8_t>& lengths) {
  constexpr size_t kOrder[] = {17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  std::vector<uint8_t> of_lengths(std::size(kOrder));
  const size_t given = in.Bits(4) + 4;
  for (size_t i = 0; i < given; ++i) of_lengths[kOrder[i]] = static_cast<uint8_t>(in.Bits(3));
  PrefixCode code;
  if (!code.Build(of_lengths)) return false;
  uint64_t most = lengths.size();
  if (in.Bits(1) != 0) {
    const int bits = 2 + 2 * static_cast<int>(in.Bits(3));
    most = 2 + in.Bits(bits);
    if (most > lengths.size()) return false;
  }
  uint8_t before = 8;
  for (size_t s = 0; s < lengths.size() && most-- > 0 && in.ok();) {
    const size_t symbol = code.Read(in);
    if (symbol < 16) {
      lengths[s++] = static_cast<uint8_t>(symbol);
      if (symbol != 0) before = static_cast<uint8_t>(symbol);
      continue;
    }
    constexpr int kBits[] = {2, 3, 7};
    const size_t repeat = in.Bits(kBits[symbol - 16]) + (symbol == 18 ? 11 : 3);
    if (repeat > lengths.size() - s) return false;
    std::fill_n(lengths.begin() + static_cast<ptrdiff_t>(s), repeat, symbol == 16 ? before : 0);
    s += repeat;
  }
  return in.ok();
}

bool ReadCode(BitReader& in, size_t symbols, PrefixCode& code) {
  std::vector<uint8_t> lengths(symbols);
  if (in.Bits(1) != 0) {
    const bool two = in.Bits(1) != 0;
    const size_t first = in.Bits(in.Bits(1) != 0 ? 8 : 1);
    const size_t second = two ? in.Bits(8) : first;
    if (std::max(first, second) >= symbols) return false;
    lengths[first] = lengths[second] = 1;
  } else if (!ReadCodedLengths(in, lengths)) {
    return false;
  }
  return in.ok() && code.Build(lengths);
}

// The extra bits of a length or a distance (section 3.6.2.2); its value, from 1.
uint64_t ReadCopied(BitReader& in, size_t symbol) {
  if (symbol < 4) return symbol + 1;
  const int bits = static_cast<int>((symbol - 2) >> 1);
  return ((2 + (symbol & 1)) << bits) + in.Bits(bits) + 1;
}

std::optional<size_t> ReadCacheSize(BitReader& in) {
  if (in.Bits(1) == 0) return 0;
  const uint64_t bits = in.Bits(4);
  if (bits < 1 || bits > 11) return std::nullopt;
  return size_t{1} << bits;
}

// Reads over an image of a transform: `pixels` of them, which may not be more than are `left`.
bool SkipImage(const CancelToken& cancel, BitReader& in, uint64_t pixels, uint64_t& left) {
  if (pixels > left) return false;
  left -= pixels;
  const std::optional<size_t> cache = ReadCacheSize(in);
  if (!cache.has_value()) return false;
  std::array<PrefixCode, 5> codes;  // green with lengths and cache, red, blue, alpha, distance
  const size_t sizes[] = {kLiterals + kLengthCodes + *cache, kLiterals, kLiterals, kLiterals,
                          kDistanceCodes};
  for (size_t i = 0; i < codes.size(); ++i) {
    if (!ReadCode(in, sizes[i], codes[i])) return false;
  }
  Poller poll(cancel, 4096);
  for (uint64_t done = 0; done < pixels;) {
    if (!in.ok() || !poll.Continue(1)) return false;
    const size_t symbol = codes[0].Read(in);
    ++done;
    if (symbol < kLiterals) {
      for (size_t c = 1; c <= 3; ++c) codes[c].Read(in);
    } else if (symbol < kLiterals + kLengthCodes) {
      const uint64_t length = ReadCopied(in, symbol - kLiterals);
      ReadCopied(in, codes[4].Read(in));
      if (length > pixels - (done - 1)) return false;
      done += length - 1;
    }
  }
  return in.ok();
}

}  // namespace

std::optional<uint64_t> WebpPrefixGroups(const CancelToken& cancel, ByteView stream, uint64_t width,
                                         uint64_t height) {
  enum Transform : uint64_t { kPredictor = 0, kCrossColour = 1, kSubtractGreen = 2, kIndexing = 3 };
  uint64_t left = uint64_t{1} << 19;  // pixels of transforms' images
  BitReader in(stream);
  uint64_t across = width;
  std::array<bool, 4> seen{};
  while (in.Bits(1) != 0) {
    const uint64_t type = in.Bits(2);
    if (!in.ok() || seen[type]) return std::nullopt;
    seen[type] = true;
    if (type == kSubtractGreen) continue;
    if (type == kIndexing) {
      const uint64_t colours = in.Bits(8) + 1;
      if (!SkipImage(cancel, in, colours, left)) return std::nullopt;
      across = CeilDiv(across, colours > 16 ? 1 : (colours > 4 ? 2 : (colours > 2 ? 4 : 8)));
      continue;
    }
    const uint64_t side = uint64_t{1} << (in.Bits(3) + 2);
    const uint64_t pixels = CeilDiv(across, side) * CeilDiv(height, side);
    if (!SkipImage(cancel, in, pixels, left)) return std::nullopt;
  }
  if (!ReadCacheSize(in).has_value()) return std::nullopt;
  uint64_t groups = 1;
  if (in.Bits(1) != 0) {
    const uint64_t side = uint64_t{1} << (in.Bits(3) + 2);
    groups = CeilDiv(across, side) * CeilDiv(height, side);
  }
  if (!in.ok()) return std::nullopt;
  return groups;
}

}  // namespace trine::image::internal
