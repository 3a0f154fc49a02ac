#include "core/segment/local/kernels/byte_windows.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "core/segment/local/windows/window_moments.h"

// The baseline, SSE4, AVX2 and AVX-512; vectors of unknown length have no blocks to step over.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/segment/local/kernels/byte_windows.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include <hwy/highway.h>

// Of a lambda in a loop: left to itself the compiler may call it, with vectors in memory.
#ifndef TRINE_ATTR
#define TRINE_ATTR HWY_ATTR __attribute__((always_inline))
#endif

HWY_BEFORE_NAMESPACE();
namespace trine::segment::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

bool HasVectors() { return HWY_TARGET != HWY_SCALAR; }

#if HWY_TARGET == HWY_SCALAR

// No words of two pixels: never called, see HasByteWindows().
void MoveColumnsOf(const uint8_t*, const uint8_t*, size_t, size_t, const ByteColumns&) {
  std::abort();
}
void PrefixColumnsOf(const uint8_t*, const uint8_t*, size_t, size_t, const ByteColumns&,
                     BytePrefix*) {
  std::abort();
}
void DecideSmallMeanOf(const ByteColumns&, const ByteMean&, const uint8_t*, size_t, size_t,
                       uint8_t*) {
  std::abort();
}
void DecideMeanOf(const ByteColumns&, const BytePrefix&, const ByteMean&, const uint8_t*, size_t,
                  size_t, uint8_t*) {
  std::abort();
}
void DecideSauvolaOf(const ByteColumns&, const BytePrefix&, const ByteSauvola&, const uint8_t*,
                     size_t, size_t, uint8_t*) {
  std::abort();
}

#else

using PixelTag = hn::CappedTag<int16_t, kPixelBlock>;
using WordTag = hn::RepartitionToWide<PixelTag>;
using FloatTag = hn::RebindToFloat<WordTag>;
using UnsignedTag = hn::RebindToUnsigned<WordTag>;
using ByteTag = hn::Rebind<uint8_t, PixelTag>;
using Pixels = hn::Vec<PixelTag>;
using Words = hn::Vec<WordTag>;
using Floats = hn::Vec<FloatTag>;
constexpr PixelTag kPixels;
constexpr WordTag kWords;
constexpr FloatTag kFloats;
constexpr UnsignedTag kUnsigned;
constexpr ByteTag kBytes;
constexpr size_t kMostWords = kPixelBlock / 2;

HWY_INLINE size_t Lanes() { return hn::Lanes(kPixels); }

// Pixel x of a row and those after it; 128s beyond its end.
HWY_INLINE Pixels LoadPixels(const uint8_t* row, size_t x, size_t width) {
  if (HWY_LIKELY(x + Lanes() <= width)) return hn::PromoteTo(kPixels, hn::LoadU(kBytes, row + x));
  alignas(64) uint8_t some[kPixelBlock];
  std::fill_n(some, kPixelBlock, uint8_t{128});
  if (x < width) std::memcpy(some, row + x, width - x);
  return hn::PromoteTo(kPixels, hn::Load(kBytes, some));
}

// Words of two pixels of 16 bits, from pixel x on; 2^15 beyond the row's end.
HWY_INLINE hn::Vec<UnsignedTag> LoadLong(const uint8_t* row, size_t x, size_t width) {
  const hn::Repartition<uint8_t, PixelTag> bytes;
  if (HWY_LIKELY(x + Lanes() <= width))
    return hn::BitCast(kUnsigned, hn::LoadU(bytes, row + 2 * x));
  alignas(64) uint16_t some[kPixelBlock];
  std::fill_n(some, kPixelBlock, uint16_t{1 << 15});
  if (x < width) std::memcpy(some, row + 2 * x, 2 * (width - x));
  return hn::BitCast(kUnsigned, hn::Load(hn::Repartition<uint16_t, PixelTag>(), some));
}

// The even and the odd ones less 2^15.
HWY_INLINE Words EvenLong(hn::Vec<UnsignedTag> v) {
  return hn::Sub(hn::BitCast(kWords, hn::And(v, hn::Set(kUnsigned, 0xFFFF))),
                 hn::Set(kWords, 1 << 15));
}
HWY_INLINE Words OddLong(hn::Vec<UnsignedTag> v) {
  return hn::Sub(hn::BitCast(kWords, hn::ShiftRight<16>(v)), hn::Set(kWords, 1 << 15));
}

