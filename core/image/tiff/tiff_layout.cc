#include "core/image/tiff/tiff_layout.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/image/form.h"
#include "core/image/tiff/tiff_codecs.h"
#include "core/image/tiff/tiff_notes.h"

namespace trine::image::internal {
namespace {

constexpr uint16_t kMaxSamples = 16;
// A tile is inflated in one go, which cannot be cancelled: a few tens of milliseconds.
constexpr uint64_t kMaxTileBytes = uint64_t{16} << 20;
// So are the strips of some codecs, and many writers make one strip of a whole picture.
constexpr uint64_t kMaxStripBytes = uint64_t{64} << 20;
// A small picture in one tile of the usual sizes is fine, one in a tile of any size is not.
constexpr uint64_t kMaxSpareTilePixels = 1024 * 1024;

// A tag or its default; `fallback` where the tag has neither.
uint16_t Tag(TIFF* tiff, uint32_t tag, uint16_t fallback) {
  uint16_t value = 0;
  return TIFFGetFieldDefaulted(tiff, tag, &value) == 1 ? value : fallback;
}

// The dtype that holds the samples' values.
absl::StatusOr<DType> DTypeOf(int bits, uint16_t format) {
  struct Row {
    uint16_t format;
    int least_bits, most_bits;
    DType dtype;
  };
  constexpr Row kRows[] = {
      {SAMPLEFORMAT_UINT, 1, 8, DType::kUint8},
      {SAMPLEFORMAT_UINT, 9, 16, DType::kUint16},
      {SAMPLEFORMAT_UINT, 17, 32, DType::kUint32},
      {SAMPLEFORMAT_UINT, 64, 64, DType::kUint64},
      {SAMPLEFORMAT_INT, 8, 8, DType::kInt8},
      {SAMPLEFORMAT_INT, 16, 16, DType::kInt16},
      {SAMPLEFORMAT_INT, 32, 32, DType::kInt32},
      {SAMPLEFORMAT_INT, 64, 64, DType::kInt64},
      {SAMPLEFORMAT_IEEEFP, 16, 16, DType::kFloat16},
      {SAMPLEFORMAT_IEEEFP, 32, 32, DType::kFloat32},
      {SAMPLEFORMAT_IEEEFP, 64, 64, DType::kFloat64},
  };
  if (format == SAMPLEFORMAT_VOID) format = SAMPLEFORMAT_UINT;
  for (const Row& row : kRows) {
    if (row.format == format && bits >= row.least_bits && bits <= row.most_bits) return row.dtype;
  }
  return NotRead(
      absl::StrCat("TIFF samples of ", bits, " bits and format ", format,
                   " are not read; unsigned integers of 1 to 32 and 64 bits, signed ones "
                   "of 8, 16, 32 and 64, and floats of 16, 32 and 64 are"));
}

// What the samples beside those of gray or colour are said to be; beyond the end of what is said
// nothing.
absl::Span<const uint16_t> ExtraKinds(TIFF* tiff) {
  uint16_t count = 0;
  const uint16_t* kinds = nullptr;
  const bool told =
      TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) == 1 && kinds != nullptr;
  return {kinds, told ? size_t{count} : 0};
}

void CountExtraSamples(TIFF* tiff, bool colour, TiffLayout& layout) {
  const absl::Span<const uint16_t> kinds = ExtraKinds(tiff);
  const size_t first = layout.cmyk ? 4 : (colour ? 3 : 1);
  for (size_t i = 0; i < layout.samples - first; ++i) {
    const bool alpha = i < kinds.size() && kinds[i] != EXTRASAMPLE_UNSPECIFIED;
    if (alpha) {
      layout.alphas.push_back(first + i);
    } else {
      ++layout.others;
    }
  }
}

// Extra samples of a gray picture are dropped where they are alpha; else they are channels whose
// choice is not ours.
absl::Status CheckGraySamples(const TiffLayout& layout) {
  if (layout.samples <= 2 || layout.others == 0) return absl::OkStatus();
  return NotRead(absl::StrCat("a gray TIFF of ", layout.samples, " channels is not read"));
}

// Sets the photometric part; returns whether the picture has colours.
absl::StatusOr<bool> ReadPhotometric(TIFF* tiff, uint16_t compression, TiffLayout& layout) {
  uint16_t photometric = 0;
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric) != 1) {
    // Required by the format, yet fax software leaves it out; libtiff's tools assume the same.
    const bool fax = compression == COMPRESSION_CCITTRLE || compression == COMPRESSION_CCITTFAX3 ||
                     compression == COMPRESSION_CCITTFAX4;
    photometric = fax ? PHOTOMETRIC_MINISWHITE
                      : (layout.samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
  }
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
      layout.invert = photometric == PHOTOMETRIC_MINISWHITE;
      return false;
    case PHOTOMETRIC_RGB:
      if (layout.samples < 3) return Corrupt("an RGB TIFF has fewer than 3 samples a pixel");
      return true;
    case PHOTOMETRIC_PALETTE:
      layout.indexed = true;
      return false;
    case PHOTOMETRIC_SEPARATED:
      layout.cmyk = true;
      if (Tag(tiff, TIFFTAG_INKSET, INKSET_CMYK) != INKSET_CMYK) {
        return NotRead("a TIFF of inks other than CMYK is not read");
      }
      if (layout.samples < 4) return Corrupt("a CMYK TIFF has fewer than 4 samples a pixel");
      return true;
    case PHOTOMETRIC_YCBCR:
      if (layout.samples != 3 || layout.planar) {
        return NotRead("a YCbCr TIFF is read where it has 3 samples a pixel, side by side");
      }
      // libjpeg converts, and undoes the subsampling.
      if (compression == COMPRESSION_JPEG) {
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      } else {
        layout.ycbcr = true;
      }
      return true;
    default:
      break;
  }
  return NotRead(absl::StrCat("TIFF's photometric interpretation ", photometric,
                              " is not read; gray, RGB, palette, CMYK and YCbCr are"));
}

