#include <algorithm>
#include <cmath>
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
template <typename T>
class GaussianRow {
 public:
  using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;

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
    TRINE_RETURN_IF_ERROR(FillPolled(Sum{0}, poll, &sums_));
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
        TRINE_RETURN_IF_ERROR(poll.Spend(end - begin));
        for (int64_t x = begin; x < end; ++x) {
          if (masked_ && gray_.inside[start + x] == 0) continue;
          if (masked_) norms_[static_cast<size_t>(x)] += weight;
          sums_[static_cast<size_t>(x)] +=
              static_cast<Sum>(weight) * static_cast<Sum>(PixelAt<T>(gray_.data, start + x));
        }
      }
    }
    return absl::OkStatus();
  }

  // Sum and norm of the window around column x.
  void At(int64_t x, Sum& sum, uint64_t& norm) const {
    sum = 0;
    norm = 0;
    int64_t first = x - radius_, last = x + radius_;
    if (border_ == Border::kClip) {
      first = std::max<int64_t>(first, 0);
      last = std::min(last, gray_.width - 1);
    }
    for (int64_t column = first; column <= last; ++column) {
      const uint64_t weight = weights_[static_cast<size_t>(std::abs(column - x))];
      const size_t c = static_cast<size_t>(BorderIndex(column, gray_.width, border_));
      sum += static_cast<Sum>(weight) * sums_[c];
      norm += weight * (masked_ ? norms_[c] : row_norm_);
    }
  }

  int64_t radius() const { return radius_; }

 private:
  const Picture& gray_;
  const std::vector<uint64_t>& weights_;
  Border border_;
  int64_t radius_;
  bool masked_;
  Scratch<Sum> sums_;
  Scratch<uint64_t> norms_;
  uint64_t row_norm_ = 0;
};

template <typename T, typename Decide>
absl::Status VisitGaussians(const Context& context, const Picture& gray,
                            const std::vector<uint64_t>& weights, Border border, Outside outside,
                            bool invert, uint8_t* mask, const Decide& above) {
  const int64_t taps = 2 * static_cast<int64_t>(weights.size());
  const size_t grain = std::max<size_t>(1, RowGrain(gray.width) / static_cast<size_t>(taps));
  return ParallelFor(context, static_cast<size_t>(gray.height), grain,
                     [&](size_t begin, size_t end) -> absl::Status {
                       Poller poll = PixelPoller(context);
                       GaussianRow<T> rows(gray, weights, border, outside);
                       for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end);
                            ++y) {
                         TRINE_RETURN_IF_ERROR(rows.Columns(y, poll));
                         for (int64_t x = 0; x < gray.width; ++x) {
                           const int64_t i = y * gray.width + x;
                           if (!gray.Contains(i)) continue;
                           TRINE_RETURN_IF_ERROR(poll.Spend(taps));
                           typename GaussianRow<T>::Sum sum;
                           uint64_t norm;
                           rows.At(x, sum, norm);
                           mask[i] = above(PixelAt<T>(gray.data, i), sum, norm) != invert ? 255 : 0;
                         }
                       }
                       return absl::OkStatus();
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
  const double offset = with.offset;
  return WithPixelType(gray.dtype, [&](auto type) {
    using T = decltype(type);
    return VisitGaussians<T>(
        context, gray, weights, BorderOf(with.border), Outside::kLeftOut, invert, mask,
        [offset](T value, typename GaussianRow<T>::Sum sum, uint64_t norm) {
          if constexpr (std::is_integral_v<T>) {
            const int64_t n = static_cast<int64_t>(norm);
            const int64_t difference = int64_t{value} * n - static_cast<int64_t>(sum);
            return difference > FloorOfNegativeProduct(offset, n);
          } else {
            return double{value} > sum / static_cast<double>(norm) - offset;
          }
        });
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
  return VisitGaussians<uint8_t>(context, gray, weights, Border::kReplicate, Outside::kSeen, invert,
                                 mask, [bound](uint8_t value, uint64_t sum, uint64_t norm) {
                                   uint64_t mean = sum / norm;
                                   const uint64_t rest = 2 * (sum % norm);
                                   mean += rest > norm || (rest == norm && mean % 2 == 1) ? 1 : 0;
                                   return int64_t{value} - static_cast<int64_t>(mean) > bound;
                                 });
}

}  // namespace trine::segment
