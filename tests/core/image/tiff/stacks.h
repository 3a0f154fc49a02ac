// Stacks of which a description tells, made and read.
#pragma once

#include <string>
#include <vector>

#include "tests/core/image/image_testing.h"
#include "tests/core/image/tiff/directories.h"

namespace trine::image::testing {

inline const std::string kImageJ = std::string("ImageJ=1.53t\nimages=3\nslices=3\n") + '\0';

// One directory whose strip is `strip_bytes` of the raster's.
inline std::string Stack(const std::string& text, const std::string& raster, size_t strip_bytes = 2,
                         std::vector<Tag> more = {}, bool big_endian = false) {
  return Tiff({{2, 1, raster, std::move(more), text, strip_bytes}}, big_endian);
}

inline absl::StatusOr<Picture> Read(const std::string& file, const ReadOptions& options = {},
                                    const Context& context = {}) {
  return ReadPicture(context, Exact(file), options);
}

// What DecodeImage says of page 0.
inline std::vector<std::string> Said(const std::string& file) {
  std::vector<std::string> warnings;
  EXPECT_TRUE(DecodeImage(Context{}, Exact(file), {.warnings = &warnings}).ok());
  return warnings;
}

inline int64_t Pages(const std::string& file) {
  const auto pages = CountPages(Context{}, Exact(file));
  return pages.ok() ? *pages : -1;
}

}  // namespace trine::image::testing
