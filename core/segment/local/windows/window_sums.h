// Sums over a square window that slides over a picture, in linear time and O(width) memory: a sum
// a column is kept for the window's rows, and a running sum of those along the row (Chan's
// running column sums).
//
// Sums of floats are subtracted from as far only as what is left keeps its digits: where the values
// in it have become less than 2^-10 of the largest that it has seen, it is added up again from
// those. A value is outdone so only by one that lies longer in the window, at most 28 times one
// after the other (float32; float64 80 times): linear time still.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "core/segment/kernels/border.h"
#include "core/segment/local/windows/equal_windows.h"
#include "core/segment/segment.h"
#include "core/segment/picture.h"
#include "core/segment/pixel_sums.h"

namespace trine::segment {

inline Border BorderOf(LocalBorder border) {
  switch (border) {
    case LocalBorder::kReflect:
      return Border::kReflect;
    case LocalBorder::kMirror:
      return Border::kReflect101;
    case LocalBorder::kReplicate:
      return Border::kReplicate;
    default:
      return Border::kClip;
  }
}

// Whether pixels outside Picture::inside count in windows.
enum class Outside : uint8_t { kLeftOut, kSeen };

// How often the indices from `first` to `last` show index `i` of n. REQUIRES: first <= n - 1 and
// last >= 0.
inline int64_t TimesShown(int64_t i, int64_t first, int64_t last, int64_t n, Border border) {
  const int64_t itself = first <= i && i <= last ? 1 : 0;
  // Of the indices that leave the remainder `rest`.
  const auto every = [&](int64_t period, int64_t rest) {
    const auto below = [&](int64_t end) {  // of those from far below 0 to before `end`
      const int64_t from = end - rest + period - 1;
      return from >= 0 ? from / period : -((period - 1 - from) / period);
    };
    return below(last + 1) - below(first);
  };
  switch (border) {
    case Border::kClip:
      return itself;
    case Border::kReplicate:
      return itself + (i == 0 ? std::max<int64_t>(0, -first) : 0) +
             (i == n - 1 ? std::max<int64_t>(0, last - (n - 1)) : 0);
    case Border::kReflect:
      return every(2 * n, i) + every(2 * n, 2 * n - 1 - i);
    default:
      if (n == 1) return last - first + 1;
      return every(2 * (n - 1), i) +
             (i == 0 || i == n - 1 ? 0 : every(2 * (n - 1), 2 * (n - 1) - i));
  }
}

// Calls add(row, times) for the rows that a window shows around row `y`, those of a picture that is
// smaller than it more than once.
template <typename Add>
absl::Status ForRowsOfWindow(int64_t y, int64_t radius, int64_t height, Border border, Poller& poll,
                             const Add& add) {
  for (int64_t row = 0; row < height; ++row) {
    TRINE_RETURN_IF_ERROR(poll.Spend(8));
    const int64_t times = TimesShown(row, y - radius, y + radius, height, border);
    if (times > 0) TRINE_RETURN_IF_ERROR(add(row, times));
  }
  return absl::OkStatus();
}

// What is summed beside the pixels.
enum class Squares : uint8_t {
  kNone,
  kExact,    // of floats to 106 bits, and 0 where all pixels of the window are equal (DeviationOf)
  kRounded,  // to the pixel's own type, where that is a float
};

// Sums over the windows of one stripe of rows.
template <typename T, Squares kSquares>
class WindowRows {
 public:
  using Sum = PixelSum<T>;

  WindowRows(const Picture& gray, int64_t window, Border border, Outside outside)
      : gray_(gray),
        radius_(window / 2),
        border_(border),
        masked_(outside == Outside::kLeftOut && gray.inside != nullptr) {
    const size_t columns = static_cast<size_t>(gray.width) + 1;  // the last stays 0
    sums_ = Scratch<Sum>::Zeros(columns);
    if (kSums) squares_ = Scratch<Sum>::Zeros(columns);
    if (masked_) counts_ = Scratch<int32_t>::Zeros(columns);
    if (kRestarts) sizes_ = Scratch<Size>::Zeros(columns);
    if constexpr (kFindsEqual) equal_.emplace(gray, masked_);
  }

  // The window's rows around `y`, from nothing.
  absl::Status Start(int64_t y, Poller& poll) {
    TRINE_RETURN_IF_ERROR(MapColumns(poll));
    rows_ = std::min(gray_.height - 1, y + radius_) - std::max<int64_t>(0, y - radius_) + 1;
    if constexpr (kFindsEqual) {
      TRINE_RETURN_IF_ERROR(equal_->Clear(poll));
      const int64_t last = std::min(gray_.height - 1, y + radius_);
      for (int64_t row = std::max<int64_t>(0, y - radius_); row <= last; ++row)
        TRINE_RETURN_IF_ERROR(equal_->AddRow(row, poll));
    }
    return ForRowsOfWindow(
        y, radius_, gray_.height, border_, poll,
        [&](int64_t row, int64_t times) { return Apply<false>(row, times, poll); });
  }

