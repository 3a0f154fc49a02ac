// The fast way of Gaussian means of 8-bit pictures of which every pixel counts: integer weights of
// 15 bits and rows of 64ths of a gray level between the axes (kernels/byte_gauss.h).
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/segment/kernels/byte_gauss.h"
#include "core/segment/local/local_threshold.h"
#include "core/segment/local/windows/gaussian_means.h"

namespace trine::segment {
namespace {

constexpr double kMostError = 0.4;
// The error is found by a pass over the kernel for each place of the border.
constexpr int64_t kMostWindow = 1023;

// Of distance 0, 1, ... from the centre, whose weight takes the rest to kGaussOne; zeros at the end
// are cut off. Empty where the centre's does not fit.
std::vector<int16_t> WeightsOf(const std::vector<double>& kernel) {
  std::vector<int32_t> weights;
  int32_t rest = kGaussOne;
  for (size_t d = 1; d < kernel.size(); ++d) {
    weights.push_back(static_cast<int32_t>(std::floor(kernel[d] * kGaussOne + 0.5)));
    rest -= 2 * weights.back();
  }
  while (!weights.empty() && weights.back() == 0) weights.pop_back();
  if (rest < 0 || rest >= kGaussOne) return {};
  std::vector<int16_t> out = {static_cast<int16_t>(rest)};
  for (const int32_t weight : weights) out.push_back(static_cast<int16_t>(weight));
  return out;
}

// How far a mean along one axis may be from that of the kernel [gray levels]: of values within
// 127.5 of 127.5, by what the weights differ, whatever part of the window a border leaves.
double ErrorOf(const std::vector<int16_t>& weights, const std::vector<double>& kernel) {
  const int64_t radius = static_cast<int64_t>(kernel.size()) - 1;
  const auto weight = [&](int64_t d) {
    const size_t at = static_cast<size_t>(std::abs(d));
    return at < weights.size() ? static_cast<double>(weights[at]) : 0.0;
  };
  double most = 0;
  for (int64_t first = -radius; first <= 0; ++first) {
    double total = 0, whole = 0, apart = 0;
    for (int64_t d = first; d <= radius; ++d) {
      total += weight(d);
      whole += kernel[static_cast<size_t>(std::abs(d))];
    }
    for (int64_t d = first; d <= radius; ++d)
      apart += std::fabs(weight(d) / total - kernel[static_cast<size_t>(std::abs(d))] / whole);
    most = std::max(most, 127.5 * apart);
  }
  return most;
}

// Pixels near the ends of a row, whose windows the border cuts.
class RowEnds {
 public:
  RowEnds(const std::vector<int16_t>& weights, int64_t width, double offset)
      : weights_(weights), width_(width), offset_(offset) {}

  bool IsAbove(const int16_t* sums, const uint8_t* row, int64_t x) const {
    const int64_t radius = static_cast<int64_t>(weights_.size()) - 1;
    const int64_t first = std::max<int64_t>(0, x - radius);
    const int64_t last = std::min(width_ - 1, x + radius);
    int64_t sum = 0, norm = 0;
    for (int64_t u = first; u <= last; ++u) {
      const int64_t weight = weights_[static_cast<size_t>(std::abs(u - x))];
      sum += weight * sums[u];
      norm += weight;
    }
    return 64 * norm * row[x] - sum > FloorOfNegativeProduct(offset_, 64 * norm);
  }

