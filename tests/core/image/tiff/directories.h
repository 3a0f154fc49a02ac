// TIFF files made directory by directory for the tests, with any tags.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace trine::image::testing {

// An entry of a directory.
struct Tag {
  uint16_t tag;
  uint16_t type;
  uint32_t count;
  uint32_t value;
};
inline constexpr uint16_t kAscii = 2, kShort = 3, kLong = 4;

struct Page {
  uint32_t width, height;
  std::string raster;
  std::vector<Tag> more = {};  // in place of or beside those of 8-bit gray, in the tags' order
  std::string text = {};       // of ImageDescription
  // Bytes of the one strip, where the raster has those of other pages behind it; 0: all.
  size_t strip_bytes = 0;
};

// A classic file.
std::string Tiff(const std::vector<Page>& pages, bool big_endian = false);

}  // namespace trine::image::testing
