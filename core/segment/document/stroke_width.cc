#include "core/segment/document/stroke_width.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

namespace trine::segment {
namespace {

constexpr int64_t kShortest = 2;
constexpr int64_t kLongest = 59;

using RunCounts = std::array<uint64_t, kLongest + 1>;

uint64_t PixelsOf(const RunCounts& counts, int64_t length) {
  return counts[static_cast<size_t>(length)] * static_cast<uint64_t>(length);
}

// One dark run after another; those that are as long as the last bin or longer are no strokes.
class RunLength {
 public:
  void Add(bool is_dark, RunCounts& counts) {
    if (is_dark) {
      length_ = static_cast<uint8_t>(std::min<int64_t>(length_ + 1, kLongest + 1));
      return;
    }
    End(counts);
  }
  void End(RunCounts& counts) {
    if (length_ > 0 && length_ <= kLongest) ++counts[length_];
    length_ = 0;
  }

 private:
  uint8_t length_ = 0;
};

}  // namespace

absl::StatusOr<int64_t> StrokeWidth(const Context& context, const Page& page, uint8_t darkest) {
  RunCounts counts{};
  RunLength along;
  std::vector<RunLength> down(static_cast<size_t>(page.width));
  Poller poll = PixelPoller(context);
  for (int64_t y = 0; y < page.height; ++y) {
    const uint8_t* const row = page.gray + y * page.width;
    for (int64_t begin = 0; begin < page.width; begin += kPixelGrain / 4) {
      const int64_t end = std::min(page.width, begin + kPixelGrain / 4);
      TRINE_RETURN_IF_ERROR(poll.Spend(4 * (end - begin)));
      for (int64_t x = begin; x < end; ++x) {
        const bool is_dark = row[x] <= darkest;
        along.Add(is_dark, counts);
        down[static_cast<size_t>(x)].Add(is_dark, counts);
      }
    }
    along.End(counts);
  }
  for (RunLength& run : down) {
    TRINE_RETURN_IF_ERROR(poll.Spend(1));
    run.End(counts);
  }
  int64_t best = kShortest;
  for (int64_t length = kShortest; length <= kLongest; ++length) {
    if (PixelsOf(counts, length) > PixelsOf(counts, best)) best = length;
  }
  return best;
}

}  // namespace trine::segment
