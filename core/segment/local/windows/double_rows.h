// Sums of windows in double, with bounds of what they are off.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/segment/local/kernels/moment_bounds.h"
#include "core/segment/local/windows/window_sums.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Rows of a stripe, their windows' sums in double. Prefix sums run along a row, so that a window's
// sum is off by the roundings of its own columns and of as many steps of the prefix sum.
template <typename T, bool kSquares>
class DoubleRows {
 public:
  // REQUIRES: window <= width.
  DoubleRows(const Picture& gray, int64_t window, Border border)
      : gray_(gray), radius_(window / 2), border_(border), columns_(gray.width + 2 * radius_) {
    values_ = Scratch<double>::Zeros(Size(gray.width));
    values_before_ = Scratch<double>::Zeros(Size(columns_ + kBeyond));
    if (kSquares) {
      squares_ = Scratch<double>::Zeros(Size(gray.width));
      squares_before_ = Scratch<double>::Zeros(Size(columns_ + kBeyond));
    }
    counts_ = MakeScratch<double>(gray.width + kBeyond);
    shares_ = MakeScratch<double>(gray.width + kBeyond);
    if (gray.inside != nullptr) {
      covers_ = Scratch<int32_t>::Zeros(Size(gray.width));
    }
  }

  // The windows around row `begin`, of a stripe of rows up to `end`.
  absl::Status Start(int64_t begin, int64_t end, Poller& poll) {
    TRINE_RETURN_IF_ERROR(FillPolled(1.0, poll, &counts_));
    TRINE_RETURN_IF_ERROR(FillPolled(1.0, poll, &shares_));
    TRINE_RETURN_IF_ERROR(FindErrors(begin, end, poll));
    rows_ = std::min(gray_.height - 1, begin + radius_) - std::max<int64_t>(0, begin - radius_) + 1;
    TRINE_RETURN_IF_ERROR(ForRowsOfWindow(
        begin, radius_, gray_.height, border_, poll, [&](int64_t row, int64_t times) {
          return ForPieces(poll,
                           [&](int64_t first, int64_t last) { AddRow(row, times, first, last); });
        }));
    return AddUp(poll);
  }

  // Moves them from row y to y + 1.
  absl::Status Next(int64_t y, Poller& poll) {
    rows_ += y + 1 + radius_ < gray_.height ? 1 : 0;
    rows_ -= y - radius_ >= 0 ? 1 : 0;
    TRINE_RETURN_IF_ERROR(Move(BorderIndex(y + 1 + radius_, gray_.height, border_),
                               BorderIndex(y - radius_, gray_.height, border_), poll));
    return AddUp(poll);
  }

  // Of the windows around pixels [x, x + count) of the row.
  void Bound(int64_t x, int64_t count, MomentBounds* out) const {
    const PrefixSums sums{.values = values_before_.data() + x,
                          .squares = kSquares ? squares_before_.data() + x : nullptr,
                          .counts = counts_.data() + x,
                          .shares = shares_.data() + x,
                          .window = Size(2 * radius_ + 1),
                          .origin = static_cast<double>(gray_.origin),
                          .sum_error = sum_error_,
                          .scaled_error = scaled_error_};
    BoundMoments(sums, Size(count), out);
  }

 private:
  static constexpr int64_t kBeyond = 16;  // that vectors may read
  static size_t Size(int64_t count) { return static_cast<size_t>(count); }

  double ValueAt(int64_t row, int64_t x) const {
    const int64_t i = row * gray_.width + x;
    return gray_.Contains(i) ? static_cast<double>(PixelAt<T>(gray_.data, i)) : 0;
  }

  // Calls body(first, last) for the pieces of a row.
  template <typename Body>
  absl::Status ForPieces(Poller& poll, const Body& body) const {
    for (int64_t x = 0; x < gray_.width; x += kPixelGrain) {
      const int64_t last = std::min(gray_.width, x + kPixelGrain);
      TRINE_RETURN_IF_ERROR(poll.Spend(last - x));
      body(x, last);
    }
    return absl::OkStatus();
  }

