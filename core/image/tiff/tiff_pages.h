// The directories of a TIFF file, one a page (TIFF 6.0, section 2; BigTIFF).
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

struct TiffHeader {
  bool big_endian = false;
  bool big = false;               // BigTIFF: offsets of 64 bits
  uint64_t first_directory = 0;   // offset in the file
  size_t first_directory_at = 0;  // where the header holds it
};

absl::StatusOr<TiffHeader> ReadTiffHeader(ByteView bytes);

// Offset of the directory of page `page`, from 0. INVALID_ARGUMENT naming "page" beyond the last;
// CORRUPT_IMAGE where the chain leaves the file or runs in a circle. libtiff could walk it too, but
// not be cancelled meanwhile: 64 MiB hold millions of directories.
absl::StatusOr<uint64_t> FindTiffPage(const Context& context, ByteView bytes,
                                      const TiffHeader& header, int64_t page);

// How many directories the chain has. CORRUPT_IMAGE as above.
absl::StatusOr<int64_t> CountTiffPages(const Context& context, ByteView bytes,
                                       const TiffHeader& header);

// Writes `offset` where the header holds the first directory's, in the file's byte order.
void StoreTiffOffset(const TiffHeader& header, uint64_t offset, uint8_t* file_begin);

}  // namespace trine::image::internal
