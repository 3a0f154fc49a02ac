// PNG in, by libpng. Errors leave libpng by longjmp: the functions between setjmp and the jump
// hold no object with a destructor.
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/image/form.h"
#include "core/image/picture.h"
#include "core/image/png/png_chunks.h"

namespace trine::image::internal {
namespace {

constexpr uint8_t kEndChunk[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};

// What libpng reads: the signature and the kept chunks of a file that WalkPngChunks accepted.
struct Source {
  const uint8_t* bytes;
  size_t size;       // to the picture's end
  size_t at;         // of the next byte to read
  size_t chunk_end;  // of the part being read
  bool lacks_end;    // an end chunk is to follow
};

// Moves to the next kept chunk, if there is one.
void NextChunk(Source& source) {
  while (source.at == source.chunk_end && source.size - source.at >= kPngChunkOverhead) {
    const size_t length = PngUint32(source.bytes + source.at) + kPngChunkOverhead;
    source.chunk_end = source.at + std::min(length, source.size - source.at);
    if (!IsPngChunkKept(PngUint32(source.bytes + source.at + 4))) source.at = source.chunk_end;
  }
  if (source.at == source.size && source.lacks_end) {
    source = {kEndChunk, sizeof(kEndChunk), 0, sizeof(kEndChunk), false};
  }
}

void ReadBytes(png_structp png, png_bytep out, size_t size) {
  Source& source = *static_cast<Source*>(png_get_io_ptr(png));
  while (size > 0) {
    if (source.at == source.chunk_end) NextChunk(source);
    const size_t n = std::min(size, source.chunk_end - source.at);
    if (n == 0) png_error(png, "end");
    std::memcpy(out, source.bytes + source.at, n);
    source.at += n;
    out += n;
    size -= n;
  }
}

[[noreturn]] void OnError(png_structp png, png_const_charp) { png_longjmp(png, 1); }
void OnWarning(png_structp png, png_const_charp) {
  *static_cast<bool*>(png_get_error_ptr(png)) = true;
}

struct Reader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  Source source{};
  bool warned = false;
  bool is_clear = false;  // alpha that was left out is not opaque everywhere

  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

// Leaves the last sample of each pixel out, and sees whether it is the greatest there is.
void LeaveAlphaOut(png_structp png, png_row_infop row, png_bytep data) {
  const size_t sample = row->bit_depth / 8u;
  const size_t colours = (row->channels - 1u) * sample;
  bool is_clear = false;
  const png_byte* in = data;
  for (png_uint_32 x = 0; x < row->width; ++x, data += colours) {
    std::memmove(data, in, colours);
    in += colours;
    for (size_t i = 0; i < sample; ++i) is_clear |= *in++ != 0xFF;
  }
  if (is_clear) static_cast<Reader*>(png_get_user_transform_ptr(png))->is_clear = true;
}

// False when libpng refuses the header. Sets the transformations that give dense rows of samples of
// 8 bits, or 16 bits in little-endian order (palette indices stay): where the whole is wanted as
// they are, else 1 or 3 of them, scaled where no numbers are wanted.
bool Begin(Reader& reader, Wanted wanted) {
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader.warned, OnError, OnWarning);
  if (reader.png == nullptr) return false;
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  reader.info = png_create_info_struct(reader.png);
  if (reader.info == nullptr) return false;
  png_set_read_fn(reader.png, &reader.source, ReadBytes);
  png_set_user_limits(reader.png, kMaxImageWidth, PNG_UINT_31_MAX);
  png_read_info(reader.png, reader.info);
  const int type = png_get_color_type(reader.png, reader.info);
  const int depth = png_get_bit_depth(reader.png, reader.info);
  const bool whole = wanted == Wanted::kWhole;
  const bool packing = type == PNG_COLOR_TYPE_PALETTE || wanted != Wanted::kPlain;
  if (packing && depth < 8) png_set_packing(reader.png);
  if (!packing && type == PNG_COLOR_TYPE_GRAY && depth < 8) {
    png_set_expand_gray_1_2_4_to_8(reader.png);
  }
  if (!whole && (type & PNG_COLOR_MASK_ALPHA) != 0) {
    png_set_read_user_transform_fn(reader.png, LeaveAlphaOut);
    png_set_user_transform_info(reader.png, &reader, depth,
                                (type & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1);
  }
  if (depth == 16) png_set_swap(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  return true;
}

// Reads `count` rows into `out`; false on an error.
bool ReadRows(Reader& reader, uint8_t* out, size_t row_bytes, size_t count) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  for (size_t i = 0; i < count; ++i) png_read_row(reader.png, out + i * row_bytes, nullptr);
  return true;
}

// Reads up to IEND: the checksums of all chunks.
bool End(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_read_end(reader.png, nullptr);
  return true;
}

// Channels as they are in the file.
size_t StoredChannels(const PngInfo& info) {
  switch (info.color_type) {
    case 2:
      return 3;
    case 4:
      return 2;
    case 6:
      return 4;
    default:
      return 1;
  }
}

// Deflate codes at most 258 bytes in two bits (RFC 1951): a shorter IDAT cannot hold the picture.
// Filter bytes and Adam7's repetition of them are left out, so the bound is on the safe side.
bool IsIdatTooShort(const PngInfo& info) {
  constexpr uint64_t kMaxRatio = 1032;
  const uint64_t bits = static_cast<uint64_t>(info.bit_depth) * StoredChannels(info) * info.width;
  return CeilDiv(bits, 8) * info.height / kMaxRatio > info.idat_bytes;
}

// Interlaced pictures take their seven passes over the same rows.
absl::StatusOr<Tensor> ReadPixels(const Context& context, Reader& reader, const PngInfo& info,
                                  const PictureSize& size) {
  const absl::Status broken = Corrupt("the PNG's pixels are damaged or end too early");
  if (png_get_rowbytes(reader.png, reader.info) != size.row_bytes()) return broken;
  Poller poll(context.cancel, kPollBytes);
  reader.warned = false;
  PictureRows rows(size);
  uint8_t* plane = info.interlaced ? rows.Append(size.height) : nullptr;
  for (int pass = 0; pass < (info.interlaced ? 7 : 1); ++pass) {
    for (size_t y = 0; y < size.height; ++y) {
      TRINE_RETURN_IF_ERROR(poll.Spend(size.row_bytes()));
      uint8_t* row = info.interlaced ? plane + y * size.row_bytes() : rows.Append();
      if (!ReadRows(reader, row, size.row_bytes(), 1)) return broken;
    }
  }
  if (!End(reader)) return broken;
  // Of a wrong or missing checksum of the pixels, and of data behind them, libpng only warns.
  if (!info.has_iend && reader.warned) return broken;
  return std::move(rows).Take();
}

absl::Status BeyondPalette(const Palette& palette) {
  return Corrupt(absl::StrCat("a PNG pixel's index is beyond the palette of ", palette.size));
}

absl::StatusOr<Tensor> LookUpPixels(const Context& context, const Palette& palette,
                                    const PictureSize& size, const Tensor& indices) {
  PictureRows rows(size);
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < size.height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(size.row_bytes()));
    if (!LookUp(palette, indices.data.data() + y * size.width, size.width, size.channels == 1,
                rows.Append())) {
      return BeyondPalette(palette);
    }
  }
  return std::move(rows).Take();
}

