// The fast way of 8-bit pictures of which every pixel counts: bands of rows over the threads, each
// with window sums of its own (kernels/byte_windows.h).
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/segment/local/kernels/byte_windows.h"
#include "core/segment/local/local_threshold.h"
#include "core/segment/kernels/bands.h"

namespace trine::segment {
namespace {

// Sums less 128 n (of 16 bits 2^15 n) and 256 n (2^16 n) more stay below 2^31.
constexpr int64_t kMostMeanWindow = 2047;
constexpr int64_t kMostLongWindow = 147;
constexpr int64_t kMostSquaresWindow = 2 * int64_t{kMostNarrowRadius} + 1;
// Narrower pictures take longer by vectors.
constexpr int64_t kLeastWidth = 16;
// Pixels whose prefix sums are kept at a time, so that they stay in the nearest cache.
constexpr size_t kPiece = 2048;
static_assert(kPiece % kPixelBlock == 0);

bool IsPlain(const Picture& gray, DType dtype) {
  return gray.dtype == dtype && gray.inside == nullptr && gray.width >= kLeastWidth &&
         HasByteWindows();
}

// How far d^2 - t^2 in float may be from the real one (kernels/byte_windows.h), all magnitudes at
// their largest: m below 256, the variance below 2^14 and 9 roundings off, m 4 and d 10 |1 - k| + 2
// roundings of 128; twice for what is left out.
struct SauvolaError {
  double constant, slope;  // slope: times |d|

  SauvolaError(double k, double r) {
    constexpr double kRounding = 0x1p-24;
    const double weight = k / r, rest = std::fabs(1 - k);
    const double d = kRounding * (1290 * rest + 256);
    constant = 2 * (1350 * weight * weight + d * d);
    slope = 2 * (2 * d + 512 * (1 + rest) * kRounding);
  }
  // The plain loops are no slower where much has to be computed again.
  bool IsSmall() const { return constant < 4 && slope < 0.1; }
};

// A band's sums.
class ByteBand {
 public:
  ByteBand(const Picture& gray, int64_t window, bool squares, bool small) : gray_(gray) {
    at_.pixel_bytes = DTypeSize(gray.dtype);
    at_.width = static_cast<size_t>(gray.width);
    at_.radius = static_cast<size_t>(std::min(window / 2, std::max(gray.width, gray.height)));
    small_ = small;
    front_ = Padded(at_.radius / 2 + 1);
    const size_t beyond = Padded(at_.radius) + 2 * kPixelBlock;
    const size_t columns = kPixelBlock + Padded(at_.width) + beyond;
    const size_t piece = 2 * front_ + std::min(kPiece, Padded(at_.width)) + beyond;
    const bool wide = at_.radius > kMostNarrowRadius || at_.pixel_bytes == 2;
    // In elements of 32 bits.
    memory_ = Scratch<int32_t>::Zeros(kPixelBlock + (wide ? columns : columns / 2) +
                                      (squares ? columns : 0) + (small ? 0 : piece) +
                                      (squares ? piece : 0));
    blank_ = Scratch<uint8_t>::Zeros(at_.width * at_.pixel_bytes);
    // The highest bit of each pixel.
    for (size_t i = at_.pixel_bytes - 1; i < blank_.size(); i += at_.pixel_bytes) blank_[i] = 128;
    // Aligned for whole vectors.
    const size_t past = reinterpret_cast<uintptr_t>(memory_.data()) / sizeof(int32_t) % kPixelBlock;
    int32_t* next = memory_.data() + (kPixelBlock - past) % kPixelBlock;
    const auto take = [&](size_t words) { return std::exchange(next, next + words); };
    const auto take_both = [&](size_t pixels) {
      int32_t* const even = take(pixels / 2);
      return EvenOdd{even, take(pixels / 2)};
    };
    if (wide) {
      at_.wide = take_both(columns);
    } else {
      at_.sums = reinterpret_cast<int16_t*>(take(columns / 2)) + kPixelBlock;
    }
    if (squares) at_.squares = take_both(columns);
    if (!small) prefix_.sums = take_both(piece);
    if (squares) prefix_.squares = take_both(piece);
  }

