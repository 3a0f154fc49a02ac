// TIFF files, their first page and their second.
#include "tests/fuzz/image/image_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  trine::image::FuzzPicture(trine::image::Format::kTiff, data, size);
  return trine::image::FuzzPicture(trine::image::Format::kTiff, data, size, /*page=*/1);
}
