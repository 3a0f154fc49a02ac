// TIFF out, by libtiff: strips coded by Deflate with horizontal differencing where that helps.
#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "core/base/checked.h"
#include "core/image/form.h"
#include "core/image/picture.h"
#include "core/image/tiff/tiff_handle.h"

namespace trine::image::internal {
namespace {

// TIFF 6.0 advises strips of about 8 KiB; at this size they compress better and read as well.
constexpr size_t kStripBytes = size_t{64} << 10;
// Offsets of TIFF have 32 bits; Deflate adds less than 1/1000 to what it cannot compress.
constexpr uint64_t kBigTiffBytes = uint64_t{4000} << 20;

struct Page {
  uint32_t width = 0;
  uint32_t height = 0;
  uint16_t bits = 8;
  uint16_t samples = 1;
  uint16_t format = SAMPLEFORMAT_UINT;
  uint16_t photometric = PHOTOMETRIC_MINISBLACK;
  uint16_t alpha = EXTRASAMPLE_UNSPECIFIED;             // of the last sample; that: none
  std::array<std::array<uint16_t, 256>, 3> colormap{};  // of a palette
  size_t row_bytes = 0;                                 // in the file, before it is deflated
};

uint16_t SampleFormat(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
    case DType::kFloat32:
    case DType::kFloat64:
      return SAMPLEFORMAT_IEEEFP;
    case DType::kInt8:
    case DType::kInt16:
    case DType::kInt32:
    case DType::kInt64:
      return SAMPLEFORMAT_INT;
    default:
      return SAMPLEFORMAT_UINT;
  }
}

// libtiff differences whole elements only, and floating point of the usual sizes.
int PredictorOf(const Page& page) {
  if (page.format == SAMPLEFORMAT_IEEEFP) return PREDICTOR_FLOATINGPOINT;
  const bool whole = page.bits == 8 || page.bits == 16 || page.bits == 32 || page.bits == 64;
  return whole && page.photometric != PHOTOMETRIC_PALETTE ? PREDICTOR_HORIZONTAL : PREDICTOR_NONE;
}

bool SetTags(TIFF* tiff, const Page& page) {
  const uint32_t rows =
      static_cast<uint32_t>(std::clamp<size_t>(kStripBytes / page.row_bytes, 1, page.height));
  const bool set = TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, page.width) == 1 &&
                   TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, page.height) == 1 &&
                   TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, page.bits) == 1 &&
                   TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, page.samples) == 1 &&
                   TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, page.format) == 1 &&
                   TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == 1 &&
                   TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, page.photometric) == 1 &&
                   TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE) == 1 &&
                   TIFFSetField(tiff, TIFFTAG_PREDICTOR, PredictorOf(page)) == 1 &&
                   TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, rows) == 1;
  if (!set) return false;
  if (page.alpha != EXTRASAMPLE_UNSPECIFIED &&
      TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &page.alpha) != 1) {
    return false;
  }
  return page.photometric != PHOTOMETRIC_PALETTE ||
         TIFFSetField(tiff, TIFFTAG_COLORMAP, page.colormap[0].data(), page.colormap[1].data(),
                      page.colormap[2].data()) == 1;
}

absl::Status Failed() {
  return MakeError(absl::StatusCode::kResourceExhausted,
                   {.reason = "LIMIT_EXCEEDED", .field = "tensor"},
                   "the TIFF file could not be written: no memory");
}

absl::Status CheckHeight(uint64_t height, std::string_view field) {
  if (height <= UINT32_MAX) return absl::OkStatus();
  return InvalidField(field, static_cast<int64_t>(height), "TIFF holds at most 4294967295 rows");
}

// Writes the tags and rows of a page; `put_row` fills a row of page.row_bytes, which libtiff
// differences in place.
absl::Status WritePage(const Context& context, const Page& page, TiffFile& file,
                       const std::function<absl::Status(size_t, uint8_t*)>& put_row) {
  if (!SetTags(file.handle(), page)) return Failed();
  std::vector<uint8_t> row(page.row_bytes);
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < page.height; ++y) {
    // Deflate is some ten times slower than what kPollBytes is meant for.
    TRINE_RETURN_IF_ERROR(poll.Spend(10 * page.row_bytes));
    TRINE_RETURN_IF_ERROR(put_row(y, row.data()));
    if (TIFFWriteScanline(file.handle(), row.data(), static_cast<uint32_t>(y), 0) != 1) {
      return Failed();
    }
  }
  return absl::OkStatus();
}

// Samples of `bits` bits, a byte or two each, one after the other from the most significant bit on.
void PackSamples(ByteView in, size_t sample_bytes, int bits, size_t out_bytes, uint8_t* out) {
  std::fill_n(out, out_bytes, uint8_t{0});
  size_t at = 0;  // bits written
  for (size_t i = 0; i < in.size(); i += sample_bytes) {
    const uint32_t value = sample_bytes == 1 ? in[i] : LoadLE<uint16_t>(&in[i]);
    for (int bit = bits - 1; bit >= 0; --bit, ++at) {
      if ((value >> bit & 1) != 0)
        out[at / 8] = static_cast<uint8_t>(out[at / 8] | 0x80u >> at % 8);
    }
  }
}

