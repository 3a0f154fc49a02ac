#include "core/image/bmp/bmp_rle.h"

#include <algorithm>

#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

// Second byte after a first byte of 0; greater values are the length of a literal run.
enum Escape : uint8_t { kEndOfLine = 0, kEndOfBitmap = 1, kDelta = 2 };

struct Cursor {
  size_t x = 0;
  size_t y = 0;
};

}  // namespace

absl::StatusOr<LongArray<uint8_t>> DecodeBmpRle(const Context& context, ByteView coded,
                                                size_t width, size_t height, int bits) {
  const absl::Status truncated = Corrupt("the BMP file ends within its run-length coded raster");
  const absl::Status outside = Corrupt("a run of the BMP's raster leaves the picture");
  // The shortest code for 255 pixels has two bytes, an end mark skips the rest of the picture.
  if (coded.size() < 2) return truncated;
  LongArray<uint8_t> out = LongArray<uint8_t>::Zeros(width * height);
  const bool nibbles = bits == 4;
  Cursor at;
  size_t i = 0;
  Poller poll(context.cancel, kPollBytes);
  while (true) {
    // A last row that is full needs no end mark: many writers leave it out.
    if (coded.size() - i < 2) {
      const bool whole = at.y == height || (at.y + 1 == height && at.x == width);
      if (whole) return out;
      return truncated;
    }
    const uint8_t count = coded[i], code = coded[i + 1];
    i += 2;
    TRINE_RETURN_IF_ERROR(poll.Spend(16 + size_t{count}));
    if (count == 0 && code == kEndOfBitmap) return out;
    if (count == 0 && code == kEndOfLine) {
      if (at.y >= height) return outside;
      at = {0, at.y + 1};
      continue;
    }
    if (count == 0 && code == kDelta) {
      if (coded.size() - i < 2) return truncated;
      at = {at.x + coded[i], at.y + coded[i + 1]};
      i += 2;
      if (at.x > width || at.y > height) return outside;
      continue;
    }
    const size_t run = count != 0 ? count : code;
    if (at.y >= height || width - at.x < run) return outside;
    uint8_t* row = out.data() + at.y * width + at.x;
    at.x += run;
    if (count != 0) {
      for (size_t k = 0; k < run; ++k) {
        row[k] = nibbles ? (k % 2 == 0 ? code >> 4 : code & 15) : code;
      }
      continue;
    }
    const size_t bytes = nibbles ? (run + 1) / 2 : run;
    const size_t padded = bytes + bytes % 2;  // literal runs end on a 16-bit boundary
    if (coded.size() - i < bytes) return truncated;
    for (size_t k = 0; k < run; ++k) {
      const uint8_t byte = coded[i + (nibbles ? k / 2 : k)];
      row[k] = nibbles ? (k % 2 == 0 ? byte >> 4 : byte & 15) : byte;
    }
    i += std::min(padded, coded.size() - i);
  }
}

}  // namespace trine::image::internal
