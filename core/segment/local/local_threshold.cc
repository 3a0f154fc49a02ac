#include "core/segment/local/local_threshold.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "core/segment/local/windows/decide_windows.h"
#include "core/segment/local/windows/window_sums.h"
#include "core/segment/mask_kernels.h"

namespace trine::segment {
namespace {

// floor(2^31) and beyond would overflow OpenCV's own int; no 8-bit comparison tells them apart.
int64_t ClampedToInt(double value) {
  return static_cast<int64_t>(std::fmin(std::fmax(value, -100000), 100000));
}

template <typename T>
absl::Status ExactMean(const Context& context, const Picture& gray,
                       const LocalThresholdResult& with, bool invert, uint8_t* mask) {
  const double offset = with.offset;
  return DecideWindows<T, false>(
      context, gray, with.window, BorderOf(with.border), invert, mask,
      [=](const MomentBounds& m, size_t i, int64_t) -> ThresholdBound {
        constexpr double kRoundings = 0x1p-50;
        const double t = m.mean[i] - offset, e = m.mean_error[i];
        // A mean without an error makes the threshold of float32 to the bit.
        const bool is_exact = e == 0 && std::is_same_v<T, float>;
        return {t, is_exact ? 0 : e + kRoundings * (std::fabs(m.mean[i]) + std::fabs(offset))};
      },
      [=](int64_t, T value, const PixelSum<T>& sum, const PixelSum<T>&, int64_t n) {
        if constexpr (std::is_integral_v<T>) {
          const int64_t difference = int64_t{value} * n - static_cast<int64_t>(sum);
          return offset == 0 ? difference > 0 : difference > FloorOfNegativeProduct(offset, n);
        } else if constexpr (sizeof(T) == sizeof(double)) {
          // Values may lie nearer to each other than a mean in double tells apart.
          const double count = static_cast<double>(n);
          return sum <
                 DoubleDouble::TwoProduct(count, value) + DoubleDouble::TwoProduct(count, offset);
        } else {
          const double mean = (sum / DoubleDouble(static_cast<double>(n))).value();
          return double{value} > mean - offset;
        }
      });
}

absl::Status OpencvMean(const Context& context, const Picture& gray, int64_t window, double offset,
                        bool invert, uint8_t* mask) {
  const int64_t bound = -ClampedToInt(invert ? std::floor(offset) : std::ceil(offset));
  return VisitWindows<uint8_t, Squares::kNone>(
      context, gray, window, Border::kReplicate, Outside::kSeen,
      [=](int64_t i, uint8_t value, uint64_t sum, uint64_t, int64_t n) {
        // n is odd: no mean lies half way between two bytes.
        const int64_t mean = static_cast<int64_t>((2 * sum + static_cast<uint64_t>(n)) /
                                                  (2 * static_cast<uint64_t>(n)));
        mask[i] = (int64_t{value} - mean > bound) != invert ? 255 : 0;
      });
}

}  // namespace

int64_t FloorOfNegativeProduct(double offset, int64_t n) {
  const double product = -offset * static_cast<double>(n);
  if (!(product < 0x1p62)) return int64_t{1} << 62;
  if (!(product > -0x1p62)) return -(int64_t{1} << 62);
  const double floor = std::floor(product);
  // Rounding never crosses an integer, but it may reach one from below.
  const bool reached = floor == product && std::fma(-offset, static_cast<double>(n), -product) < 0;
  return static_cast<int64_t>(floor) - (reached ? 1 : 0);
}

absl::Status AddSet(const uint8_t* row, int64_t width, Poller& poll, uint64_t* sum) {
  constexpr int64_t kPixelsANanosecond = 8;
  constexpr int64_t kPiece = kPixelsANanosecond * kPixelGrain;
  for (int64_t begin = 0; begin < width; begin += kPiece) {
    const int64_t pixels = std::min(width - begin, kPiece);
    TRINE_RETURN_IF_ERROR(poll.Spend(pixels / kPixelsANanosecond));
    *sum += CountSet(row + begin, static_cast<size_t>(pixels));
  }
  return absl::OkStatus();
}

absl::Status LocalThreshold(const Context& context, const Picture& gray,
                            const LocalThresholdResult& with, Profile profile, bool invert,
                            uint8_t* mask, std::optional<uint64_t>* foreground) {
  // make(set) writes the mask and counts.
  const auto counted = [&](const auto& make) -> absl::Status {
    std::atomic<uint64_t> set{0};
    TRINE_RETURN_IF_ERROR(make(&set));
    *foreground = set.load();
    return absl::OkStatus();
  };
  const bool clips = with.border == LocalBorder::kClip;
  switch (with.method) {
    case LocalMethod::kMean:
      if (profile == Profile::kOpencv)
        return OpencvMean(context, gray, with.window, with.offset, invert, mask);
      if (profile == Profile::kSkimage)
        return SkimageMean(context, gray, with.window, with.offset, invert, mask);
      if (clips && TakesByteMean(gray, with.window))
        return counted([&](auto* set) {
          return ByteMeanMask(context, gray, with.window, with.offset, invert, mask, set);
        });
      return WithPixelType(gray.dtype, [&](auto type) {
        return ExactMean<decltype(type)>(context, gray, with, invert, mask);
      });
    case LocalMethod::kGaussian:
      if (profile == Profile::kOpencv)
        return OpencvGaussian(context, gray, with.window, with.sigma, with.offset, invert, mask);
      if (profile == Profile::kSkimage)
        return SkimageGaussian(context, gray, with.sigma, with.offset, invert, mask);
      if (clips && TakesHalfGauss(gray, with.window, with.sigma))
        return counted([&](auto* set) {
          return HalfGaussMask(context, gray, with.window, with.sigma, with.offset, invert, mask,
                               set);
        });
      if (clips && TakesByteGauss(gray, with.window, with.sigma))
        return counted([&](auto* set) {
          return ByteGaussMask(context, gray, with.window, with.sigma, with.offset, invert,
                               {0, gray.height}, mask, set);
        });
      return LocalGaussian(context, gray, with, invert, mask);
    case LocalMethod::kIsauvola:
      return IsauvolaMask(context, gray, with, invert, mask);
    case LocalMethod::kBernsen:
    case LocalMethod::kContrast:
      return ExtremesMask(context, gray, with, invert, mask);
    case LocalMethod::kLocalOtsu:
      return SlidingOtsuMask(context, gray, with.window, invert, mask);
    case LocalMethod::kTiledOtsu:
      return TiledOtsuMask(context, gray, with.window, invert, mask);
    default:
      break;
  }
  if (profile == Profile::kSkimage) return SkimageDeviations(context, gray, with, invert, mask);
  if (with.method == LocalMethod::kSauvola && clips &&
      TakesByteSauvola(gray, with.window, with.k, with.r))
    return counted([&](auto* set) {
      return ByteSauvolaMask(context, gray, with.window, with.k, with.r, invert, mask, set);
    });
  return MomentsMask(context, gray, with, invert, mask);
}

}  // namespace trine::segment