  // Moves the window from row y to y + 1.
  absl::Status Next(int64_t y, Poller& poll) {
    const int64_t in = BorderIndex(y + 1 + radius_, gray_.height, border_);
    const int64_t out = BorderIndex(y - radius_, gray_.height, border_);
    if (in >= 0) TRINE_RETURN_IF_ERROR(Apply<false>(in, 1, poll));
    if (y + 1 + radius_ < gray_.height) {
      ++rows_;
      if constexpr (kFindsEqual) TRINE_RETURN_IF_ERROR(equal_->AddRow(y + 1 + radius_, poll));
    }
    rows_ -= y - radius_ >= 0 ? 1 : 0;
    if (out >= 0) TRINE_RETURN_IF_ERROR(Apply<true>(out, 1, poll));
    if constexpr (kRestarts) TRINE_RETURN_IF_ERROR(RestartColumns(y + 1, poll));
    return absl::OkStatus();
  }

  // Calls visit(index, value, sum, square, count) for each pixel inside of row y.
  template <typename Visit>
  absl::Status Row(int64_t y, Poller& poll, const Visit& visit) {
    Sum sum{}, square{};
    Size size;
    int64_t count = 0;
    const auto add = [&](size_t column) {
      sum = sum + sums_[column];
      if constexpr (kSums) square = square + squares_[column];
      if constexpr (kRestarts) size.Add(sizes_[column].total);
    };
    for (int64_t x = -radius_ - 1; x < radius_; ++x) {
      add(Column(x));
      if (masked_) count += counts_[Column(x)];
    }
    // Columns of the windows as far as they have been looked at.
    int64_t seen = 0;
    if constexpr (kFindsEqual) equal_->StartRow(std::max<int64_t>(0, y - radius_));
    TRINE_RETURN_IF_ERROR(poll.Spend(2 * radius_));
    for (int64_t begin = 0; begin < gray_.width; begin += kPiece) {
      const int64_t end = std::min(gray_.width, begin + kPiece);
      TRINE_RETURN_IF_ERROR(poll.Spend(kVisitCost * (end - begin)));
      for (int64_t x = begin; x < end; ++x) {
        const size_t in = Column(x + radius_), out = Column(x - radius_ - 1);
        add(in);
        sum = sum - sums_[out];
        if constexpr (kSums) square = square - squares_[out];
        if (masked_) count += counts_[in] - counts_[out];
        if constexpr (kRestarts) {
          size.total -= sizes_[out].total;
          if (size.IsOutdone()) {
            TRINE_RETURN_IF_ERROR(poll.Spend(2 * radius_));
            sum = square = Sum{};
            size = Size{};
            for (int64_t u = x - radius_; u <= x + radius_; ++u) add(Column(u));
          }
        }
        if constexpr (kFindsEqual) {
          for (; seen < gray_.width && seen <= x + radius_; ++seen) {
            if (!masked_ || counts_[static_cast<size_t>(seen)] > 0) equal_->AddColumn(seen);
          }
        }
        const int64_t index = y * gray_.width + x;
        if (!gray_.Contains(index)) continue;
        const bool is_equal = IsEqual(x);
        visit(index, PixelAt<T>(gray_.data, index), sum, is_equal ? Sum{} : square,
              masked_ ? count : Area(x));
      }
    }
    return absl::OkStatus();
  }

 private:
  static constexpr bool kSums = kSquares != Squares::kNone;
  static constexpr bool kRestarts = !std::is_integral_v<T>;
  static constexpr bool kFindsEqual = kRestarts && kSquares == Squares::kExact;
  // What is visited takes up to 200 ns of floats, a root or an exponential of exact sums.
  static constexpr int64_t kVisitCost = kRestarts ? 64 : 8;
  static constexpr int64_t kPiece = kPixelGrain / kVisitCost;

  // Of the values in a sum, which are not below 0: what they add up to, and the largest that it has
  // seen.
  struct Size {
    double total = 0, most = 0;

    void Add(double value, int64_t times = 1) {
      total += value * static_cast<double>(times);
      most = std::max(most, value);
    }
    // Squares lose twice as many digits as values: 20 of 106.
    bool IsOutdone() const { return total < most * 0x1p-10; }
  };

  static Sum Squared(T value) {
    if constexpr (kSquares == Squares::kRounded && !std::is_integral_v<T>) {
      return SumOf<T>(value * value);
    } else {
      return SquareOf<T>(value);
    }
  }