 private:
  const std::vector<int16_t>& weights_;
  int64_t width_;
  double offset_;
};

}  // namespace

double ByteGaussError(int64_t window, double sigma) {
  const std::vector<double> kernel = GaussianKernel(window / 2, sigma);
  const std::vector<int16_t> weights = WeightsOf(kernel);
  if (weights.empty()) return 256;
  // Both axes; half of a 64th of a level, and the rounding of its factor.
  return 2 * ErrorOf(weights, kernel) + 1.0 / 128 + 0x1p-12;
}

bool TakesByteGauss(const Picture& gray, int64_t window, double sigma) {
  return gray.dtype == DType::kUint8 && gray.inside == nullptr && window <= kMostWindow &&
         gray.width >= std::max<int64_t>(window, 2 * int64_t{kLeastGaussPixels}) + window &&
         gray.height >= window && ByteGaussError(window, sigma) <= kMostError;
}

absl::Status ByteGaussMask(const Context& context, const Picture& gray, int64_t window,
                           double sigma, double offset, bool invert, RowRange which, uint8_t* mask,
                           std::atomic<uint64_t>* set) {
  const std::vector<int16_t> weights = WeightsOf(GaussianKernel(window / 2, sigma));
  std::vector<int16_t> padded = weights;
  padded.push_back(0);
  const ByteGauss gauss{padded.data(), weights.size() - 1};
  const int64_t radius = static_cast<int64_t>(gauss.radius), width = gray.width;
  const int32_t bound = static_cast<int32_t>(std::clamp<int64_t>(
      FloorOfNegativeProduct(offset, int64_t{64} * kGaussOne), -(1 << 30), 1 << 30));
  const uint8_t flip = invert ? 255 : 0;
  const RowEnds ends(weights, width, offset);
  const size_t taps = 2 * weights.size();
  const size_t grain = std::max<size_t>(1, 4 * RowGrain(width) / taps);
  // Pieces of [begin, end), none of them short.
  const auto for_pieces = [&](int64_t begin, int64_t end, Poller& poll,
                              const auto& piece) -> absl::Status {
    const int64_t length = std::max<int64_t>(2 * int64_t{kLeastGaussPixels},
                                             4 * kPixelGrain / static_cast<int64_t>(taps));
    while (begin < end) {
      const int64_t last = end - begin < 2 * length ? end : begin + length;
      TRINE_RETURN_IF_ERROR(poll.Spend((last - begin) * static_cast<int64_t>(taps) / 4));
      piece(static_cast<size_t>(begin), static_cast<size_t>(last));
      begin = last;
    }
    return absl::OkStatus();
  };
  return ParallelFor(
      context, static_cast<size_t>(which.end - which.begin), grain,
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        const auto zeros = Scratch<uint8_t>::Zeros(static_cast<size_t>(width));
        Scratch<int16_t> sums = MakeScratch<int16_t>(width);
        std::vector<const uint8_t*> rows(2 * gauss.radius + 1);
        uint64_t marked = 0;
        for (int64_t y = which.begin + static_cast<int64_t>(begin);
             y < which.begin + static_cast<int64_t>(end); ++y) {
          int32_t norm = 0;
          for (int64_t d = -radius; d <= radius; ++d) {
            const bool is_there = y + d >= 0 && y + d < gray.height;
            rows[static_cast<size_t>(d + radius)] =
                is_there ? gray.data + (y + d) * width : zeros.data();
            if (is_there) norm += weights[static_cast<size_t>(std::abs(d))];
          }
          TRINE_RETURN_IF_ERROR(for_pieces(0, width, poll, [&](size_t first, size_t last) {
            GaussColumns(gauss, rows.data(), norm, first, last, sums.data());
          }));
          const uint8_t* const row = gray.data + y * width;
          uint8_t* const out = mask + y * width;
          TRINE_RETURN_IF_ERROR(
              for_pieces(radius, width - radius, poll, [&](size_t first, size_t last) {
                GaussRow(gauss, sums.data(), row, bound, flip, first, last, out);
              }));
          TRINE_RETURN_IF_ERROR(poll.Spend(2 * radius * radius));
          for (int64_t x = 0; x < radius; ++x) {
            out[x] = ends.IsAbove(sums.data(), row, x) != invert ? 255 : 0;
            const int64_t right = width - 1 - x;
            out[right] = ends.IsAbove(sums.data(), row, right) != invert ? 255 : 0;
          }
          TRINE_RETURN_IF_ERROR(AddSet(out, width, poll, &marked));
        }
        *set += marked;
        return absl::OkStatus();
      });
}

}  // namespace trine::segment
