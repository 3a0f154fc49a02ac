// EXACT's methods that are made of a window's mean and deviation.
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "core/segment/gray.h"
#include "core/segment/local/local_threshold.h"
#include "core/segment/local/windows/decide_windows.h"
#include "core/segment/local/windows/window_extremes.h"
#include "core/segment/local/windows/window_moments.h"

namespace trine::segment {
namespace {

template <typename T>
double ValueOf(const Picture& gray, T stored) {
  return static_cast<double>(gray.origin) + static_cast<double>(stored);
}

// Roundings of a formula of a few operations, of terms that are no larger than so much.
constexpr double kRoundings = 0x1p-49;

// The methods, each with
//   At(mean, deviation, index): the threshold;
//   Error(moments, i, index): how far it may be off where mean and deviation are within their
//   bounds.

struct Niblack {
  double k;

  double At(double mean, double deviation, int64_t) const { return mean + k * deviation; }
  double Error(double mean, double e_mean, double deviation, double e_deviation, int64_t) const {
    return e_mean + std::fabs(k) * e_deviation +
           kRoundings * (std::fabs(mean) + std::fabs(k) * deviation);
  }
};

struct Nick {
  double k;

  double At(double mean, double deviation, int64_t) const {
    return mean + k * std::sqrt(deviation * deviation + mean * mean);
  }
  double Error(double mean, double e_mean, double deviation, double e_deviation, int64_t) const {
    const double size = std::fabs(mean);
    return e_mean + std::fabs(k) * (e_mean + e_deviation) +
           kRoundings * (size + std::fabs(k) * (size + deviation));
  }
};

struct Sauvola {
  double k, r;

  double At(double mean, double deviation, int64_t) const {
    return SauvolaThreshold(mean, deviation, k, r);
  }
  double Error(double mean, double e_mean, double deviation, double e_deviation, int64_t) const {
    const double slope = std::fabs(k / r), size = std::fabs(mean);
    const double factor = 1 + std::fabs(k) + slope * (deviation + e_deviation);
    return e_mean * factor + size * (slope * e_deviation + kRoundings * factor);
  }
};

struct Phansalkar {
  double k, r, p, q;

  double At(double mean, double deviation, int64_t) const {
    return With(NegativeExp(Exponent(mean)), mean, deviation);
  }
  // The library's exponential is five times as fast, and no more than a rounding off.
  double Near(double mean, double deviation) const {
    return With(std::exp(-Exponent(mean)), mean, deviation);
  }
  double Exponent(double mean) const { return std::max(q * mean / (2.0 * r), 0.0); }
  double With(double exponential, double mean, double deviation) const {
    return mean * (1.0 + p * exponential + k * (deviation / r - 1.0));
  }
  // exp(-x) is at most 1, and so is its slope.
  double Error(double mean, double e_mean, double deviation, double e_deviation, int64_t) const {
    const double slope = std::fabs(k / r), size = std::fabs(mean);
    const double factor = 1 + std::fabs(p) * (1 + std::fabs(q / (2 * r)) * (size + e_mean)) +
                          std::fabs(k) + slope * (deviation + e_deviation);
    return e_mean * factor + size * (slope * e_deviation + kRoundings * factor);
  }
};

struct Wolf {
  double k, low, largest;

  double At(double mean, double deviation, int64_t) const {
    return mean - k * (1.0 - deviation / largest) * (mean - low);
  }
  double Error(double mean, double e_mean, double deviation, double e_deviation, int64_t) const {
    const double size = std::fabs(mean) + std::fabs(low) + e_mean;
    const double factor = std::fabs(k) * (1 + (deviation + e_deviation) / largest);
    return e_mean * (1 + factor) + std::fabs(k) * e_deviation / largest * size +
           kRoundings * (1 + factor) * size;
  }
};

// Sauvola's, the mean half way to the highest value of the window.
template <typename T>
struct Wan {
  const Picture& gray;
  const T* high;
  Sauvola sauvola;

