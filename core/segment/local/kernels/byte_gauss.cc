#include "core/segment/local/kernels/byte_gauss.h"

#include <algorithm>
#include <cmath>

// The baseline, SSE4, AVX2 and AVX-512; pairs of vectors of unknown length have no order to rely
// on.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/segment/local/kernels/byte_gauss.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include <hwy/highway.h>

// Of a lambda in a loop: left to itself the compiler may call it, with vectors in memory.
#ifndef TRINE_ATTR
#define TRINE_ATTR HWY_ATTR __attribute__((always_inline))
#endif

HWY_BEFORE_NAMESPACE();
namespace trine::segment::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void Columns(const ByteGauss& gauss, const uint8_t* const* rows, float scale, size_t begin,
             size_t end, int16_t* sums) {
  for (size_t x = begin; x < end; ++x) {
    int32_t sum = gauss.weights[0] * rows[gauss.radius][x];
    for (size_t d = 1; d <= gauss.radius; ++d)
      sum += gauss.weights[d] * (rows[gauss.radius - d][x] + rows[gauss.radius + d][x]);
    sums[x] = static_cast<int16_t>(std::nearbyint(static_cast<float>(sum) * scale));
  }
}

void Row(const ByteGauss& gauss, const int16_t* sums, const uint8_t* row, int32_t bound,
         uint8_t invert, size_t begin, size_t end, uint8_t* mask) {
  for (size_t x = begin; x < end; ++x) {
    const int16_t* const centre = sums + x;
    int32_t sum = gauss.weights[0] * centre[0];
    for (size_t d = 1; d <= gauss.radius; ++d)
      sum += gauss.weights[d] * (*(centre - d) + centre[d]);
    mask[x] = ((int32_t{row[x]} << 21) - sum > bound ? 255 : 0) ^ invert;
  }
}

#else

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<int16_t> kWords;
constexpr hn::RepartitionToWide<decltype(kWords)> kSums;
constexpr hn::RebindToFloat<decltype(kSums)> kFloats;
constexpr hn::Rebind<uint8_t, decltype(kWords)> kBytes;
using Words = hn::Vec<decltype(kWords)>;
using Sums = hn::Vec<decltype(kSums)>;

// Calls body(x) for vectors that cover [begin, end), the last of which may overlap the one before.
template <typename Body>
HWY_INLINE void ForVectors(size_t begin, size_t end, const Body& body) {
  const size_t lanes = hn::Lanes(kWords);
  size_t x = begin;
  for (; x + lanes <= end; x += lanes) body(x);
  if (x < end) body(end - lanes);
}

// Sums of products of pairs of words with two weights, lanes as InterleaveLower and
// InterleaveUpper leave them.
struct PairSums {
  Sums low, low_rest, high, high_rest;

  HWY_INLINE PairSums()
      : low(hn::Zero(kSums)),
        low_rest(hn::Zero(kSums)),
        high(hn::Zero(kSums)),
        high_rest(hn::Zero(kSums)) {}

  HWY_INLINE void Add(Words a, Words b, int16_t weight_a, int16_t weight_b) {
    const uint32_t pair = static_cast<uint16_t>(weight_a) |
                          static_cast<uint32_t>(static_cast<uint16_t>(weight_b)) << 16;
    const Words weights = hn::BitCast(kWords, hn::Set(kSums, static_cast<int32_t>(pair)));
    low = hn::ReorderWidenMulAccumulate(kSums, hn::InterleaveLower(kWords, a, b), weights, low,
                                        low_rest);
    high = hn::ReorderWidenMulAccumulate(kSums, hn::InterleaveUpper(kWords, a, b), weights, high,
                                         high_rest);
  }
  HWY_INLINE Sums Low() const { return hn::RearrangeToOddPlusEven(low, low_rest); }
  HWY_INLINE Sums High() const { return hn::RearrangeToOddPlusEven(high, high_rest); }
};

// both(d) is the sum of what lies `d` before and after the centre; both(0) the centre.
template <typename Both>
HWY_INLINE PairSums Weigh(const ByteGauss& gauss, const Both& both) {
  PairSums sums;
  sums.Add(both(0), gauss.radius >= 1 ? both(1) : hn::Zero(kWords), gauss.weights[0],
           gauss.weights[1]);
  size_t d = 2;
  for (; d < gauss.radius; d += 2)
    sums.Add(both(d), both(d + 1), gauss.weights[d], gauss.weights[d + 1]);
  if (d == gauss.radius) sums.Add(both(d), hn::Zero(kWords), gauss.weights[d], 0);
  return sums;
}