// Writes 255 for lanes of -1 and 0 for lanes of 0, `flip` over it.
HWY_INLINE void StoreMask(Pixels is, hn::Vec<ByteTag> flip, size_t x, size_t width, uint8_t* row) {
  const auto bytes = hn::Xor(flip, hn::DemoteTo(kBytes, hn::And(is, hn::Set(kPixels, 255))));
  if (HWY_LIKELY(x + Lanes() <= width)) return hn::StoreU(bytes, kBytes, row + x);
  if (x >= width) return;
  alignas(64) uint8_t some[kPixelBlock];
  hn::Store(bytes, kBytes, some);
  std::memcpy(row + x, some, width - x);
}

HWY_INLINE Words Even(Pixels v) {
  return hn::ShiftRight<16>(hn::ShiftLeft<16>(hn::BitCast(kWords, v)));
}
HWY_INLINE Words Odd(Pixels v) { return hn::ShiftRight<16>(hn::BitCast(kWords, v)); }

// a0 b0 + a1 b1 of the two pixels of each word.
HWY_INLINE Words PairSums(Pixels a, Pixels b) {
  Words rest = hn::Zero(kWords);
  const Words sums = hn::ReorderWidenMulAccumulate(kWords, a, b, hn::Zero(kWords), rest);
  return hn::RearrangeToOddPlusEven(sums, rest);
}

// Lanes that hold -1 where a pixel's word of this evenness does.
HWY_INLINE Pixels Joined(Words even, Words odd) {
  const Words low = hn::Set(kWords, 0xFFFF);
  return hn::BitCast(kPixels, hn::Or(hn::And(low, even), hn::AndNot(low, odd)));
}

// Sums of all lanes up to each, and that of the last in every lane.
class Prefix {
 public:
  HWY_INLINE Prefix() {
    alignas(64) int32_t pairs[kMostWords], halves[kMostWords];
    alignas(64) int32_t pair_lanes[kMostWords], half_lanes[kMostWords], last[kMostWords];
    const size_t lanes = hn::Lanes(kWords);
    for (size_t i = 0; i < kMostWords; ++i) {
      pairs[i] = (i / 4) % 2 != 0 ? -1 : 0;
      pair_lanes[i] = (i / 4) % 2 != 0 ? static_cast<int32_t>(i / 4 * 4 - 1) : 0;
      halves[i] = i >= 8 ? -1 : 0;
      half_lanes[i] = i >= 8 ? 7 : 0;
      last[i] = static_cast<int32_t>(lanes - 1);
    }
    pairs_ = hn::Load(kWords, pairs);
    halves_ = hn::Load(kWords, halves);
    pair_lanes_ = hn::SetTableIndices(kWords, pair_lanes);
    half_lanes_ = hn::SetTableIndices(kWords, lanes > 8 ? half_lanes : pair_lanes);
    last_ = hn::SetTableIndices(kWords, last);
  }

  HWY_INLINE Words Of(Words v) const {
    v = hn::Add(v, hn::ShiftLeftLanes<1>(kWords, v));
    v = hn::Add(v, hn::ShiftLeftLanes<2>(kWords, v));
    if constexpr (hn::MaxLanes(kWords) >= 8)
      v = hn::Add(v, hn::And(pairs_, hn::TableLookupLanes(v, pair_lanes_)));
    if constexpr (hn::MaxLanes(kWords) >= 16)
      v = hn::Add(v, hn::And(halves_, hn::TableLookupLanes(v, half_lanes_)));
    return v;
  }
  HWY_INLINE Words Last(Words v) const { return hn::TableLookupLanes(v, last_); }

 private:
  using Indices = decltype(hn::SetTableIndices(WordTag(), static_cast<const int32_t*>(nullptr)));
  Words pairs_, halves_;
  Indices pair_lanes_, half_lanes_, last_;
};

