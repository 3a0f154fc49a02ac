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
  // From the data of a page to those of the next [bytes], where the pages that one directory does
  // not name follow within the file; 0: they do not.
  uint64_t stride_bytes = 0;

  // The pages that are there, of a file of so many directories.
  int64_t pages(int64_t directories) const {
    return directories == 1 && stride_bytes > 0 ? stated.pages : directories;
  }
  // What is told and not there, in words; empty where nothing is missing.
  std::string missing(int64_t directories) const;
};

// Of the handle's directory, the file's first: its description, or MetaMorph's tag of planes (count
// of 33629). Pages follow as their writers put them: not compressed, in strips one behind the
// other, and nothing that the directory names is among them; not so many small ones that
// to read the directory for each is many times the reading of the file.
absl::StatusOr<FirstPage> ReadFirstPage(const Context& context, ByteView bytes,
                                        const TiffHeader& header, TIFF* tiff);

// The first page of the file, where its chain has one directory alone; of a longer chain, and of
// what libtiff does not open, it tells nothing.
absl::StatusOr<FirstPage> FindOnlyPage(const Context& context, ByteView bytes,
                                       const TiffHeader& header);

}  // namespace trine::image::internal
