#include "core/segment/threshold/local_threshold.h"

#include <cmath>
#include <limits>
#include <string>

#include "core/segment/threshold/wide_uint.h"
#include "core/segment/threshold/window_sums.h"

namespace trine::segment {
namespace {

constexpr int64_t kDefaultWindow = 51;
constexpr int64_t kSkimageSauvolaWindow = 15;

int64_t ResolveWindow(const LocalThresholdStep& step, Profile profile) {
  if (step.window != 0) return step.window;
  return profile == Profile::kSkimage && step.method == LocalMethod::kSauvola
             ? kSkimageSauvolaWindow
             : kDefaultWindow;
}

double DefaultRange(Profile profile, DType dtype) {
  const double shift = profile == Profile::kSkimage ? 0.5 : 0;
  if (dtype == DType::kUint8) return 128 - shift;
  if (dtype == DType::kUint16) return 32768 - shift;
  return 0.5;
}

// floor(2^31) and beyond would overflow OpenCV's own int; no 8-bit comparison tells them apart.
int64_t ClampedToInt(double value) {
  return static_cast<int64_t>(std::fmin(std::fmax(value, -100000), 100000));
}

template <typename T>
absl::Status ExactMean(const Context& context, const Picture& gray, int64_t window, double offset,
                       bool invert, uint8_t* mask) {
  return VisitWindows<T, false>(
      context, gray, window, Border::kClip,
      [=](int64_t i, T value, const PixelSum<T>& sum, const PixelSum<T>&, int64_t n) {
        bool above;
        if constexpr (std::is_integral_v<T>) {
          const int64_t difference = int64_t{value} * n - static_cast<int64_t>(sum);
          above = offset == 0 ? difference > 0 : difference > FloorOfNegativeProduct(offset, n);
        } else {
          const double mean = (sum / DoubleDouble(static_cast<double>(n))).value();
          above = double{value} > mean - offset;
        }
        mask[i] = above != invert ? 255 : 0;
      });
}

// Population deviation from exact sums; the rounding of negative zeros aside never negative.
double Deviation(uint64_t sum, uint64_t square, int64_t n) {
  const Uint128 scaled = Uint128{static_cast<uint64_t>(n)} * square - Uint128{sum} * sum;
  const double variance = (scaled >> 64) == 0 ? static_cast<double>(static_cast<uint64_t>(scaled))
                                              : static_cast<double>(scaled);
  return std::sqrt(variance) / static_cast<double>(n);
}
double Deviation(DoubleDouble sum, DoubleDouble square, int64_t n) {
  const DoubleDouble count(static_cast<double>(n));
  const double variance = (count * square - sum * sum).value();
  return variance > 0 ? std::sqrt(variance) / static_cast<double>(n) : 0;
}
double Mean(uint64_t sum, int64_t n) { return static_cast<double>(sum) / static_cast<double>(n); }
double Mean(DoubleDouble sum, int64_t n) {
  return (sum / DoubleDouble(static_cast<double>(n))).value();
}

template <typename T>
absl::Status ExactSauvola(const Context& context, const Picture& gray, int64_t window, double k,
                          double r, bool invert, uint8_t* mask) {
  return VisitWindows<T, true>(
      context, gray, window, Border::kClip,
      [=](int64_t i, T value, const PixelSum<T>& sum, const PixelSum<T>& square, int64_t n) {
        const double threshold = Mean(sum, n) * (1.0 + k * (Deviation(sum, square, n) / r - 1.0));
        mask[i] = (static_cast<double>(value) > threshold) != invert ? 255 : 0;
      });
}

template <typename T>
absl::Status SkimageSauvola(const Context& context, const Picture& gray, int64_t window, double k,
                            double r, bool invert, uint8_t* mask) {
  return VisitWindows<T, true>(context, gray, window, Border::kReflect101,
                               [=](int64_t i, T value, uint64_t sum, uint64_t square, int64_t n) {
                                 const double m = Mean(sum, n), g2 = Mean(square, n);
                                 const double s = std::sqrt(std::fmax(g2 - m * m, 0.0));
                                 const double threshold = m * (1.0 + k * ((s / r) - 1.0));
                                 mask[i] =
                                     (static_cast<double>(value) > threshold) != invert ? 255 : 0;
                               });
}

absl::Status OpencvMean(const Context& context, const Picture& gray, int64_t window, double offset,
                        bool invert, uint8_t* mask) {
  const int64_t bound = -ClampedToInt(invert ? std::floor(offset) : std::ceil(offset));
  return VisitWindows<uint8_t, false>(
      context, gray, window, Border::kReplicate,
      [=](int64_t i, uint8_t value, uint64_t sum, uint64_t, int64_t n) {
        // n is odd: no mean lies half way between two bytes.
        const int64_t mean = static_cast<int64_t>((2 * sum + static_cast<uint64_t>(n)) /
                                                  (2 * static_cast<uint64_t>(n)));
        mask[i] = (int64_t{value} - mean > bound) != invert ? 255 : 0;
      });
}

std::string Field(std::string_view step, std::string_view name) {
  return std::string(step) + "." + std::string(name);
}

absl::Status CheckOpencv(const LocalThresholdStep& step, DType dtype, std::string_view field) {
  if (dtype != DType::kUint8)
    return NotOffered("profile", "the opencv profile's local thresholds take uint8 pictures only");
  if (step.method == LocalMethod::kSauvola)
    return NotOffered(Field(field, "method"), "the opencv profile has mean and gaussian only");
  if (step.sigma)
    return NotOffered(Field(field, "sigma"), "the opencv profile sets it from the window");
  const int64_t window = ResolveWindow(step, Profile::kOpencv);
  if (step.method == LocalMethod::kGaussian && window > 7)
    return NotOffered(Field(field, "window"),
                      "the opencv profile's gaussian takes windows 3, 5 and 7: beyond, OpenCV's "
                      "own result depends on the machine");
  if (step.method == LocalMethod::kMean && !OpencvMeanIsExact(window))
    return NotOffered(Field(field, "window"),
                      "OpenCV's own result depends on the machine for this window");
  return absl::OkStatus();
}

absl::Status CheckSkimage(const LocalThresholdStep& step, DType dtype, std::string_view field) {
  if (dtype == DType::kFloat32)
    return NotOffered("profile",
                      "the skimage profile's local thresholds take uint8 and uint16 pictures only");
  if (step.method == LocalMethod::kGaussian)
    return NotOffered(Field(field, "method"),
                      "the skimage profile has mean and sauvola only: its gaussian depends on the "
                      "machine");
  return absl::OkStatus();
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

bool OpencvMeanIsExact(int64_t window) {
  // 255 sums must be exact in float, where the vector loop rounds s * (1 / n); the scalar loop
  // does so in double. Both are monotone: they agree when they agree next to every half.
  const int64_t n = window * window;
  const double scale = 1.0 / static_cast<double>(n);
  for (int64_t half = 0; half < 255; ++half) {
    const int64_t below = ((2 * half + 1) * n - 1) / 2;
    for (const int64_t sum : {below, below + 1}) {
      const int64_t rounded = half + (sum > below ? 1 : 0);
      const float product = static_cast<float>(sum) * static_cast<float>(scale);
      if (std::nearbyint(product) != static_cast<float>(rounded)) return false;
      if (std::nearbyint(static_cast<double>(sum) * scale) != static_cast<double>(rounded))
        return false;
    }
  }
  return true;
}

absl::Status CheckLocalThreshold(const LocalThresholdStep& step, Profile profile, DType dtype,
                                 std::string_view field) {
  const bool sauvola = step.method == LocalMethod::kSauvola;
  if (!sauvola && step.k) return InvalidField(Field(field, "k"), *step.k, "only for sauvola");
  if (!sauvola && step.r) return InvalidField(Field(field, "r"), *step.r, "only for sauvola");
  if (sauvola && step.offset != 0)
    return InvalidField(Field(field, "offset"), step.offset, "only for mean and gaussian");
  if (step.method != LocalMethod::kGaussian && step.sigma)
    return InvalidField(Field(field, "sigma"), *step.sigma, "only for gaussian");
  switch (profile) {
    case Profile::kExact:
      return absl::OkStatus();
    case Profile::kOpencv:
      return CheckOpencv(step, dtype, field);
    case Profile::kSkimage:
      return CheckSkimage(step, dtype, field);
    default:
      return NotOffered("profile", "local thresholds have the profiles exact, opencv and skimage");
  }
}

absl::Status LocalThreshold(const Context& context, const Picture& gray,
                            const LocalThresholdStep& step, Profile profile, bool invert,
                            uint8_t* mask) {
  const int64_t window = ResolveWindow(step, profile);
  const double k = step.k.value_or(0.2);
  const double r = step.r.value_or(DefaultRange(profile, gray.dtype));
  switch (step.method) {
    case LocalMethod::kMean:
      if (profile == Profile::kOpencv)
        return OpencvMean(context, gray, window, step.offset, invert, mask);
      if (profile == Profile::kSkimage)
        return SkimageMean(context, gray, window, step.offset, invert, mask);
      return WithPixelType(gray.dtype, [&](auto type) {
        return ExactMean<decltype(type)>(context, gray, window, step.offset, invert, mask);
      });
    case LocalMethod::kGaussian:
      if (profile == Profile::kOpencv)
        return OpencvGaussian(context, gray, window, step.offset, invert, mask);
      return LocalGaussian(context, gray, window,
                           step.sigma.value_or(static_cast<double>(window - 1) / 6.0), step.offset,
                           invert, mask);
    default:
      break;
  }
  if (profile == Profile::kSkimage) {
    if (gray.dtype == DType::kUint8)
      return SkimageSauvola<uint8_t>(context, gray, window, k, r, invert, mask);
    return SkimageSauvola<uint16_t>(context, gray, window, k, r, invert, mask);
  }
  return WithPixelType(gray.dtype, [&](auto type) {
    return ExactSauvola<decltype(type)>(context, gray, window, k, r, invert, mask);
  });
}

}  // namespace trine::segment
