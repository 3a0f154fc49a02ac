#include "tests/core/image/image_testing.h"

#include <zlib.h>
#include <cstdio>
#include <jpeglib.h>
#include <webp/encode.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace trine::image::testing {

std::string PngChunk(std::string_view type, std::string_view data) {
  const std::string body = std::string(type) + std::string(data);
  const uLong sum = crc32(crc32(0, nullptr, 0), reinterpret_cast<const Bytef*>(body.data()),
                          static_cast<uInt>(body.size()));
  return Be(static_cast<uint32_t>(data.size())) + body + Be(static_cast<uint32_t>(sum));
}

std::string PngHead(uint32_t width, uint32_t height, int depth, int color_type, int interlace) {
  const std::string ihdr = Be(width) + Be(height) + static_cast<char>(depth) +
                           static_cast<char>(color_type) + std::string(2, '\0') +
                           static_cast<char>(interlace);
  return "\x89PNG\r\n\x1A\n" + PngChunk("IHDR", ihdr);
}

std::string Deflate(std::string_view data) {
  uLongf size = compressBound(data.size());
  std::string out(size, '\0');
  compress2(reinterpret_cast<Bytef*>(out.data()), &size,
            reinterpret_cast<const Bytef*>(data.data()), data.size(), 6);
  out.resize(size);
  return out;
}

std::string MakeJpeg(const Tensor& picture, const JpegOptions& options) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_height = static_cast<JDIMENSION>(picture.shape[0]);
  info.image_width = static_cast<JDIMENSION>(picture.shape[1]);
  info.input_components = picture.shape.size() == 3 ? 3 : 1;
  info.in_color_space = info.input_components == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, options.quality, TRUE);
  if (options.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  const size_t row_bytes = picture.data.size() / static_cast<size_t>(picture.shape[0]);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(picture.data.data() + info.next_scanline * row_bytes);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string out(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return out;
}

std::string MakeNpz(const std::vector<ZipEntry>& entries) {
  std::string out, directory;
  for (const ZipEntry& entry : entries) {
    std::string packed = entry.bytes;
    if (entry.deflated) {
      // The raw stream: without zlib's header and checksum.
      const std::string stream = Deflate(entry.bytes);
      packed = stream.substr(2, stream.size() - 6);
    }
    const auto sum = static_cast<uint32_t>(crc32(crc32(0, nullptr, 0),
                                                 reinterpret_cast<const Bytef*>(entry.bytes.data()),
                                                 static_cast<uInt>(entry.bytes.size())));
    const auto size = [&](uint64_t n) {
      return Le(entry.zip64 ? UINT32_MAX : static_cast<uint32_t>(n));
    };
    const std::string extra = entry.zip64 ? Le<uint16_t>(1) + Le<uint16_t>(16) +
                                                Le<uint64_t>(entry.bytes.size()) +
                                                Le<uint64_t>(packed.size())
                                          : "";
    const std::string middle =
        Le<uint16_t>(45) + Le<uint16_t>(0) + Le<uint16_t>(entry.deflated ? 8 : 0) +
        Le<uint32_t>(0) + Le(sum) + size(packed.size()) + size(entry.bytes.size()) +
        Le(static_cast<uint16_t>(entry.name.size())) + Le(static_cast<uint16_t>(extra.size()));
    directory += "PK\1\2" + Le<uint16_t>(45) + middle + Le<uint16_t>(0) + Le<uint16_t>(0) +
                 Le<uint16_t>(0) + Le<uint32_t>(0) + Le(static_cast<uint32_t>(out.size())) +
                 entry.name + extra;
    out += "PK\3\4" + middle + entry.name + extra + packed;
  }
  const auto count = Le(static_cast<uint16_t>(entries.size()));
  const auto at = Le(static_cast<uint32_t>(out.size()));
  return out + directory + "PK\5\6" + Le<uint32_t>(0) + count + count +
         Le(static_cast<uint32_t>(directory.size())) + at + Le<uint16_t>(0);
}

std::string MakeWebp(const Tensor& picture, std::optional<float> quality) {
  const int height = static_cast<int>(picture.shape[0]), width = static_cast<int>(picture.shape[1]);
  uint8_t* bytes = nullptr;
  const uint8_t* rgb = picture.data.data();
  const size_t size = quality.has_value()
                          ? WebPEncodeRGB(rgb, width, height, 3 * width, *quality, &bytes)
                          : WebPEncodeLosslessRGB(rgb, width, height, 3 * width, &bytes);
  std::string out(reinterpret_cast<char*>(bytes), size);
  WebPFree(bytes);
  return out;
}

std::string ReadGolden(const std::string& name) {
  std::ifstream in(std::filesystem::path(TRINE_GOLDEN_IMAGE) / name, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << name;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> GoldenNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TRINE_GOLDEN_IMAGE)) {
    const std::string name = entry.path().filename().string();
    const std::string extension = entry.path().extension().string();
    if (extension != ".npy" && extension != ".py") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace trine::image::testing
