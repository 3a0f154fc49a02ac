// Medians of small squares of bytes by networks; else by histograms of columns (Perreault, Hebert
// 2007) for bytes, and by one histogram that moves over the picture (Huang 1979) for words and for
// the ranks of floats.
#include <array>
#include <bit>
#include <limits>

#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/filter/smooth/median_kernels.h"
#include "core/segment/filter/smooth/real_rows.h"
#include "core/segment/filter/smooth/smooth.h"
#include "core/segment/filter/window.h"
#include "core/segment/histogram.h"

namespace trine::segment {
namespace {

// Columns of a strip whose histograms are kept at once: they stay in the second cache.
constexpr int64_t kStripColumns = 512;

// Bytes in rows [begin, end) and a strip of columns.
class ByteStrip {
 public:
  ByteStrip(const Picture& gray, int64_t radius, int64_t first, int64_t last)
      : gray_(gray),
        radius_(radius),
        left_(std::max<int64_t>(0, first - radius)),
        right_(std::min(gray.width - 1, last - 1 + radius)),
        first_(first),
        last_(last),
        columns_(MakeScratch<ByteCounts<uint16_t>>(right_ - left_ + 1)),
        inside_(MakeScratch<uint32_t>(right_ - left_ + 1)) {
    std::memset(columns_.data(), 0, columns_.size() * sizeof(ByteCounts<uint16_t>));
    std::fill(inside_.data(), inside_.data() + inside_.size(), 0);
  }

  absl::Status Run(int64_t begin, int64_t end, Poller& poll, uint8_t* out) {
    for (int64_t y = begin - radius_; y <= begin + radius_; ++y)
      TRINE_RETURN_IF_ERROR(Move(y, 1, poll));
    for (int64_t y = begin; y < end; ++y) {
      if (y > begin) {
        TRINE_RETURN_IF_ERROR(Move(y + radius_, 1, poll));
        TRINE_RETURN_IF_ERROR(Move(y - radius_ - 1, -1, poll));
      }
      TRINE_RETURN_IF_ERROR(Row(y, poll, out + y * gray_.width));
    }
    return absl::OkStatus();
  }

 private:
  size_t Column(int64_t x) const {
    return static_cast<size_t>(std::clamp<int64_t>(x, 0, gray_.width - 1) - left_);
  }

  // Adds the row nearest to y to the columns, or takes it out.
  absl::Status Move(int64_t y, int change, Poller& poll) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4 * (right_ - left_ + 1)));
    const int64_t row = std::clamp<int64_t>(y, 0, gray_.height - 1) * gray_.width;
    for (int64_t x = left_; x <= right_; ++x) {
      if (!gray_.Contains(row + x)) continue;
      ByteCounts<uint16_t>& counts = columns_[Column(x)];
      const uint8_t value = gray_.data[row + x];
      counts.fine[value] = static_cast<uint16_t>(counts.fine[value] + change);
      counts.coarse[value / 16] = static_cast<uint16_t>(counts.coarse[value / 16] + change);
      inside_[Column(x)] += static_cast<uint32_t>(change);
    }
    return absl::OkStatus();
  }

  absl::Status Row(int64_t y, Poller& poll, uint8_t* out) {
    ByteCounts<uint32_t> window{};
    uint64_t count = 0;
    for (int64_t x = first_ - radius_; x <= first_ + radius_; ++x) {
      TRINE_RETURN_IF_ERROR(poll.Spend(64));
      AddCounts(columns_[Column(x)], &window);
      count += inside_[Column(x)];
    }
    for (int64_t x = first_; x < last_; ++x) {
      TRINE_RETURN_IF_ERROR(poll.Spend(64));
      if (x > first_) {
        const size_t in = Column(x + radius_), gone = Column(x - radius_ - 1);
        MoveCounts(columns_[in], columns_[gone], &window);
        count += uint64_t{inside_[in]} - inside_[gone];
      }
      const int64_t i = y * gray_.width + x;
      out[x] = gray_.Contains(i) ? Median(window, count) : gray_.data[i];
    }
    return absl::OkStatus();
  }

  static uint8_t Median(const ByteCounts<uint32_t>& window, uint64_t count) {
    uint64_t below = (count - 1) / 2;
    size_t coarse = 0;
    while (below >= window.coarse[coarse]) below -= window.coarse[coarse++];
    size_t value = 16 * coarse;
    while (below >= window.fine[value]) below -= window.fine[value++];
    return static_cast<uint8_t>(value);
  }

  const Picture& gray_;
  int64_t radius_, left_, right_, first_, last_;
  Scratch<ByteCounts<uint16_t>> columns_;
  Scratch<uint32_t> inside_;
};

