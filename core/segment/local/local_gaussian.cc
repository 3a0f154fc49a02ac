#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>
#include <vector>

#include "core/segment/local/windows/gaussian_means.h"
#include "core/segment/local/local_threshold.h"
#include "core/segment/local/windows/window_moments.h"
#include "core/segment/local/windows/window_sums.h"

namespace trine::segment {
namespace {

// Weights of distance 0, 1, ... from the centre; their sum over both sides is about 2^22, so that
// a product of two axes' sums with a 16-bit value stays below 2^63. Zeros at the end are cut off.
std::vector<uint64_t> GaussianWeights(int64_t window, double sigma) {
  std::vector<uint64_t> out;
  for (const double weight : GaussianKernel(window / 2, sigma)) {
    const uint64_t rounded = static_cast<uint64_t>(std::floor(0x1p22 * weight + 0.5));
    if (rounded == 0) break;
    out.push_back(rounded);
  }
  return out;
}

// Weighted sums of one row of windows: down the columns first, then along the row.
template <typename T, typename Sum>
class GaussianRow {
 public:
  // Of an addition [pixels].
  static constexpr int64_t kCost = std::is_same_v<Sum, DoubleDouble> ? 8 : 1;

  GaussianRow(const Picture& gray, const std::vector<uint64_t>& weights, Border border,
              Outside outside)
      : gray_(gray),
        weights_(weights),
        border_(border),
        radius_(static_cast<int64_t>(weights.size()) - 1),
        masked_(outside == Outside::kLeftOut && gray.inside != nullptr),
        sums_(MakeScratch<Sum>(gray.width)),
        norms_(MakeScratch<uint64_t>(masked_ ? gray.width : 0)) {}

  absl::Status Columns(int64_t y, Poller& poll) {
    TRINE_RETURN_IF_ERROR(FillPolled(Sum{}, poll, &sums_));
    TRINE_RETURN_IF_ERROR(FillPolled(uint64_t{0}, poll, &norms_));
    row_norm_ = 0;
    int64_t first = y - radius_, last = y + radius_;
    if (border_ == Border::kClip) {
      first = std::max<int64_t>(first, 0);
      last = std::min(last, gray_.height - 1);
    }
    for (int64_t row = first; row <= last; ++row) {
      const uint64_t weight = weights_[static_cast<size_t>(std::abs(row - y))];
      row_norm_ += weight;
      const int64_t start = BorderIndex(row, gray_.height, border_) * gray_.width;
      for (int64_t begin = 0; begin < gray_.width; begin += kPixelGrain) {
        const int64_t end = std::min(gray_.width, begin + kPixelGrain);
        TRINE_RETURN_IF_ERROR(poll.Spend(kCost * (end - begin)));
        for (int64_t x = begin; x < end; ++x) {
          if (masked_ && gray_.inside[start + x] == 0) continue;
          if (masked_) norms_[static_cast<size_t>(x)] += weight;
          Sum& sum = sums_[static_cast<size_t>(x)];
          sum = sum + Weighted(weight, PixelAt<T>(gray_.data, start + x));
        }
      }
    }
    return absl::OkStatus();
  }

  // Sum and norm of the window around column x.
  void At(int64_t x, Sum& sum, uint64_t& norm) const {
    sum = Sum{};
    norm = 0;
    int64_t first = x - radius_, last = x + radius_;
    if (border_ == Border::kClip) {
      first = std::max<int64_t>(first, 0);
      last = std::min(last, gray_.width - 1);
    }
    for (int64_t column = first; column <= last; ++column) {
      const uint64_t weight = weights_[static_cast<size_t>(std::abs(column - x))];
      const size_t c = static_cast<size_t>(BorderIndex(column, gray_.width, border_));
      sum = sum + Weighted(weight, sums_[c]);
      norm += weight * (masked_ ? norms_[c] : row_norm_);
    }
  }

 private:
  template <typename Value>
  static Sum Weighted(uint64_t weight, Value value) {
    if constexpr (std::is_same_v<Value, Sum>) {
      return OfInteger(weight) * value;
    } else {
      return OfInteger(weight) * static_cast<Sum>(value);
    }
  }
  static Sum OfInteger(uint64_t weight) {
    if constexpr (std::is_integral_v<Sum>) {
      return weight;
    } else {
      return static_cast<Sum>(static_cast<double>(weight));
    }
  }