// Slices of a volume follow each other within one directory; libtiff's rows are those of the first.
absl::Status CheckDepth(TIFF* tiff) {
  constexpr std::pair<uint32_t, const char*> kDepths[] = {{TIFFTAG_IMAGEDEPTH, "ImageDepth"},
                                                          {TIFFTAG_TILEDEPTH, "TileDepth"}};
  for (const auto& [tag, name] : kDepths) {
    uint32_t depth = 1;
    if (TIFFGetField(tiff, tag, &depth) != 1 || depth <= 1) continue;
    return NotRead(absl::StrCat("the TIFF page is a volume, its ", name, " (tag ", tag, ") is ",
                                depth,
                                ", which is not read; slices in a directory each, as pages, are"));
  }
  return absl::OkStatus();
}

absl::Status ReadSubsampling(TIFF* tiff, TiffLayout& layout) {
  uint16_t across = 0, down = 0;
  const auto is_valid = [](uint16_t n) { return n == 1 || n == 2 || n == 4; };
  if (TIFFGetFieldDefaulted(tiff, TIFFTAG_YCBCRSUBSAMPLING, &across, &down) != 1 ||
      !is_valid(across) || !is_valid(down)) {
    return Corrupt("the TIFF's subsampling of YCbCr is neither 1 nor 2 nor 4");
  }
  layout.luma_across = across;
  layout.luma_down = down;
  return absl::OkStatus();
}

