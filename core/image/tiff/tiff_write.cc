// TIFF out, by libtiff: strips coded by Deflate with horizontal differencing where that helps.
#include <algorithm>
#include <cstring>

#include "core/base/checked.h"
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
  size_t row_bytes = 0;
};

uint16_t SampleFormat(DType dtype) {
  if (dtype == DType::kFloat32) return SAMPLEFORMAT_IEEEFP;
  return dtype == DType::kInt32 ? SAMPLEFORMAT_INT : SAMPLEFORMAT_UINT;
}

bool SetTags(TIFF* tiff, const Page& page) {
  const uint32_t rows =
      static_cast<uint32_t>(std::clamp<size_t>(kStripBytes / page.row_bytes, 1, page.height));
  const int predictor = page.format == SAMPLEFORMAT_IEEEFP ? PREDICTOR_FLOATINGPOINT
                        : page.bits > 1                    ? PREDICTOR_HORIZONTAL
                                                           : PREDICTOR_NONE;
  return TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, page.width) == 1 &&
         TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, page.height) == 1 &&
         TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, page.bits) == 1 &&
         TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, page.samples) == 1 &&
         TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, page.format) == 1 &&
         TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == 1 &&
         TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
                      page.samples == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK) == 1 &&
         TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE) == 1 &&
         TIFFSetField(tiff, TIFFTAG_PREDICTOR, predictor) == 1 &&
         TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, rows) == 1;
}

}  // namespace

absl::StatusOr<std::string> EncodeTiff(const Context& context, const TensorView& picture,
                                       const EncodeOptions& options) {
  if (picture.shape[0] > int64_t{UINT32_MAX}) {
    return InvalidField("tensor.shape[0]", picture.shape[0], "TIFF holds at most 4294967295 rows");
  }
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
  page.row_bytes = bits ? CeilDiv(width, 8) : in_bytes;
  const absl::Status failed = MakeError(absl::StatusCode::kResourceExhausted,
                                        {.reason = "LIMIT_EXCEEDED", .field = "tensor"},
                                        "the TIFF file could not be written: no memory");
  TiffFile file(/*big=*/picture.data.size() > kBigTiffBytes);
  ReserveLong(MostFileBytes(picture), &file.out());
  if (file.handle() == nullptr || !SetTags(file.handle(), page)) return failed;
  std::vector<uint8_t> row(page.row_bytes);  // libtiff differences rows in place
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < height; ++y) {
    // Deflate is some ten times slower than what kPollBytes is meant for.
    TRINE_RETURN_IF_ERROR(poll.Spend(10 * in_bytes));
    const uint8_t* in = picture.data.data() + y * in_bytes;
    if (bits) {
      PackBits(in, width, /*invert=*/false, row.data());
    } else if (is_bool) {
      for (size_t x = 0; x < width; ++x) row[x] = in[x] != 0 ? 255 : 0;
    } else {
      std::memcpy(row.data(), in, in_bytes);
    }
    if (TIFFWriteScanline(file.handle(), row.data(), static_cast<uint32_t>(y), 0) != 1) {
      return failed;
    }
  }
  if (!file.Finish()) return failed;
  return std::move(file.out());
}

}  // namespace trine::image::internal