  // Makes the sums, all 0, those of the window of row y without its last row.
  absl::Status Start(int64_t y, Poller& poll) {
    const int64_t radius = static_cast<int64_t>(at_.radius);
    const int64_t last = std::min(gray_.height, y + radius);
    for (int64_t row = std::max<int64_t>(0, y - radius); row < last; ++row) {
      TRINE_RETURN_IF_ERROR(ForPieces(poll, [&](size_t begin, size_t end) {
        MoveColumns(RowAt(row), blank_.data(), begin, end, at_);
      }));
    }
    return absl::OkStatus();
  }

  // Moves the sums to row y and calls decide(begin, end) for pieces of it. `first`: after Start(y).
  template <typename Decide>
  absl::Status Next(int64_t y, bool first, Poller& poll, const Decide& decide) {
    const int64_t radius = static_cast<int64_t>(at_.radius);
    const uint8_t* const in = RowAt(y + radius);
    const uint8_t* const out = first ? blank_.data() : RowAt(y - radius - 1);
    StartPrefix();
    size_t ready = 0;  // pixels whose columns have moved
    return ForPieces(poll, [&](size_t begin, size_t end) {
      const size_t needed = Padded(end + at_.radius);
      if (small_) {
        MoveColumns(in, out, ready, needed, at_);
      } else {
        MovePrefix(begin, ready);
        PrefixColumns(in, out, ready, needed, at_, &prefix_);
      }
      ready = needed;
      decide(begin, end);
    });
  }

  const ByteColumns& at() const { return at_; }
  const BytePrefix& prefix() const { return prefix_; }
  size_t RowsAt(int64_t y) const {
    const int64_t radius = static_cast<int64_t>(at_.radius);
    return static_cast<size_t>(std::min(gray_.height - 1, y + radius) -
                               std::max<int64_t>(0, y - radius) + 1);
  }
  const uint8_t* RowAt(int64_t y) const {
    return y < 0 || y >= gray_.height
               ? blank_.data()
               : gray_.data + y * gray_.width * static_cast<int64_t>(at_.pixel_bytes);
  }

 private:
  static size_t Padded(size_t pixels) {
    return (pixels + kPixelBlock - 1) / kPixelBlock * kPixelBlock;
  }

  // Calls piece(begin, end) for the pixels of a row.
  template <typename Piece>
  absl::Status ForPieces(Poller& poll, const Piece& piece) const {
    for (size_t begin = 0; begin < at_.width; begin += kPiece) {
      const size_t end = std::min(Padded(at_.width), begin + kPiece);
      TRINE_RETURN_IF_ERROR(poll.Spend(end - begin));
      piece(begin, end);
    }
    return absl::OkStatus();
  }

  template <typename Body>
  void ForPrefixes(const Body& body) {
    for (const EvenOdd* const sums : {&prefix_.sums, &prefix_.squares}) {
      if ((*sums)[0] == nullptr) continue;
      for (int32_t* const words : *sums) body(words);
    }
  }
  // Before a row its prefix sums are 0.
  void StartPrefix() {
    prefix_.sum = prefix_.square = 0;
    prefix_.first = -static_cast<ptrdiff_t>(front_);
    ForPrefixes([&](int32_t* words) { std::fill_n(words, front_, 0); });
  }
  // Keeps what windows from pixel `begin` on need of the prefix sums up to `ready`.
  void MovePrefix(size_t begin, size_t ready) {
    const ptrdiff_t first = static_cast<ptrdiff_t>(begin / 2) - static_cast<ptrdiff_t>(front_);
    const ptrdiff_t by = first - prefix_.first;
    if (by == 0) return;
    const ptrdiff_t kept = static_cast<ptrdiff_t>(ready / 2) - first;
    ForPrefixes([&](int32_t* words) { std::copy(words + by, words + by + kept, words); });
    prefix_.first = first;
  }

