// Windows and OS/2 bitmaps (Microsoft: "Bitmap Storage", "BITMAPV5HEADER"; OS/2 1.x core header).
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/image/bmp/bmp_rle.h"
#include "core/image/form.h"
#include "core/image/palette.h"
#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

constexpr size_t kFileHeaderBytes = 14;
constexpr uint32_t kCoreHeader = 12;
constexpr uint32_t kInfoHeader = 40;
constexpr uint32_t kMaxInfoHeader = 124;
constexpr uint32_t kAlphaHeader = 56;  // from here on it has a mask of alpha

enum Compression : uint32_t { kRgb = 0, kRle8 = 1, kRle4 = 2, kBitfields = 3, kAlphaBitfields = 6 };

struct Header {
  uint64_t pixels_at = 0;   // offset of the raster in the file
  uint64_t file_bytes = 0;  // as the header says, which some writers do not
  uint32_t info_bytes = 0;
  int64_t width = 0;
  int64_t height = 0;  // negative: the first row is the top
  uint32_t bits = 0;
  uint32_t compression = kRgb;
  uint32_t colors_used = 0;
  bool has_profile = false;
  std::array<uint32_t, 4> masks{};  // red, green, blue, alpha of 16 and 32 bit pixels; 0: no alpha
};

bool IsIndexed(uint32_t bits) { return bits <= 8; }

// The combinations that are read.
absl::Status CheckVariant(const Header& h) {
  const bool known_bits = h.bits == 1 || h.bits == 2 || h.bits == 4 || h.bits == 8 ||
                          h.bits == 16 || h.bits == 24 || h.bits == 32;
  if (!known_bits) return Corrupt(absl::StrCat("BMP pixels have ", h.bits, " bits"));
  switch (h.compression) {
    case kRgb:
      return absl::OkStatus();
    case kRle8:
    case kRle4:
      if (h.bits != (h.compression == kRle8 ? 8u : 4u)) {
        return Corrupt("the BMP's run-length coding does not fit its bits a pixel");
      }
      if (h.height < 0) return Corrupt("a run-length coded BMP cannot be top-down");
      return absl::OkStatus();
    case kBitfields:
    case kAlphaBitfields:
      if (h.bits == 16 || h.bits == 32) return absl::OkStatus();
      return NotRead(absl::StrCat("BMP compression ", h.compression, " of ", h.bits,
                                  " bit pixels is not read"));
    default:
      return NotRead(absl::StrCat("BMP compression ", h.compression,
                                  " is not read; uncompressed, RLE4, RLE8 and bit fields are"));
  }
}

// Where the colour masks come from: the header's own fields, the 12 bytes after a short header,
// or the default of the format.
absl::Status ReadMasks(ByteView bytes, Header& h) {
  if (h.compression == kRgb) {
    h.masks = h.bits == 16 ? std::array<uint32_t, 4>{0x7C00, 0x03E0, 0x001F, 0}
                           : std::array<uint32_t, 4>{0xFF0000, 0x00FF00, 0x0000FF, 0};
    return absl::OkStatus();
  }
  const size_t at = kFileHeaderBytes + kInfoHeader;
  if (bytes.size() < at + 12) return Corrupt("the BMP file ends within its colour masks");
  const bool has_alpha =
      (h.info_bytes >= kAlphaHeader || h.compression == kAlphaBitfields) && bytes.size() >= at + 16;
  for (size_t c = 0; c < (has_alpha ? 4 : 3); ++c) {
    const uint32_t mask = LoadLE<uint32_t>(bytes.data() + at + 4 * c);
    const uint64_t run = mask == 0 ? 0 : (uint64_t{mask} >> std::countr_zero(mask)) + 1;
    if (mask == 0 || !std::has_single_bit(run) || (h.bits == 16 && mask > 0xFFFF)) {
      if (c == 3) continue;  // as if there were no alpha
      return Corrupt("a BMP colour mask is empty, has gaps or exceeds the pixel");
    }
    h.masks[c] = mask;
  }
  return absl::OkStatus();
}

