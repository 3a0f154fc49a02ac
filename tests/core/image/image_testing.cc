#include "tests/core/image/image_testing.h"

#include <zlib.h>
#include <cstdio>
#include <jpeglib.h>

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
