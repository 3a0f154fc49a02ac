// Pictures of bytes at half their size, smoothed there: rows of words that kernels/byte_gauss.h
// takes, made one after the other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/segment/kernels/byte_gauss.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Weights of 2^-15 from those of distance 0, 1, ... from the centre, whatever these add up to.
std::vector<int16_t> WordWeights(const std::vector<double>& kernel);

// Words of a row are at `first` + X, X from -1 on to LastWord(); beyond them are as many as weights
// reach.
struct HalfRow {
  int64_t radius, width;
  int64_t first, words;
  int64_t begin, end;  // words that only pixels of the picture make, their neighbours too

  HalfRow(int64_t radius_of_weights, int64_t pixels)
      : radius(radius_of_weights),
        width(pixels),
        first(radius + 1),
        words(first + (pixels + 1) / 2 + 1 + radius),
        begin(Begin(radius)),
        end(End(radius, pixels)) {}

  // The same of any axis of `pixels`.
  static int64_t Begin(int64_t radius) { return radius + 2; }
  static int64_t End(int64_t radius, int64_t pixels) { return (pixels - 3) / 2 - radius; }
  // Of pixels at and beyond the border alone.
  int64_t LastWord() const { return (width + 1) / 2; }
};

// Calls piece(first, last) for pieces of [begin, end), none of them short, that take about `cost`
// nanoseconds a word.
template <typename Piece>
absl::Status ForPiecesOfWords(int64_t begin, int64_t end, int64_t cost, Poller& poll,
                              const Piece& piece) {
  const int64_t length =
      std::max<int64_t>(2 * int64_t{kLeastGaussWords}, kPixelGrain / std::max<int64_t>(cost, 1));
  while (begin < end) {
    const int64_t last = end - begin < 2 * length ? end : begin + length;
    TRINE_RETURN_IF_ERROR(poll.Spend((last - begin) * cost));
    piece(static_cast<size_t>(begin), static_cast<size_t>(last));
    begin = last;
  }
  return absl::OkStatus();
}

// What lies beyond the picture.
enum class BeyondHalf : uint8_t {
  kNothing,  // words of 0; of rows only those are made that only pixels make
  kNearest,  // the pixels at the border
};

// REQUIRES: rows of at least kLeastGaussWords words, a picture of which every pixel counts.
class HalfBand {
 public:
  HalfBand(const Picture& gray, const HalfRow& layout, const ByteGauss& gauss, BeyondHalf beyond)
      : gray_(gray),
        layout_(layout),
        gauss_(gauss),
        beyond_(beyond),
        taps_(2 * layout.radius + 1),
        halved_(Scratch<int16_t>::Zeros(static_cast<size_t>(taps_ * layout.words))),
        down_(Scratch<int16_t>::Zeros(static_cast<size_t>(3 * layout.words))),
        along_(Scratch<int16_t>::Zeros(static_cast<size_t>(3 * layout.words))) {}

  // What one holds [bytes].
  static uint64_t Bytes(const HalfRow& layout) {
    return static_cast<uint64_t>(2 * layout.radius + 1 + 3 + 3) *
           static_cast<uint64_t>(layout.words) * sizeof(int16_t);
  }

  // Makes row `at` and the one before it.
  absl::Status Start(int64_t at, Poller& poll) {
    for (int64_t row = at - 1 - layout_.radius; row < at - 1 + layout_.radius; ++row)
      TRINE_RETURN_IF_ERROR(Halve(row, poll));
    TRINE_RETURN_IF_ERROR(Next(at - 1, poll));
    return Next(at, poll);
  }
  // Makes row `at`: the row after the one before.
  absl::Status Next(int64_t at, Poller& poll) {
    TRINE_RETURN_IF_ERROR(Halve(at + layout_.radius, poll));
    std::vector<const int16_t*> rows(static_cast<size_t>(taps_));
    for (int64_t d = -layout_.radius; d <= layout_.radius; ++d)
      rows[static_cast<size_t>(d + layout_.radius)] = halved_.data() + Place(at + d, taps_);
    const int64_t cost = 1 + layout_.radius / 8;
    const int64_t begin = layout_.first - 1, end = layout_.first + layout_.LastWord() + 1;
    int16_t* const down = down_.data() + Place(at, 3);
    TRINE_RETURN_IF_ERROR(ForPiecesOfWords(begin, end, cost, poll, [&](size_t piece, size_t last) {
      GaussWordColumns(gauss_, rows.data(), piece, last, down);
    }));
    const bool nearest = beyond_ == BeyondHalf::kNearest;
    if (nearest) {
      std::fill(down, down + begin, down[begin]);
      std::fill(down + end, down + layout_.words, down[end - 1]);
    }
    return ForPiecesOfWords(nearest ? begin : layout_.first + layout_.begin - 1,
                            nearest ? end : layout_.first + layout_.end + 1, cost, poll,
                            [&](size_t piece, size_t last) {
                              GaussWordRow(gauss_, down, piece, last, along_.data() + Place(at, 3));
                            });
  }

  // Of one of the last three rows made: smoothed down the columns, and along the rows as well.
  const int16_t* Down(int64_t at) const { return down_.data() + Place(at, 3); }
  const int16_t* Along(int64_t at) const { return along_.data() + Place(at, 3); }

 private:
  // Where row `at` is in a ring of `count`.
  int64_t Place(int64_t at, int64_t count) const {
    return (at % count + count) % count * layout_.words;
  }

  absl::Status Halve(int64_t at, Poller& poll) {
    const uint8_t* rows[4];
    for (int64_t i = 0; i < 4; ++i)
      rows[i] = gray_.data + std::clamp<int64_t>(2 * at - 1 + i, 0, gray_.height - 1) * gray_.width;
    int16_t* const words = halved_.data() + Place(at, taps_) + layout_.first;
    const int64_t last = (gray_.width - 3) / 2;  // all of whose pixels are there, as word 1's
    TRINE_RETURN_IF_ERROR(ForPiecesOfWords(1, last + 1, 1, poll, [&](size_t begin, size_t end) {
      HalveBytes(rows, begin, end, words);
    }));
    for (const int64_t word : {int64_t{-1}, int64_t{0}}) words[word] = Halved(rows, word);
    for (int64_t word = last + 1; word <= layout_.LastWord(); ++word)
      words[word] = Halved(rows, word);
    return absl::OkStatus();
  }
  int16_t Halved(const uint8_t* const* rows, int64_t at) const {
    constexpr int kHalving[4] = {1, 3, 3, 1};
    int sum = 0;
    for (int64_t j = 0; j < 4; ++j) {
      const int64_t x = 2 * at - 1 + j, there = std::clamp<int64_t>(x, 0, gray_.width - 1);
      if (there != x && beyond_ == BeyondHalf::kNothing) continue;
      for (int64_t i = 0; i < 4; ++i)
        sum += kHalving[i] * kHalving[j] * (int{rows[i][there]} - 128);
    }
    return static_cast<int16_t>(2 * sum);
  }

  const Picture& gray_;
  const HalfRow& layout_;
  const ByteGauss& gauss_;
  BeyondHalf beyond_;
  int64_t taps_;
  Scratch<int16_t> halved_, down_, along_;
};

}  // namespace trine::segment
