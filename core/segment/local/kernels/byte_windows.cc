#include "core/segment/local/kernels/byte_windows.h"

#include <algorithm>
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

using Tag = hn::CappedTag<uint32_t, kWordBlock>;
using SignedTag = hn::RebindToSigned<Tag>;
using FloatTag = hn::RebindToFloat<Tag>;
using V = hn::Vec<Tag>;
constexpr Tag kTag;
constexpr SignedTag kSigned;
constexpr FloatTag kFloat;

// Sums of all lanes up to each, and that of the last in every lane.
class Prefix {
 public:
  HWY_INLINE Prefix() {
    alignas(64) uint32_t pairs[kWordBlock], halves[kWordBlock];
    alignas(64) int32_t pair_lanes[kWordBlock], half_lanes[kWordBlock], last[kWordBlock];
    const size_t lanes = hn::Lanes(kTag);
    for (size_t i = 0; i < kWordBlock; ++i) {
      pairs[i] = (i / 4) % 2 != 0 ? ~0u : 0;
      pair_lanes[i] = (i / 4) % 2 != 0 ? static_cast<int32_t>(i / 4 * 4 - 1) : 0;
      halves[i] = i >= 8 ? ~0u : 0;
      half_lanes[i] = i >= 8 ? 7 : 0;
      last[i] = static_cast<int32_t>(lanes - 1);
    }
    pairs_ = hn::Load(kTag, pairs);
    halves_ = hn::Load(kTag, halves);
    pair_lanes_ = hn::SetTableIndices(kTag, pair_lanes);
    half_lanes_ = hn::SetTableIndices(kTag, lanes > 8 ? half_lanes : pair_lanes);
    last_ = hn::SetTableIndices(kTag, last);
  }

  HWY_INLINE V Of(V v) const {
#if HWY_TARGET != HWY_SCALAR
    v = hn::Add(v, hn::ShiftLeftLanes<1>(kTag, v));
    v = hn::Add(v, hn::ShiftLeftLanes<2>(kTag, v));
#endif
    if constexpr (hn::MaxLanes(kTag) >= 8)
      v = hn::Add(v, hn::And(pairs_, hn::TableLookupLanes(v, pair_lanes_)));
    if constexpr (hn::MaxLanes(kTag) >= 16)
      v = hn::Add(v, hn::And(halves_, hn::TableLookupLanes(v, half_lanes_)));
    return v;
  }
  HWY_INLINE V Last(V v) const { return hn::TableLookupLanes(v, last_); }

 private:
  using Indices = decltype(hn::SetTableIndices(Tag(), static_cast<const int32_t*>(nullptr)));
  V pairs_, halves_;
  Indices pair_lanes_, half_lanes_, last_;
};

HWY_INLINE size_t Lanes() { return hn::Lanes(kTag); }

// Word `i` of a row and those after it; zeros beyond its end.
HWY_INLINE V LoadWords(const uint8_t* row, size_t i, size_t width) {
  const size_t at = 4 * i;
#if HWY_TARGET != HWY_SCALAR
  const hn::Repartition<uint8_t, Tag> bytes;
  if (HWY_LIKELY(at + 4 * Lanes() <= width)) return hn::BitCast(kTag, hn::LoadU(bytes, row + at));
#endif
  alignas(64) uint32_t some[kWordBlock] = {};
  if (at < width) std::memcpy(some, row + at, std::min(width - at, 4 * Lanes()));
  return hn::Load(kTag, some);
}
HWY_INLINE void StoreWords(V words, size_t i, size_t width, uint8_t* row) {
  const size_t at = 4 * i;
#if HWY_TARGET != HWY_SCALAR
  const hn::Repartition<uint8_t, Tag> bytes;
  if (HWY_LIKELY(at + 4 * Lanes() <= width)) {
    return hn::StoreU(hn::BitCast(bytes, words), bytes, row + at);
  }
#endif
  if (at >= width) return;
  alignas(64) uint32_t some[kWordBlock];
  hn::Store(words, kTag, some);
  std::memcpy(row + at, some, std::min(width - at, 4 * Lanes()));
}

template <int kPhase>
HWY_INLINE V Phase(V words) {
  if constexpr (kPhase == 3) return hn::ShiftRight<24>(words);
  return hn::And(hn::ShiftRight<8 * kPhase>(words), hn::Set(kTag, 0xFF));
}

// body(std::integral_constant<int, p>) for the four phases.
template <typename Body>
HWY_INLINE void ForPhases(const Body& body) {
  body(std::integral_constant<int, 0>());
  body(std::integral_constant<int, 1>());
  body(std::integral_constant<int, 2>());
  body(std::integral_constant<int, 3>());
}