absl::Status CheckNumbers(const Context& context, const Palette& palette, const Tensor& numbers) {
  for (size_t at = 0; at < numbers.data.size(); at += kPollBytes) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    if (!NumbersFit(ByteView(numbers.data).subspan(at, kPollBytes), palette.size)) {
      return BeyondPalette(palette);
    }
  }
  return absl::OkStatus();
}

// Whether a pixel, of a picture without alpha, is of the one value or of an entry of the palette
// that is not opaque. `samples` are scaled to 8 bits where they have less and `is_scaled`.
absl::StatusOr<bool> HasClearPixels(const Context& context, const PngInfo& info,
                                    const Tensor& samples, bool is_scaled) {
  const ByteView chunk = info.transparency;
  const size_t channels = info.color_type == 2 ? 3 : 1;
  const size_t pixel_bytes = channels * DTypeSize(samples.dtype);
  std::array<bool, 256> clear{};
  std::array<uint8_t, 6> value{};
  if (info.color_type == 3) {
    for (size_t i = 0; i < std::min(chunk.size(), clear.size()); ++i) clear[i] = chunk[i] != 0xFF;
  } else {
    if (chunk.size() != 2 * channels) return true;  // nobody knows which
    for (size_t c = 0; c < channels; ++c) {
      const int bits = (chunk[2 * c] << 8 | chunk[2 * c + 1]) & ((1 << info.bit_depth) - 1);
      if (info.bit_depth == 16) {
        StoreLE(&value[2 * c], static_cast<uint16_t>(bits));
      } else {
        value[c] = static_cast<uint8_t>(bits);
        if (is_scaled) value[c] = ScaleGray(value[c], info.bit_depth);
      }
    }
  }
  Poller poll(context.cancel, kPollBytes);
  for (size_t at = 0; at < samples.data.size(); at += pixel_bytes) {
    TRINE_RETURN_IF_ERROR(poll.Spend(pixel_bytes));
    const uint8_t* pixel = samples.data.data() + at;
    if (info.color_type == 3 ? clear[*pixel] : std::memcmp(pixel, value.data(), pixel_bytes) == 0) {
      return true;
    }
  }
  return false;
}

