// PNG files, as they are and with their checksums mended, which mutations would not pass.
#include <zlib.h>

#include <vector>

#include "core/image/png/png_chunks.h"
#include "tests/fuzz/image/image_fuzz.h"

namespace {

void MendChecksums(std::vector<uint8_t>& file) {
  using namespace trine::image::internal;
  size_t at = kPngSignatureBytes;
  while (file.size() >= at + kPngChunkOverhead) {
    const size_t length = PngUint32(&file[at]);
    if (file.size() - at - kPngChunkOverhead < length) return;
    const uLong sum = crc32(0, &file[at + 4], static_cast<uInt>(length + 4));
    for (size_t i = 0; i < 4; ++i) {
      file[at + 8 + length + i] = static_cast<uint8_t>(sum >> (24 - 8 * i));
    }
    at += length + kPngChunkOverhead;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using trine::image::Format;
  trine::image::FuzzPicture(Format::kPng, data, size);
  std::vector<uint8_t> mended(data, data + size);
  MendChecksums(mended);
  return trine::image::FuzzPicture(Format::kPng, mended.data(), mended.size());
}
