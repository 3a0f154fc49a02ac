#include "core/segment/threshold/local_threshold.h"
#include "core/segment/threshold/window_sums.h"

namespace trine::segment {
namespace {

// scipy.ndimage.uniform_filter1d along columns, then along rows: a running sum in double that is
// never restarted, divided by the window at each pixel. Its rounding is carried along, so that the
// rows must be made in order and the work is not split.
template <typename T>
absl::Status FilterMean(const Context& context, const Picture& gray, int64_t window, double offset,
                        bool invert, uint8_t* mask) {
  const int64_t radius = window / 2, width = gray.width;
  const double size = static_cast<double>(window);
  const auto at = [&](int64_t row, int64_t x) {
    const int64_t y = BorderIndex(row, gray.height, Border::kReflect);
    return static_cast<double>(PixelAt<T>(gray.data, y * width + x));
  };
  Poller poll = PixelPoller(context);
  auto columns = Scratch<double>::Zeros(static_cast<size_t>(width));
  auto means = MakeScratch<double>(width);
  for (int64_t row = -radius; row <= radius; ++row) {
    for (int64_t x = 0; x < width; ++x) {
      TRINE_RETURN_IF_ERROR(poll.Spend(2));
      columns[static_cast<size_t>(x)] += at(row, x);
    }
  }
  for (int64_t y = 0; y < gray.height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      TRINE_RETURN_IF_ERROR(poll.Spend(2));
      double& sum = columns[static_cast<size_t>(x)];
      if (y > 0) sum += at(y + radius, x) - at(y - radius - 1, x);
      means[static_cast<size_t>(x)] = sum / size;
    }
    const auto mean_at = [&](int64_t x) {
      return means[static_cast<size_t>(BorderIndex(x, width, Border::kReflect))];
    };
    double sum = 0;
    for (int64_t x = -radius; x <= radius; ++x) sum += mean_at(x);
    for (int64_t x = 0; x < width; ++x) {
      TRINE_RETURN_IF_ERROR(poll.Spend(4));
      if (x > 0) sum += mean_at(x + radius) - mean_at(x - radius - 1);
      const int64_t i = y * width + x;
      if (!gray.Contains(i)) continue;
      const double value = static_cast<double>(PixelAt<T>(gray.data, i));
      mask[i] = (value > sum / size - offset) != invert ? 255 : 0;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SkimageMean(const Context& context, const Picture& gray, int64_t window, double offset,
                         bool invert, uint8_t* mask) {
  if (gray.dtype == DType::kUint8)
    return FilterMean<uint8_t>(context, gray, window, offset, invert, mask);
  return FilterMean<uint16_t>(context, gray, window, offset, invert, mask);
}

}  // namespace trine::segment