// Stores the prefix sums of words whose pixels add up to `pairs`.
HWY_INLINE void StorePrefix(const Prefix& prefix, Words pairs, Words odd, size_t i, Words& carry,
                            const EvenOdd& out) {
  const Words sums = prefix.Of(pairs);
  const Words last = hn::Add(sums, carry);
  carry = hn::Add(carry, prefix.Last(sums));
  hn::Store(hn::Sub(last, odd), kWords, out[0] + i);
  hn::Store(last, kWords, out[1] + i);
}

HWY_INLINE Words Moved(Words by, int32_t* at) {
  const Words sum = hn::Add(hn::Load(kWords, at), by);
  hn::Store(sum, kWords, at);
  return sum;
}

// What sums of columns are of.
enum class Kind : uint8_t {
  kNarrow,   // bytes, in 16 bits
  kSquares,  // and of their squares
  kWide,     // bytes, in 32 bits
  kLong,     // pixels of 16 bits, in 32 bits
};

// values(x, both, odd) is called with the sums of each vector of words, of both pixels and of the
// odd one, squares() with those of the squares.
template <Kind kKind, typename Values, typename OfSquares>
HWY_INLINE void ForMoved(const uint8_t* in, const uint8_t* out, size_t begin, size_t end,
                         const ByteColumns& columns, const Values& values,
                         const OfSquares& squares) {
  const Pixels evens = hn::BitCast(kPixels, hn::Set(kWords, 0xFFFF));
  for (size_t x = begin; x < end; x += Lanes()) {
    if constexpr (kKind == Kind::kLong) {
      const auto a = LoadLong(in, x, columns.width), b = LoadLong(out, x, columns.width);
      const Words even = Moved(hn::Sub(EvenLong(a), EvenLong(b)), columns.wide[0] + x / 2);
      const Words odd = Moved(hn::Sub(OddLong(a), OddLong(b)), columns.wide[1] + x / 2);
      values(x, hn::Add(even, odd), odd);
      continue;
    }
    const Pixels a = LoadPixels(in, x, columns.width), b = LoadPixels(out, x, columns.width);
    const Pixels by = hn::Sub(a, b);
    if constexpr (kKind == Kind::kWide) {
      const Words even = Moved(Even(by), columns.wide[0] + x / 2);
      const Words odd = Moved(Odd(by), columns.wide[1] + x / 2);
      values(x, hn::Add(even, odd), odd);
    } else {
      const Pixels sums = hn::Add(hn::Load(kPixels, columns.sums + x), by);
      hn::Store(sums, kPixels, columns.sums + x);
      values(x, PairSums(sums, hn::Set(kPixels, 1)), Odd(sums));
    }
    if constexpr (kKind == Kind::kSquares) {
      // (a - 128)^2 - (b - 128)^2
      const Pixels of_both = hn::Sub(hn::Add(a, b), hn::Set(kPixels, 256));
      const Words even = Moved(PairSums(hn::And(evens, by), of_both), columns.squares[0] + x / 2);
      const Words odd = Moved(PairSums(hn::AndNot(evens, by), of_both), columns.squares[1] + x / 2);
      squares(x, hn::Add(even, odd), odd);
    }
  }
}

// Calls body(std::integral_constant<Kind, ...>).
template <typename Body>
HWY_INLINE void ForKind(const ByteColumns& columns, const Body& body) {
  if (columns.pixel_bytes == 2) return body(std::integral_constant<Kind, Kind::kLong>());
  if (columns.sums == nullptr) return body(std::integral_constant<Kind, Kind::kWide>());
  if (columns.squares[0] == nullptr) return body(std::integral_constant<Kind, Kind::kNarrow>());
  body(std::integral_constant<Kind, Kind::kSquares>());
}

void MoveColumnsOf(const uint8_t* in, const uint8_t* out, size_t begin, size_t end,
                   const ByteColumns& columns) {
  const auto nothing = [](size_t, Words, Words) TRINE_ATTR {};
  ForKind(columns, [&](auto kind) TRINE_ATTR {
    ForMoved<kind>(in, out, begin, end, columns, nothing, nothing);
  });
}

