// TIFF files made by libtiff for the tests, and the pixels that they hold.
#pragma once

#include <tiffio.h>

#include <cstdint>
#include <functional>
#include <string>

#include "tests/core/image/image_testing.h"

namespace trine::image::testing {

// One page. `raster` holds its rows, each beginning at a byte, samples side by side (planar: plane
// after plane), as libtiff takes them: machine words in our byte order, other samples most
// significant bit first.
struct TiffPage {
  uint32_t width = 0, height = 0;
  uint16_t samples = 1;
  uint16_t bits = 8;
  uint16_t format = SAMPLEFORMAT_UINT;
  uint16_t photometric = PHOTOMETRIC_MINISBLACK;
  uint16_t compression = COMPRESSION_NONE;
  uint16_t predictor = PREDICTOR_NONE;
  bool planar = false;
  uint32_t tile = 0;  // side; 0: strips
  uint32_t rows_per_strip = 7;
  bool big_endian = false;
  std::string raster;
  // More tags, and settings of the codec, before anything is written.
  std::function<void(TIFF*)> more = {};
  // Where given: the one strip as it is to lie in the file, in place of `raster`.
  std::string coded = {};
  bool written = false;  // `more` writes the pixels too
};

// Bytes of a row of one plane.
size_t TiffRowBytes(const TiffPage& page);
std::string MakeTiff(const TiffPage& page);
// What libtiff itself makes of the first page, as tools that ask it for RGB see it.
Tensor LibtiffRgb(const std::string& file);

// `values` of `bits` each, most significant first, `row` of them a row.
std::string PackSamples(const std::vector<uint64_t>& values, int bits, size_t row);
// The bytes of a tensor's elements, as machine words.
inline std::string Raster(const Tensor& t) { return {t.data.begin(), t.data.end()}; }

}  // namespace trine::image::testing