// Combinations of tags that codecs refuse while they unpack, or that hide what the codecs are about
// to allocate.
absl::Status CheckCombination(TIFF* tiff, const TiffLayout& layout, DType dtype) {
  const auto bits = layout.bits;
  if (layout.compression == COMPRESSION_JPEG && (bits != 8 || dtype != DType::kUint8)) {
    return NotRead(absl::StrCat("JPEG of ", bits, " bits a sample in a TIFF is not read; 8 is"));
  }
  if (layout.indexed && dtype != DType::kUint8) {
    return NotRead("a TIFF palette is read where its indices are unsigned, of up to 8 bits");
  }
  if (layout.invert && IsFloat(dtype)) {
    return NotRead("a TIFF of floating-point samples where 0 is white is not read");
  }
  if (layout.cmyk && dtype != DType::kUint8 && dtype != DType::kUint16) {
    return NotRead("a CMYK TIFF is read where its samples have 8 or 16 bits");
  }
  if (layout.cmyk && !layout.in_words()) {
    return NotRead(
        absl::StrCat("a CMYK TIFF of ", bits, " bits a sample is not read; 8 and 16 are"));
  }
  if (layout.ycbcr && (bits != 8 || dtype != DType::kUint8)) {
    return NotRead(absl::StrCat("a YCbCr TIFF of ", bits, " bits a sample is not read; 8 is"));
  }
  uint16_t predictor = PREDICTOR_NONE;
  if (TIFFGetField(tiff, TIFFTAG_PREDICTOR, &predictor) == 1 && predictor != PREDICTOR_NONE &&
      !layout.in_words()) {
    return NotRead(absl::StrCat("TIFF's differencing of ", bits, " bit samples is not read"));
  }
  const bool reversed = Tag(tiff, TIFFTAG_FILLORDER, FILLORDER_MSB2LSB) != FILLORDER_MSB2LSB;
  if (reversed &&
      (layout.compression == COMPRESSION_ZSTD || layout.compression == COMPRESSION_LZMA)) {
    return NotRead("zstd and LZMA in a TIFF with reversed bits are not read");
  }
  return absl::OkStatus();
}

absl::Status ReadColormap(TIFF* tiff, TiffLayout& layout) {
  if (layout.bits > 8) return NotRead("TIFF palettes of more than 256 colours are not read");
  uint16_t* map[3] = {};
  if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]) != 1) {
    return Corrupt("the TIFF has no palette for its indexed pixels");
  }
  layout.palette.size = size_t{1} << layout.bits;
  // The format has 16 bits; files with 8 exist, and libtiff's tools read them so too.
  bool narrow = true, repeated = true;
  for (const uint16_t* channel : map) {
    for (size_t i = 0; i < layout.palette.size; ++i) {
      narrow = narrow && channel[i] < 256;
      repeated = repeated && channel[i] >> 8 == (channel[i] & 0xFF);
    }
  }
  if (!narrow && !repeated) {
    layout.form.entry_bytes = 6;
    layout.form.table.resize(6 * layout.palette.size);
    for (size_t i = 0; i < 3 * layout.palette.size; ++i) {
      StoreLE(&layout.form.table[2 * i], map[i % 3][i / 3]);
    }
  }
  for (size_t i = 0; i < layout.palette.size; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      layout.palette.rgb[i][c] = static_cast<uint8_t>(narrow ? map[c][i] : map[c][i] >> 8);
    }
  }
  return absl::OkStatus();
}

// What a sample beside those of colour is.
absl::StatusOr<PictureColor> ExtraColor(TIFF* tiff, bool colour, size_t extra) {
  const absl::Span<const uint16_t> kinds = ExtraKinds(tiff);
  if (extra == 1 && kinds.size() == 1) {
    if (kinds[0] == EXTRASAMPLE_UNASSALPHA) {
      return colour ? PictureColor::kRgba : PictureColor::kGrayAlpha;
    }
    if (kinds[0] == EXTRASAMPLE_ASSOCALPHA) {
      return colour ? PictureColor::kRgbPremultiplied : PictureColor::kGrayPremultiplied;
    }
  }
  return NotKept(absl::StrCat("a TIFF with ", extra,
                              extra == 1 ? " sample a pixel beside its colours that is "
                                         : " samples a pixel beside its colours that are ",
                              "not one of alpha is not kept"));
}