// Stores the inclusive prefix sums of the pixels of a vector of words, given by phase.
HWY_INLINE void StorePrefix(const Prefix& prefix, V p0, V p1, V p2, V p3, size_t i, V& carry,
                            const std::array<uint32_t*, 4>& out) {
  const V last = prefix.Of(hn::Add(hn::Add(p0, p1), hn::Add(p2, p3)));
  const V third = hn::Add(last, carry);
  carry = hn::Add(carry, prefix.Last(last));
  const V second = hn::Sub(third, p3), first = hn::Sub(second, p2);
  hn::Store(third, kTag, out[3] + i);
  hn::Store(second, kTag, out[2] + i);
  hn::Store(first, kTag, out[1] + i);
  hn::Store(hn::Sub(first, p1), kTag, out[0] + i);
}

void AddBytesOf(const uint8_t* row, size_t begin, size_t end, const ByteSums& at) {
  for (size_t i = begin; i < end; i += Lanes()) {
    const V words = LoadWords(row, i, at.width);
    ForPhases([&](auto phase) TRINE_ATTR {
      const V v = Phase<phase>(words);
      hn::Store(hn::Add(v, hn::Load(kTag, at.sums[phase] + i)), kTag, at.sums[phase] + i);
      if (at.squares[0] == nullptr) return;
      uint32_t* const squares = at.squares[phase] + i;
      hn::Store(hn::Add(hn::Mul(v, v), hn::Load(kTag, squares)), kTag, squares);
    });
  }
}

void PrefixOfSumsOf(size_t begin, size_t end, const ByteSums& at, ByteCarry* carries) {
  const Prefix prefix;
  const auto run = [&](const std::array<uint32_t*, 4>& from, const std::array<uint32_t*, 4>& out,
                       uint32_t* carried) TRINE_ATTR {
    V carry = hn::Set(kTag, *carried);
    for (size_t i = begin; i < end; i += Lanes()) {
      StorePrefix(prefix, hn::Load(kTag, from[0] + i), hn::Load(kTag, from[1] + i),
                  hn::Load(kTag, from[2] + i), hn::Load(kTag, from[3] + i), i, carry, out);
      for (uint32_t* const sums : from) hn::Store(hn::Zero(kTag), kTag, sums + i);
    }
    *carried = hn::GetLane(carry);
  };
  run(at.sums, at.prefix, &carries->sum);
  if (at.squares[0] != nullptr) run(at.squares, at.squares_prefix, &carries->square);
}

template <bool kSquares>
void PrefixOfPixels(const uint8_t* in, const uint8_t* out, size_t begin, size_t end,
                    const ByteSums& at, ByteCarry* carries) {
  const Prefix prefix;
  V carry = hn::Set(kTag, carries->sum), square_carry = hn::Set(kTag, carries->square);
  for (size_t i = begin; i < end; i += Lanes()) {
    const V a = in == nullptr ? hn::Zero(kTag) : LoadWords(in, i, at.width);
    const V b = out == nullptr ? hn::Zero(kTag) : LoadWords(out, i, at.width);
    const V a0 = Phase<0>(a), a1 = Phase<1>(a), a2 = Phase<2>(a), a3 = Phase<3>(a);
    const V b0 = Phase<0>(b), b1 = Phase<1>(b), b2 = Phase<2>(b), b3 = Phase<3>(b);
    const V d0 = hn::Sub(a0, b0), d1 = hn::Sub(a1, b1), d2 = hn::Sub(a2, b2), d3 = hn::Sub(a3, b3);
    StorePrefix(prefix, d0, d1, d2, d3, i, carry, at.prefix);
    if constexpr (kSquares) {
      StorePrefix(prefix, hn::Mul(d0, hn::Add(a0, b0)), hn::Mul(d1, hn::Add(a1, b1)),
                  hn::Mul(d2, hn::Add(a2, b2)), hn::Mul(d3, hn::Add(a3, b3)), i, square_carry,
                  at.squares_prefix);
    }
  }
  carries->sum = hn::GetLane(carry);
  carries->square = hn::GetLane(square_carry);
}

void PrefixOfRowsOf(const uint8_t* in, const uint8_t* out, size_t begin, size_t end,
                    const ByteSums& at, ByteCarry* carries) {
  if (at.squares[0] == nullptr) return PrefixOfPixels<false>(in, out, begin, end, at, carries);
  PrefixOfPixels<true>(in, out, begin, end, at, carries);
}

// Where the prefix sums of a phase's windows begin and end.
struct Ends {
  const uint32_t* before;
  const uint32_t* last;
};
std::array<Ends, 4> EndsOf(const std::array<uint32_t*, 4>& prefix, size_t radius) {
  std::array<Ends, 4> ends;
  for (size_t phase = 0; phase < 4; ++phase) {
    const ptrdiff_t last = static_cast<ptrdiff_t>(phase + radius);
    const ptrdiff_t before = static_cast<ptrdiff_t>(phase) - static_cast<ptrdiff_t>(radius) - 1;
    const auto at = [&](ptrdiff_t x) {  // rounded down
      const ptrdiff_t part = ((x % 4) + 4) % 4;
      return prefix[static_cast<size_t>(part)] + (x - part) / 4;
    };
    ends[phase] = {at(before), at(last)};
  }
  return ends;
}