// Of small squares, where all pixels count: pieces of rows, continued at the border.
absl::Status MedianByNetworks(const Context& context, const Picture& gray, int64_t radius,
                              uint8_t* out) {
  constexpr int64_t kRows = 64;
  const int64_t height = gray.height, width = gray.width, side = 2 * radius + 1;
  const int64_t bands = (height + kRows - 1) / kRows;
  const int64_t strips = (width + kNetworkColumns - 1) / kNetworkColumns;
  return ParallelFor(
      context, static_cast<size_t>(bands * strips), 1, [&](size_t piece, size_t) -> absl::Status {
        Poller poll = PixelPoller(context);
        const int64_t first = static_cast<int64_t>(piece) % strips * kNetworkColumns;
        const int64_t begin = static_cast<int64_t>(piece) / strips * kRows;
        const int64_t n = std::min(kNetworkColumns, width - first);
        const int64_t end = std::min(height, begin + kRows);
        auto pixels = MakeScratch<uint8_t>((kRows + 2 * kMostNetworkRadius) * kNetworkStride);
        auto scratch = MakeScratch<uint8_t>(kNetworkScratch);
        auto medians = MakeScratch<uint8_t>(2 * kNetworkStride);
        uint8_t* const both[] = {medians.data(), medians.data() + kNetworkStride};
        const auto row_of = [&](int64_t y) {
          return pixels.data() + (y - begin + radius) * kNetworkStride;
        };
        // Two rows at once: of an odd number the last has one after it.
        const int64_t last = end + (end - begin) % 2;
        for (int64_t y = begin - radius; y < last + radius; ++y) {
          const uint8_t* const from = gray.data + std::clamp<int64_t>(y, 0, height - 1) * width;
          // Columns that are there, between copies of those at the border.
          const int64_t left = std::max<int64_t>(0, radius - first);
          const int64_t start = std::max<int64_t>(0, first - radius);
          const int64_t count = std::min(width - start, kNetworkStride - left);
          uint8_t* const row = row_of(y);
          std::fill_n(row, left, from[0]);
          std::copy_n(from + start, count, row + left);
          std::fill(row + left + count, row + kNetworkStride, from[width - 1]);
        }
        std::vector<const uint8_t*> rows(static_cast<size_t>(side + 1));
        for (int64_t y = begin; y < end; y += 2) {
          TRINE_RETURN_IF_ERROR(poll.Spend(n * side * side / 8 + 1));
          for (int64_t d = 0; d <= side; ++d) rows[static_cast<size_t>(d)] = row_of(y - radius + d);
          MediansOfRows(rows.data(), radius, n, scratch.data(), both);
          for (int64_t i = 0; i < std::min<int64_t>(2, end - y); ++i)
            std::copy_n(both[i], n, out + (y + i) * width + first);
        }
        return absl::OkStatus();
      });
}

absl::Status MedianOfBytes(const Context& context, const Picture& gray, int64_t radius,
                           uint8_t* out) {
  const int64_t rows = static_cast<int64_t>(BandRows(2 * radius));
  const int64_t columns = std::max(kStripColumns, 2 * radius);
  const int64_t bands = (gray.height + rows - 1) / rows;
  const int64_t strips = (gray.width + columns - 1) / columns;
  return ParallelFor(context, static_cast<size_t>(bands * strips), 1,
                     [&](size_t piece, size_t) -> absl::Status {
                       Poller poll = PixelPoller(context);
                       const int64_t first = static_cast<int64_t>(piece) % strips * columns;
                       const int64_t begin = static_cast<int64_t>(piece) / strips * rows;
                       ByteStrip strip(gray, radius, first, std::min(gray.width, first + columns));
                       return strip.Run(begin, std::min(gray.height, begin + rows), poll, out);
                     });
}

