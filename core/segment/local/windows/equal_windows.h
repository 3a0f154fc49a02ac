// Which windows hold one value: how far up the columns, and along a row the columns, no other is.
// Borders do not matter: what a window sees beyond one it sees within, too.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/segment/picture.h"

namespace trine::segment {

template <typename T>
class EqualWindows {
 public:
  // `masked`: pixels outside do not count.
  EqualWindows(const Picture& gray, bool masked)
      : gray_(gray), masked_(masked), columns_(MakeScratch<Run>(gray.width)) {}

  // Before the first row.
  absl::Status Clear(Poller& poll) { return FillPolled(Run{}, poll, &columns_); }

  // The row below the last one.
  absl::Status AddRow(int64_t y, Poller& poll) {
    for (int64_t begin = 0; begin < gray_.width; begin += kPixelGrain) {
      const int64_t end = std::min(gray_.width, begin + kPixelGrain);
      TRINE_RETURN_IF_ERROR(poll.Spend(end - begin));
      for (int64_t x = begin; x < end; ++x) {
        if (masked_ && gray_.inside[y * gray_.width + x] == 0) continue;
        Run& run = columns_[static_cast<size_t>(x)];
        run.Add(y, run.last >= 0 && At(run.last, x) != At(y, x));
      }
    }
    return absl::OkStatus();
  }

  // Windows with the rows from `top` to the last one added.
  void StartRow(int64_t top) {
    top_ = static_cast<int32_t>(top);
    along_ = Run{};
  }
  // Their next column; REQUIRES: some of its pixels count.
  void AddColumn(int64_t x) {
    const Run& column = columns_[static_cast<size_t>(x)];
    const T value = At(column.last, x);
    along_.Add(x, along_.last >= 0 && value != value_);
    if (column.first > top_) along_.first = static_cast<int32_t>(x + 1);
    value_ = value;
  }
  // Whether the pixels of the columns from `left` to the last one added are equal.
  bool IsEqual(int64_t left) const { return along_.first <= left; }

 private:
  // Rows or columns up to the last one that counts: from `first` on they have its value.
  struct Run {
    int32_t first = 0, last = -1;

    void Add(int64_t i, bool differs) {
      if (differs) first = last + 1;
      last = static_cast<int32_t>(i);
    }
  };

  T At(int64_t y, int64_t x) const { return PixelAt<T>(gray_.data, y * gray_.width + x); }

  const Picture& gray_;
  bool masked_;
  Scratch<Run> columns_;
  Run along_;
  T value_{};
  int32_t top_ = 0;
};

}  // namespace trine::segment