void PrefixColumnsOf(const uint8_t* in, const uint8_t* out, size_t begin, size_t end,
                     const ByteColumns& columns, BytePrefix* to) {
  const Prefix prefix;
  Words carry = hn::Set(kWords, to->sum), square_carry = hn::Set(kWords, to->square);
  const auto word = [to](size_t x) TRINE_ATTR {
    return static_cast<size_t>(static_cast<ptrdiff_t>(x / 2) - to->first);
  };
  ForKind(columns, [&](auto kind) TRINE_ATTR {
    ForMoved<kind>(
        in, out, begin, end, columns,
        [&](size_t x, Words pairs, Words odd)
            TRINE_ATTR { StorePrefix(prefix, pairs, odd, word(x), carry, to->sums); },
        [&](size_t x, Words pairs, Words odd)
            TRINE_ATTR { StorePrefix(prefix, pairs, odd, word(x), square_carry, to->squares); });
  });
  to->sum = hn::GetLane(carry);
  to->square = hn::GetLane(square_carry);
}

// Where the prefix sums of the windows of even or odd pixels begin and end: those of word i at i.
struct Ends {
  const int32_t* before;
  const int32_t* last;

  Ends(const EvenOdd& prefix, ptrdiff_t first, size_t radius, ptrdiff_t odd) {
    const ptrdiff_t reach = static_cast<ptrdiff_t>(radius);
    const auto at = [&](ptrdiff_t x) {  // rounded down
      const ptrdiff_t part = x & 1;
      return prefix[static_cast<size_t>(part)] + ((x - part) / 2 - first);
    };
    before = at(odd - reach - 1);
    last = at(odd + reach);
  }
  HWY_INLINE Words Sum(size_t i) const {
    return hn::Sub(hn::LoadU(kWords, last + i), hn::LoadU(kWords, before + i));
  }
};

// Calls body(x, edge) for the vectors of pixels [begin, end), `edge` being std::true_type where a
// window may end at the border.
template <typename Body>
HWY_INLINE void ForPixels(const ByteColumns& at, size_t begin, size_t end, const Body& body) {
  const size_t step = Lanes();
  size_t x = begin;
  for (; x < end && x < at.radius; x += step) body(x, std::true_type());
  for (; x < end && x + step + at.radius <= at.width; x += step) body(x, std::false_type());
  for (; x < end; x += step) body(x, std::true_type());
}

// Columns in the picture of the windows of the even or odd pixels from x on. Beyond the picture
// anything from 1 on.
HWY_INLINE Words ColumnsOf(const ByteColumns& at, size_t x, int32_t odd) {
  const Words place = hn::Add(hn::ShiftLeft<1>(hn::Iota(kWords, static_cast<int32_t>(x / 2))),
                              hn::Set(kWords, odd));
  const Words radius = hn::Set(kWords, static_cast<int32_t>(at.radius));
  const Words last = hn::Set(kWords, static_cast<int32_t>(at.width) - 1);
  const Words inside = hn::Min(place, last);
  return hn::Add(hn::Sub(hn::Min(last, hn::Add(inside, radius)),
                         hn::Max(hn::Zero(kWords), hn::Sub(inside, radius))),
                 hn::Set(kWords, 1));
}

// v n > sum + bound, all of words of even or odd pixels, as -1 or 0.
HWY_INLINE Words AreAbove(Words product, Words sum, Words bound) {
  return hn::VecFromMask(kWords, hn::Gt(product, hn::Add(sum, bound)));
}