  // Column of the sums for each x that a window reaches.
  absl::Status MapColumns(Poller& poll) {
    const int64_t count = gray_.width + 2 * radius_ + 1;
    column_of_ = MakeScratch<int32_t>(count);
    for (int64_t i = 0; i < count; ++i) {
      if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(2 * 4096));
      const int64_t column = BorderIndex(i - radius_ - 1, gray_.width, border_);
      column_of_[static_cast<size_t>(i)] = static_cast<int32_t>(column < 0 ? gray_.width : column);
    }
    return absl::OkStatus();
  }
  size_t Column(int64_t x) const {
    return static_cast<size_t>(column_of_[static_cast<size_t>(x + radius_ + 1)]);
  }
  bool IsEqual(int64_t x) const {
    if constexpr (kFindsEqual) return equal_->IsEqual(std::max<int64_t>(0, x - radius_));
    return false;
  }
  int64_t Area(int64_t x) const {
    if (border_ != Border::kClip) return (2 * radius_ + 1) * (2 * radius_ + 1);
    return rows_ * (std::min(gray_.width - 1, x + radius_) - std::max<int64_t>(0, x - radius_) + 1);
  }

  // The columns around row `y` that need it, from nothing.
  absl::Status RestartColumns(int64_t y, Poller& poll) {
    for (int64_t x = 0; x < gray_.width; ++x) {
      if (x % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
      const size_t column = static_cast<size_t>(x);
      if (!sizes_[column].IsOutdone()) continue;
      TRINE_RETURN_IF_ERROR(poll.Spend(8 * radius_));
      sums_[column] = Sum{};
      sizes_[column] = Size{};
      if constexpr (kSums) squares_[column] = Sum{};
      for (int64_t row = y - radius_; row <= y + radius_; ++row) {
        const int64_t v = BorderIndex(row, gray_.height, border_);
        if (v < 0 || (masked_ && gray_.inside[v * gray_.width + x] == 0)) continue;
        AddValue(PixelAt<T>(gray_.data, v * gray_.width + x), 1, column);
      }
    }
    return absl::OkStatus();
  }

  static Sum Times(Sum sum, int64_t times) {
    if constexpr (std::is_integral_v<T>) {
      return sum * static_cast<uint64_t>(times);
    } else {
      return times == 1 ? sum : sum * DoubleDouble(static_cast<double>(times));
    }
  }

  void AddValue(T value, int64_t times, size_t column) {
    sums_[column] = sums_[column] + Times(SumOf<T>(value), times);
    if constexpr (kSums) squares_[column] = squares_[column] + Times(Squared(value), times);
    if constexpr (kRestarts) sizes_[column].Add(std::fabs(double{value}), times);
  }

  // Adds row `y` so many times, or takes it away once.
  template <bool kSubtract>
  absl::Status Apply(int64_t y, int64_t times, Poller& poll) {
    for (int64_t begin = 0; begin < gray_.width; begin += kPixelGrain) {
      const int64_t end = std::min(gray_.width, begin + kPixelGrain);
      TRINE_RETURN_IF_ERROR(poll.Spend(end - begin));
      for (int64_t x = begin; x < end; ++x) {
        const int64_t index = y * gray_.width + x;
        const size_t column = static_cast<size_t>(x);
        if (masked_) {
          if (gray_.inside[index] == 0) continue;
          counts_[column] += kSubtract ? -1 : static_cast<int32_t>(times);
        }
        const T value = PixelAt<T>(gray_.data, index);
        if constexpr (kSubtract) {
          sums_[column] = sums_[column] - SumOf<T>(value);
          if constexpr (kSums) squares_[column] = squares_[column] - Squared(value);
          if constexpr (kRestarts) sizes_[column].total -= std::fabs(double{value});
        } else {
          AddValue(value, times, column);
        }
      }
    }
    return absl::OkStatus();
  }

  const Picture& gray_;
  int64_t radius_;
  Border border_;
  bool masked_;
  int64_t rows_ = 0;
  Scratch<Sum> sums_, squares_;
  Scratch<int32_t> counts_;
  Scratch<int32_t> column_of_;
  Scratch<Size> sizes_;  // of floats
  std::optional<EqualWindows<T>> equal_;
};

// Visits every pixel inside with its window's sums, in parallel stripes; see WindowRows::Row. The
// stripes depend on the picture and the window only.
template <typename T, Squares kSquares, typename Visit>
absl::Status VisitWindows(const Context& context, const Picture& gray, int64_t window,
                          Border border, Outside outside, const Visit& visit) {
  // A stripe starts with a window of rows of its own: shorter ones would mostly start.
  const size_t stripe =
      std::max(RowGrain(gray.width), static_cast<size_t>(2 * std::min(window, gray.height)));
  return ParallelFor(context, static_cast<size_t>(gray.height), stripe,
                     [&](size_t begin, size_t end) -> absl::Status {
                       Poller poll = PixelPoller(context);
                       WindowRows<T, kSquares> rows(gray, window, border, outside);
                       const int64_t first = static_cast<int64_t>(begin);
                       TRINE_RETURN_IF_ERROR(rows.Start(first, poll));
                       for (int64_t y = first; y < static_cast<int64_t>(end); ++y) {
                         if (y > first) TRINE_RETURN_IF_ERROR(rows.Next(y - 1, poll));
                         TRINE_RETURN_IF_ERROR(rows.Row(y, poll, visit));
                       }
                       return absl::OkStatus();
                     });
}

}  // namespace trine::segment
