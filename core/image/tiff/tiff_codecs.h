// The compressions of TIFF that are read, and the memory that their codecs take by themselves.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "core/base/bytes.h"
#include "core/image/tiff/tiff_layout.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

// OK where the compression is read here and libtiff was built with it; else UNIMPLEMENTED with the
// list of those that are.
absl::Status CheckTiffCompression(uint16_t compression);

// True where the codec unpacks a strip in one go, whatever rows are asked for.
bool UnpacksWholeStrips(uint16_t compression);

// Reserves, beside the picture and what is `held` already [bytes], what the codec allocates for one
// strip or tile: where the coded bytes say how much (the dictionaries of zstd and LZMA) what they
// say. `bytes` are the file's. RESOURCE_EXHAUSTED for more than the codecs' own tools write, or
// than fits.
absl::Status ReserveTiffCodec(const Context& context, ByteView bytes, const TiffLayout& layout,
                              uint64_t held, TIFF* tiff);

}  // namespace trine::image::internal
