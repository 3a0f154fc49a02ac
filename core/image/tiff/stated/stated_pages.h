// The pages of a TIFF file whose first page tells of more than its directories name: found behind
// its data, or missing.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/image/tiff/stated/description.h"
#include "core/image/tiff/tiff_handle.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

// What the first page tells of all.
struct FirstPage {
  StatedPages stated;
  // The pages that are whole within the file, the first and those that follow without a directory;
  // 1: none follows.
  int64_t present = 1;
  // From the data of such a page to those of the next [bytes].
  uint64_t stride_bytes = 0;

  // The pages that are there, of a file of so many directories.
  int64_t pages(int64_t directories) const { return directories == 1 ? present : directories; }
};

// What is told and not there, of a file of so many directories, in words; empty where nothing is
// missing. Of tifffile's files, each array of which has a first page that tells its shape, for all
// of them.
absl::StatusOr<std::string> MissingPages(const Context& context, ByteView bytes,
                                         const TiffHeader& header, const FirstPage& first,
                                         int64_t directories);
// What a chain of directories that is `broken` means for a file whose first page tells of more, in
// words; empty where it tells of none.
std::string BrokenChain(const FirstPage& first, const absl::Status& broken);
// What is told and cannot be counted, in words; empty where there is nothing.
std::string UnreadNumber(const FirstPage& first);

// Of the handle's directory, the file's first: its description, or MetaMorph's tag of planes (count
// of 33629). Pages follow as their writers put them: not compressed, in strips one behind the
// other, up to the file's end or to what the directory names; not so many small ones that to read
// the directory for each is many times the reading of the file.
absl::StatusOr<FirstPage> ReadFirstPage(const Context& context, ByteView bytes,
                                        const TiffHeader& header, TIFF* tiff);

// The first page of the file, where its chain has one directory alone, or is broken; of a longer
// chain, and of what libtiff does not open, it tells nothing.
absl::StatusOr<FirstPage> FindOnlyPage(const Context& context, ByteView bytes,
                                       const TiffHeader& header);

}  // namespace trine::image::internal