Page PageOf(const PictureForm& form, DType dtype, const PictureGrid& grid) {
  Page page;
  page.width = static_cast<uint32_t>(grid.width);
  page.height = static_cast<uint32_t>(grid.height);
  page.bits = static_cast<uint16_t>(form.bit_depth);
  page.samples = static_cast<uint16_t>(grid.channels);
  page.format = SampleFormat(dtype);
  page.row_bytes = CeilDiv(grid.width * grid.channels * static_cast<size_t>(form.bit_depth), 8);
  switch (form.color) {
    case PictureColor::kGray:
      break;
    case PictureColor::kGrayAlpha:
      page.alpha = EXTRASAMPLE_UNASSALPHA;
      break;
    case PictureColor::kGrayPremultiplied:
      page.alpha = EXTRASAMPLE_ASSOCALPHA;
      break;
    case PictureColor::kRgb:
      page.photometric = PHOTOMETRIC_RGB;
      break;
    case PictureColor::kRgba:
      page.photometric = PHOTOMETRIC_RGB;
      page.alpha = EXTRASAMPLE_UNASSALPHA;
      break;
    case PictureColor::kRgbPremultiplied:
      page.photometric = PHOTOMETRIC_RGB;
      page.alpha = EXTRASAMPLE_ASSOCALPHA;
      break;
    case PictureColor::kPalette:
      page.photometric = PHOTOMETRIC_PALETTE;
      for (size_t i = 0; i < form.entries(); ++i) {
        for (size_t c = 0; c < 3; ++c) page.colormap[c][i] = WideEntryPart(form, i, c);
      }
      break;
  }
  return page;
}

}  // namespace

absl::StatusOr<std::string> EncodeTiff(const Context& context, const TensorView& picture,
                                       const EncodeOptions& options) {
  TRINE_RETURN_IF_ERROR(CheckHeight(static_cast<uint64_t>(picture.shape[0]), "tensor.shape[0]"));
  TRINE_ASSIGN_OR_RETURN(const bool bits, WriteAsBits(context, picture, options));
  const bool is_bool = picture.dtype == DType::kBool;
  const size_t height = static_cast<size_t>(picture.shape[0]);
  const size_t width = static_cast<size_t>(picture.shape[1]);
  const size_t in_bytes = picture.data.size() / height;
  Page page;
  page.width = static_cast<uint32_t>(width);
  page.height = static_cast<uint32_t>(height);
  page.bits = static_cast<uint16_t>(bits ? 1 : 8 * DTypeSize(picture.dtype));
  page.samples = picture.shape.size() == 3 ? 3 : 1;
  page.format = SampleFormat(picture.dtype);
  page.photometric = page.samples == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  page.row_bytes = bits ? CeilDiv(width, 8) : in_bytes;
  TiffFile file(/*big=*/picture.data.size() > kBigTiffBytes);
  ReserveLong(MostFileBytes(picture.data.size()), &file.out());
  if (file.handle() == nullptr) return Failed();
  TRINE_RETURN_IF_ERROR(WritePage(context, page, file, [&](size_t y, uint8_t* row) {
    const uint8_t* in = picture.data.data() + y * in_bytes;
    if (bits) {
      PackBits(in, width, /*invert=*/false, row);
    } else if (is_bool) {
      for (size_t x = 0; x < width; ++x) row[x] = in[x] != 0 ? 255 : 0;
    } else {
      std::memcpy(row, in, in_bytes);
    }
    return absl::OkStatus();
  }));
  if (!file.Finish()) return Failed();
  return std::move(file.out());
}

absl::StatusOr<std::string> WriteTiff(const Context& context, const PictureView& picture,
                                      const EncodeOptions&) {
  const PictureForm& form = picture.form;
  const PictureGrid grid = *PictureGridOf(form.color, picture.shape);
  TRINE_RETURN_IF_ERROR(CheckHeight(grid.height, "picture.shape"));
  const Page page = PageOf(form, picture.dtype, grid);
  const size_t in_bytes = grid.row_bytes(form, picture.dtype);
  const bool as_it_is =
      form.is_packed() || form.bit_depth == 8 * static_cast<int>(DTypeSize(picture.dtype));
  TiffFile file(/*big=*/picture.data.size() > kBigTiffBytes);
  ReserveLong(MostFileBytes(picture.data.size()), &file.out());
  if (file.handle() == nullptr) return Failed();
  for (size_t p = 0; p < grid.pages; ++p) {
    if (p > 0 && !file.EndPage()) return Failed();
    const ByteView pixels = picture.data.subspan(p * grid.height * in_bytes);
    TRINE_RETURN_IF_ERROR(WritePage(context, page, file, [&](size_t y, uint8_t* out) {
      const ByteView row = pixels.subspan(y * in_bytes, in_bytes);
      if (!SamplesFit(form, picture.dtype, row)) return BeyondForm();
      if (as_it_is) {
        std::memcpy(out, row.data(), in_bytes);
      } else {
        PackSamples(row, DTypeSize(picture.dtype), form.bit_depth, page.row_bytes, out);
      }
      return absl::OkStatus();
    }));
  }
  if (!file.Finish()) return Failed();
  return std::move(file.out());
}

}  // namespace trine::image::internal