void Columns(const ByteGauss& gauss, const uint8_t* const* rows, float scale, size_t begin,
             size_t end, int16_t* sums) {
  const auto factor = hn::Set(kFloats, scale);
  const auto scaled = [&](Sums sum) TRINE_ATTR {
    return hn::NearestInt(hn::Mul(hn::ConvertTo(kFloats, sum), factor));
  };
  ForVectors(begin, end, [&](size_t x) TRINE_ATTR {
    const auto row = [&](size_t i) TRINE_ATTR {
      return hn::PromoteTo(kWords, hn::LoadU(kBytes, rows[i] + x));
    };
    const PairSums sum = Weigh(gauss, [&](size_t d) TRINE_ATTR {
      if (d == 0) return row(gauss.radius);
      return hn::Add(row(gauss.radius - d), row(gauss.radius + d));
    });
    hn::StoreU(hn::ReorderDemote2To(kWords, scaled(sum.Low()), scaled(sum.High())), kWords,
               sums + x);
  });
}

void Row(const ByteGauss& gauss, const int16_t* sums, const uint8_t* row, int32_t bound,
         uint8_t invert, size_t begin, size_t end, uint8_t* mask) {
  const auto least = hn::Set(kSums, bound);
  const auto flip = hn::Set(kBytes, invert);
  ForVectors(begin, end, [&](size_t x) TRINE_ATTR {
    const PairSums sum = Weigh(gauss, [&](size_t d) TRINE_ATTR {
      const Words after = hn::LoadU(kWords, sums + x + d);
      return d == 0 ? after : hn::Add(hn::LoadU(kWords, sums + x - d), after);
    });
    const auto values = hn::PromoteTo(kWords, hn::LoadU(kBytes, row + x));
    const Words none = hn::Zero(kWords);
    // Pairs of a value and 0 are the value.
    const auto low = hn::BitCast(kSums, hn::InterleaveLower(kWords, values, none));
    const auto high = hn::BitCast(kSums, hn::InterleaveUpper(kWords, values, none));
    const auto above = [&](Sums value, Sums weighed) TRINE_ATTR {
      return hn::VecFromMask(kSums, hn::Gt(hn::Sub(hn::ShiftLeft<21>(value), weighed), least));
    };
    const Words is = hn::ReorderDemote2To(kWords, above(low, sum.Low()), above(high, sum.High()));
    // 0 and -1 to 0 and 255.
    const auto bytes = hn::DemoteTo(kBytes, hn::And(is, hn::Set(kWords, 255)));
    hn::StoreU(hn::Xor(bytes, flip), kBytes, mask + x);
  });
}

#endif  // HWY_TARGET

void GaussColumnsOf(const ByteGauss& gauss, const uint8_t* const* rows, float scale, size_t begin,
                    size_t end, int16_t* sums) {
  Columns(gauss, rows, scale, begin, end, sums);
}

void GaussRowOf(const ByteGauss& gauss, const int16_t* sums, const uint8_t* row, int32_t bound,
                uint8_t invert, size_t begin, size_t end, uint8_t* mask) {
  Row(gauss, sums, row, bound, invert, begin, end, mask);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(GaussColumnsOf);
HWY_EXPORT(GaussRowOf);

void GaussColumns(const ByteGauss& gauss, const uint8_t* const* rows, float scale, size_t begin,
                  size_t end, int16_t* sums) {
  HWY_DYNAMIC_DISPATCH(GaussColumnsOf)(gauss, rows, scale, begin, end, sums);
}

void GaussRow(const ByteGauss& gauss, const int16_t* sums, const uint8_t* row, int32_t bound,
              uint8_t invert, size_t begin, size_t end, uint8_t* mask) {
  HWY_DYNAMIC_DISPATCH(GaussRowOf)(gauss, sums, row, bound, invert, begin, end, mask);
}

int64_t ByteGaussTargets() { return HWY_TARGETS; }

}  // namespace trine::segment
#endif  // HWY_ONCE
