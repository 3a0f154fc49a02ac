// EXIF blocks: those of PNG are behind a checksum that mutations do not pass.
#include <cstdlib>

#include "core/image/orientation.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int orientation = trine::image::internal::ParseExifOrientation({data, size});
  if (orientation < 1 || orientation > 8) std::abort();
  return 0;
}
