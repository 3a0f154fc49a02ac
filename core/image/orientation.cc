#include "core/image/orientation.h"

#include <algorithm>
#include <cstring>

#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

constexpr uint16_t kOrientationTag = 0x0112;
constexpr uint16_t kShort = 3;
constexpr uint16_t kLong = 4;

// Reads of a TIFF structure in its own byte order; 0 beyond the end, which no caller mistakes for
// a valid value.
class ExifReader {
 public:
  ExifReader(ByteView bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  uint32_t Read(size_t at, size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      value = (value << 8) | bytes_[at + (big_endian_ ? i : size - 1 - i)];
    }
    return value;
  }
  uint16_t Short(size_t at) const { return static_cast<uint16_t>(Read(at, 2)); }
  uint32_t Long(size_t at) const { return Read(at, 4); }

 private:
  ByteView bytes_;
  bool big_endian_;
};

// Where the stored picture holds the pixel at row y, column x of the upright one.
struct Turn {
  bool transposed;
  bool flip_rows;
  bool flip_columns;
};

Turn TurnOf(int orientation) {
  switch (orientation) {
    case 2:
      return {false, false, true};
    case 3:
      return {false, true, true};
    case 4:
      return {false, true, false};
    case 5:
      return {true, false, false};
    case 6:
      return {true, true, false};
    case 7:
      return {true, true, true};
    case 8:
      return {true, false, true};
    default:
      return {false, false, false};
  }
}

// Copies pixels of a size known to the compiler, in tiles, so that the columns that a transposed
// picture is read by stay in the cache.
template <size_t kPixelBytes>
absl::Status Copy(const Context& context, const uint8_t* stored, size_t stored_height,
                  size_t stored_width, Turn turn, PictureRows& rows) {
  constexpr size_t kTile = 32;
  const size_t height = turn.transposed ? stored_width : stored_height;
  const size_t width = turn.transposed ? stored_height : stored_width;
  Poller poll(context.cancel, kPollBytes);
  for (size_t y0 = 0; y0 < height; y0 += kTile) {
    uint8_t* upright = rows.Append(std::min(kTile, height - y0));
    for (size_t x0 = 0; x0 < width; x0 += kTile) {
      TRINE_RETURN_IF_ERROR(poll.Spend(kTile * kTile * kPixelBytes));
      for (size_t y = y0; y < std::min(height, y0 + kTile); ++y) {
        for (size_t x = x0; x < std::min(width, x0 + kTile); ++x) {
          size_t row = turn.transposed ? x : y;
          size_t column = turn.transposed ? y : x;
          if (turn.flip_rows) row = stored_height - 1 - row;
          if (turn.flip_columns) column = stored_width - 1 - column;
          std::memcpy(upright + ((y - y0) * width + x) * kPixelBytes,
                      stored + (row * stored_width + column) * kPixelBytes, kPixelBytes);
        }
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CopyPixels(const Context& context, const uint8_t* stored, size_t height, size_t width,
                        size_t pixel_bytes, Turn turn, PictureRows& rows) {
  switch (pixel_bytes) {
    case 1:
      return Copy<1>(context, stored, height, width, turn, rows);
    case 2:
      return Copy<2>(context, stored, height, width, turn, rows);
    case 3:
      return Copy<3>(context, stored, height, width, turn, rows);
    case 4:
      return Copy<4>(context, stored, height, width, turn, rows);
    case 8:
      return Copy<8>(context, stored, height, width, turn, rows);
    case 16:
      return Copy<16>(context, stored, height, width, turn, rows);
    case 6:
      return Copy<6>(context, stored, height, width, turn, rows);
    case 12:
      return Copy<12>(context, stored, height, width, turn, rows);
    default:
      return NotRead("an orientation other than 1 is not applied to pixels of this size");
  }
}

}  // namespace

int ParseExifOrientation(ByteView exif) {
  if (exif.size() < 8) return 1;
  const bool big_endian = exif[0] == 'M' && exif[1] == 'M';
  if (!big_endian && !(exif[0] == 'I' && exif[1] == 'I')) return 1;
  const ExifReader reader(exif, big_endian);
  if (reader.Short(2) != 42) return 1;
  const size_t directory = reader.Long(4);
  const size_t entries = reader.Short(directory);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (entry + 12 > exif.size()) return 1;
    if (reader.Short(entry) != kOrientationTag) continue;
    const uint16_t type = reader.Short(entry + 2);
    if ((type != kShort && type != kLong) || reader.Long(entry + 4) != 1) return 1;
    const uint32_t value = type == kShort ? reader.Short(entry + 8) : reader.Long(entry + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

absl::StatusOr<Tensor> ApplyOrientation(const Context& context, Tensor picture, int orientation) {
  if (orientation <= 1 || orientation > 8) return picture;
  TRINE_RETURN_IF_ERROR(context.Reserve(2 * picture.data.size()));
  const Turn turn = TurnOf(orientation);
  const size_t height = static_cast<size_t>(picture.shape[0]);
  const size_t width = static_cast<size_t>(picture.shape[1]);
  const size_t channels = picture.shape.size() == 3 ? static_cast<size_t>(picture.shape[2]) : 1;
  PictureRows rows({turn.transposed ? height : width, turn.transposed ? width : height, channels,
                    picture.dtype});
  TRINE_RETURN_IF_ERROR(CopyPixels(context, picture.data.data(), height, width,
                                   channels * DTypeSize(picture.dtype), turn, rows));
  return std::move(rows).Take();
}

}  // namespace trine::image::internal