  const Picture& gray_;
  const std::vector<uint64_t>& weights_;
  Border border_;
  int64_t radius_;
  bool masked_;
  Scratch<Sum> sums_;
  Scratch<uint64_t> norms_;
  uint64_t row_norm_ = 0;
};

// What a sum tells of a pixel.
enum class Side : uint8_t { kBelow, kAbove, kNear };
Side SideOf(bool is_above) { return is_above ? Side::kAbove : Side::kBelow; }

// decide(y, value, sum, norm) for each pixel inside; where it says kNear, is_above(value, sum,
// norm) of the PixelSum.
template <typename T, typename Decide, typename IsAbove>
absl::Status VisitGaussians(const Context& context, const Picture& gray,
                            const std::vector<uint64_t>& weights, Border border, Outside outside,
                            bool invert, uint8_t* mask, const Decide& decide,
                            const IsAbove& is_above) {
  using Fast = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;
  using Exact = GaussianRow<T, PixelSum<T>>;
  const int64_t taps = 2 * static_cast<int64_t>(weights.size());
  const size_t grain = std::max<size_t>(1, RowGrain(gray.width) / static_cast<size_t>(taps));
  const auto body = [&](size_t begin, size_t end) -> absl::Status {
    Poller poll = PixelPoller(context);
    GaussianRow<T, Fast> rows(gray, weights, border, outside);
    std::optional<Exact> exact;
    std::vector<int32_t> near;
    for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
      TRINE_RETURN_IF_ERROR(rows.Columns(y, poll));
      near.clear();
      const int64_t row = y * gray.width;
      for (int64_t x = 0; x < gray.width; ++x) {
        if (!gray.Contains(row + x)) continue;
        TRINE_RETURN_IF_ERROR(poll.Spend(taps));
        Fast sum;
        uint64_t norm;
        rows.At(x, sum, norm);
        const Side side = decide(y, PixelAt<T>(gray.data, row + x), sum, norm);
        mask[row + x] = (side == Side::kAbove) != invert ? 255 : 0;
        if (side == Side::kNear) near.push_back(static_cast<int32_t>(x));
      }
      if (near.empty()) continue;
      if (!exact) exact.emplace(gray, weights, border, outside);
      TRINE_RETURN_IF_ERROR(exact->Columns(y, poll));
      for (const int32_t x : near) {
        TRINE_RETURN_IF_ERROR(poll.Spend(Exact::kCost * taps));
        PixelSum<T> sum;
        uint64_t norm;
        exact->At(x, sum, norm);
        const bool above = is_above(PixelAt<T>(gray.data, row + x), sum, norm);
        mask[row + x] = above != invert ? 255 : 0;
      }
    }
    return absl::OkStatus();
  };
  return ParallelFor(context, static_cast<size_t>(gray.height), grain, body);
}

// N v - S > -N offset, exactly.
template <typename T>
absl::Status IntegerGaussians(const Context& context, const Picture& gray,
                              const std::vector<uint64_t>& weights,
                              const LocalThresholdResult& with, bool invert, uint8_t* mask) {
  const auto is_above = [offset = with.offset](T value, uint64_t sum, uint64_t norm) {
    const int64_t n = static_cast<int64_t>(norm);
    const int64_t difference = int64_t{value} * n - static_cast<int64_t>(sum);
    return difference > FloorOfNegativeProduct(offset, n);
  };
  return VisitGaussians<T>(
      context, gray, weights, BorderOf(with.border), Outside::kLeftOut, invert, mask,
      [&](int64_t, T value, uint64_t sum, uint64_t norm) {
        return SideOf(is_above(value, sum, norm));
      },
      is_above);
}

// The largest size of a value inside, of each row.
template <typename T>
absl::StatusOr<Scratch<double>> LargestOfRows(const Context& context, const Picture& gray) {
  Scratch<double> largest = MakeScratch<double>(gray.height);
  const auto body = [&](size_t begin, size_t end) -> absl::Status {
    Poller poll = PixelPoller(context);
    for (size_t y = begin; y < end; ++y) {
      double most = 0;
      for (int64_t first = 0; first < gray.width; first += kPixelGrain) {
        const int64_t last = std::min(gray.width, first + kPixelGrain);
        TRINE_RETURN_IF_ERROR(poll.Spend(last - first));
        for (int64_t x = first; x < last; ++x) {
          const int64_t i = static_cast<int64_t>(y) * gray.width + x;
          if (gray.Contains(i)) most = std::max(most, std::fabs(double{PixelAt<T>(gray.data, i)}));
        }
      }
      largest[y] = most;
    }
    return absl::OkStatus();
  };
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, static_cast<size_t>(gray.height), RowGrain(gray.width), body));
  return largest;
}