HWY_INLINE V Move(const Ends& ends, size_t i, uint32_t* sums) {
  const V sum = hn::Add(hn::Load(kTag, sums + i),
                        hn::Sub(hn::LoadU(kTag, ends.last + i), hn::LoadU(kTag, ends.before + i)));
  hn::Store(sum, kTag, sums + i);
  return sum;
}

// Calls body(i, edge) for the vectors of words [begin, end), `edge` being std::true_type where a
// window may end at the border.
template <typename Body>
HWY_INLINE void ForWords(const ByteSums& at, size_t begin, size_t end, const Body& body) {
  const size_t step = Lanes();
  size_t i = begin;
  for (; i < end && 4 * i < at.radius; i += step) body(i, std::true_type());
  for (; i < end && 4 * (i + step) + at.radius <= at.width; i += step) body(i, std::false_type());
  for (; i < end; i += step) body(i, std::true_type());
}

// Columns in the picture of the windows of a phase of the words from i on. Beyond the picture
// anything from 1 on.
template <int kPhase>
HWY_INLINE hn::Vec<SignedTag> Columns(const ByteSums& at, size_t i) {
  const auto x = hn::Add(hn::ShiftLeft<2>(hn::Iota(kSigned, static_cast<int32_t>(i))),
                         hn::Set(kSigned, kPhase));
  const auto radius = hn::Set(kSigned, static_cast<int32_t>(at.radius));
  const auto last = hn::Set(kSigned, static_cast<int32_t>(at.width) - 1);
  const auto inside = hn::Min(x, last);
  return hn::Add(hn::Sub(hn::Min(last, hn::Add(inside, radius)),
                         hn::Max(hn::Zero(kSigned), hn::Sub(inside, radius))),
                 hn::Set(kSigned, 1));
}

void DecideMeanOf(const ByteSums& at, const ByteMean& mean, const uint8_t* row, size_t begin,
                  size_t end, uint8_t* mask) {
  const std::array<Ends, 4> ends = EndsOf(at.prefix, at.radius);
  const auto rows = hn::Set(kSigned, static_cast<int32_t>(mean.rows));
  const auto full = hn::Set(kSigned, static_cast<int32_t>(mean.rows * (2 * at.radius + 1)));
  const auto full_bound = hn::Set(kSigned, mean.bounds[2 * at.radius + 1]);
  const V invert = hn::Set(kTag, mean.invert);
  ForWords(at, begin, end, [&](size_t i, auto edge) TRINE_ATTR {
    const V words = LoadWords(row, i, at.width);
    V above = invert;
    ForPhases([&](auto phase) TRINE_ATTR {
      const auto sum = hn::BitCast(kSigned, Move(ends[phase], i, at.sums[phase]));
      const auto value = hn::BitCast(kSigned, Phase<phase>(words));
      auto count = full, bound = full_bound;
      if constexpr (edge) {
        const auto columns = Columns<phase>(at, i);
        count = hn::Mul(rows, columns);
        bound = hn::GatherIndex(kSigned, mean.bounds, columns);
      }
      const auto is = hn::Gt(hn::Sub(hn::Mul(value, count), sum), bound);
      above = hn::Xor(above, hn::And(hn::BitCast(kTag, hn::VecFromMask(kSigned, is)),
                                     hn::Set(kTag, 0xFFu << (8 * phase))));
    });
    StoreWords(above, i, at.width, mask);
  });
}

