// Writes seeds for the fuzzers of pictures, of what other software's files in the corpora do not
// cover, into the folders of FOLDER: make_image_seeds FOLDER
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/core/image/image_testing.h"
#include "tests/core/image/tiff/tiff_writing.h"

namespace trine::image::testing {
namespace {

void Write(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

TiffPage Page(uint16_t samples, uint16_t bits, uint16_t photometric, uint16_t compression) {
  TiffPage page;
  page.width = 11;
  page.height = 9;
  page.samples = samples;
  page.bits = bits;
  page.photometric = photometric;
  page.compression = compression;
  page.raster = Raster(Noise(DType::kUint8, {static_cast<int64_t>(9 * TiffRowBytes(page))}));
  for (size_t i = page.raster.size() / 4; i < page.raster.size(); ++i) page.raster[i] = 'x';
  return page;
}

void WriteTiffs(const std::filesystem::path& folder) {
  const std::pair<const char*, uint16_t> codecs[] = {
      {"zstd", COMPRESSION_ZSTD},         {"lzma", COMPRESSION_LZMA}, {"lerc", COMPRESSION_LERC},
      {"pixarlog", COMPRESSION_PIXARLOG}, {"webp", COMPRESSION_WEBP},
  };
  for (const auto& [name, compression] : codecs) {
    TiffPage page = Page(3, 8, PHOTOMETRIC_RGB, compression);
    Write(folder / (std::string("rgb_") + name + ".tif"), MakeTiff(page));
    if (compression == COMPRESSION_PIXARLOG) continue;  // libtiff writes no tiles of it
    page.tile = 16;
    Write(folder / (std::string("rgb_tiled_") + name + ".tif"), MakeTiff(page));
  }
  for (const uint16_t bits : {3, 6, 10, 12, 14, 24, 31, 64}) {
    Write(folder / ("gray" + std::to_string(bits) + ".tif"),
          MakeTiff(Page(1, bits, PHOTOMETRIC_MINISWHITE, COMPRESSION_NONE)));
  }
  for (const uint16_t bits : {16, 64}) {
    TiffPage page = Page(1, bits, PHOTOMETRIC_MINISBLACK, COMPRESSION_ZSTD);
    page.format = SAMPLEFORMAT_IEEEFP;
    page.predictor = PREDICTOR_FLOATINGPOINT;
    Write(folder / ("float" + std::to_string(bits) + ".tif"), MakeTiff(page));
  }
  TiffPage cmyk = Page(4, 16, PHOTOMETRIC_SEPARATED, COMPRESSION_LZW);
  Write(folder / "cmyk16.tif", MakeTiff(cmyk));
  cmyk = Page(4, 8, PHOTOMETRIC_SEPARATED, COMPRESSION_NONE);
  cmyk.planar = true;
  cmyk.raster = std::string(4 * 11 * 9, 'k');
  Write(folder / "cmyk_planar.tif", MakeTiff(cmyk));
  TiffPage ycbcr = Page(3, 8, PHOTOMETRIC_YCBCR, COMPRESSION_NONE);
  ycbcr.rows_per_strip = 9;
  ycbcr.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, 2, 2); };
  ycbcr.coded = std::string(6 * 5 * 6, 'y');
  Write(folder / "ycbcr22.tif", MakeTiff(ycbcr));
}

void WriteOthers(const std::filesystem::path& folder) {
  const Tensor rgb = Noise(DType::kUint8, {9, 11, 3});
  const std::string lossless = MakeWebp(rgb);
  Write(folder / "webp" / "lossless.webp", lossless);
  Write(folder / "webp" / "lossy.webp", MakeWebp(rgb, 50.0f));
  Tensor flat = Tensor::Zeros(DType::kUint8, {40, 60, 3});
  for (size_t i = 0; i < flat.data.size(); ++i) flat.data[i] = static_cast<uint8_t>(i / 1800);
  Write(folder / "webp" / "flat.webp", MakeWebp(flat));
  const std::string exif = std::string("II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0", 26);
  const std::string chunks = "WEBPVP8X" + Le<uint32_t>(10) +
                             std::string("\x08\0\0\0\x0A\0\0\x08\0\0", 10) + lossless.substr(12) +
                             "EXIF" + Le<uint32_t>(26) + exif;
  Write(folder / "webp" / "exif.webp", "RIFF" + Le(static_cast<uint32_t>(chunks.size())) + chunks);
  Write(folder / "pnm" / "rgba.pam",
        "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\nabcdefgh");
  Write(folder / "pnm" / "bits.pam",
        std::string(
            "P7\n# x\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n") +
            std::string("\0\1", 2));
  Write(folder / "pnm" / "gray16.pam",
        "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 65535\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\nabcd");
  Write(folder / "pnm" / "gray.pfm", "Pf\n2 1\n-1.0\n" + Le(1.5f) + Le(2.5f));
  Write(folder / "pnm" / "rgb.pfm", "PF\n1 1\n1.0\n" + Be(1.5f) + Be(2.5f) + Be(3.5f));
  const std::string npy =
      *EncodeImage(Context{}, Format::kNpy, Noise(DType::kInt16, {3, 4}).view());
  Write(folder / "npy" / "stored.npz", MakeNpz({{"a.npy", npy}}));
  Write(folder / "npy" / "deflated.npz", MakeNpz({{"a.npy", npy, true}}));
  Write(folder / "npy" / "zip64.npz", MakeNpz({{"a.npy", npy, true, true}}));
  Write(folder / "npy" / "two.npz", MakeNpz({{"a.npy", npy}, {"b.npy", npy}}));
  const std::string jpeg = MakeJpeg(rgb, {.progressive = true});
  Write(folder / "jpeg" / "no_end.jpg", jpeg.substr(0, jpeg.size() - 2));
  Write(folder / "jpeg" / "trailer.jpg", MakeJpeg(rgb) + "trailer");
}

}  // namespace
}  // namespace trine::image::testing

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_image_seeds FOLDER\n");
    return 2;
  }
  trine::image::testing::WriteTiffs(std::filesystem::path(argv[1]) / "tiff");
  trine::image::testing::WriteOthers(argv[1]);
  return 0;
}