// What of the pixels comes back otherwise than the file has it, beside its metadata.
void NoteChanges(TiffLayout& layout) {
  if (layout.sub_pictures.has_value()) {
    layout.not_kept.push_back(NameTiffSubPictures(*layout.sub_pictures));
  }
  if (layout.invert) {
    layout.not_kept.emplace_back("that 0 is white (values are turned round, and 0 is black)");
  }
  if (layout.bits != layout.form.bit_depth) {
    layout.not_kept.push_back(absl::StrCat("the depth of ", layout.bits, " bits (samples have ",
                                           layout.form.bit_depth, ")"));
  }
}

// Form and what is not kept, where the whole is wanted. Palette and photometric part were read.
absl::Status ReadForm(const TiffFile& file, bool colour, DType dtype, TiffLayout& layout) {
  if (layout.cmyk) return NotKept("the inks of a CMYK TIFF are not kept, only turned into RGB");
  if (layout.ycbcr) return NotKept("the luma and chroma of a YCbCr TIFF are not kept");
  const size_t extra = layout.samples - (colour ? 3 : 1);
  PictureForm& form = layout.form;
  if (layout.indexed) {
    if (extra != 0) return NotKept("a TIFF palette with other samples beside is not kept");
    if (form.table.empty()) form = PaletteForm(layout.palette, layout.bits);
    form.color = PictureColor::kPalette;
  } else {
    form.color = colour ? PictureColor::kRgb : PictureColor::kGray;
    if (extra != 0) {
      TRINE_ASSIGN_OR_RETURN(form.color, ExtraColor(file.handle(), colour, extra));
    }
  }
  // Only these types are of fewer bits than they have.
  const bool counted = dtype == DType::kUint8 || dtype == DType::kUint16;
  form.bit_depth = counted ? layout.bits : static_cast<int>(8 * DTypeSize(dtype));
  layout.scaled = false;
  NoteChanges(layout);
  NameTiffMetadata(file, layout.not_kept);
  return absl::OkStatus();
}

// libtiff must agree on the size of a row or strip: else it would write beyond our buffer.
absl::Status CheckStripBlocks(TIFF* tiff, TiffLayout& layout) {
  const absl::Status unknown = NotRead("the TIFF's rows are laid out in a way that is not read");
  uint32_t rows = 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows);
  if (rows == 0) return Corrupt("the TIFF's strips have no rows");
  layout.strip_rows = std::min<size_t>(rows, layout.size.height);
  const uint64_t strip_bytes = TIFFVStripSize64(tiff, static_cast<uint32_t>(layout.strip_rows));
  if ((layout.ycbcr || UnpacksWholeStrips(layout.compression)) && strip_bytes > kMaxStripBytes) {
    return LimitExceeded("image", strip_bytes, "max_tiff_strip_bytes", kMaxStripBytes);
  }
  if (layout.ycbcr) {
    const bool agreed = strip_bytes == layout.ycbcr_bytes(layout.size.width, layout.strip_rows);
    return agreed ? absl::OkStatus() : unknown;
  }
  return TIFFScanlineSize64(tiff) == layout.packed_bytes(layout.size.width) ? absl::OkStatus()
                                                                            : unknown;
}

// The same of tiles.
absl::Status CheckBlocks(TIFF* tiff, TiffLayout& layout) {
  if (!layout.tiled) return CheckStripBlocks(tiff, layout);
  uint32_t width = 0, height = 0;
  if (TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width) != 1 ||
      TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height) != 1 || width == 0 || height == 0) {
    return Corrupt("the TIFF's tiles have no size");
  }
  const uint64_t pixels = uint64_t{width} * height;
  const uint64_t spare =
      std::max<uint64_t>(kMaxSpareTilePixels, 4 * layout.size.width * layout.size.height);
  const uint64_t bytes = TIFFTileSize64(tiff);
  if (width > 4 * kMaxImageWidth || pixels > spare || bytes > kMaxTileBytes) {
    return LimitExceeded("image", std::max(bytes, pixels), "max_tiff_tile_bytes", kMaxTileBytes);
  }
  layout.tile_width = width;
  layout.tile_height = height;
  const uint64_t expected =
      layout.ycbcr ? layout.ycbcr_bytes(width, height) : layout.packed_bytes(width) * height;
  if (bytes == expected) return absl::OkStatus();
  return NotRead("the TIFF's tiles are laid out in a way that is not read");
}

