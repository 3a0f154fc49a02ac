#include "tests/core/image/tiff/tiff_writing.h"

#include <algorithm>
#include <cstdio>  // SEEK_SET
#include <cstring>

namespace trine::image::testing {
namespace {

struct Memory {
  std::string bytes;
  size_t at = 0;
};

Memory& Of(thandle_t handle) { return *static_cast<Memory*>(handle); }

tmsize_t Read(thandle_t handle, void* out, tmsize_t size) {
  Memory& m = Of(handle);
  const size_t n =
      std::min(static_cast<size_t>(size), m.bytes.size() - std::min(m.at, m.bytes.size()));
  if (n > 0) std::memcpy(out, m.bytes.data() + m.at, n);
  m.at += n;
  return static_cast<tmsize_t>(n);
}
tmsize_t Write(thandle_t handle, void* in, tmsize_t size) {
  Memory& m = Of(handle);
  const size_t n = static_cast<size_t>(size);
  m.bytes.resize(std::max(m.bytes.size(), m.at + n));
  std::memcpy(m.bytes.data() + m.at, in, n);
  m.at += n;
  return size;
}
toff_t Seek(thandle_t handle, toff_t offset, int whence) {
  Memory& m = Of(handle);
  const size_t base = whence == SEEK_SET ? 0 : (whence == SEEK_CUR ? m.at : m.bytes.size());
  return m.at = base + offset;
}
int Close(thandle_t) { return 0; }
toff_t Size(thandle_t handle) { return Of(handle).bytes.size(); }

TIFF* Open(Memory* memory, const char* mode) {
  return TIFFClientOpen("test", mode, memory, Read, Write, Seek, Close, Size, nullptr, nullptr);
}

void SetTags(TIFF* tiff, const TiffPage& page) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, page.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, page.height);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, page.samples);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, page.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, page.format);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, page.photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG,
               page.planar ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  EXPECT_EQ(TIFFSetField(tiff, TIFFTAG_COMPRESSION, page.compression), 1) << page.compression;
  if (page.predictor != PREDICTOR_NONE) TIFFSetField(tiff, TIFFTAG_PREDICTOR, page.predictor);
  if (page.tile != 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, page.tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, page.tile);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, page.rows_per_strip);
  }
  if (page.more) page.more(tiff);
}

// Cuts the tile at column `x` and row `y` out of `plane`; what is beyond the picture is 0. Needs
// samples of whole bytes.
std::string CutTile(const TiffPage& page, const std::string& plane, uint32_t x, uint32_t y) {
  const size_t pixel = size_t{page.bits} / 8 * (page.planar ? 1 : page.samples);
  std::string tile(page.tile * page.tile * pixel, '\0');
  const size_t width = std::min(page.tile, page.width - x);
  for (uint32_t row = 0; row < std::min(page.tile, page.height - y); ++row) {
    std::memcpy(tile.data() + row * page.tile * pixel,
                plane.data() + (size_t{y + row} * page.width + x) * pixel, width * pixel);
  }
  return tile;
}

void WritePlane(TIFF* tiff, const TiffPage& page, std::string plane, uint16_t sample) {
  if (page.tile != 0) {
    for (uint32_t y = 0; y < page.height; y += page.tile) {
      for (uint32_t x = 0; x < page.width; x += page.tile) {
        std::string tile = CutTile(page, plane, x, y);
        EXPECT_GE(TIFFWriteTile(tiff, tile.data(), x, y, 0, sample), 0);
      }
    }
    return;
  }
  const size_t row_bytes = TiffRowBytes(page);
  for (uint32_t y = 0; y < page.height; y += page.rows_per_strip) {
    const size_t rows = std::min(page.rows_per_strip, page.height - y);
    std::string strip = plane.substr(y * row_bytes, rows * row_bytes);
    EXPECT_GE(TIFFWriteEncodedStrip(tiff, TIFFComputeStrip(tiff, y, sample), strip.data(),
                                    static_cast<tmsize_t>(strip.size())),
              0);
  }
}

}  // namespace

size_t TiffRowBytes(const TiffPage& page) {
  return (size_t{page.width} * (page.planar ? 1 : page.samples) * page.bits + 7) / 8;
}

std::string MakeTiff(const TiffPage& page) {
  TIFFSetWarningHandler(nullptr);  // it would say that it writes what a test asks for
  Memory memory;
  TIFF* tiff = Open(&memory, page.big_endian ? "wbm" : "wlm");
  SetTags(tiff, page);
  if (!page.coded.empty()) {
    std::string coded = page.coded;
    EXPECT_GE(TIFFWriteRawStrip(tiff, 0, coded.data(), static_cast<tmsize_t>(coded.size())), 0);
  } else if (!page.written) {
    const size_t plane_bytes = TiffRowBytes(page) * page.height;
    for (uint16_t s = 0; s < (page.planar ? page.samples : 1); ++s) {
      WritePlane(tiff, page, page.raster.substr(s * plane_bytes, plane_bytes), s);
    }
  }
  EXPECT_EQ(TIFFWriteDirectory(tiff), 1);
  TIFFClose(tiff);
  return memory.bytes;
}

Tensor LibtiffRgb(const std::string& file) {
  Memory memory{file};
  TIFF* tiff = Open(&memory, "rm");
  uint32_t width = 0, height = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  std::vector<uint32_t> pixels(size_t{width} * height);
  EXPECT_EQ(TIFFReadRGBAImageOriented(tiff, width, height, pixels.data(), ORIENTATION_TOPLEFT, 1),
            1);
  TIFFClose(tiff);
  Tensor rgb = Tensor::Zeros(DType::kUint8, {height, width, 3});
  for (size_t i = 0; i < pixels.size(); ++i) {
    rgb.data[3 * i] = static_cast<uint8_t>(TIFFGetR(pixels[i]));
    rgb.data[3 * i + 1] = static_cast<uint8_t>(TIFFGetG(pixels[i]));
    rgb.data[3 * i + 2] = static_cast<uint8_t>(TIFFGetB(pixels[i]));
  }
  return rgb;
}

std::string PackSamples(const std::vector<uint64_t>& values, int bits, size_t row) {
  std::string out;
  for (size_t begin = 0; begin < values.size(); begin += row) {
    uint64_t at = 0;
    for (size_t i = begin; i < begin + row; ++i) {
      for (int b = bits; b-- > 0; ++at) {
        if (at % 8 == 0) out += '\0';
        if ((values[i] >> b & 1) != 0) {
          out.back() = static_cast<char>(static_cast<uint8_t>(out.back()) | 0x80u >> at % 8);
        }
      }
    }
  }
  return out;
}

}  // namespace trine::image::testing
