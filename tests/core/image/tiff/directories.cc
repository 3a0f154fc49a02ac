#include "tests/core/image/tiff/directories.h"

#include <algorithm>

#include "tests/core/image/image_testing.h"

namespace trine::image::testing {

std::string Tiff(const std::vector<Page>& pages, bool big_endian) {
  const auto number = [&](auto value) { return big_endian ? Be(value) : Le(value); };
  std::string file(big_endian ? "MM\0*\0\0\0\0" : "II*\0\0\0\0\0", 8);
  size_t link = 4;
  for (const Page& page : pages) {
    const auto raster = static_cast<uint32_t>(file.size());
    file += page.raster;
    const auto strip_bytes =
        static_cast<uint32_t>(page.strip_bytes == 0 ? page.raster.size() : page.strip_bytes);
    const auto text = static_cast<uint32_t>(file.size());
    file += page.text;
    file.resize((file.size() + 1) / 2 * 2);
    std::vector<Tag> tags = {
        {256, kLong, 1, page.width}, {257, kLong, 1, page.height}, {258, kShort, 1, 8},
        {259, kShort, 1, 1},         {262, kShort, 1, 1},          {273, kLong, 1, raster},
        {277, kShort, 1, 1},         {278, kLong, 1, page.height}, {279, kLong, 1, strip_bytes}};
    if (!page.text.empty()) {
      tags.push_back({270, kAscii, static_cast<uint32_t>(page.text.size()), text});
    }
    for (const Tag& tag : page.more) {
      std::erase_if(tags, [&](const Tag& t) { return t.tag == tag.tag; });
      tags.push_back(tag);
    }
    std::sort(tags.begin(), tags.end(), [](const Tag& a, const Tag& b) { return a.tag < b.tag; });
    file.replace(link, 4, number(static_cast<uint32_t>(file.size())));
    file += number(static_cast<uint16_t>(tags.size()));
    for (const Tag& t : tags) {
      file += number(t.tag) + number(t.type) + number(t.count);
      // A short lies in the first two bytes of its word.
      const bool is_short = t.type == kShort && t.count == 1;
      file += is_short ? number(static_cast<uint16_t>(t.value)) + std::string(2, '\0')
                       : number(t.value);
    }
    link = file.size();
    file += std::string(4, '\0');
  }
  return file;
}

}  // namespace trine::image::testing