// Strips may share their bytes, as empty tiles do, but not so that a small file means the reading
// of a large one over and over.
absl::Status CheckStrips(const Context& context, TIFF* tiff, uint64_t file_bytes,
                         TiffLayout& layout) {
  const uint64_t most = MostStripBytes(file_bytes);
  const uint32_t strips = layout.tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
  uint64_t& sum = layout.strip_bytes;
  Poller poll(context.cancel, kPollBytes);
  for (uint32_t i = 0; i < strips; ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(16));
    sum += std::min(TIFFGetStrileByteCount(tiff, i), file_bytes);
    if (sum > most) return Corrupt("the TIFF's strips or tiles claim many times the file");
  }
  return absl::OkStatus();
}

}  // namespace

uint64_t MostStripBytes(uint64_t file_bytes) {
  constexpr uint64_t kMaxShare = 16;
  return kMaxShare * std::max<uint64_t>(file_bytes, 65536);
}

absl::StatusOr<TiffLayout> ReadTiffLayout(const Context& context, const ReaderOptions& options,
                                          uint64_t file_bytes, TiffFile& file) {
  TIFF* tiff = file.handle();
  uint32_t width = 0, height = 0;
  if (TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width) != 1) {
    return Corrupt("the TIFF page has no width");
  }
  if (TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height) != 1) {
    return Corrupt("the TIFF page has no height");
  }
  TRINE_RETURN_IF_ERROR(CheckDepth(tiff));
  const uint16_t compression = Tag(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  TRINE_RETURN_IF_ERROR(CheckTiffCompression(compression));
  TiffLayout layout;
  layout.compression = compression;
  layout.bits = Tag(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  layout.samples = Tag(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  layout.planar = layout.samples > 1 &&
                  Tag(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  layout.tiled = TIFFIsTiled(tiff) != 0;
  layout.orientation = Tag(tiff, TIFFTAG_ORIENTATION, 1);
  layout.sub_pictures = CountTiffSubPictures(file);
  if (layout.samples == 0 || layout.samples > kMaxSamples) {
    return NotRead(absl::StrCat("a TIFF of ", layout.samples, " samples a pixel is not read; 1 to ",
                                kMaxSamples, " are"));
  }
  const bool whole = options.wanted == Wanted::kWhole;
  TRINE_ASSIGN_OR_RETURN(const bool colour, ReadPhotometric(tiff, compression, layout));
  CountExtraSamples(tiff, colour, layout);
  if (!whole && !colour && !layout.indexed) TRINE_RETURN_IF_ERROR(CheckGraySamples(layout));
  if (options.wanted == Wanted::kNumbers) layout.scaled = layout.invert = false;
  const uint16_t format = Tag(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  TRINE_ASSIGN_OR_RETURN(const DType dtype, DTypeOf(layout.bits, format));
  if (layout.indexed) TRINE_RETURN_IF_ERROR(ReadColormap(tiff, layout));
  if (layout.ycbcr) TRINE_RETURN_IF_ERROR(ReadSubsampling(tiff, layout));
  TRINE_RETURN_IF_ERROR(CheckCombination(tiff, layout, dtype));
  layout.looked_up = layout.indexed && options.wanted == Wanted::kPlain;
  uint64_t channels = colour || (layout.looked_up && !layout.palette.IsGray()) ? 3 : 1;
  if (whole) {
    layout.alphas.clear();
    TRINE_RETURN_IF_ERROR(ReadForm(file, colour, dtype, layout));
    channels = static_cast<uint64_t>(PictureChannels(layout.form.color));
  }
  TRINE_ASSIGN_OR_RETURN(layout.size,
                         CheckPictureSize(context, options, width, height, channels, dtype));
  TRINE_RETURN_IF_ERROR(CheckBlocks(tiff, layout));
  TRINE_RETURN_IF_ERROR(CheckStrips(context, tiff, file_bytes, layout));
  return layout;
}

}  // namespace trine::image::internal