  // A sum of k items of at most m is off by k roundings of the largest sum of them at most.
  absl::Status FindErrors(int64_t begin, int64_t end, Poller& poll) {
    // Rows that windows reach; those that a mirror shows lie as far inside as outside.
    const int64_t reach = border_ == Border::kClip ? radius_ : 2 * radius_;
    const int64_t top = std::max<int64_t>(0, begin - reach);
    const int64_t bottom = std::min(gray_.height, end + reach);
    double most = static_cast<double>(std::numeric_limits<T>::max());
    if constexpr (!std::is_integral_v<T>) {
      Bits bits = 0;
      TRINE_RETURN_IF_ERROR(
          ForEach(top, bottom, poll, [&](T value) { bits = std::max(bits, SizeBits(value)); }));
      most = static_cast<double>(std::bit_cast<T>(bits));
    }
    const double window = static_cast<double>(2 * radius_ + 1), area = window * window;
    const double reached = static_cast<double>(columns_ + 1);
    const double moves = window + 2 * static_cast<double>(end - begin);
    const auto error = [&](double item) {
      return 1.01 * 0x1p-53 * window * (window + 4) * (moves + 2 * reached) * item;
    };
    const double largest = reached * (window + 4) * most;
    bool is_sum_exact = largest < 0x1p53;
    if constexpr (!std::is_integral_v<T>) {
      TRINE_ASSIGN_OR_RETURN(is_sum_exact, AreMultiples(largest, top, bottom, poll));
    }
    sum_error_ = is_sum_exact ? 0 : error(most);
    if (std::is_integral_v<T> && largest * most < 0x1p53 && area * area * most * most < 0x1p53) {
      scaled_error_ = 0;
    } else {
      scaled_error_ = area * error(most * most) + (2 * area * most + sum_error_) * sum_error_ +
                      8 * 0x1p-53 * area * area * most * most;
    }
    return absl::OkStatus();
  }

  // Floats above 0 compare as their bits.
  using Bits = std::conditional_t<sizeof(T) == sizeof(double), int64_t, int32_t>;
  static Bits SizeBits(T value) { return std::bit_cast<Bits>(std::fabs(value)); }

  // Whether the values are multiples of so large a power of 2 that sums up to `largest` are exact.
  absl::StatusOr<bool> AreMultiples(double largest, int64_t top, int64_t bottom, Poller& poll) {
    if (largest == 0) return true;
    const int spare = 52 - std::ilogb(largest);
    if (spare < -900 || spare > 900) return false;
    const double scale = std::ldexp(1.0, spare);
    constexpr double kWhole = 0x1.8p52;  // above which doubles are whole numbers
    uint64_t off = 0;
    TRINE_RETURN_IF_ERROR(ForEach(top, bottom, poll, [&](T value) {
      const double scaled = static_cast<double>(value) * scale;
      off |= std::bit_cast<uint64_t>(((scaled + kWhole) - kWhole) - scaled);
    }));
    return off << 1 == 0;  // 0 or -0
  }

  // Calls body(value) for the pixels inside of rows [top, bottom).
  template <typename Body>
  absl::Status ForEach(int64_t top, int64_t bottom, Poller& poll, const Body& body) const {
    for (int64_t y = top; y < bottom; ++y) {
      TRINE_RETURN_IF_ERROR(ForPieces(poll, [&](int64_t first, int64_t last) {
        if (gray_.inside == nullptr) {
          for (int64_t i = y * gray_.width + first; i < y * gray_.width + last; ++i)
            body(PixelAt<T>(gray_.data, i));
        } else {
          for (int64_t i = y * gray_.width + first; i < y * gray_.width + last; ++i)
            body(gray_.inside[i] != 0 ? PixelAt<T>(gray_.data, i) : T{});
        }
      }));
    }
    return absl::OkStatus();
  }

  // Adds row `in` to the columns and takes row `out` away; -1 is none.
  absl::Status Move(int64_t in, int64_t out, Poller& poll) {
    return ForPieces(poll, [&](int64_t first, int64_t last) {
      if (in >= 0 && out >= 0 && gray_.inside == nullptr) {
        for (int64_t x = first; x < last; ++x) {
          const double a = ValueOf(in, x), b = ValueOf(out, x);
          values_[Size(x)] += a - b;
          if constexpr (kSquares) squares_[Size(x)] += a * a - b * b;
        }
        return;
      }
      if (in >= 0) AddRow(in, 1, first, last);
      if (out >= 0) AddRow(out, -1, first, last);
    });
  }
  double ValueOf(int64_t row, int64_t x) const {
    return static_cast<double>(PixelAt<T>(gray_.data, row * gray_.width + x));
  }
  // So many times, -1 to take it away.
  void AddRow(int64_t row, int64_t times, int64_t first, int64_t last) {
    const double factor = static_cast<double>(times);
    for (int64_t x = first; x < last; ++x) {
      const double a = ValueAt(row, x);
      values_[Size(x)] += factor * a;
      if constexpr (kSquares) squares_[Size(x)] += factor * (a * a);
      if (gray_.inside != nullptr && gray_.inside[row * gray_.width + x] != 0)
        covers_[Size(x)] += static_cast<int32_t>(times);
    }
  }

