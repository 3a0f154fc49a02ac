#include "core/segment/document/bleed.h"

#include <algorithm>
#include <cmath>

#include "core/segment/document/parts.h"
#include "core/segment/int128.h"

namespace trine::segment {
namespace {

struct EdgeCounts {
  int32_t area = 0;
  int64_t contrast = 0;       // of all pixels
  int64_t edge_slope = 0;     // of the border
  int64_t edge_contrast = 0;  // of the darkest pixels around the border's

  void Add(const EdgeCounts& other) {
    area += other.area;
    contrast += other.contrast;
    edge_slope += other.edge_slope;
    edge_contrast += other.edge_contrast;
  }
};

// The pixels around one, at most `reach` away, clipped at the border.
template <typename Use>
void ForAround(const Page& page, int64_t y, int64_t x, int64_t reach, const Use& use) {
  const int64_t bottom = std::min(page.height - 1, y + reach);
  const int64_t right = std::min(page.width - 1, x + reach);
  for (int64_t at_y = std::max<int64_t>(0, y - reach); at_y <= bottom; ++at_y) {
    for (int64_t at_x = std::max<int64_t>(0, x - reach); at_x <= right; ++at_x)
      use(at_y * page.width + at_x);
  }
}

// The length of Sobel's gradient, rounded down; the border repeated.
int64_t SlopeAt(const Page& page, const uint8_t* smooth, int64_t y, int64_t x) {
  const uint8_t* const above = smooth + std::max<int64_t>(0, y - 1) * page.width;
  const uint8_t* const here = smooth + y * page.width;
  const uint8_t* const below = smooth + std::min(page.height - 1, y + 1) * page.width;
  const int64_t left = std::max<int64_t>(0, x - 1), right = std::min(page.width - 1, x + 1);
  const int32_t dx =
      above[right] + 2 * here[right] + below[right] - above[left] - 2 * here[left] - below[left];
  const int32_t dy =
      below[left] + 2 * below[x] + below[right] - above[left] - 2 * above[x] - above[right];
  // The root of a square that is none is farther from an integer than it is rounded.
  return static_cast<int64_t>(std::sqrt(static_cast<float>(dx * dx + dy * dy)));
}

double Ratio(int64_t a, int64_t b) { return static_cast<double>(a) / static_cast<double>(b); }

}  // namespace

absl::Status ClearBleedThrough(const Context& context, const Page& page, const uint8_t* smooth,
                               uint8_t* mask) {
  Parts<EdgeCounts> parts(context, page.height, page.width, mask);
  TRINE_RETURN_IF_ERROR(parts.Find([&](int64_t i, EdgeCounts& counts) {
    ++counts.area;
    counts.contrast += 255 - page.gray[i];
    const int64_t y = i / page.width, x = i % page.width;
    bool is_border = false;
    ForAround(page, y, x, 1, [&](int64_t j) { is_border |= mask[j] == 0; });
    if (!is_border) return;
    uint8_t darkest = 255;
    ForAround(page, y, x, 2, [&](int64_t j) { darkest = std::min(darkest, page.gray[j]); });
    counts.edge_slope += SlopeAt(page, smooth, y, x);
    counts.edge_contrast += 255 - darkest;
  }));
  EdgeCounts all;
  int64_t weighted = 0;  // sum of the parts' mean contrasts times their contrast
  TRINE_RETURN_IF_ERROR(parts.ForParts([&](const EdgeCounts& part) {
    all.Add(part);
    weighted +=
        static_cast<int64_t>(Uint128(part.contrast) * Uint128(part.contrast) / Uint128(part.area));
  }));
  // A page without contrast, or one whose parts have no border, tells nothing.
  if (weighted == 0 || all.edge_contrast == 0) return absl::OkStatus();
  const double least =
      0.4 * (Ratio(weighted, all.contrast) * Ratio(all.edge_slope, all.edge_contrast));
  return parts.Keep([&](const EdgeCounts& part) {
    if (part.edge_contrast == 0) return part.contrast > 0;
    return Ratio(part.contrast, part.area) * Ratio(part.edge_slope, part.edge_contrast) >= least;
  });
}

}  // namespace trine::segment