// Counts of keys below 2^(2 kLow), with sums over 2^kLow of them, and where the median lies.
class MovingCounts {
 public:
  explicit MovingCounts(int64_t keys)
      : low_bits_((std::bit_width(static_cast<uint64_t>(std::max<int64_t>(keys - 1, 1))) + 1) / 2),
        fine_(MakeScratch<uint32_t>(int64_t{1} << (2 * low_bits_))),
        coarse_(MakeScratch<uint32_t>(int64_t{1} << low_bits_)) {}

  absl::Status Clear(Poller& poll) {
    TRINE_RETURN_IF_ERROR(FillPolled(uint32_t{0}, poll, &fine_));
    return FillPolled(uint32_t{0}, poll, &coarse_);
  }
  void Add(uint32_t key, uint32_t times) {
    fine_[key] += times;
    const uint32_t high = key >> low_bits_;
    coarse_[high] += times;
    count_ += static_cast<int32_t>(times);
    if (high < at_) below_ += static_cast<int32_t>(times);
  }
  uint32_t Median() {
    const int64_t rank = (count_ - 1) / 2;
    while (below_ > rank) below_ -= coarse_[--at_];
    while (below_ + coarse_[at_] <= rank) below_ += coarse_[at_++];
    int64_t left = rank - below_;
    uint32_t key = at_ << low_bits_;
    for (; left >= fine_[key]; ++key) left -= fine_[key];
    return key;
  }

 private:
  int low_bits_;
  Scratch<uint32_t> fine_, coarse_;
  int64_t count_ = 0;
  uint32_t at_ = 0;    // the coarse bin that was found last
  int64_t below_ = 0;  // keys in the bins before it
};

// Calls put(i, key of the median) for each pixel inside.
template <typename KeyOf, typename Put>
absl::Status VisitMedians(const Context& context, const Picture& gray, const Window& window,
                          int64_t keys, const KeyOf& key_of, const Put& put) {
  const int64_t width = gray.width, height = gray.height, radius = window.radius();
  // A band clears the counts, and its first window has all pixels to add.
  const size_t rows = std::max(BandRows(2 * radius), static_cast<size_t>(4 * keys / width + 1));
  return ParallelFor(
      context, static_cast<size_t>(height), rows, [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        MovingCounts counts(keys);
        TRINE_RETURN_IF_ERROR(counts.Clear(poll));
        const auto add = [&](int64_t y, int64_t x, int times) {
          const int64_t i =
              std::clamp<int64_t>(y, 0, height - 1) * width + std::clamp<int64_t>(x, 0, width - 1);
          if (gray.Contains(i)) counts.Add(key_of(i), static_cast<uint32_t>(times));
        };
        // The window is the same along both axes.
        const auto add_row = [&](int64_t y, int64_t x, int64_t half) {
          for (int64_t d = -half; d <= half; ++d) add(y, x + d, 1);
          return poll.Spend(4 * (2 * half + 1));
        };
        const auto add_side = [&](int64_t y, int64_t x, int64_t step) {
          for (int64_t d = -radius; d <= radius; ++d) add(y + d, x + step * window.Half(d), 1);
          return poll.Spend(4 * (2 * radius + 1));
        };
        const auto drop_side = [&](int64_t y, int64_t x, int64_t step) {
          for (int64_t d = -radius; d <= radius; ++d) add(y + d, x + step * window.Half(d), -1);
          return poll.Spend(4 * (2 * radius + 1));
        };
        const auto add_below = [&](int64_t y, int64_t x) {
          for (int64_t d = -radius; d <= radius; ++d) add(y + window.Half(d), x + d, 1);
          return poll.Spend(4 * (2 * radius + 1));
        };
        const auto drop_above = [&](int64_t y, int64_t x) {
          for (int64_t d = -radius; d <= radius; ++d) add(y - window.Half(d), x + d, -1);
          return poll.Spend(4 * (2 * radius + 1));
        };
        const auto take = [&](int64_t y, int64_t x) {
          const int64_t i = y * width + x;
          if (gray.Contains(i)) put(i, counts.Median());
          return poll.Spend(128);
        };
        const int64_t first = static_cast<int64_t>(begin);
        for (int64_t d = -radius; d <= radius; ++d)
          TRINE_RETURN_IF_ERROR(add_row(first + d, 0, window.Half(d)));
        TRINE_RETURN_IF_ERROR(take(first, 0));
        // To the right, a row down, to the left, a row down.
        for (int64_t y = first, x = 0, step = 1;;) {
          for (; x + step >= 0 && x + step < width; x += step) {
            TRINE_RETURN_IF_ERROR(add_side(y, x + step, step));
            TRINE_RETURN_IF_ERROR(drop_side(y, x, -step));
            TRINE_RETURN_IF_ERROR(take(y, x + step));
          }
          if (++y == static_cast<int64_t>(end)) return absl::OkStatus();
          TRINE_RETURN_IF_ERROR(add_below(y, x));
          TRINE_RETURN_IF_ERROR(drop_above(y - 1, x));
          TRINE_RETURN_IF_ERROR(take(y, x));
          step = -step;
        }
      });
}

