#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/filter/smooth/real_rows.h"
#include "core/segment/kernels/border.h"

namespace trine::segment {
namespace {

constexpr int64_t kPiece = 4096;  // of a row between two polls

int64_t Mirrored(int64_t i, int64_t n) { return BorderIndex(i, n, Border::kReflect101); }

// ---- integers
// ------------------------------------------------------------------------------------

// What becomes of a sum of `pixels` in column x of `width`.
template <typename T>
class MeanOfSum {
 public:
  MeanOfSum(int64_t pixels, int64_t width)
      : by_integers_(sizeof(T) == 1 && pixels <= 256),
        singles_(pixels <= kMostOfSingles ? width - width % kVector : 0),
        scale_(1 / static_cast<double>(pixels)),
        scale_single_(static_cast<float>(scale_)) {
    // 2^23 / pixels is never halfway between integers.
    const uint64_t part = (uint64_t{1} << kShift) / static_cast<uint64_t>(pixels);
    const uint64_t rest = (uint64_t{1} << kShift) % static_cast<uint64_t>(pixels);
    const bool up = 2 * rest >= static_cast<uint64_t>(pixels);
    factor_ = part + (up ? 1 : 0);
    raise_ = static_cast<uint64_t>(pixels) / 2 + (up ? 0 : 1);
  }
  T Of(uint64_t sum, int64_t x) const {
    if (by_integers_) return static_cast<T>(((sum + raise_) * factor_) >> kShift);
    if (x >= singles_) return Rounded(static_cast<double>(sum) * scale_);
    return Rounded(static_cast<float>(sum) * scale_single_);
  }

 private:
  static constexpr int kShift = 23;
  static constexpr int64_t kVector = 8;
  // Larger squares are summed in float64.
  static constexpr int64_t kMostOfSingles = sizeof(T) == 1 ? 1 << 23 : 1 << 15;

  template <typename F>
  static T Rounded(F mean) {
    return static_cast<T>(
        std::min(std::nearbyint(mean), static_cast<F>(std::numeric_limits<T>::max())));
  }