  const Picture& gray_;
  bool small_ = false;
  size_t front_ = 0;  // words of prefix sums kept before a piece
  Scratch<int32_t> memory_;
  Scratch<uint8_t> blank_;  // a row of the middle of all values
  ByteColumns at_;
  BytePrefix prefix_;
};

// make() makes what decides a band; decide(band, y)(begin, end) is called for pieces of each row,
// whose pixels that are 255 are counted.
template <typename Make>
absl::Status ForBands(const Context& context, const Picture& gray, int64_t window, bool squares,
                      bool small, const uint8_t* mask, std::atomic<uint64_t>* set,
                      const Make& make) {
  return ParallelFor(
      context, static_cast<size_t>(gray.height),
      RowsOfBand(context, gray.height, gray.width, window),
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        ByteBand band(gray, window, squares, small);
        auto decide = make();
        uint64_t marked = 0;
        TRINE_RETURN_IF_ERROR(band.Start(static_cast<int64_t>(begin), poll));
        for (size_t row = begin; row < end; ++row) {
          const int64_t y = static_cast<int64_t>(row);
          TRINE_RETURN_IF_ERROR(band.Next(y, row == begin, poll, decide(band, y)));
          TRINE_RETURN_IF_ERROR(AddSet(mask + y * gray.width, gray.width, poll, &marked));
        }
        *set += marked;
        return absl::OkStatus();
      });
}

}  // namespace

bool TakesByteMean(const Picture& gray, int64_t window) {
  return (IsPlain(gray, DType::kUint8) && window <= kMostMeanWindow) ||
         (IsPlain(gray, DType::kUint16) && window <= kMostLongWindow);
}

absl::Status ByteMeanMask(const Context& context, const Picture& gray, int64_t window,
                          double offset, bool invert, uint8_t* mask, std::atomic<uint64_t>* set) {
  // Bounds of small windows have to fit 16 bits.
  const bool small = gray.dtype == DType::kUint8 &&
                     window / 2 <= static_cast<int64_t>(kMostSmallRadius) &&
                     std::fabs(offset) * static_cast<double>(window * window) < 32000;
  return ForBands(context, gray, window, false, small, mask, set, [&] {
    return [&, small, bounds = std::vector<int32_t>(),
            mean = ByteMean{0, nullptr, static_cast<uint8_t>(invert ? 255 : 0)}](
               const ByteBand& band, int64_t y) mutable {
      if (band.RowsAt(y) != mean.rows) {
        mean.rows = band.RowsAt(y);
        bounds.resize(2 * band.at().radius + 2);
        for (size_t columns = 1; columns < bounds.size(); ++columns) {
          const int64_t bound =
              FloorOfNegativeProduct(offset, static_cast<int64_t>(mean.rows * columns));
          // Beyond what any pixel makes of it nothing changes.
          const int64_t most = (int64_t{1} << (8 * band.at().pixel_bytes)) *
                               static_cast<int64_t>(mean.rows * columns);
          bounds[columns] = static_cast<int32_t>(std::clamp(bound, -most, most));
        }
        mean.bounds = bounds.data();
      }
      return [&, y](size_t begin, size_t end) {
        uint8_t* const out = mask + y * gray.width;
        if (small) return DecideSmallMean(band.at(), mean, band.RowAt(y), begin, end, out);
        DecideMean(band.at(), band.prefix(), mean, band.RowAt(y), begin, end, out);
      };
    };
  });
}

bool TakesByteSauvola(const Picture& gray, int64_t window, double k, double r) {
  return IsPlain(gray, DType::kUint8) && gray.origin == 0 && window <= kMostSquaresWindow &&
         SauvolaError(k, r).IsSmall();
}

absl::Status ByteSauvolaMask(const Context& context, const Picture& gray, int64_t window, double k,
                             double r, bool invert, uint8_t* mask, std::atomic<uint64_t>* set) {
  const SauvolaError error(k, r);
  const ByteSauvola all{0,
                        k,
                        r,
                        static_cast<float>(error.constant),
                        static_cast<float>(error.slope),
                        static_cast<uint8_t>(invert ? 255 : 0)};
  return ForBands(context, gray, window, true, false, mask, set, [&] {
    return [&, sauvola = all](const ByteBand& band, int64_t y) mutable {
      sauvola.rows = band.RowsAt(y);
      return [&, y](size_t begin, size_t end) {
        DecideSauvola(band.at(), band.prefix(), sauvola, band.RowAt(y), begin, end,
                      mask + y * gray.width);
      };
    };
  });
}

}  // namespace trine::segment