template <typename T>
absl::Status MedianOfFloats(const Context& context, const Picture& gray, const Window& window,
                            uint8_t* out) {
  Scratch<int32_t> rank = MakeScratch<int32_t>(gray.pixels());
  TRINE_ASSIGN_OR_RETURN(const int32_t ranks, RankFloats(context, gray.dtype, gray.data,
                                                         gray.inside, gray.pixels(), rank.data()));
  Scratch<T> value = MakeScratch<T>(std::max<int64_t>(ranks, 1));
  Poller poll = PixelPoller(context);
  for (int64_t i = 0; i < gray.pixels(); ++i) {
    if (i % kPixelGrain == 0) TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
    const T pixel = PixelAt<T>(gray.data, i);
    StoreLE<T>(out + i * static_cast<int64_t>(sizeof(T)), pixel);  // those outside stay
    if (gray.Contains(i)) value[static_cast<size_t>(rank[static_cast<size_t>(i)])] = pixel;
  }
  return VisitMedians(
      context, gray, window, ranks,
      [&](int64_t i) { return static_cast<uint32_t>(rank[static_cast<size_t>(i)]); },
      [&](int64_t i, uint32_t key) {
        StoreLE<T>(out + i * static_cast<int64_t>(sizeof(T)), value[key] + T{0});
      });
}

template <typename T>
absl::Status MedianOfIntegers(const Context& context, const Picture& gray, const Window& window,
                              uint8_t* out) {
  TRINE_RETURN_IF_ERROR(CopyPixels(context, gray, out));
  return VisitMedians(
      context, gray, window, int64_t{std::numeric_limits<T>::max()} + 1,
      [&](int64_t i) { return uint32_t{PixelAt<T>(gray.data, i)}; },
      [&](int64_t i, uint32_t key) {
        StoreLE<T>(out + i * static_cast<int64_t>(sizeof(T)), static_cast<T>(key));
      });
}

}  // namespace

absl::Status SmoothMedian(const Context& context, const Picture& gray, int64_t radius,
                          uint8_t* out) {
  switch (gray.dtype) {
    case DType::kUint8:
      if (gray.inside == nullptr && radius <= kMostNetworkRadius)
        return MedianByNetworks(context, gray, radius, out);
      return MedianOfBytes(context, gray, radius, out);
    case DType::kUint16:
      return MedianOfIntegers<uint16_t>(context, gray, Window::Square(radius), out);
    case DType::kFloat32:
      return MedianOfFloats<float>(context, gray, Window::Square(radius), out);
    default:
      return MedianOfFloats<double>(context, gray, Window::Square(radius), out);
  }
}

absl::Status SmoothImagejMedian(const Context& context, const Picture& gray, int64_t radius,
                                uint8_t* out) {
  const Window window = Window::ImagejDisk(radius);
  if (gray.dtype == DType::kFloat32) return MedianOfFloats<float>(context, gray, window, out);
  return gray.dtype == DType::kUint8 ? MedianOfIntegers<uint8_t>(context, gray, window, out)
                                     : MedianOfIntegers<uint16_t>(context, gray, window, out);
}

}  // namespace trine::segment