// sum(x, odd) are the windows' sums.
template <typename SumOf>
HWY_INLINE void DecideByWords(const ByteColumns& at, const ByteMean& mean, const uint8_t* row,
                              size_t begin, size_t end, uint8_t* mask, const SumOf& sum) {
  const size_t area = mean.rows * (2 * at.radius + 1);
  const Words rows = hn::Set(kWords, static_cast<int32_t>(mean.rows));
  const Words full = hn::Set(kWords, static_cast<int32_t>(area));
  const Words full_bound = hn::Set(kWords, mean.bounds[2 * at.radius + 1]);
  const bool is_long = at.pixel_bytes == 2, fits = !is_long && area < (size_t{1} << 15);
  const Pixels even_area = hn::BitCast(kPixels, full);
  const Pixels odd_area = hn::BitCast(kPixels, hn::ShiftLeft<16>(full));
  const auto flip = hn::Set(kBytes, mean.invert);
  const auto decide = [&](size_t x, Words even, Words odd, auto edge) TRINE_ATTR {
    const auto above = [&](Words value, int32_t is_odd) TRINE_ATTR {
      Words count = full, bound = full_bound;
      if constexpr (edge) {
        const Words columns = ColumnsOf(at, x, is_odd);
        count = hn::Mul(rows, columns);
        bound = hn::GatherIndex(kWords, mean.bounds, columns);
      }
      return AreAbove(hn::Mul(value, count), sum(x, is_odd), bound);
    };
    StoreMask(Joined(above(even, 0), above(odd, 1)), flip, x, at.width, mask);
  };
  ForPixels(at, begin, end, [&](size_t x, auto edge) TRINE_ATTR {
    if (is_long) {
      const auto v = LoadLong(row, x, at.width);
      return decide(x, EvenLong(v), OddLong(v), edge);
    }
    const Pixels v = hn::Sub(LoadPixels(row, x, at.width), hn::Set(kPixels, 128));
    if constexpr (!edge) {
      if (fits) {
        const Words even = AreAbove(PairSums(v, even_area), sum(x, 0), full_bound);
        const Words odd = AreAbove(PairSums(v, odd_area), sum(x, 1), full_bound);
        return StoreMask(Joined(even, odd), flip, x, at.width, mask);
      }
    }
    decide(x, Even(v), Odd(v), edge);
  });
}

void DecideMeanOf(const ByteColumns& at, const BytePrefix& prefix, const ByteMean& mean,
                  const uint8_t* row, size_t begin, size_t end, uint8_t* mask) {
  const Ends even(prefix.sums, prefix.first, at.radius, 0);
  const Ends odd(prefix.sums, prefix.first, at.radius, 1);
  DecideByWords(at, mean, row, begin, end, mask, [&](size_t x, int32_t is_odd) TRINE_ATTR {
    return is_odd != 0 ? odd.Sum(x / 2) : even.Sum(x / 2);
  });
}

template <size_t kRadius>
HWY_INLINE Pixels SumOfColumns(const int16_t* sums) {
  Pixels sum = hn::LoadU(kPixels, sums);
  for (size_t d = 1; d <= kRadius; ++d)
    sum = hn::Add(sum, hn::Add(hn::LoadU(kPixels, sums - d), hn::LoadU(kPixels, sums + d)));
  return sum;
}

template <size_t kRadius>
void DecideSmall(const ByteColumns& at, const ByteMean& mean, const uint8_t* row, size_t begin,
                 size_t end, uint8_t* mask) {
  const Pixels full = hn::Set(kPixels, static_cast<int16_t>(mean.rows * (2 * kRadius + 1)));
  const Pixels full_bound = hn::Set(kPixels, static_cast<int16_t>(mean.bounds[2 * kRadius + 1]));
  const auto flip = hn::Set(kBytes, mean.invert);
  // Both v n and the sum are within 2^15 - 1; where sum + bound is beyond that, so is what it is
  // compared with on the other side.
  const auto decide = [&](size_t x, Pixels count, Pixels bound) TRINE_ATTR {
    const Pixels v = hn::Sub(LoadPixels(row, x, at.width), hn::Set(kPixels, 128));
    const Pixels least = hn::SaturatedAdd(SumOfColumns<kRadius>(at.sums + x), bound);
    const Pixels is = hn::VecFromMask(kPixels, hn::Gt(hn::Mul(v, count), least));
    StoreMask(is, flip, x, at.width, mask);
  };
  ForPixels(at, begin, end, [&](size_t x, auto edge) TRINE_ATTR {
    if constexpr (!edge) return decide(x, full, full_bound);
    alignas(64) int16_t counts[kPixelBlock], bounds[kPixelBlock];
    for (size_t i = 0; i < Lanes(); ++i) {
      const size_t place = std::min(x + i, at.width - 1);
      const size_t columns =
          std::min(at.width - 1, place + kRadius) - (place < kRadius ? 0 : place - kRadius) + 1;
      counts[i] = static_cast<int16_t>(mean.rows * columns);
      bounds[i] = static_cast<int16_t>(mean.bounds[columns]);
    }
    decide(x, hn::Load(kPixels, counts), hn::Load(kPixels, bounds));
  });
}

