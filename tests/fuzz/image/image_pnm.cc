// The Netpbm family: PNM, PAM and PFM.
#include "tests/fuzz/image/image_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using trine::image::Format;
  for (const Format format : {Format::kPnm, Format::kPam, Format::kPfm}) {
    trine::image::FuzzPicture(format, data, size);
  }
  return 0;
}
