#include "core/image/tiff/tiff_dictionary.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace trine::image::internal {
namespace {

// Reads forward; what is not there reads as nothing from then on.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  size_t left() const { return rest_.size(); }
  void Skip(uint64_t n) {
    ok_ = ok_ && n <= rest_.size();
    rest_.remove_prefix(ok_ ? n : rest_.size());
  }
  // A little-endian number of `n` bytes; 0 where they are not there.
  uint64_t Number(size_t n) {
    ok_ = ok_ && n <= rest_.size();
    if (!ok_) return 0;
    uint64_t value = 0;
    for (size_t i = 0; i < n; ++i) value |= uint64_t{rest_[i]} << (8 * i);
    rest_.remove_prefix(n);
    return value;
  }
  // A number of .xz: seven bits a byte, least significant first, 9 bytes at most.
  uint64_t Variable() {
    uint64_t value = 0;
    for (int i = 0; i < 9; ++i) {
      const uint64_t byte = Number(1);
      value |= (byte & 0x7F) << (7 * i);
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }
  // The next `n` bytes, or as many as there are.
  Reader Part(uint64_t n) const { return Reader(rest_.subspan(0, n)); }

 private:
  ByteView rest_;
  bool ok_ = true;
};

// Window of the frame whose header begins after the magic number; skips the frame.
uint64_t ReadZstdFrame(Reader& in) {
  const uint64_t descriptor = in.Number(1);
  const bool single = (descriptor & 0x20) != 0, checksum = (descriptor & 4) != 0;
  constexpr size_t kIdBytes[] = {0, 1, 2, 4};
  uint64_t window = 0;
  if (!single) {
    const uint64_t byte = in.Number(1);
    const uint64_t base = uint64_t{1} << (10 + byte / 8);
    window = base + base / 8 * (byte & 7);
  }
  in.Skip(kIdBytes[descriptor & 3]);
  const size_t size_bytes =
      descriptor >> 6 == 0 ? (single ? 1 : 0) : size_t{1} << (descriptor >> 6);
  const uint64_t content = in.Number(size_bytes);
  if (single) window = content + (size_bytes == 2 ? 256 : 0);
  constexpr uint64_t kRle = 1;
  for (bool last = false; !last && in.ok();) {
    const uint64_t block = in.Number(3);
    last = (block & 1) != 0;
    in.Skip((block >> 1 & 3) == kRle ? 1 : block >> 3);
  }
  if (checksum) in.Skip(4);
  return window;
}

// The dictionary that the block header `in` asks for, without its first byte; nullopt where liblzma
// refuses it.
std::optional<uint64_t> ReadXzBlockHeader(Reader in) {
  constexpr uint64_t kLzma2 = 0x21;
  const uint64_t flags = in.Number(1);
  if ((flags & 0x40) != 0) in.Variable();
  if ((flags & 0x80) != 0) in.Variable();
  for (uint64_t i = 0; i <= (flags & 3); ++i) {
    const uint64_t id = in.Variable(), size = in.Variable();
    if (id != kLzma2) {
      in.Skip(size);
      continue;
    }
    // Always the last filter of a chain.
    const uint64_t bits = in.Number(1);
    if (!in.ok() || size != 1 || bits > 40) return std::nullopt;
    return bits == 40 ? UINT32_MAX : (2 | (bits & 1)) << (bits / 2 + 11);
  }
  return std::nullopt;
}

// Skips LZMA2's chunks up to their end mark; returns how many bytes that were, 0 where there is
// none.
uint64_t SkipLzma2(Reader& in) {
  const size_t before = in.left();
  while (in.ok()) {
    const uint64_t control = in.Number(1);
    if (control == 0) return in.ok() ? before - in.left() : 0;
    const bool plain = control < 0x80;
    if (plain && control > 2) return 0;
    if (!plain) in.Skip(2);  // the length once unpacked
    const uint64_t high = in.Number(1), low = in.Number(1);
    const uint64_t length = (high << 8 | low) + 1;
    in.Skip(length + (control >= 0xC0 ? 1 : 0));
  }
  return 0;
}

}  // namespace

uint64_t ZstdWindow(ByteView coded) {
  constexpr uint64_t kFrame = 0xFD2FB528, kSkippable = 0x184D2A50;
  Reader in(coded);
  uint64_t largest = 0;
  while (in.left() > 0 && in.ok()) {
    const uint64_t magic = in.Number(4);
    if (magic == kFrame) {
      largest = std::max(largest, ReadZstdFrame(in));
    } else if ((magic & ~uint64_t{15}) == kSkippable) {
      in.Skip(in.Number(4));
    } else {
      break;
    }
  }
  return largest;
}

uint64_t XzDictionary(ByteView coded) {
  constexpr size_t kStreamHeader = 12;
  constexpr size_t kCheckBytes[] = {0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64};
  Reader in(coded);
  in.Skip(7);
  const size_t check = kCheckBytes[in.Number(1) & 15];
  in.Skip(kStreamHeader - 8);
  uint64_t largest = 0;
  while (in.ok()) {
    const uint64_t size = in.Number(1);
    if (size == 0) break;  // the index, behind the blocks
    const uint64_t rest = 4 * (size + 1) - 1;
    const std::optional<uint64_t> dictionary = ReadXzBlockHeader(in.Part(rest));
    if (!dictionary.has_value()) break;
    largest = std::max(largest, *dictionary);
    in.Skip(rest);
    const uint64_t bytes = SkipLzma2(in);
    if (bytes == 0) break;
    in.Skip((4 - bytes % 4) % 4 + check);
  }
  return largest;
}

}  // namespace trine::image::internal
