#include "core/segment/local/kernels/moment_bounds.h"

#include <algorithm>
#include <cmath>

// The baseline, SSE4, AVX2 and AVX-512; those between them gain nothing here.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/segment/local/kernels/moment_bounds.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace trine::segment::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Doubles = hn::CappedTag<double, 8>;
using Vector = hn::Vec<Doubles>;

// Half a unit in the last place of 1; each bound is a little more than the terms below need.
constexpr double kUnit = 0x1p-53;

template <bool kIsSumExact, bool kSquares, bool kIsScaledExact>
HWY_INLINE void BoundOf(const PrefixSums& sums, size_t i, MomentBounds* out) {
  const Doubles d;
  const auto window_sum = [&](const double* prefix) HWY_ATTR {
    return hn::Sub(hn::LoadU(d, prefix + i + sums.window), hn::LoadU(d, prefix + i));
  };
  const Vector count = hn::LoadU(d, sums.counts + i), share = hn::LoadU(d, sums.shares + i);
  const Vector sum = window_sum(sums.values), origin = hn::Set(d, sums.origin);
  const Vector mean = kIsSumExact ? hn::Div(sum, count) : hn::Mul(sum, share);
  Vector error = hn::Zero(d);
  if constexpr (!kIsSumExact) {
    error = hn::Add(hn::Mul(hn::Set(d, sums.sum_error), share),
                    hn::Mul(hn::Set(d, 4 * kUnit), hn::Abs(mean)));
  }
  if (sums.origin != 0) {
    error = hn::Add(error, hn::Mul(hn::Set(d, 2 * kUnit), hn::Add(hn::Abs(mean), hn::Abs(origin))));
  }
  hn::StoreU(hn::Add(mean, origin), d, out->mean.data() + i);
  hn::StoreU(error, d, out->mean_error.data() + i);
  if constexpr (kSquares) {
    const Vector scaled = hn::Sub(hn::Mul(count, window_sum(sums.squares)), hn::Mul(sum, sum));
    const Vector root = hn::Sqrt(hn::Max(scaled, hn::Zero(d)));
    if constexpr (kIsScaledExact) {
      hn::StoreU(hn::Div(root, count), d, out->deviation.data() + i);
      hn::StoreU(hn::Zero(d), d, out->deviation_error.data() + i);
    } else {
      // |sqrt a - sqrt b| <= |a - b| / sqrt b, and at most sqrt |a - b|.
      const Vector bound = hn::Set(d, 1.01 * sums.scaled_error);
      const Vector of_root = hn::Div(bound, hn::Max(root, hn::Sqrt(bound)));
      hn::StoreU(hn::Mul(root, share), d, out->deviation.data() + i);
      hn::StoreU(hn::Mul(hn::MulAdd(hn::Set(d, 8 * kUnit), root, of_root), share), d,
                 out->deviation_error.data() + i);
    }
  }
}

template <bool kIsSumExact, bool kSquares, bool kIsScaledExact>
void BoundEach(const PrefixSums& sums, size_t count, MomentBounds* out) {
  for (size_t i = 0; i < count; i += hn::Lanes(Doubles()))
    BoundOf<kIsSumExact, kSquares, kIsScaledExact>(sums, i, out);
}

void BoundAll(const PrefixSums& sums, size_t count, MomentBounds* out) {
  const bool is_sum_exact = sums.sum_error == 0;
  if (sums.squares == nullptr) {
    is_sum_exact ? BoundEach<true, false, false>(sums, count, out)
                 : BoundEach<false, false, false>(sums, count, out);
  } else if (sums.scaled_error == 0) {
    BoundEach<true, true, true>(sums, count, out);
  } else {
    is_sum_exact ? BoundEach<true, true, false>(sums, count, out)
                 : BoundEach<false, true, false>(sums, count, out);
  }
}

bool MarkAll(const BoundThresholds& thresholds, size_t count, uint8_t invert, uint8_t* mask) {
  const Doubles d;
  const hn::Rebind<uint8_t, Doubles> bytes;
  const hn::RebindToUnsigned<Doubles> words;
  const size_t lanes = hn::Lanes(d);
  const auto flip = hn::Set(bytes, invert);
  auto near = hn::Zero(words);
  HWY_ALIGN uint8_t marks[kMomentsPiece];
  for (size_t i = 0; i < count; i += lanes) {
    const Vector apart = hn::Sub(hn::LoadU(d, thresholds.value.data() + i),
                                 hn::LoadU(d, thresholds.threshold.data() + i));
    const Vector error = hn::LoadU(d, thresholds.error.data() + i);
    const auto above = hn::BitCast(words, hn::VecFromMask(d, hn::Gt(apart, hn::Zero(d))));
    const auto far = hn::Or(hn::Gt(hn::Abs(apart), error), hn::Eq(error, hn::Zero(d)));
    near = hn::Or(near, hn::Not(hn::BitCast(words, hn::VecFromMask(d, far))));
    hn::StoreU(hn::Xor(hn::TruncateTo(bytes, above), flip), bytes, marks + i);
  }
  std::copy_n(marks, count, mask);
  return !hn::AllFalse(words, hn::Ne(near, hn::Zero(words)));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(BoundAll);
HWY_EXPORT(MarkAll);

void BoundMoments(const PrefixSums& sums, size_t count, MomentBounds* out) {
  HWY_DYNAMIC_DISPATCH(BoundAll)(sums, count, out);
}

bool MarkAbove(const BoundThresholds& thresholds, size_t count, uint8_t invert, uint8_t* mask) {
  return HWY_DYNAMIC_DISPATCH(MarkAll)(thresholds, count, invert, mask);
}

int64_t MomentBoundsTargets() { return HWY_TARGETS; }

}  // namespace trine::segment
#endif  // HWY_ONCE
