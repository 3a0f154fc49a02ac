// WebP files.
#include "tests/fuzz/image/image_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return trine::image::FuzzPicture(trine::image::Format::kWebp, data, size);
}
