#include "core/segment/document/stroke_width.h"

#include <algorithm>
#include <array>

namespace trine::segment {
namespace {

constexpr int64_t kShortest = 2;
constexpr int64_t kLongest = 59;

using Widths = std::array<uint64_t, kLongest + 1>;

// One more, or one more than what is too long for a stroke.
uint8_t Longer(uint8_t length) {
  return static_cast<uint8_t>(std::min<int64_t>(length + 1, kLongest + 1));
}

// The lengths of the dark runs along the columns, at each of their pixels.
absl::Status RunsDown(const Page& page, uint8_t darkest, Poller& poll, uint8_t* down) {
  const int64_t width = page.width;
  for (int64_t y = 0; y < page.height; ++y) {
    const uint8_t* const gray = page.gray + y * width;
    uint8_t* const to = down + y * width;
    for (int64_t begin = 0; begin < width; begin += kPixelGrain) {
      const int64_t end = std::min(width, begin + kPixelGrain);
      TRINE_RETURN_IF_ERROR(poll.Spend(end - begin));
      for (int64_t x = begin; x < end; ++x) {
        const uint8_t above = y == 0 ? uint8_t{0} : to[x - width];
        to[x] = gray[x] <= darkest ? Longer(above) : uint8_t{0};
      }
    }
  }
  // The last pixel of a run knows its length.
  for (int64_t y = page.height - 2; y >= 0; --y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(width));
    uint8_t* const to = down + y * width;
    for (int64_t x = 0; x < width; ++x) {
      if (to[x] != 0) to[x] = std::max(to[x], to[x + width]);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int64_t> StrokeWidth(const Context& context, const Page& page, uint8_t darkest,
                                    uint8_t* down) {
  Poller poll = PixelPoller(context);
  TRINE_RETURN_IF_ERROR(RunsDown(page, darkest, poll, down));
  Widths widths{};
  for (int64_t y = 0; y < page.height; ++y) {
    const uint8_t* const row = down + y * page.width;
    for (int64_t x = 0; x < page.width; ++x) {
      const int64_t begin = x;
      while (x < page.width && row[x] != 0) ++x;
      const auto along = static_cast<uint8_t>(std::min<int64_t>(x - begin, kLongest + 1));
      for (int64_t i = begin; i < x; ++i) {
        const uint8_t shorter = std::min(along, row[i]);
        if (shorter <= kLongest) ++widths[shorter];
      }
      TRINE_RETURN_IF_ERROR(poll.Spend(2 * (x - begin) + 1));
    }
  }
  int64_t best = kShortest;
  for (int64_t width = kShortest; width <= kLongest; ++width) {
    if (widths[static_cast<size_t>(width)] > widths[static_cast<size_t>(best)]) best = width;
  }
  return best;
}

}  // namespace trine::segment
