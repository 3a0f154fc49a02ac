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

// What becomes of sums of `pixels` in rows of `width`.
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

  // Sums below 2^31 fit int32_t.
  bool IsShort() const { return by_integers_ || singles_ > 0; }

  // Columns [first, last) of `row`, from their sums.
  template <typename Sum>
  void Write(const Sum* sums, int64_t first, int64_t last, uint8_t* row) const {
    const auto write = [&](int64_t begin, int64_t end, const auto& mean) {
      for (int64_t x = begin; x < end; ++x)
        StoreLE<T>(row + x * static_cast<int64_t>(sizeof(T)),
                   static_cast<T>(mean(sums[x - first])));
    };
    if (by_integers_) {
      return write(first, last, [&](Sum sum) {
        return ((static_cast<uint64_t>(sum) + raise_) * factor_) >> kShift;
      });
    }
    const int64_t between = std::clamp(singles_, first, last);
    write(first, between, [scale = scale_single_](Sum sum) {
      return static_cast<int32_t>(Rounded(static_cast<float>(sum) * scale));
    });
    write(between, last, [scale = scale_](Sum sum) {
      return static_cast<int32_t>(Rounded(static_cast<double>(sum) * scale));
    });
  }

 private:
  static constexpr int kShift = 23;
  static constexpr int64_t kVector = 8;
  // Larger squares are summed in float64.
  static constexpr int64_t kMostOfSingles = sizeof(T) == 1 ? 1 << 23 : 1 << 15;

  // To the nearest, halves to even: with so much more no bit is left for a fraction.
  template <typename F>
  static F Rounded(F mean) {
    constexpr F kMore = sizeof(F) == sizeof(float) ? F{0x1p23} : F{0x1p52};
    return std::min((mean + kMore) - kMore, static_cast<F>(std::numeric_limits<T>::max()));
  }

  bool by_integers_;
  int64_t singles_;  // columns from it on are computed in float64
  double scale_;
  float scale_single_;
  uint64_t factor_ = 0, raise_ = 0;
};

// The sums of a band's columns, which slide down, and of windows along them.
template <typename T>
class ColumnSums {
 public:
  ColumnSums(const Picture& gray, int64_t radius)
      : gray_(gray),
        radius_(radius),
        padded_(MakeScratch<uint32_t>(gray.width + 2 * radius + 1)),
        columns_(padded_.data() + radius) {
    std::fill(columns_, columns_ + gray.width, 0);
    columns_[gray.width + radius] = 0;  // is read, and not used
  }

  // Makes them those of row y.
  absl::Status Start(int64_t y, Poller& poll) {
    for (int64_t d = -radius_; d <= radius_; ++d) {
      TRINE_RETURN_IF_ERROR(ForPieces(poll, [&](int64_t begin, int64_t end) {
        const uint8_t* const row = Row(y + d);
        for (int64_t x = begin; x < end; ++x) columns_[x] += PixelAt<T>(row, x);
      }));
    }
    return absl::OkStatus();
  }
  // Makes those of row y - 1 those of row y.
  absl::Status Move(int64_t y, Poller& poll) {
    return ForPieces(poll, [&](int64_t begin, int64_t end) {
      const uint8_t* const in = Row(y + radius_);
      const uint8_t* const out = Row(y - radius_ - 1);
      for (int64_t x = begin; x < end; ++x)
        columns_[x] += uint32_t{PixelAt<T>(in, x)} - PixelAt<T>(out, x);
    });
  }

  // The means of the row.
  template <typename Sum>
  absl::Status Write(const MeanOfSum<T>& mean, Poller& poll, uint8_t* row) {
    const int64_t width = gray_.width;
    const int64_t last = width - 1, once = std::min(radius_, last);
    for (int64_t d = 1; d <= once; ++d) {
      columns_[-d] = columns_[d];
      columns_[last + d] = columns_[last - d];
    }
    for (int64_t d = once + 1; d <= radius_; ++d) {
      columns_[-d] = columns_[Mirrored(-d, width)];
      columns_[last + d] = columns_[Mirrored(last + d, width)];
    }
    TRINE_RETURN_IF_ERROR(poll.Spend(6 * radius_ + 1));
    Sum sum = 0;
    for (int64_t d = -radius_; d <= radius_; ++d) sum += static_cast<Sum>(columns_[d]);
    return ForPieces(poll, [&](int64_t begin, int64_t end) {
      Sum sums[kPiece];
      for (int64_t x = begin; x < end; ++x) {
        sums[x - begin] = sum;
        sum += static_cast<int32_t>(columns_[x + radius_ + 1] - columns_[x - radius_]);
      }
      mean.Write(sums, begin, end, row);
    });
  }

 private:
  const uint8_t* Row(int64_t y) const {
    return gray_.data + Mirrored(y, gray_.height) * gray_.width * static_cast<int64_t>(sizeof(T));
  }
  template <typename Body>
  absl::Status ForPieces(Poller& poll, const Body& body) const {
    for (int64_t begin = 0; begin < gray_.width; begin += kPiece) {
      TRINE_RETURN_IF_ERROR(poll.Spend(kPiece));
      body(begin, std::min(gray_.width, begin + kPiece));
    }
    return absl::OkStatus();
  }

  const Picture& gray_;
  int64_t radius_;
  Scratch<uint32_t> padded_;
  uint32_t* columns_;  // at most 2^13 rows of 2^16
};

template <typename T>
absl::Status MeanOfIntegers(const Context& context, const Picture& gray, int64_t radius,
                            uint8_t* out) {
  const int64_t stride = gray.width * static_cast<int64_t>(sizeof(T));
  const MeanOfSum<T> mean((2 * radius + 1) * (2 * radius + 1), gray.width);
  TRINE_RETURN_IF_ERROR(
      context.Reserve(ThreadsOf(context) * static_cast<uint64_t>(2 * radius) * sizeof(uint32_t)));
  return ParallelFor(
      context, static_cast<size_t>(gray.height), BandRows(radius),
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        ColumnSums<T> sums(gray, radius);
        TRINE_RETURN_IF_ERROR(sums.Start(static_cast<int64_t>(begin), poll));
        for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
          if (y > static_cast<int64_t>(begin)) TRINE_RETURN_IF_ERROR(sums.Move(y, poll));
          TRINE_RETURN_IF_ERROR(mean.IsShort()
                                    ? sums.template Write<int32_t>(mean, poll, out + y * stride)
                                    : sums.template Write<int64_t>(mean, poll, out + y * stride));
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
