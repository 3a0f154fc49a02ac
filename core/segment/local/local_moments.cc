// EXACT's methods that are made of a window's mean and deviation.
#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/segment/gray.h"
#include "core/segment/local/local_threshold.h"
#include "core/segment/local/windows/window_extremes.h"
#include "core/segment/local/windows/window_moments.h"
#include "core/segment/local/windows/window_sums.h"

namespace trine::segment {
namespace {

template <typename T>
double ValueOf(const Picture& gray, T stored) {
  return static_cast<double>(gray.origin) + static_cast<double>(stored);
}

// threshold(mean, deviation, index) -> T.
template <typename T, typename Threshold>
absl::Status Decide(const Context& context, const Picture& gray, const LocalThresholdResult& with,
                    bool invert, uint8_t* mask, const Threshold& threshold) {
  return VisitWindows<T, Squares::kExact>(
      context, gray, with.window, BorderOf(with.border), Outside::kLeftOut,
      [=, &gray](int64_t i, T stored, const PixelSum<T>& sum, const PixelSum<T>& square,
                 int64_t n) {
        const double t = threshold(MeanOf(gray.origin, sum, n), DeviationOf(sum, square, n), i);
        mask[i] = (ValueOf(gray, stored) > t) != invert ? 255 : 0;
      });
}

template <typename T>
absl::Status Bradley(const Context& context, const Picture& gray, const LocalThresholdResult& with,
                     bool invert, uint8_t* mask) {
  const double factor = 1.0 - with.k;
  return VisitWindows<T, Squares::kNone>(
      context, gray, with.window, BorderOf(with.border), Outside::kLeftOut,
      [=, &gray](int64_t i, T stored, const PixelSum<T>& sum, const PixelSum<T>&, int64_t n) {
        const double t = MeanOf(gray.origin, sum, n) * factor;
        mask[i] = (ValueOf(gray, stored) > t) != invert ? 255 : 0;
      });
}

template <typename T>
absl::Status Wolf(const Context& context, const Picture& gray, const LocalThresholdResult& with,
                  bool invert, uint8_t* mask) {
  std::atomic<double> most = 0;
  TRINE_RETURN_IF_ERROR((VisitWindows<T, Squares::kExact>(
      context, gray, with.window, BorderOf(with.border), Outside::kLeftOut,
      [&](int64_t, T, const PixelSum<T>& sum, const PixelSum<T>& square, int64_t n) {
        const double deviation = DeviationOf(sum, square, n);
        double seen = most.load(std::memory_order_relaxed);
        while (deviation > seen && !most.compare_exchange_weak(seen, deviation)) {
        }
      })));
  TRINE_ASSIGN_OR_RETURN(const ValueRange values, RangeOf(context, gray));
  const double largest = most > 0 ? most.load() : 1, low = values.low, k = with.k;
  return Decide<T>(context, gray, with, invert, mask, [=](double mean, double deviation, int64_t) {
    return mean - k * (1.0 - deviation / largest) * (mean - low);
  });
}

template <typename T>
absl::Status Wan(const Context& context, const Picture& gray, const LocalThresholdResult& with,
                 bool invert, uint8_t* mask) {
  TRINE_RETURN_IF_ERROR(context.Reserve(ExtremesBytes<T>(gray)));
  TRINE_ASSIGN_OR_RETURN(const Scratch<T> highest,
                         WindowExtremes<T>(context, gray, with.window, Extreme::kHighest));
  const double k = with.k, r = with.r;
  const T* const high = highest.data();
  return Decide<T>(
      context, gray, with, invert, mask, [=, &gray](double mean, double deviation, int64_t i) {
        return SauvolaThreshold((ValueOf(gray, high[i]) + mean) / 2.0, deviation, k, r);
      });
}

template <typename T>
absl::Status Moments(const Context& context, const Picture& gray, const LocalThresholdResult& with,
                     bool invert, uint8_t* mask) {
  const double k = with.k, r = with.r, p = with.p, q = with.q;
  const auto decide = [&](const auto& threshold) {
    return Decide<T>(context, gray, with, invert, mask, threshold);
  };
  switch (with.method) {
    case LocalMethod::kNiblack:
      return decide([=](double mean, double deviation, int64_t) { return mean + k * deviation; });
    case LocalMethod::kNick:
      return decide([=](double mean, double deviation, int64_t) {
        return mean + k * std::sqrt(deviation * deviation + mean * mean);
      });
    case LocalMethod::kPhansalkar:
      return decide([=](double mean, double deviation, int64_t) {
        const double lift = p * NegativeExp(std::max(q * mean / (2.0 * r), 0.0));
        return mean * (1.0 + lift + k * (deviation / r - 1.0));
      });
    case LocalMethod::kWolf:
      return Wolf<T>(context, gray, with, invert, mask);
    case LocalMethod::kWan:
      return Wan<T>(context, gray, with, invert, mask);
    case LocalMethod::kBradley:
      return Bradley<T>(context, gray, with, invert, mask);
    default:
      return decide([=](double mean, double deviation, int64_t) {
        return SauvolaThreshold(mean, deviation, k, r);
      });
  }
}

}  // namespace

absl::Status MomentsMask(const Context& context, const Picture& gray,
                         const LocalThresholdResult& with, bool invert, uint8_t* mask) {
  return WithPixelType(gray.dtype, [&](auto type) {
    return Moments<decltype(type)>(context, gray, with, invert, mask);
  });
}

}  // namespace trine::segment
