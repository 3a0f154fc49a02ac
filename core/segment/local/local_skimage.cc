#include <cmath>
#include <type_traits>

#include "core/segment/local/windows/gaussian_means.h"
#include "core/segment/local/local_threshold.h"
#include "core/segment/local/windows/window_sums.h"

namespace trine::segment {
namespace {

// What scikit-image computes a picture in.
template <typename T>
using FloatOf = std::conditional_t<std::is_same_v<T, float>, float, double>;

template <typename T>
FloatOf<T> ValueAt(const Picture& gray, int64_t i) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<double>(gray.origin + int64_t{PixelAt<T>(gray.data, i)});
  } else {
    return PixelAt<T>(gray.data, i);
  }
}

// scipy.ndimage.uniform_filter1d along columns, then along rows: a running sum in double that is
// never restarted, divided by the window at each pixel. Its rounding is carried along, so that the
// rows must be made in order and the work is not split.
template <typename T>
absl::Status FilterMean(const Context& context, const Picture& gray, int64_t window, double offset,
                        bool invert, uint8_t* mask) {
  using F = FloatOf<T>;
  const int64_t radius = window / 2, width = gray.width;
  const double size = static_cast<double>(window);
  const F shift = static_cast<F>(offset);
  const auto at = [&](int64_t row, int64_t x) {
    const int64_t y = BorderIndex(row, gray.height, Border::kReflect);
    return double{ValueAt<T>(gray, y * width + x)};
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
      means[static_cast<size_t>(x)] = double{static_cast<F>(sum / size)};
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
      const F threshold = static_cast<F>(sum / size) - shift;
      mask[i] = (ValueAt<T>(gray, i) > threshold) != invert ? 255 : 0;
    }
  }
  return absl::OkStatus();
}

// skimage.filters.thresholding._mean_std: means of the values and of their squares, and what
// follows from them, in the picture's own float type.
template <typename T>
absl::Status FilterDeviations(const Context& context, const Picture& gray,
                              const LocalThresholdResult& with, bool invert, uint8_t* mask) {
  using F = FloatOf<T>;
  const int64_t origin = gray.origin, window = with.window;
  const F weight = static_cast<F>(with.k), range = static_cast<F>(with.r);
  const bool niblack = with.method == LocalMethod::kNiblack;
  return VisitWindows<T, Squares::kRounded>(
      context, gray, window, Border::kReflect101, Outside::kSeen,
      [=, &gray](int64_t i, T, const PixelSum<T>& sum, const PixelSum<T>& square, int64_t n) {
        const F count = static_cast<F>(n);
        F mean, mean_of_squares;
        if constexpr (std::is_integral_v<T>) {
          mean = MeanFrom(origin, sum, n);
          mean_of_squares = origin == 0
                                ? static_cast<double>(square) / count
                                : static_cast<double>(SquareFrom(origin, sum, square, n)) / count;
        } else {
          mean = static_cast<F>(sum.value()) / count;
          mean_of_squares = static_cast<F>(square.value()) / count;
        }
        const F deviation = std::sqrt(std::fmax(mean_of_squares - mean * mean, F{0}));
        const F threshold = niblack ? mean - weight * deviation
                                    : mean * (F{1} + weight * ((deviation / range) - F{1}));
        mask[i] = (ValueAt<T>(gray, i) > threshold) != invert ? 255 : 0;
      });
}

template <typename T>
absl::Status FilterGaussian(const Context& context, const Picture& gray,
                            const std::vector<double>& kernel, double offset, bool invert,
                            uint8_t* mask) {
  using F = FloatOf<T>;
  const F shift = static_cast<F>(offset);
  return VisitGaussianMeans<T, F>(
      context, gray, kernel, Border::kReflect, [=, &gray](int64_t i, F mean) {
        mask[i] = (ValueAt<T>(gray, i) > mean - shift) != invert ? 255 : 0;
      });
}

}  // namespace

absl::Status SkimageMean(const Context& context, const Picture& gray, int64_t window, double offset,
                         bool invert, uint8_t* mask) {
  return WithPixelType(gray.dtype, [&](auto type) {
    return FilterMean<decltype(type)>(context, gray, window, offset, invert, mask);
  });
}

absl::Status SkimageGaussian(const Context& context, const Picture& gray, double sigma,
                             double offset, bool invert, uint8_t* mask) {
  // Rounded as scipy rounds it.
  // NOLINTNEXTLINE(bugprone-incorrect-roundings)
  const std::vector<double> kernel = GaussianKernel(static_cast<int64_t>(4.0 * sigma + 0.5), sigma);
  return WithPixelType(gray.dtype, [&](auto type) {
    return FilterGaussian<decltype(type)>(context, gray, kernel, offset, invert, mask);
  });
}

absl::Status SkimageDeviations(const Context& context, const Picture& gray,
                               const LocalThresholdResult& with, bool invert, uint8_t* mask) {
  return WithPixelType(gray.dtype, [&](auto type) {
    return FilterDeviations<decltype(type)>(context, gray, with, invert, mask);
  });
}

}  // namespace trine::segment