void DecideSauvolaOf(const ByteSums& at, const ByteSauvola& with, const uint8_t* row, size_t begin,
                     size_t end, uint8_t* mask) {
  const std::array<Ends, 4> ends = EndsOf(at.prefix, at.radius);
  const std::array<Ends, 4> square_ends = EndsOf(at.squares_prefix, at.radius);
  const auto rows = hn::Set(kSigned, static_cast<int32_t>(with.rows));
  const float area = static_cast<float>(with.rows * (2 * at.radius + 1));
  const auto one = hn::Set(kFloat, 1.0f), full = hn::Set(kFloat, 1.0f / area);
  const auto full_count = hn::Set(kSigned, static_cast<int32_t>(area));
  const auto base = hn::Set(kFloat, static_cast<float>(1 - with.k));
  const auto slope = hn::Set(kFloat, static_cast<float>(with.k / with.r));
  const auto near = hn::Set(kFloat, with.near), middle = hn::Set(kFloat, 128.0f);
  const V invert = hn::Set(kTag, with.invert);
  ForWords(at, begin, end, [&](size_t i, auto edge) TRINE_ATTR {
    const V words = LoadWords(row, i, at.width);
    V above = invert;
    ForPhases([&](auto phase) TRINE_ATTR {
      const V sum = Move(ends[phase], i, at.sums[phase]);
      const V square = Move(square_ends[phase], i, at.squares[phase]);
      auto count = full_count;
      auto inverse = full;
      if constexpr (edge) {
        count = hn::Mul(rows, Columns<phase>(at, i));
        inverse = hn::Div(one, hn::ConvertTo(kFloat, count));
      }
      // Of values minus 128: squares of less than 2^14, which cancel less.
      const V counts = hn::BitCast(kTag, count);
      const auto centred = hn::BitCast(kSigned, hn::Sub(sum, hn::ShiftLeft<7>(counts)));
      const auto centred_square = hn::BitCast(
          kSigned, hn::Add(hn::Sub(square, hn::ShiftLeft<8>(sum)), hn::ShiftLeft<14>(counts)));
      const auto mean = hn::Mul(hn::ConvertTo(kFloat, centred), inverse);
      const auto variance =
          hn::Sub(hn::Mul(hn::ConvertTo(kFloat, centred_square), inverse), hn::Mul(mean, mean));
      const auto deviation = hn::Sqrt(hn::Max(variance, hn::Zero(kFloat)));
      const auto threshold =
          hn::Mul(hn::Add(mean, middle), hn::Add(base, hn::Mul(slope, deviation)));
      const auto value = hn::BitCast(kSigned, Phase<phase>(words));
      const auto over = hn::Sub(hn::ConvertTo(kFloat, value), threshold);
      auto is = hn::BitCast(kTag, hn::VecFromMask(kFloat, hn::Gt(over, hn::Zero(kFloat))));
      const auto unsure = hn::Lt(hn::Abs(over), near);
      if (HWY_UNLIKELY(!hn::AllFalse(kFloat, unsure))) {
        alignas(64) uint32_t all[kWordBlock], which[kWordBlock];
        alignas(64) int32_t areas[kWordBlock], values[kWordBlock];
        hn::Store(is, kTag, all);
        hn::Store(hn::BitCast(kTag, hn::VecFromMask(kFloat, unsure)), kTag, which);
        hn::Store(count, kSigned, areas);
        hn::Store(value, kSigned, values);
        for (size_t lane = 0; lane < Lanes(); ++lane) {
          if (which[lane] == 0) continue;
          const uint64_t s = at.sums[phase][i + lane], q = at.squares[phase][i + lane];
          const double exact = SauvolaThreshold(MeanOf(0, s, areas[lane]),
                                                DeviationOf(s, q, areas[lane]), with.k, with.r);
          all[lane] = values[lane] > exact ? ~0u : 0;
        }
        is = hn::Load(kTag, all);
      }
      above = hn::Xor(above, hn::And(is, hn::Set(kTag, 0xFFu << (8 * phase))));
    });
    StoreWords(above, i, at.width, mask);
  });
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(AddBytesOf);
HWY_EXPORT(PrefixOfSumsOf);
HWY_EXPORT(PrefixOfRowsOf);
HWY_EXPORT(DecideMeanOf);
HWY_EXPORT(DecideSauvolaOf);

void AddBytes(const uint8_t* row, size_t begin, size_t end, const ByteSums& at) {
  HWY_DYNAMIC_DISPATCH(AddBytesOf)(row, begin, end, at);
}

void PrefixOfSums(size_t begin, size_t end, const ByteSums& at, ByteCarry* carry) {
  HWY_DYNAMIC_DISPATCH(PrefixOfSumsOf)(begin, end, at, carry);
}

void PrefixOfRows(const uint8_t* in, const uint8_t* out, size_t begin, size_t end,
                  const ByteSums& at, ByteCarry* carry) {
  HWY_DYNAMIC_DISPATCH(PrefixOfRowsOf)(in, out, begin, end, at, carry);
}

void DecideMean(const ByteSums& at, const ByteMean& mean, const uint8_t* row, size_t begin,
                size_t end, uint8_t* mask) {
  HWY_DYNAMIC_DISPATCH(DecideMeanOf)(at, mean, row, begin, end, mask);
}

void DecideSauvola(const ByteSums& at, const ByteSauvola& sauvola, const uint8_t* row, size_t begin,
                   size_t end, uint8_t* mask) {
  HWY_DYNAMIC_DISPATCH(DecideSauvolaOf)(at, sauvola, row, begin, end, mask);
}

int64_t ByteWindowTargets() { return HWY_TARGETS; }

}  // namespace trine::segment
#endif  // HWY_ONCE
