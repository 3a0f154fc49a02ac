// The fast way of 8-bit pictures of which every pixel counts: bands of rows over the threads, each
// with window sums of its own (kernels/byte_windows.h).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/segment/local/kernels/byte_windows.h"
#include "core/segment/local/local_threshold.h"

namespace trine::segment {
namespace {

constexpr int64_t kMostMeanWindow = 2047;    // v n stays below 2^31
constexpr int64_t kMostSquaresWindow = 255;  // sums of squares stay below 2^32
// Narrower pictures take longer by vectors.
constexpr int64_t kLeastWidth = 16;
constexpr size_t kPieceWords = size_t{kPixelGrain} / 4;

bool IsPlainBytes(const Picture& gray) {
  return gray.dtype == DType::kUint8 && gray.inside == nullptr && gray.width >= kLeastWidth;
}

// How far the kernel's float threshold may be from the double: squares of values minus 128 are
// below 2^14, so that the float variance is off by less than 9 of 2^-24 of that, and its root by
// less than the root of it; all else by some units of 2^-24.
double SauvolaError(double k, double r) {
  const double slope = std::fabs(k / r);
  return 256 * (slope * 0.0945 + (std::fabs(1 - k) + 128 * slope) * 0x1p-20) + 1e-4;
}

// A band's sums.
class ByteBand {
 public:
  ByteBand(const Picture& gray, int64_t window, bool squares) : gray_(gray) {
    at_.width = static_cast<size_t>(gray.width);
    at_.radius = static_cast<size_t>(std::min(window / 2, std::max(gray.width, gray.height)));
    words_ = ByteSums::Words(at_.width);
    const size_t prefix = words_ + 2 * at_.Margin(), arrays = squares ? 8 : 4;
    memory_ = Scratch<uint32_t>::Zeros(arrays * (words_ + prefix) + kWordBlock);
    // Aligned for whole vectors.
    const size_t past = reinterpret_cast<uintptr_t>(memory_.data()) / sizeof(uint32_t) % kWordBlock;
    uint32_t* next = memory_.data() + (kWordBlock - past) % kWordBlock;
    const auto take = [&](std::array<uint32_t*, 4>* sums, std::array<uint32_t*, 4>* prefixes) {
      for (size_t phase = 0; phase < 4; ++phase) {
        (*sums)[phase] = next;
        (*prefixes)[phase] = next + words_ + at_.Margin();
        next += words_ + prefix;
      }
    };
    take(&at_.sums, &at_.prefix);
    if (squares) take(&at_.squares, &at_.squares_prefix);
  }

  // The prefix sums from which the sums, all 0, become those of row y.
  absl::Status Start(int64_t y, Poller& poll) {
    const int64_t radius = static_cast<int64_t>(at_.radius);
    const int64_t last = std::min(gray_.height - 1, y + radius);
    for (int64_t row = std::max<int64_t>(0, y - radius); row <= last; ++row) {
      TRINE_RETURN_IF_ERROR(ForPieces(
          poll, [&](size_t begin, size_t end) { AddBytes(RowAt(row), begin, end, at_); }));
    }
    ByteCarry carry;
    TRINE_RETURN_IF_ERROR(
        ForPieces(poll, [&](size_t begin, size_t end) { PrefixOfSums(begin, end, at_, &carry); }));
    EndRow(carry);
    return absl::OkStatus();
  }

  // The prefix sums by which the sums of row y - 1 become those of row y.
  absl::Status Next(int64_t y, Poller& poll) {
    const int64_t radius = static_cast<int64_t>(at_.radius);
    const uint8_t* const in = RowAt(y + radius);
    const uint8_t* const out = RowAt(y - radius - 1);
    ByteCarry carry;
    TRINE_RETURN_IF_ERROR(ForPieces(
        poll, [&](size_t begin, size_t end) { PrefixOfRows(in, out, begin, end, at_, &carry); }));
    EndRow(carry);
    return absl::OkStatus();
  }

  // Calls piece(begin, end) for the words of a row.
  template <typename Piece>
  absl::Status ForPieces(Poller& poll, const Piece& piece) const {
    for (size_t begin = 0; begin < words_; begin += kPieceWords) {
      const size_t end = std::min(words_, begin + kPieceWords);
      TRINE_RETURN_IF_ERROR(poll.Spend(4 * (end - begin)));
      piece(begin, end);
    }
    return absl::OkStatus();
  }