  double Middle(double mean, int64_t i) const { return (ValueOf(gray, high[i]) + mean) / 2.0; }
  double At(double mean, double deviation, int64_t i) const {
    return sauvola.At(Middle(mean, i), deviation, i);
  }
  double Error(double mean, double e_mean, double deviation, double e_deviation, int64_t i) const {
    const double size = std::fabs(ValueOf(gray, high[i])) + std::fabs(mean);
    return sauvola.Error(size, e_mean + kRoundings * size, deviation, e_deviation, i);
  }
};

// above(value > At(mean, deviation, index)).
template <typename T, typename Method>
absl::Status Decide(const Context& context, const Picture& gray, const LocalThresholdResult& with,
                    bool invert, uint8_t* mask, const Method& method) {
  return DecideWindows<T, true>(
      context, gray, with.window, BorderOf(with.border), invert, mask,
      [&method](const MomentBounds& m, size_t i, int64_t index) -> ThresholdBound {
        const double mean = m.mean[i], deviation = m.deviation[i];
        const double error =
            method.Error(mean, m.mean_error[i], deviation, m.deviation_error[i], index);
        if constexpr (std::is_same_v<Method, Phansalkar>) {
          return {method.Near(mean, deviation), error};
        } else {
          // The same operations on the same numbers.
          const bool is_exact = m.mean_error[i] == 0 && m.deviation_error[i] == 0;
          return {method.At(mean, deviation, index), is_exact ? 0 : error};
        }
      },
      [&](int64_t i, T stored, const PixelSum<T>& sum, const PixelSum<T>& square, int64_t n) {
        return ValueOf(gray, stored) >
               method.At(MeanOf(gray.origin, sum, n), DeviationOf(sum, square, n), i);
      });
}

template <typename T>
absl::Status Bradley(const Context& context, const Picture& gray, const LocalThresholdResult& with,
                     bool invert, uint8_t* mask) {
  const double factor = 1.0 - with.k;
  return DecideWindows<T, false>(
      context, gray, with.window, BorderOf(with.border), invert, mask,
      [factor](const MomentBounds& m, size_t i, int64_t) -> ThresholdBound {
        const double t = m.mean[i] * factor, e = m.mean_error[i];
        return {t, e == 0 ? 0 : e * std::fabs(factor) + kRoundings * std::fabs(t)};
      },
      [&gray, factor](int64_t, T stored, const PixelSum<T>& sum, const PixelSum<T>&, int64_t n) {
        return ValueOf(gray, stored) > MeanOf(gray.origin, sum, n) * factor;
      });
}

template <typename T>
absl::Status WolfMask(const Context& context, const Picture& gray, const LocalThresholdResult& with,
                      bool invert, uint8_t* mask) {
  TRINE_ASSIGN_OR_RETURN(const double largest,
                         LargestDeviation<T>(context, gray, with.window, BorderOf(with.border)));
  TRINE_ASSIGN_OR_RETURN(const ValueRange values, RangeOf(context, gray));
  const Wolf wolf{with.k, values.low, largest > 0 ? largest : 1};
  return Decide<T>(context, gray, with, invert, mask, wolf);
}

template <typename T>
absl::Status WanMask(const Context& context, const Picture& gray, const LocalThresholdResult& with,
                     bool invert, uint8_t* mask) {
  TRINE_RETURN_IF_ERROR(context.Reserve(ExtremesBytes<T>(gray)));
  TRINE_ASSIGN_OR_RETURN(const Scratch<T> highest,
                         WindowExtremes<T>(context, gray, with.window, Extreme::kHighest));
  const Wan<T> wan{gray, highest.data(), {with.k, with.r}};
  return Decide<T>(context, gray, with, invert, mask, wan);
}

template <typename T>
absl::Status Moments(const Context& context, const Picture& gray, const LocalThresholdResult& with,
                     bool invert, uint8_t* mask) {
  const auto decide = [&](const auto& method) {
    return Decide<T>(context, gray, with, invert, mask, method);
  };
  switch (with.method) {
    case LocalMethod::kNiblack:
      return decide(Niblack{with.k});
    case LocalMethod::kNick:
      return decide(Nick{with.k});
    case LocalMethod::kPhansalkar:
      return decide(Phansalkar{with.k, with.r, with.p, with.q});
    case LocalMethod::kWolf:
      return WolfMask<T>(context, gray, with, invert, mask);
    case LocalMethod::kWan:
      return WanMask<T>(context, gray, with, invert, mask);
    case LocalMethod::kBradley:
      return Bradley<T>(context, gray, with, invert, mask);
    default:
      return decide(Sauvola{with.k, with.r});
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