// Whether the header says that a colour profile lies in the file or beside it.
bool HasProfile(ByteView info) {
  constexpr size_t kAt = 56;
  constexpr uint32_t kEmbedded = 0x4D424544, kLinked = 0x4C494E4B;  // 'MBED', 'LINK'
  if (info.size() < kMaxInfoHeader) return false;
  const uint32_t type = LoadLE<uint32_t>(&info[kAt]);
  return type == kEmbedded || type == kLinked;
}

absl::StatusOr<Header> ReadHeader(ByteView bytes) {
  const absl::Status truncated = Corrupt("the BMP file ends within its header");
  if (bytes.size() < kFileHeaderBytes + 4) return truncated;
  Header h;
  h.file_bytes = LoadLE<uint32_t>(&bytes[2]);
  h.pixels_at = LoadLE<uint32_t>(&bytes[10]);
  h.info_bytes = LoadLE<uint32_t>(&bytes[14]);
  const bool core = h.info_bytes == kCoreHeader;
  if (!core && (h.info_bytes < kInfoHeader || h.info_bytes > kMaxInfoHeader)) {
    return NotRead(
        absl::StrCat("a BMP header of ", h.info_bytes, " bytes is not read; 12 and 40 to 124 are"));
  }
  if (bytes.size() < kFileHeaderBytes + h.info_bytes) return truncated;
  const uint8_t* info = bytes.data() + kFileHeaderBytes;
  if (core) {
    h.width = LoadLE<uint16_t>(info + 4);
    h.height = LoadLE<uint16_t>(info + 6);
    h.bits = LoadLE<uint16_t>(info + 10);
  } else {
    h.width = LoadLE<int32_t>(info + 4);
    h.height = LoadLE<int32_t>(info + 8);
    h.bits = LoadLE<uint16_t>(info + 14);
    h.compression = LoadLE<uint32_t>(info + 16);
    h.colors_used = LoadLE<uint32_t>(info + 32);
    h.has_profile = HasProfile(ByteView(info, h.info_bytes));
  }
  if (h.width <= 0 || h.height == 0 || h.height == INT32_MIN) {
    return Corrupt(absl::StrCat("the BMP picture is ", h.width, " x ", h.height, " pixels"));
  }
  TRINE_RETURN_IF_ERROR(CheckVariant(h));
  if (h.bits == 16 || h.bits == 32) TRINE_RETURN_IF_ERROR(ReadMasks(bytes, h));
  return h;
}

absl::StatusOr<Palette> ReadPalette(ByteView bytes, const Header& h) {
  const bool core = h.info_bytes == kCoreHeader;
  const size_t entry_bytes = core ? 3 : 4;
  const size_t begin = kFileHeaderBytes + h.info_bytes;
  size_t size = size_t{1} << h.bits;
  if (h.colors_used != 0) size = std::min<size_t>(size, h.colors_used);
  if (h.pixels_at >= begin) size = std::min<size_t>(size, (h.pixels_at - begin) / entry_bytes);
  if (bytes.size() < begin + size * entry_bytes) {
    return Corrupt("the BMP file ends within its palette");
  }
  Palette palette;
  palette.size = size;
  for (size_t i = 0; i < size; ++i) {
    const uint8_t* bgr = bytes.data() + begin + i * entry_bytes;
    palette.rgb[i] = {bgr[2], bgr[1], bgr[0]};
  }
  return palette;
}

// What follows the raster and is not part of the file as its header says; where the end of
// run-length codes is not said, that is not known.
uint64_t TrailerBytes(const Header& h, const PictureSize& size, bool rle, uint64_t file_bytes) {
  uint64_t end = h.file_bytes;
  if (rle && end <= h.pixels_at) return 0;
  if (!rle) end = std::max(end, h.pixels_at + CeilDiv(size.width * h.bits, 32) * 4 * size.height);
  return file_bytes > end ? file_bytes - end : 0;
}

// One channel of a 16 or 32 bit pixel, on the scale of 0 to 255, rounded.
uint8_t MaskedChannel(uint32_t pixel, uint32_t mask) {
  const int shift = std::countr_zero(mask);
  const uint64_t max = mask >> shift;
  const uint64_t value = (pixel & mask) >> shift;
  return static_cast<uint8_t>((value * 255 + max / 2) / max);
}