  // The prefix sums of the columns that windows reach, and the pixels of each window.
  absl::Status AddUp(Poller& poll) {
    double value = 0, square = 0;
    const auto add = [&](int64_t i, int64_t x) {
      if (x >= 0) {
        value += values_[Size(x)];
        if constexpr (kSquares) square += squares_[Size(x)];
      }
      values_before_[Size(i + 1)] = value;
      if constexpr (kSquares) squares_before_[Size(i + 1)] = square;
    };
    TRINE_RETURN_IF_ERROR(poll.Spend(4 * radius_));
    for (int64_t i = 0; i < radius_; ++i) add(i, BorderIndex(i - radius_, gray_.width, border_));
    TRINE_RETURN_IF_ERROR(ForPieces(poll, [&](int64_t first, int64_t last) {
      for (int64_t x = first; x < last; ++x) add(radius_ + x, x);
    }));
    for (int64_t x = gray_.width; x < gray_.width + radius_; ++x)
      add(radius_ + x, BorderIndex(x, gray_.width, border_));
    return CountPixels(poll);
  }

  absl::Status CountPixels(Poller& poll) {
    const int64_t window = 2 * radius_ + 1;
    if (gray_.inside != nullptr) {
      const auto cover = [&](int64_t x) -> int64_t {
        const int64_t column = BorderIndex(x, gray_.width, border_);
        return column < 0 ? 0 : covers_[Size(column)];
      };
      int64_t count = 0;
      for (int64_t x = -radius_ - 1; x < radius_; ++x) count += cover(x);
      return ForPieces(poll, [&](int64_t first, int64_t last) {
        for (int64_t x = first; x < last; ++x) {
          count += cover(x + radius_) - cover(x - radius_ - 1);
          SetCount(x, std::max<int64_t>(count, 1));
        }
      });
    }
    if (border_ != Border::kClip) {
      if (counts_[0] == static_cast<double>(window * window)) return absl::OkStatus();
      return ForPieces(poll, [&](int64_t first, int64_t last) {
        for (int64_t x = first; x < last; ++x) SetCount(x, window * window);
      });
    }
    if (counted_rows_ == rows_) return absl::OkStatus();
    counted_rows_ = rows_;
    return ForPieces(poll, [&](int64_t first, int64_t last) {
      for (int64_t x = first; x < last; ++x) {
        const int64_t columns =
            std::min(gray_.width - 1, x + radius_) - std::max<int64_t>(0, x - radius_) + 1;
        SetCount(x, rows_ * columns);
      }
    });
  }

  void SetCount(int64_t x, int64_t count) {
    counts_[Size(x)] = static_cast<double>(count);
    shares_[Size(x)] = 1 / counts_[Size(x)];
  }

  const Picture& gray_;
  int64_t radius_;
  Border border_;
  int64_t columns_;  // that the windows of a row reach
  int64_t rows_ = 0, counted_rows_ = 0;
  double sum_error_ = 0, scaled_error_ = 0;
  Scratch<double> values_, squares_;                // of each column, within the window's rows
  Scratch<double> values_before_, squares_before_;  // prefix sums from `radius` columns to the left
  Scratch<double> counts_, shares_;                 // pixels of each window, and 1 by them
  Scratch<int32_t> covers_;                         // pixels inside of each column
};

// The sums of the window around one pixel, from its own pixels; squares as Squares::kExact.
template <typename T, bool kSquares>
struct WindowOfOne {
  PixelSum<T> sum{}, square{};
  int64_t count = 0;

  absl::Status AddUp(const Picture& gray, int64_t radius, Border border, int64_t at, Poller& poll) {
    const int64_t y = at / gray.width, x = at % gray.width;
    const T centre = PixelAt<T>(gray.data, at);
    bool is_equal = true;
    for (int64_t v = y - radius; v <= y + radius; ++v) {
      TRINE_RETURN_IF_ERROR(poll.Spend(8 * (2 * radius + 1)));
      const int64_t row = BorderIndex(v, gray.height, border);
      if (row < 0) continue;
      for (int64_t u = x - radius; u <= x + radius; ++u) {
        const int64_t column = BorderIndex(u, gray.width, border);
        const int64_t i = row * gray.width + column;
        if (column < 0 || !gray.Contains(i)) continue;
        const T value = PixelAt<T>(gray.data, i);
        sum = sum + SumOf<T>(value);
        if constexpr (kSquares) square = square + SquareOf<T>(value);
        is_equal = is_equal && value == centre;
        ++count;
      }
    }
    if (!std::is_integral_v<T> && is_equal) square = {};
    return absl::OkStatus();
  }
};

}  // namespace trine::segment