void DecideSmallMeanOf(const ByteColumns& at, const ByteMean& mean, const uint8_t* row,
                       size_t begin, size_t end, uint8_t* mask) {
  switch (at.radius) {
    case 1:
      return DecideSmall<1>(at, mean, row, begin, end, mask);
    case 2:
      return DecideSmall<2>(at, mean, row, begin, end, mask);
    case 3:
      return DecideSmall<3>(at, mean, row, begin, end, mask);
    case 4:
      return DecideSmall<4>(at, mean, row, begin, end, mask);
    case 5:
      return DecideSmall<5>(at, mean, row, begin, end, mask);
    case 6:
      return DecideSmall<6>(at, mean, row, begin, end, mask);
    default:
      return DecideSmall<7>(at, mean, row, begin, end, mask);
  }
}

// The lanes of `which` by the formula in double.
HWY_NOINLINE Words SurelyAbove(const ByteSauvola& with, Words is, Words which, Words value,
                               Words sum, Words square, Words count) {
  alignas(64) int32_t all[kMostWords], unsure[kMostWords], values[kMostWords];
  alignas(64) int32_t sums[kMostWords], squares[kMostWords], counts[kMostWords];
  hn::Store(is, kWords, all);
  hn::Store(which, kWords, unsure);
  hn::Store(value, kWords, values);
  hn::Store(sum, kWords, sums);
  hn::Store(square, kWords, squares);
  hn::Store(count, kWords, counts);
  for (size_t lane = 0; lane < hn::Lanes(kWords); ++lane) {
    if (unsure[lane] == 0) continue;
    // Of values not less 128.
    const int64_t n = counts[lane], s = sums[lane] + 128 * n;
    const int64_t q = squares[lane] + 256 * s - 16384 * n;
    const double threshold = SauvolaThreshold(
        MeanOf(0, static_cast<uint64_t>(s), n),
        DeviationOf(static_cast<uint64_t>(s), static_cast<uint64_t>(q), n), with.k, with.r);
    all[lane] = values[lane] > threshold ? -1 : 0;
  }
  return hn::Load(kWords, all);
}