  bool by_integers_;
  int64_t singles_;  // columns from it on are computed in float64
  double scale_;
  float scale_single_;
  uint64_t factor_ = 0, raise_ = 0;
};

// Sums of columns slide down, and a sum of them along the row.
template <typename T>
absl::Status MeanOfIntegers(const Context& context, const Picture& gray, int64_t radius,
                            uint8_t* out) {
  const int64_t height = gray.height, width = gray.width, bytes = static_cast<int64_t>(sizeof(T));
  const int64_t side = 2 * radius + 1;
  const MeanOfSum<T> mean(side * side, width);
  TRINE_RETURN_IF_ERROR(
      context.Reserve(ThreadsOf(context) * static_cast<uint64_t>(2 * radius) * sizeof(uint32_t)));
  return ParallelFor(context, static_cast<size_t>(height), BandRows(radius),
                     [&](size_t begin, size_t end) -> absl::Status {
                       Poller poll = PixelPoller(context);
                       // At most 2^13 rows of 2^16.
                       Scratch<uint32_t> padded = MakeScratch<uint32_t>(width + 2 * radius);
                       uint32_t* const columns = padded.data() + radius;
                       std::fill(columns, columns + width, 0);
                       const auto add = [&](int64_t y, uint32_t times) -> absl::Status {
                         const uint8_t* const row = gray.data + Mirrored(y, height) * width * bytes;
                         for (int64_t first = 0; first < width; first += kPiece) {
                           const int64_t last = std::min(width, first + kPiece);
                           TRINE_RETURN_IF_ERROR(poll.Spend((last - first) / 2 + 1));
                           for (int64_t x = first; x < last; ++x)
                             columns[x] += times * PixelAt<T>(row, x);
                         }
                         return absl::OkStatus();
                       };
                       const int64_t top = static_cast<int64_t>(begin);
                       for (int64_t d = -radius; d < radius; ++d)
                         TRINE_RETURN_IF_ERROR(add(top + d, 1));
                       for (int64_t y = top; y < static_cast<int64_t>(end); ++y) {
                         TRINE_RETURN_IF_ERROR(add(y + radius, 1));
                         for (int64_t d = 1; d <= radius; ++d) {
                           columns[-d] = columns[Mirrored(-d, width)];
                           columns[width - 1 + d] = columns[Mirrored(width - 1 + d, width)];
                         }
                         TRINE_RETURN_IF_ERROR(poll.Spend(4 * radius + side));
                         uint64_t sum = 0;
                         for (int64_t d = -radius; d < radius; ++d) sum += columns[d];
                         for (int64_t x = 0; x < width; ++x) {
                           if (x % kPiece == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * kPiece));
                           sum += columns[x + radius];
                           StoreLE<T>(out + (y * width + x) * bytes, mean.Of(sum, x));
                           sum -= columns[x - radius];
                         }
                         TRINE_RETURN_IF_ERROR(add(y - radius, ~uint32_t{0}));  // modulo 2^32
                       }
                       return absl::OkStatus();
                     });
}

// ---- floats
// --------------------------------------------------------------------------------------

// Columns whose sums slide down together.
constexpr int64_t kStrip = 64;

template <typename T>
absl::Status MeanOfFloats(const Context& context, const Picture& gray, int64_t radius,
                          uint8_t* out) {
  const int64_t height = gray.height, width = gray.width, bytes = static_cast<int64_t>(sizeof(T));
  const int64_t side = 2 * radius + 1;
  TRINE_RETURN_IF_ERROR(
      context.Reserve(ThreadsOf(context) * static_cast<uint64_t>(2 * radius) * sizeof(double)));
  Plane<double> rows(height, width, 0);
  const absl::Status summed = ParallelFor(
      context, static_cast<size_t>(height), RowGrain(width),
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        Scratch<double> padded = MakeScratch<double>(width + 2 * radius);
        double* const pixels = padded.data() + radius;
        for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
          TRINE_RETURN_IF_ERROR(poll.Spend(4 * radius + 1));
          for (int64_t x = -radius; x < width + radius; ++x) {
            if (x % kPiece == 0) TRINE_RETURN_IF_ERROR(poll.Spend(kPiece));
            pixels[x] =
                static_cast<double>(PixelAt<T>(gray.data + y * width * bytes, Mirrored(x, width)));
          }
          double* const sums = rows.Row(y);
          double sum = 0;
          for (int64_t x = 0; x < width; ++x) {
            if (x % kPiece == 0) TRINE_RETURN_IF_ERROR(poll.Spend(kPiece));
            if (x == 0 || radius <= 2) {  // small ones do not slide
              sum = pixels[x - radius];
              for (int64_t d = 1 - radius; d <= radius; ++d) sum += pixels[x + d];
            } else {
              sum += pixels[x + radius] - pixels[x - radius - 1];
            }
            sums[x] = sum;
          }
        }
        return absl::OkStatus();
      });
  TRINE_RETURN_IF_ERROR(summed);
  const double scale = 1 / static_cast<double>(side * side);
  return ParallelFor(context, static_cast<size_t>((width + kStrip - 1) / kStrip), 1,
                     [&](size_t strip, size_t) -> absl::Status {
                       Poller poll = PixelPoller(context);
                       const int64_t first = static_cast<int64_t>(strip) * kStrip;
                       const int64_t count = std::min(kStrip, width - first);
                       double sums[kStrip] = {};
                       for (int64_t d = -radius; d < radius; ++d) {
                         TRINE_RETURN_IF_ERROR(poll.Spend(count));
                         const double* const row = rows.Row(Mirrored(d, height)) + first;
                         for (int64_t x = 0; x < count; ++x) sums[x] += row[x];
                       }
                       for (int64_t y = 0; y < height; ++y) {
                         TRINE_RETURN_IF_ERROR(poll.Spend(2 * count));
                         const double* const next = rows.Row(Mirrored(y + radius, height)) + first;
                         const double* const gone = rows.Row(Mirrored(y - radius, height)) + first;
                         for (int64_t x = 0; x < count; ++x) {
                           const double sum = sums[x] + next[x];
                           StoreLE<T>(out + (y * width + first + x) * bytes,
                                      static_cast<T>(sum * scale));
                           sums[x] = sum - gone[x];
                         }
                       }
                       return absl::OkStatus();
                     });
}

}  // namespace

absl::Status SmoothOpencvMean(const Context& context, const Picture& gray, int64_t radius,
                              uint8_t* out) {
  return WithPixelType(gray.dtype, [&](auto type) {
    using T = decltype(type);
    if constexpr (std::is_integral_v<T>) {
      return MeanOfIntegers<T>(context, gray, radius, out);
    } else {
      return MeanOfFloats<T>(context, gray, radius, out);
    }
  });
}

}  // namespace trine::segment