// N v - S > -N offset by sums in double where these are further from it than they may be off, else
// by DoubleDouble: N v of up to 44 and 53 bits is the sum of a window of one value.
template <typename T>
absl::Status FloatGaussians(const Context& context, const Picture& gray,
                            const std::vector<uint64_t>& weights, const LocalThresholdResult& with,
                            bool invert, uint8_t* mask) {
  const int64_t radius = static_cast<int64_t>(weights.size()) - 1;
  TRINE_RETURN_IF_ERROR(context.Reserve(2 * sizeof(double) * static_cast<uint64_t>(gray.height)));
  TRINE_ASSIGN_OR_RETURN(const Scratch<double> largest, LargestOfRows<T>(context, gray));
  // Far above all values, and N times as much is a double.
  const double offset = std::clamp(with.offset, -0x1p500, 0x1p500);
  // Of a sum by weights that add up to 1: a rounding of each product and each addition, along two
  // axes, and some more of what it is compared with. Windows see rows inside of their radius only.
  const double roundings = 1.01 * 0x1p-53 * static_cast<double>(4 * radius + 20);
  Scratch<double> errors = MakeScratch<double>(gray.height);
  Poller poll = PixelPoller(context);
  for (int64_t y = 0; y < gray.height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(2 * radius + 1));
    double most = 0;
    const int64_t last = std::min(gray.height - 1, y + radius);
    for (int64_t row = std::max<int64_t>(0, y - radius); row <= last; ++row)
      most = std::max(most, largest[static_cast<size_t>(row)]);
    errors[static_cast<size_t>(y)] = roundings * (most + std::fabs(offset));
  }
  return VisitGaussians<T>(
      context, gray, weights, BorderOf(with.border), Outside::kLeftOut, invert, mask,
      [&](int64_t y, T value, double sum, uint64_t norm) {
        const double n = static_cast<double>(norm);
        const double over = (value + offset) * n - sum;
        if (std::fabs(over) <= n * errors[static_cast<size_t>(y)]) return Side::kNear;
        return SideOf(over > 0);
      },
      [offset](T value, DoubleDouble sum, uint64_t norm) {
        const double n = static_cast<double>(norm);
        const DoubleDouble over = DoubleDouble::TwoProduct(n, value) - sum;
        return DoubleDouble(0) < over + DoubleDouble::TwoProduct(n, offset);
      });
}

}  // namespace

std::vector<double> GaussianKernel(int64_t radius, double sigma) {
  std::vector<double> kernel;
  double norm = 0;
  for (int64_t d = 0; d <= radius; ++d) {
    const double scaled = static_cast<double>(d) / sigma;
    kernel.push_back(NegativeExp(0.5 * scaled * scaled));
    norm += (d == 0 ? 1 : 2) * kernel.back();
  }
  for (double& weight : kernel) weight /= norm;
  return kernel;
}

absl::Status LocalGaussian(const Context& context, const Picture& gray,
                           const LocalThresholdResult& with, bool invert, uint8_t* mask) {
  const std::vector<uint64_t> weights = GaussianWeights(with.window, with.sigma);
  return WithPixelType(gray.dtype, [&](auto type) {
    using T = decltype(type);
    if constexpr (std::is_integral_v<T>) {
      return IntegerGaussians<T>(context, gray, weights, with, invert, mask);
    } else {
      return FloatGaussians<T>(context, gray, weights, with, invert, mask);
    }
  });
}

absl::Status OpencvGaussian(const Context& context, const Picture& gray, int64_t window,
                            double sigma, double offset, bool invert, uint8_t* mask) {
  const double limit = invert ? std::floor(offset) : std::ceil(offset);
  const int64_t bound = -static_cast<int64_t>(std::clamp(limit, -100000.0, 100000.0));
  if (window > 9) {
    return VisitGaussianMeans<uint8_t, double>(
        context, gray, GaussianKernel(window / 2, sigma), Border::kReplicate,
        [=, &gray](int64_t i, double mean) {
          const int64_t rounded = static_cast<int64_t>(std::nearbyint(mean));  // ties to even
          mask[i] = (int64_t{gray.data[i]} - rounded > bound) != invert ? 255 : 0;
        });
  }
  // getGaussianKernel's table for small windows, times 4, 16, 64 and 256.
  const std::vector<uint64_t> weights = window == 3   ? std::vector<uint64_t>{2, 1}
                                        : window == 5 ? std::vector<uint64_t>{6, 4, 1}
                                        : window == 7 ? std::vector<uint64_t>{18, 14, 7, 2}
                                                      : std::vector<uint64_t>{60, 51, 30, 13, 4};
  const auto is_above = [bound](uint8_t value, uint64_t sum, uint64_t norm) {
    uint64_t mean = sum / norm;
    const uint64_t rest = 2 * (sum % norm);
    mean += rest > norm || (rest == norm && mean % 2 == 1) ? 1 : 0;
    return int64_t{value} - static_cast<int64_t>(mean) > bound;
  };
  return VisitGaussians<uint8_t>(
      context, gray, weights, Border::kReplicate, Outside::kSeen, invert, mask,
      [&](int64_t, uint8_t value, uint64_t sum, uint64_t norm) {
        return SideOf(is_above(value, sum, norm));
      },
      is_above);
}

}  // namespace trine::segment
