#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/kernels/border.h"

namespace trine::segment {
namespace {

constexpr int64_t kPiece = 4096;  // of a row between two polls

// Of distance 0, 1, ...; their sum, those of a distance above 0 twice, is 2^bits.
std::vector<uint32_t> OpencvWeights(double sigma, double sides, int bits) {
  const int64_t side = static_cast<int64_t>(std::nearbyint(sigma * sides * 2 + 1)) | 1;
  const int64_t radius = side / 2;
  std::vector<double> exact;
  double half = 0;
  for (int64_t d = radius; d > 0; --d) {
    const double x = static_cast<double>(2 * d);
    exact.push_back(std::exp(x * x * (-0.125 / (sigma * sigma))));
    half += exact.back();
  }
  const double scale = 1 / (2 * half + 1);
  const double one = static_cast<double>(int64_t{1} << bits);
  std::vector<uint32_t> weights(static_cast<size_t>(radius + 1));
  double left = 0;  // of the weights so far, from the ends inwards, by rounding
  uint32_t sum = 0;
  for (int64_t d = radius; d > 0; --d) {
    const double weight = exact[static_cast<size_t>(radius - d)] * scale * one + left;
    const double rounded = std::nearbyint(weight);
    left = weight - rounded;
    weights[static_cast<size_t>(d)] = static_cast<uint32_t>(rounded);
    sum += 2 * weights[static_cast<size_t>(d)];
  }
  weights[0] = (uint32_t{1} << bits) - sum;
  return weights;
}

// Sums down the columns are at most 2^bits times the largest pixel, which their type S holds, and
// along the rows as much again, of type W.
template <typename T, typename S, typename W, int kBits>
absl::Status Weigh(const Context& context, const Picture& gray,
                   const std::vector<uint32_t>& weights, uint8_t* out) {
  const int64_t radius = static_cast<int64_t>(weights.size()) - 1;
  const int64_t height = gray.height, width = gray.width, bytes = static_cast<int64_t>(sizeof(T));
  TRINE_RETURN_IF_ERROR(
      context.Reserve(ThreadsOf(context) * static_cast<uint64_t>(radius) * 2 * sizeof(S)));
  return ParallelFor(
      context, static_cast<size_t>(height), RowGrain(width * (radius + 1)),
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        Scratch<S> padded = MakeScratch<S>(width + 2 * radius);
        Scratch<W> sums = MakeScratch<W>(kPiece);
        S* const row = padded.data() + radius;
        for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
          std::fill(row, row + width, S{0});
          for (int64_t d = -radius; d <= radius; ++d) {
            const S weight = static_cast<S>(weights[static_cast<size_t>(std::abs(d))]);
            if (weight == 0) continue;
            const uint8_t* const from =
                gray.data + BorderIndex(y + d, height, Border::kReflect101) * width * bytes;
            for (int64_t first = 0; first < width; first += kPiece) {
              const int64_t last = std::min(width, first + kPiece);
              TRINE_RETURN_IF_ERROR(poll.Spend((last - first) / 4 + 1));
              for (int64_t x = first; x < last; ++x)
                row[x] = static_cast<S>(row[x] + weight * PixelAt<T>(from, x));
            }
          }
          for (int64_t d = 1; d <= radius; ++d) {
            row[-d] = row[BorderIndex(-d, width, Border::kReflect101)];
            row[width - 1 + d] = row[BorderIndex(width - 1 + d, width, Border::kReflect101)];
          }
          TRINE_RETURN_IF_ERROR(poll.Spend(4 * radius));
          for (int64_t first = 0; first < width; first += kPiece) {
            const int64_t count = std::min(kPiece, width - first);
            for (int64_t x = 0; x < count; ++x)
              sums[static_cast<size_t>(x)] = W{weights[0]} * row[first + x];
            for (int64_t d = 1; d <= radius; ++d) {
              const W weight = weights[static_cast<size_t>(d)];
              if (weight == 0) continue;
              TRINE_RETURN_IF_ERROR(poll.Spend(count / 2 + 1));
              const S* const left = row + first - d;
              const S* const right = row + first + d;
              for (int64_t x = 0; x < count; ++x)
                sums[static_cast<size_t>(x)] += weight * (W{left[x]} + right[x]);
            }
            TRINE_RETURN_IF_ERROR(poll.Spend(count + 1));
            for (int64_t x = 0; x < count; ++x) {
              const W sum = sums[static_cast<size_t>(x)] + (W{1} << (2 * kBits - 1));
              StoreLE<T>(out + (y * width + first + x) * bytes, static_cast<T>(sum >> (2 * kBits)));
            }
          }
        }
        return absl::OkStatus();
      });
}

}  // namespace

absl::Status SmoothOpencvGaussian(const Context& context, const Picture& gray, double sigma,
                                  uint8_t* out) {
  if (gray.dtype == DType::kUint8)
    return Weigh<uint8_t, uint16_t, uint32_t, 8>(context, gray, OpencvWeights(sigma, 3, 8), out);
  return Weigh<uint16_t, uint32_t, uint64_t, 16>(context, gray, OpencvWeights(sigma, 4, 16), out);
}

}  // namespace trine::segment
