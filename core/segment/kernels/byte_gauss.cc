#include "core/segment/kernels/byte_gauss.h"

#include <algorithm>
#include <cmath>
#include <cstring>

// The baseline, SSE4, AVX2 and AVX-512; pairs of vectors of unknown length have no order to rely
// on.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/segment/kernels/byte_gauss.cc"
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

void Columns(const ByteGauss& gauss, const uint8_t* const* rows, int32_t norm, size_t begin,
             size_t end, int16_t* sums) {
  const float scale = 64.0f / static_cast<float>(norm);
  for (size_t x = begin; x < end; ++x) {
    int32_t sum = gauss.weights[0] * rows[gauss.radius][x];
    for (size_t d = 1; d <= gauss.radius; ++d)
      sum += gauss.weights[d] * (rows[gauss.radius - d][x] + rows[gauss.radius + d][x]);
    sums[x] = static_cast<int16_t>(
        norm == kGaussOne ? (sum + 256) >> 9 : std::nearbyint(static_cast<float>(sum) * scale));
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

// A fourth of `far` and three of `near`, halves up.
int16_t Between(int16_t near, int16_t far) {
  return static_cast<int16_t>(near + ((far - near + 2) >> 2));
}

void Halve(const uint8_t* const* rows, size_t begin, size_t end, int16_t* words) {
  constexpr int32_t kWeights[4] = {1, 3, 3, 1};
  for (size_t at = begin; at < end; ++at) {
    int32_t sum = 0;
    for (size_t i = 0; i < 4; ++i) {
      for (size_t j = 0; j < 4; ++j)
        sum += kWeights[i] * kWeights[j] * (int32_t{rows[i][2 * at - 1 + j]} - 128);
    }
    words[at] = static_cast<int16_t>(2 * sum);
  }
}

// both(X, d) is the sum of what lies `d` before and after X; both(X, 0) X's own.
template <typename Both>
void WeighWords(const ByteGauss& gauss, size_t begin, size_t end, int16_t* words,
                const Both& both) {
  for (size_t at = begin; at < end; ++at) {
    int32_t sum = 1 << 14;
    for (size_t d = 0; d <= gauss.radius; ++d) sum += gauss.weights[d] * both(at, d);
    words[at] = static_cast<int16_t>(sum >> 15);
  }
}

void WordColumns(const ByteGauss& gauss, const int16_t* const* rows, size_t begin, size_t end,
                 int16_t* words) {
  const size_t r = gauss.radius;
  WeighWords(gauss, begin, end, words, [&](size_t at, size_t d) {
    return d == 0 ? rows[r][at] : rows[r - d][at] + rows[r + d][at];
  });
}

void WordRow(const ByteGauss& gauss, const int16_t* from, size_t begin, size_t end,
             int16_t* words) {
  WeighWords(gauss, begin, end, words, [&](size_t at, size_t d) {
    return d == 0 ? from[at] : *(from + at - d) + from[at + d];
  });
}

void Expand(const int16_t* near, const int16_t* far, size_t begin, size_t end, int16_t* words) {
  for (size_t at = begin; at < end; ++at) words[at] = Between(near[at], far[at]);
}

// body(x, mean) of columns 2 begin to 2 end - 1.
template <typename Body>
void ForMeans(const int16_t* words, size_t begin, size_t end, const Body& body) {
  for (size_t x = 2 * begin; x < 2 * end; ++x) {
    const int16_t* const near = words + x / 2;
    body(x, int32_t{Between(near[0], x % 2 == 0 ? *(near - 1) : near[1])});
  }
}

void Decide(const int16_t* words, const uint8_t* row, int16_t bound, uint8_t invert, size_t begin,
            size_t end, uint8_t* mask) {
  ForMeans(words, begin, end, [&](size_t x, int32_t mean) {
    mask[x] = (128 * (int32_t{row[x]} - 128) - mean > bound ? 255 : 0) ^ invert;
  });
}

void StoreMeans(const int16_t* words, size_t begin, size_t end, uint8_t* pixels) {
  ForMeans(words, begin, end, [&](size_t x, int32_t mean) {
    pixels[x] = static_cast<uint8_t>(((mean + 64) >> 7) + 128);
  });
}

#else

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<int16_t> kWords;
constexpr hn::RepartitionToWide<decltype(kWords)> kSums;
constexpr hn::RebindToFloat<decltype(kSums)> kFloats;
constexpr hn::Rebind<uint8_t, decltype(kWords)> kBytes;
using Words = hn::Vec<decltype(kWords)>;
using Sums = hn::Vec<decltype(kSums)>;

// Calls body(x) for vectors, or steps of kVectors of them, that cover [begin, end), the last of
// which may overlap the one before.
template <size_t kVectors = 1, typename Body>
HWY_INLINE void ForVectors(size_t begin, size_t end, const Body& body) {
  const size_t step = kVectors * hn::Lanes(kWords);
  size_t x = begin;
  for (; x + step <= end; x += step) body(x);
  if (x < end) body(end - step);
}

// Both in each lane of twice the width.
HWY_INLINE Words Pair(int16_t low, int16_t high) {
  const uint32_t pair =
      static_cast<uint16_t>(low) | static_cast<uint32_t>(static_cast<uint16_t>(high)) << 16;
  return hn::BitCast(kWords, hn::Set(kSums, static_cast<int32_t>(pair)));
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

  HWY_INLINE void Add(Words a, Words b, Words weights) {
    low = hn::ReorderWidenMulAccumulate(kSums, hn::InterleaveLower(kWords, a, b), weights, low,
                                        low_rest);
    high = hn::ReorderWidenMulAccumulate(kSums, hn::InterleaveUpper(kWords, a, b), weights, high,
                                         high_rest);
  }
  HWY_INLINE Sums Low() const { return hn::RearrangeToOddPlusEven(low, low_rest); }
  HWY_INLINE Sums High() const { return hn::RearrangeToOddPlusEven(high, high_rest); }
};

// Of two vectors at x, so that what is the same for both is done once. centre(x) is the value
// there, both(d)(x) the sum of what lies `d` before and after it; use(x, sums) takes each.
template <typename Centre, typename Both, typename Use>
HWY_INLINE void Weigh(const ByteGauss& gauss, size_t x, const Centre& centre, const Both& both,
                      const Use& use) {
  const size_t next = x + hn::Lanes(kWords);
  PairSums first, second;
  // Pairs of weights lie side by side.
  const auto weights = [&](size_t d) TRINE_ATTR {
    int32_t pair;
    std::memcpy(&pair, gauss.weights + d, sizeof(pair));
    return hn::BitCast(kWords, hn::Set(kSums, pair));
  };
  const Words none = hn::Zero(kWords);
  if (gauss.radius == 0) {
    const Words weight = hn::BitCast(kWords, hn::Set(kSums, gauss.weights[0]));
    first.Add(centre(x), none, weight);
    second.Add(centre(next), none, weight);
  } else {
    const auto one = both(1);
    const Words weight = weights(0);
    first.Add(centre(x), one(x), weight);
    second.Add(centre(next), one(next), weight);
    size_t d = 2;
    for (; d < gauss.radius; d += 2) {
      const auto near = both(d), far = both(d + 1);
      const Words pair = weights(d);
      first.Add(near(x), far(x), pair);
      second.Add(near(next), far(next), pair);
    }
    if (d == gauss.radius) {
      const auto last = both(d);
      const Words pair = hn::BitCast(kWords, hn::Set(kSums, gauss.weights[d]));
      first.Add(last(x), none, pair);
      second.Add(last(next), none, pair);
    }
  }
  use(x, first);
  use(next, second);
}

// Down the columns of `rows`, loaded by load(at).
template <typename T, typename Load, typename Use>
HWY_INLINE void WeighColumns(const ByteGauss& gauss, const T* const* rows, size_t begin, size_t end,
                             const Load& load, const Use& use) {
  const T* const middle = rows[gauss.radius];
  ForVectors<2>(begin, end, [&](size_t x) TRINE_ATTR {
    Weigh(
        gauss, x, [&](size_t at) TRINE_ATTR { return load(middle + at); },
        [&](size_t d) TRINE_ATTR {
          const T* const above = rows[gauss.radius - d];
          const T* const below = rows[gauss.radius + d];
          return [=](size_t at) TRINE_ATTR { return hn::Add(load(above + at), load(below + at)); };
        },
        use);
  });
}

// Along a row.
template <typename Use>
HWY_INLINE void WeighRow(const ByteGauss& gauss, const int16_t* from, size_t begin, size_t end,
                         const Use& use) {
  ForVectors<2>(begin, end, [&](size_t x) TRINE_ATTR {
    Weigh(
        gauss, x, [&](size_t at) TRINE_ATTR { return hn::LoadU(kWords, from + at); },
        [&](size_t d) TRINE_ATTR {
          return [=](size_t at) TRINE_ATTR {
            return hn::Add(hn::LoadU(kWords, from + at - d), hn::LoadU(kWords, from + at + d));
          };
        },
        use);
  });
}

HWY_INLINE Words LoadBytes(const uint8_t* at) {
  return hn::PromoteTo(kWords, hn::LoadU(kBytes, at));
}

// The sums by 2^-kBits, halves up.
template <int kBits>
HWY_INLINE Words Rounded(const PairSums& sum) {
  const Sums half = hn::Set(kSums, 1 << (kBits - 1));
  return hn::ReorderDemote2To(kWords, hn::ShiftRight<kBits>(hn::Add(sum.Low(), half)),
                              hn::ShiftRight<kBits>(hn::Add(sum.High(), half)));
}

void Columns(const ByteGauss& gauss, const uint8_t* const* rows, int32_t norm, size_t begin,
             size_t end, int16_t* sums) {
  if (norm == kGaussOne) {
    return WeighColumns(gauss, rows, begin, end, LoadBytes,
                        [&](size_t x, const PairSums& sum)
                            TRINE_ATTR { hn::StoreU(Rounded<9>(sum), kWords, sums + x); });
  }
  const auto factor = hn::Set(kFloats, 64.0f / static_cast<float>(norm));
  const auto scaled = [&](Sums sum) TRINE_ATTR {
    return hn::NearestInt(hn::Mul(hn::ConvertTo(kFloats, sum), factor));
  };
  WeighColumns(gauss, rows, begin, end, LoadBytes, [&](size_t x, const PairSums& sum) TRINE_ATTR {
    hn::StoreU(hn::ReorderDemote2To(kWords, scaled(sum.Low()), scaled(sum.High())), kWords,
               sums + x);
  });
}

void Row(const ByteGauss& gauss, const int16_t* sums, const uint8_t* row, int32_t bound,
         uint8_t invert, size_t begin, size_t end, uint8_t* mask) {
  const auto least = hn::Set(kSums, bound);
  const auto flip = hn::Set(kBytes, invert);
  WeighRow(gauss, sums, begin, end, [&](size_t x, const PairSums& sum) TRINE_ATTR {
    const Words values = LoadBytes(row + x);
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

void Halve(const uint8_t* const* rows, size_t begin, size_t end, int16_t* words) {
  constexpr hn::Rebind<int16_t, decltype(kSums)> kHalf;
  const Words three = hn::Set(kWords, 3), middle = hn::Set(kWords, 8 * 128);
  const Words before = Pair(2, 6), after = Pair(6, 2);
  // Columns x to x + lanes - 1 of the four rows.
  const auto column = [&](size_t x) TRINE_ATTR {
    const auto pixels = [&](size_t i) TRINE_ATTR { return LoadBytes(rows[i] + x); };
    const Words outer = hn::Add(pixels(0), pixels(3)), inner = hn::Add(pixels(1), pixels(2));
    return hn::Sub(hn::Add(outer, hn::Mul(inner, three)), middle);
  };
  const size_t lanes = hn::Lanes(kSums);
  const auto halve = [&](size_t at) TRINE_ATTR {
    Sums rest = hn::Zero(kSums);
    Sums sum =
        hn::ReorderWidenMulAccumulate(kSums, column(2 * at - 1), before, hn::Zero(kSums), rest);
    sum = hn::ReorderWidenMulAccumulate(kSums, column(2 * at + 1), after, sum, rest);
    hn::StoreU(hn::DemoteTo(kHalf, hn::RearrangeToOddPlusEven(sum, rest)), kHalf, words + at);
  };
  size_t at = begin;
  for (; at + lanes <= end; at += lanes) halve(at);
  if (at < end) halve(end - lanes);
}

void WordColumns(const ByteGauss& gauss, const int16_t* const* rows, size_t begin, size_t end,
                 int16_t* words) {
  const auto load = [](const int16_t* at) TRINE_ATTR { return hn::LoadU(kWords, at); };
  WeighColumns(gauss, rows, begin, end, load, [&](size_t x, const PairSums& sum) TRINE_ATTR {
    hn::StoreU(Rounded<15>(sum), kWords, words + x);
  });
}

void WordRow(const ByteGauss& gauss, const int16_t* from, size_t begin, size_t end,
             int16_t* words) {
  WeighRow(gauss, from, begin, end, [&](size_t x, const PairSums& sum) TRINE_ATTR {
    hn::StoreU(Rounded<15>(sum), kWords, words + x);
  });
}

// A fourth of `far` and three of `near`, halves up.
HWY_INLINE Words Between(Words near, Words far) {
  return hn::Add(near, hn::ShiftRight<2>(hn::Add(hn::Sub(far, near), hn::Set(kWords, 2))));
}

void Expand(const int16_t* near, const int16_t* far, size_t begin, size_t end, int16_t* words) {
  ForVectors(begin, end, [&](size_t x) TRINE_ATTR {
    hn::StoreU(Between(hn::LoadU(kWords, near + x), hn::LoadU(kWords, far + x)), kWords, words + x);
  });
}

// body(x, means) of vectors that cover columns 2 begin to 2 end - 1.
template <typename Body>
HWY_INLINE void ForMeans(const int16_t* words, size_t begin, size_t end, const Body& body) {
  const size_t lanes = hn::Lanes(kWords);
  ForVectors(begin, end, [&](size_t at) TRINE_ATTR {
    const Words near = hn::LoadU(kWords, words + at);
    alignas(64) int16_t means[2 * hn::MaxLanes(kWords)];
    hn::StoreInterleaved2(Between(near, hn::LoadU(kWords, words + at - 1)),
                          Between(near, hn::LoadU(kWords, words + at + 1)), kWords, means);
    body(2 * at, hn::Load(kWords, means));
    body(2 * at + lanes, hn::Load(kWords, means + lanes));
  });
}

void Decide(const int16_t* words, const uint8_t* row, int16_t bound, uint8_t invert, size_t begin,
            size_t end, uint8_t* mask) {
  const Words least = hn::Set(kWords, bound), middle = hn::Set(kWords, 128);
  const auto flip = hn::Set(kBytes, invert);
  ForMeans(words, begin, end, [&](size_t x, Words mean) TRINE_ATTR {
    const Words value = hn::ShiftLeft<7>(hn::Sub(LoadBytes(row + x), middle));
    // Where the sum leaves 16 bits it is beyond every value.
    const Words is = hn::VecFromMask(kWords, hn::Gt(value, hn::SaturatedAdd(mean, least)));
    hn::StoreU(hn::Xor(flip, hn::DemoteTo(kBytes, hn::And(is, hn::Set(kWords, 255)))), kBytes,
               mask + x);
  });
}

void StoreMeans(const int16_t* words, size_t begin, size_t end, uint8_t* pixels) {
  const Words half = hn::Set(kWords, 64), middle = hn::Set(kWords, 128);
  ForMeans(words, begin, end, [&](size_t x, Words mean) TRINE_ATTR {
    const Words value = hn::Add(hn::ShiftRight<7>(hn::Add(mean, half)), middle);
    hn::StoreU(hn::DemoteTo(kBytes, value), kBytes, pixels + x);
  });
}

#endif  // HWY_TARGET

void GaussColumnsOf(const ByteGauss& gauss, const uint8_t* const* rows, int32_t norm, size_t begin,
                    size_t end, int16_t* sums) {
  Columns(gauss, rows, norm, begin, end, sums);
}

void GaussRowOf(const ByteGauss& gauss, const int16_t* sums, const uint8_t* row, int32_t bound,
                uint8_t invert, size_t begin, size_t end, uint8_t* mask) {
  Row(gauss, sums, row, bound, invert, begin, end, mask);
}

void HalveBytesOf(const uint8_t* const* rows, size_t begin, size_t end, int16_t* words) {
  Halve(rows, begin, end, words);
}

void GaussWordColumnsOf(const ByteGauss& gauss, const int16_t* const* rows, size_t begin,
                        size_t end, int16_t* words) {
  WordColumns(gauss, rows, begin, end, words);
}

void GaussWordRowOf(const ByteGauss& gauss, const int16_t* from, size_t begin, size_t end,
                    int16_t* words) {
  WordRow(gauss, from, begin, end, words);
}

void ExpandWordsOf(const int16_t* near, const int16_t* far, size_t begin, size_t end,
                   int16_t* words) {
  Expand(near, far, begin, end, words);
}

void DecideHalvedOf(const int16_t* words, const uint8_t* row, int16_t bound, uint8_t invert,
                    size_t begin, size_t end, uint8_t* mask) {
  Decide(words, row, bound, invert, begin, end, mask);
}

void StoreHalvedOf(const int16_t* words, size_t begin, size_t end, uint8_t* pixels) {
  StoreMeans(words, begin, end, pixels);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(GaussColumnsOf);
HWY_EXPORT(GaussRowOf);
HWY_EXPORT(HalveBytesOf);
HWY_EXPORT(GaussWordColumnsOf);
HWY_EXPORT(GaussWordRowOf);
HWY_EXPORT(ExpandWordsOf);
HWY_EXPORT(DecideHalvedOf);
HWY_EXPORT(StoreHalvedOf);

void GaussColumns(const ByteGauss& gauss, const uint8_t* const* rows, int32_t norm, size_t begin,
                  size_t end, int16_t* sums) {
  HWY_DYNAMIC_DISPATCH(GaussColumnsOf)(gauss, rows, norm, begin, end, sums);
}

void GaussRow(const ByteGauss& gauss, const int16_t* sums, const uint8_t* row, int32_t bound,
              uint8_t invert, size_t begin, size_t end, uint8_t* mask) {
  HWY_DYNAMIC_DISPATCH(GaussRowOf)(gauss, sums, row, bound, invert, begin, end, mask);
}

void HalveBytes(const uint8_t* const* rows, size_t begin, size_t end, int16_t* words) {
  HWY_DYNAMIC_DISPATCH(HalveBytesOf)(rows, begin, end, words);
}

void GaussWordColumns(const ByteGauss& gauss, const int16_t* const* rows, size_t begin, size_t end,
                      int16_t* words) {
  HWY_DYNAMIC_DISPATCH(GaussWordColumnsOf)(gauss, rows, begin, end, words);
}

void GaussWordRow(const ByteGauss& gauss, const int16_t* from, size_t begin, size_t end,
                  int16_t* words) {
  HWY_DYNAMIC_DISPATCH(GaussWordRowOf)(gauss, from, begin, end, words);
}

void ExpandWords(const int16_t* near, const int16_t* far, size_t begin, size_t end,
                 int16_t* words) {
  HWY_DYNAMIC_DISPATCH(ExpandWordsOf)(near, far, begin, end, words);
}

void DecideHalved(const int16_t* words, const uint8_t* row, int16_t bound, uint8_t invert,
                  size_t begin, size_t end, uint8_t* mask) {
  HWY_DYNAMIC_DISPATCH(DecideHalvedOf)(words, row, bound, invert, begin, end, mask);
}

void StoreHalved(const int16_t* words, size_t begin, size_t end, uint8_t* pixels) {
  HWY_DYNAMIC_DISPATCH(StoreHalvedOf)(words, begin, end, pixels);
}

int64_t ByteGaussTargets() { return HWY_TARGETS; }

}  // namespace trine::segment
#endif  // HWY_ONCE