// One row of 16, 24 or 32 bit pixels to red, green, blue and, of four channels, alpha.
void ConvertRow(const Header& h, const uint8_t* in, size_t channels, uint8_t* out) {
  const size_t width = static_cast<size_t>(h.width);
  const bool bytes_bgr =
      h.bits == 24 || (h.bits == 32 && h.masks[0] == 0xFF0000 && h.masks[1] == 0xFF00 &&
                       h.masks[2] == 0xFF && channels == 3);
  const size_t step = h.bits / 8;
  for (size_t x = 0; x < width; ++x, in += step, out += channels) {
    if (bytes_bgr) {
      out[0] = in[2];
      out[1] = in[1];
      out[2] = in[0];
      continue;
    }
    const uint32_t pixel = h.bits == 16 ? LoadLE<uint16_t>(in) : LoadLE<uint32_t>(in);
    for (size_t c = 0; c < channels; ++c) out[c] = MaskedChannel(pixel, h.masks[c]);
  }
}

// One row of a palette's numbers to what is wanted; false where one is beyond the palette.
bool PutNumbers(const Palette& palette, const uint8_t* in, const PictureSize& size,
                const ReaderOptions& options, uint8_t* out) {
  if (options.wanted == Wanted::kPlain) {
    return LookUp(palette, in, size.width, size.channels == 1, out);
  }
  std::memcpy(out, in, size.width);
  return NumbersFit({in, size.width}, palette.size);
}

// Form and warnings of who keeps the picture whole.
absl::StatusOr<Picture> BeginWhole(const Header& h, const Palette& palette) {
  Picture picture;
  if (IsIndexed(h.bits)) {
    picture.form = PaletteForm(palette, static_cast<int>(h.bits));
    return picture;
  }
  picture.form.color = h.masks[3] != 0 ? PictureColor::kRgba : PictureColor::kRgb;
  for (const uint32_t mask : h.masks) {
    const int bits = std::popcount(mask);
    if (bits > 8) {
      return NotKept(
          absl::StrCat("BMP samples of ", bits, " bits are not kept, only their first 8"));
    }
    if (mask != 0 && bits < 8 && picture.warnings.empty()) {
      picture.warnings.emplace_back(
          "samples of less than 8 bits are kept on the scale of 0 to 255");
    }
  }
  return picture;
}

// Whether of a pixel one of these bits is not what it is in `like`.
absl::StatusOr<bool> HasOtherBits(const Context& context, const Header& h, ByteView raster,
                                  uint32_t mask, uint32_t like) {
  const size_t step = h.bits / 8;
  const size_t row_bytes = static_cast<size_t>(h.width) * step;
  const size_t stride = CeilDiv(row_bytes, 4) * 4;
  const auto height = static_cast<size_t>(h.height < 0 ? -h.height : h.height);
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(row_bytes));
    for (size_t at = y * stride; at < y * stride + row_bytes; at += step) {
      const uint32_t pixel =
          step == 2 ? LoadLE<uint16_t>(&raster[at]) : LoadLE<uint32_t>(&raster[at]);
      if (((pixel ^ like) & mask) != 0) return true;
    }
  }
  return false;
}

// Whether pixels have bits that no mask names.
absl::StatusOr<bool> HasSpareBits(const Context& context, const Header& h, ByteView raster) {
  return HasOtherBits(context, h, raster, ~(h.masks[0] | h.masks[1] | h.masks[2] | h.masks[3]), 0);
}

absl::Status IndexBeyondPalette(const Palette& palette) {
  return Corrupt(absl::StrCat("a BMP pixel's index is beyond the palette of ", palette.size));
}