  const ByteSums& at() const { return at_; }
  size_t RowsAt(int64_t y) const {
    const int64_t radius = static_cast<int64_t>(at_.radius);
    return static_cast<size_t>(std::min(gray_.height - 1, y + radius) -
                               std::max<int64_t>(0, y - radius) + 1);
  }
  // Null outside the picture.
  const uint8_t* RowAt(int64_t y) const {
    return y < 0 || y >= gray_.height ? nullptr : gray_.data + y * gray_.width;
  }

 private:
  void EndRow(const ByteCarry& carry) {
    for (uint32_t* const prefix : at_.prefix) std::fill_n(prefix + words_, at_.Margin(), carry.sum);
    if (at_.squares[0] == nullptr) return;
    for (uint32_t* const prefix : at_.squares_prefix)
      std::fill_n(prefix + words_, at_.Margin(), carry.square);
  }

  const Picture& gray_;
  size_t words_ = 0;
  Scratch<uint32_t> memory_;
  ByteSums at_;
};

// make() makes what decides a band; decide(sums, y, row, rows, begin, end) is called for pieces of
// each row.
template <typename Make>
absl::Status ForBands(const Context& context, const Picture& gray, int64_t window, bool squares,
                      const Make& make) {
  // A band starts with a window of rows of its own.
  const size_t rows =
      std::max(RowGrain(gray.width), static_cast<size_t>(4 * std::min(window, gray.height)));
  return ParallelFor(
      context, static_cast<size_t>(gray.height), rows,
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        ByteBand band(gray, window, squares);
        auto decide = make();
        for (size_t row = begin; row < end; ++row) {
          const int64_t y = static_cast<int64_t>(row);
          TRINE_RETURN_IF_ERROR(row == begin ? band.Start(y, poll) : band.Next(y, poll));
          TRINE_RETURN_IF_ERROR(decide(band, y, poll));
        }
        return absl::OkStatus();
      });
}

}  // namespace

bool TakesByteMean(const Picture& gray, int64_t window) {
  return IsPlainBytes(gray) && window <= kMostMeanWindow;
}

absl::Status ByteMeanMask(const Context& context, const Picture& gray, int64_t window,
                          double offset, bool invert, uint8_t* mask) {
  return ForBands(context, gray, window, false, [&] {
    return [&, bounds = std::vector<int32_t>(), mean = ByteMean{0, nullptr, invert ? ~0u : 0u}](
               const ByteBand& band, int64_t y, Poller& poll) mutable {
      if (band.RowsAt(y) != mean.rows) {
        mean.rows = band.RowsAt(y);
        bounds.resize(2 * band.at().radius + 2);
        for (size_t columns = 1; columns < bounds.size(); ++columns) {
          const int64_t bound =
              FloorOfNegativeProduct(offset, static_cast<int64_t>(mean.rows * columns));
          bounds[columns] = static_cast<int32_t>(
              std::clamp<int64_t>(bound, -(int64_t{1} << 31), (int64_t{1} << 31) - 1));
        }
        mean.bounds = bounds.data();
      }
      return band.ForPieces(poll, [&](size_t begin, size_t end) {
        DecideMean(band.at(), mean, band.RowAt(y), begin, end, mask + y * gray.width);
      });
    };
  });
}

bool TakesByteSauvola(const Picture& gray, int64_t window, double k, double r) {
  return IsPlainBytes(gray) && gray.origin == 0 && window <= kMostSquaresWindow &&
         SauvolaError(k, r) < 4;
}

absl::Status ByteSauvolaMask(const Context& context, const Picture& gray, int64_t window, double k,
                             double r, bool invert, uint8_t* mask) {
  const float error = static_cast<float>(SauvolaError(k, r));
  return ForBands(context, gray, window, true, [&] {
    return [&, sauvola = ByteSauvola{0, k, r, error, invert ? ~0u : 0u}](
               const ByteBand& band, int64_t y, Poller& poll) mutable {
      sauvola.rows = band.RowsAt(y);
      return band.ForPieces(poll, [&](size_t begin, size_t end) {
        DecideSauvola(band.at(), sauvola, band.RowAt(y), begin, end, mask + y * gray.width);
      });
    };
  });
}

}  // namespace trine::segment