// Colour, bits and transparency of the file.
absl::StatusOr<PictureForm> FormOf(const PngInfo& info) {
  const ByteView alpha = info.transparency;
  const absl::Status broken = Corrupt("the PNG's tRNS chunk does not fit its colour type");
  if (info.color_type == 3) {
    if (alpha.size() > info.palette.size) return broken;
    return PaletteForm(info.palette, info.bit_depth, alpha);
  }
  PictureForm form;
  form.bit_depth = info.bit_depth;
  switch (info.color_type) {
    case 2:
      form.color = PictureColor::kRgb;
      break;
    case 4:
      form.color = PictureColor::kGrayAlpha;
      break;
    case 6:
      form.color = PictureColor::kRgba;
      break;
    default:
      break;
  }
  // With an alpha channel the chunk means nothing (libpng ignores it too).
  if (alpha.empty() || info.color_type >= 4) return form;
  form.entry_bytes = info.color_type == 2 ? 6 : 2;
  if (alpha.size() != static_cast<size_t>(form.entry_bytes)) return broken;
  for (size_t i = 0; i < alpha.size(); i += 2) {
    // Bits above the depth are to be ignored (clause 11.3.2.1).
    const int value = (alpha[i] << 8 | alpha[i + 1]) & ((1 << info.bit_depth) - 1);
    form.table.push_back(static_cast<char>(value & 0xFF));
    form.table.push_back(static_cast<char>(value >> 8));
  }
  return form;
}

// What can be said before the pixels are there of who keeps the picture whole.
absl::StatusOr<Picture> BeginWhole(const PngInfo& info, const ReaderOptions& options) {
  Picture picture;
  if (info.is_animated && options.all_pages) {
    return PageNeeded("the PNG file is an animation, of which page 0, its first picture, is read");
  }
  TRINE_ASSIGN_OR_RETURN(picture.form, FormOf(info));
  NoteNotKept(info.not_kept, picture);
  NoteTrailer(info.trailer_bytes, picture);
  return picture;
}

// Warns of what is odd about the chunks of a picture that was read; libpng `warned` of its pixels.
void WarnOfChunks(const ReaderOptions& options, const PngInfo& info, bool warned) {
  if (!info.left_out.empty()) {
    Warn(options, absl::StrCat("PNG chunks whose checksum is wrong were left out: ",
                               JoinNotKept(info.left_out)));
  }
  if (!info.has_iend) {
    Warn(options, "the PNG file has no end chunk; its pixels are whole");
    return;
  }
  if (!info.is_iend_right) {
    Warn(options, "the checksum of the PNG's IEND chunk is wrong; its pixels are whole");
  }
  if (warned) {
    Warn(options,
         "the PNG file's compressed data go on behind the pixels, or what follows them is "
         "odd; its pixels are whole");
  }
}

}  // namespace

absl::StatusOr<Picture> ReadPng(const Context& context, ByteView bytes,
                                const ReaderOptions& options) {
  TRINE_ASSIGN_OR_RETURN(const PngInfo info, WalkPngChunks(context, bytes));
  TRINE_RETURN_IF_ERROR(
      CheckOnlyPage(options, Format::kPng, info.is_animated ? "an animation" : ""));
  const bool whole = options.wanted == Wanted::kWhole;
  Picture picture;
  if (whole) {
    TRINE_ASSIGN_OR_RETURN(picture, BeginWhole(info, options));
  }
  const bool indexed = info.color_type == 3;
  const bool look_up = indexed && options.wanted == Wanted::kPlain;
  const bool gray = indexed ? !look_up || info.palette.IsGray() : (info.color_type & 2) == 0;
  const DType dtype = info.bit_depth == 16 ? DType::kUint16 : DType::kUint8;
  TRINE_ASSIGN_OR_RETURN(const PictureSize size,
                         CheckPictureSize(context, options, info.width, info.height,
                                          whole ? StoredChannels(info) : (gray ? 1 : 3), dtype));
  if (IsIdatTooShort(info)) {
    return Corrupt(absl::StrCat("a PNG picture of ", info.width, " x ", info.height,
                                " pixels cannot come from ", info.idat_bytes, " bytes"));
  }
  Reader reader;
  reader.source = {bytes.data(), info.end, 0, kPngSignatureBytes, !info.is_iend_right};
  if (!Begin(reader, options.wanted)) return Corrupt("the PNG's header is damaged");
  PictureSize stored = size;
  if (indexed) stored.channels = 1;
  absl::StatusOr<Tensor> samples = ReadPixels(context, reader, info, stored);
  if (!samples.ok()) {
    TRINE_RETURN_IF_ERROR(CheckPngPixels(context, bytes));
    return samples.status();
  }
  picture.samples = *std::move(samples);
  // The colours of a palette of which the numbers are wanted do not count, nor what is clear of
  // them.
  bool is_clear = reader.is_clear;
  if (!whole && info.color_type < 4 && (look_up || !indexed) && !info.transparency.empty()) {
    TRINE_ASSIGN_OR_RETURN(
        is_clear, HasClearPixels(context, info, picture.samples, options.wanted == Wanted::kPlain));
  }
  if (look_up) {
    TRINE_ASSIGN_OR_RETURN(picture.samples,
                           LookUpPixels(context, info.palette, size, picture.samples));
  } else if (indexed) {
    TRINE_RETURN_IF_ERROR(CheckNumbers(context, info.palette, picture.samples));
  }
  WarnOfChunks(options, info, reader.warned);
  if (!whole) {
    if (info.is_animated) Warn(options, "it is an animation, of which the first picture was read");
    WarnOfTrailer(options, "PNG", info.trailer_bytes);
  }
  WarnOfAlpha(options, is_clear);
  return FinishPicture(context, options, std::move(picture), info.orientation);
}

}  // namespace trine::image::internal