absl::StatusOr<Tensor> ReadRaster(const Context& context, const Header& h, const Palette& palette,
                                  const PictureSize& size, const ReaderOptions& options,
                                  ByteView raster) {
  const uint64_t row_bytes = CeilDiv(size.width * h.bits, 8);
  const uint64_t stride = CeilDiv(size.width * h.bits, 32) * 4;
  // The padding of the last row is not missed.
  const uint64_t needed = stride * (size.height - 1) + row_bytes;
  if (raster.size() < needed) {
    return Corrupt(absl::StrCat("the BMP raster needs ", needed, " bytes and has ", raster.size()));
  }
  PictureRows rows(size);
  std::vector<uint8_t> unpacked(h.bits < 8 ? size.width : 0);
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < size.height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(3 * size.width));
    const uint8_t* in = raster.data() + stride * (h.height < 0 ? y : size.height - 1 - y);
    uint8_t* row = rows.Append();
    if (!IsIndexed(h.bits)) {
      ConvertRow(h, in, size.channels, row);
      continue;
    }
    if (h.bits < 8) {
      UnpackBits(in, size.width, static_cast<int>(h.bits), unpacked.data());
      in = unpacked.data();
    }
    if (!PutNumbers(palette, in, size, options, row)) return IndexBeyondPalette(palette);
  }
  return std::move(rows).Take();
}

absl::StatusOr<Tensor> ReadRle(const Context& context, const Header& h, const Palette& palette,
                               const PictureSize& size, const ReaderOptions& options,
                               ByteView coded) {
  TRINE_RETURN_IF_ERROR(context.Reserve(size.bytes() + size.width * size.height));
  TRINE_ASSIGN_OR_RETURN(
      const LongArray<uint8_t> indices,
      DecodeBmpRle(context, coded, size.width, size.height, static_cast<int>(h.bits)));
  PictureRows rows(size);
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < size.height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(size.row_bytes()));
    const uint8_t* in = indices.data() + (size.height - 1 - y) * size.width;
    if (!PutNumbers(palette, in, size, options, rows.Append())) {
      return IndexBeyondPalette(palette);
    }
  }
  return std::move(rows).Take();
}

}  // namespace

absl::StatusOr<Picture> ReadBmp(const Context& context, ByteView bytes,
                                const ReaderOptions& options) {
  TRINE_ASSIGN_OR_RETURN(const Header h, ReadHeader(bytes));
  Palette palette;
  if (IsIndexed(h.bits)) {
    TRINE_ASSIGN_OR_RETURN(palette, ReadPalette(bytes, h));
  }
  const bool whole = options.wanted == Wanted::kWhole;
  Picture picture;
  if (whole) {
    TRINE_ASSIGN_OR_RETURN(picture, BeginWhole(h, palette));
  }
  const bool one = IsIndexed(h.bits) && (options.wanted != Wanted::kPlain || palette.IsGray());
  const uint64_t channels = one ? 1 : (whole && h.masks[3] != 0 ? 4 : 3);
  TRINE_ASSIGN_OR_RETURN(
      const PictureSize size,
      CheckPictureSize(context, options, static_cast<uint64_t>(h.width),
                       static_cast<uint64_t>(h.height < 0 ? -h.height : h.height), channels,
                       DType::kUint8));
  if (h.pixels_at < kFileHeaderBytes + h.info_bytes || h.pixels_at > bytes.size()) {
    return Corrupt(
        absl::StrCat("the BMP raster begins at byte ", h.pixels_at, " of ", bytes.size()));
  }
  const ByteView raster = bytes.subspan(h.pixels_at);
  const bool rle = h.compression == kRle8 || h.compression == kRle4;
  TRINE_ASSIGN_OR_RETURN(picture.samples,
                         rle ? ReadRle(context, h, palette, size, options, raster)
                             : ReadRaster(context, h, palette, size, options, raster));
  if (!whole && h.masks[3] != 0) {
    TRINE_ASSIGN_OR_RETURN(const bool is_clear,
                           HasOtherBits(context, h, raster, h.masks[3], UINT32_MAX));
    WarnOfAlpha(options, is_clear);
  }
  const uint64_t trailer = TrailerBytes(h, size, rle, bytes.size());
  if (whole) {
    NoteTrailer(trailer, picture);
  } else {
    WarnOfTrailer(options, "BMP", trailer);
  }
  if (whole && h.has_profile) NoteNotKept({"the colour profile"}, picture);
  if (whole && (h.bits == 16 || h.bits == 32)) {
    TRINE_ASSIGN_OR_RETURN(const bool spare, HasSpareBits(context, h, raster));
    if (spare) NoteNotKept({"bits of pixels that no colour mask names"}, picture);
  }
  return FinishPicture(context, options, std::move(picture), 1);
}

}  // namespace trine::image::internal