void DecideSauvolaOf(const ByteColumns& at, const BytePrefix& prefix, const ByteSauvola& with,
                     const uint8_t* row, size_t begin, size_t end, uint8_t* mask) {
  const Ends sums[2] = {{prefix.sums, prefix.first, at.radius, 0},
                        {prefix.sums, prefix.first, at.radius, 1}};
  const Ends squares[2] = {{prefix.squares, prefix.first, at.radius, 0},
                           {prefix.squares, prefix.first, at.radius, 1}};
  const Words rows = hn::Set(kWords, static_cast<int32_t>(with.rows));
  const Words full_count = hn::Set(kWords, static_cast<int32_t>(with.rows * (2 * at.radius + 1)));
  const Floats one = hn::Set(kFloats, 1.0f), zero = hn::Zero(kFloats);
  const Floats full = hn::Div(one, hn::ConvertTo(kFloats, full_count));
  const Floats base = hn::Set(kFloats, static_cast<float>(1 - with.k));
  const Floats slope = hn::Set(kFloats, static_cast<float>(with.k / with.r));
  const Floats near = hn::Set(kFloats, with.near), near_slope = hn::Set(kFloats, with.near_slope);
  const Floats middle = hn::Set(kFloats, 128.0f);
  // t is below 0 where k is: above is then d > 0 or d^2 < t^2, the opposite for -d.
  const bool falls = with.k / with.r < 0;
  const Floats sign = hn::Set(kFloats, falls ? -0.0f : 0.0f);
  const auto flip = hn::Set(kBytes, static_cast<uint8_t>(with.invert ^ (falls ? 255 : 0)));
  const Words turn = hn::Set(kWords, falls ? -1 : 0);
  ForPixels(at, begin, end, [&](size_t x, auto edge) TRINE_ATTR {
    const Words pixels = hn::BitCast(kWords, LoadPixels(row, x, at.width));
    const auto decide = [&](Words value, size_t odd) TRINE_ATTR {
      const Words sum = sums[odd].Sum(x / 2), square = squares[odd].Sum(x / 2);
      Words count = full_count;
      Floats inverse = full;
      if constexpr (edge) {
        count = hn::Mul(rows, ColumnsOf(at, x, static_cast<int32_t>(odd)));
        inverse = hn::Div(one, hn::ConvertTo(kFloats, count));
      }
      const Floats low = hn::Mul(hn::ConvertTo(kFloats, sum), inverse);  // the mean less 128
      const Floats variance =
          hn::NegMulAdd(low, low, hn::Mul(hn::ConvertTo(kFloats, square), inverse));
      const Floats mean = hn::Add(low, middle);
      const Floats d = hn::Xor(sign, hn::NegMulAdd(mean, base, hn::ConvertTo(kFloats, value)));
      const Floats sloped = hn::Mul(mean, slope);
      const Floats over =
          hn::MulSub(d, d, hn::Mul(hn::Mul(sloped, sloped), variance));  // d^2 - t^2
      Words is = hn::BitCast(
          kWords, hn::VecFromMask(kFloats, hn::And(hn::Gt(d, zero), hn::Gt(over, zero))));
      const auto unsure = hn::Lt(hn::Abs(over), hn::MulAdd(near_slope, hn::Abs(d), near));
      if (HWY_UNLIKELY(!hn::AllFalse(kFloats, unsure))) {
        const Words which = hn::BitCast(kWords, hn::VecFromMask(kFloats, unsure));
        is = hn::Xor(turn, SurelyAbove(with, hn::Xor(turn, is), which, value, sum, square, count));
      }
      return is;
    };
    const Words even = decide(hn::And(pixels, hn::Set(kWords, 0xFFFF)), 0);
    const Words odd = decide(hn::ShiftRight<16>(pixels), 1);
    StoreMask(Joined(even, odd), flip, x, at.width, mask);
  });
}

#endif  // HWY_TARGET

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(HasVectors);
HWY_EXPORT(MoveColumnsOf);
HWY_EXPORT(PrefixColumnsOf);
HWY_EXPORT(DecideSmallMeanOf);
HWY_EXPORT(DecideMeanOf);
HWY_EXPORT(DecideSauvolaOf);

void MoveColumns(const uint8_t* in, const uint8_t* out, size_t begin, size_t end,
                 const ByteColumns& columns) {
  HWY_DYNAMIC_DISPATCH(MoveColumnsOf)(in, out, begin, end, columns);
}

void PrefixColumns(const uint8_t* in, const uint8_t* out, size_t begin, size_t end,
                   const ByteColumns& columns, BytePrefix* prefix) {
  HWY_DYNAMIC_DISPATCH(PrefixColumnsOf)(in, out, begin, end, columns, prefix);
}

void DecideSmallMean(const ByteColumns& columns, const ByteMean& mean, const uint8_t* row,
                     size_t begin, size_t end, uint8_t* mask) {
  HWY_DYNAMIC_DISPATCH(DecideSmallMeanOf)(columns, mean, row, begin, end, mask);
}

void DecideMean(const ByteColumns& columns, const BytePrefix& prefix, const ByteMean& mean,
                const uint8_t* row, size_t begin, size_t end, uint8_t* mask) {
  HWY_DYNAMIC_DISPATCH(DecideMeanOf)(columns, prefix, mean, row, begin, end, mask);
}

void DecideSauvola(const ByteColumns& columns, const BytePrefix& prefix, const ByteSauvola& sauvola,
                   const uint8_t* row, size_t begin, size_t end, uint8_t* mask) {
  HWY_DYNAMIC_DISPATCH(DecideSauvolaOf)(columns, prefix, sauvola, row, begin, end, mask);
}

int64_t ByteWindowTargets() { return HWY_TARGETS; }
bool HasByteWindows() { return HWY_DYNAMIC_DISPATCH(HasVectors)(); }

}  // namespace trine::segment
#endif  // HWY_ONCE
