#include "core/normalize/across_kernel.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

// The baseline, SSE4, AVX2 and AVX-512; what lies between them gains nothing here.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/normalize/across_kernel.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include <hwy/highway.h>

#include "core/normalize/window_sum.h"

HWY_BEFORE_NAMESPACE();
namespace trine::normalize {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

constexpr D kD;
// Rows that are summed between two looks at the cancellation hold about so many elements.
constexpr size_t kPoll = 65536;

// Elements to the front of a vector, zeros behind.
HWY_INLINE V LoadPart(const float* from, size_t count) {
  HWY_ALIGN float buffer[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(buffer, from, count * sizeof(float));
  return hn::Load(kD, buffer);
}

HWY_INLINE void StorePart(V v, float* to, size_t count) {
  HWY_ALIGN float buffer[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, kD, buffer);
  std::memcpy(to, buffer, count * sizeof(float));
}

// The order of window_sum.h: the taps kBegin to kBegin + kN - 1 of get(j).
template <size_t kBegin, size_t kN, class Get>
HWY_INLINE V Tree(const Get& get) {
  if constexpr (kN == 1) {
    return get(kBegin);
  } else {
    constexpr size_t kFirst = std::has_single_bit(kN) ? kN / 2 : kN - std::bit_floor(kN);
    return hn::Add(Tree<kBegin, kFirst>(get), Tree<kBegin + kFirst, kN - kFirst>(get));
  }
}

// One element each of y, from x and its window's sum; power.h's arithmetic.
class Scale {
 public:
  explicit Scale(const AcrossParameters& p)
      : power_(p.beta == 0.5    ? kHalf
               : p.beta == 0.75 ? kThreeQuarters
                                : kOne),
        rectify_(p.rectify),
        a_(hn::Set(kWide, p.a)),
        k_(hn::Set(kWide, p.k)) {}

  HWY_INLINE V Rectify(V x) const {
    if (!rectify_) return x;
    const V zero = hn::Zero(kD);
    return hn::IfThenElse(hn::Le(x, zero), zero, x);
  }

  HWY_INLINE V operator()(V x, V sum) const {
    const V y = hn::Div(x, Denominator(Base(sum)));
    const V nan = hn::Set(kD, std::numeric_limits<float>::quiet_NaN());
    return hn::IfThenElse(hn::Eq(y, y), y, nan);
  }

 private:
  enum Power { kHalf, kThreeQuarters, kOne };
#if HWY_TARGET == HWY_SCALAR
  using Wide = hn::Rebind<double, D>;
  static constexpr Wide kWide{};

  HWY_INLINE V Base(V sum) const {
    // Not DemoteTo, which makes infinity the largest number here.
    const auto s = hn::Add(hn::Mul(hn::PromoteTo(kWide, sum), a_), k_);
    return hn::Set(kD, static_cast<float>(hn::GetLane(s)));
  }
#else
  using Wide = hn::Repartition<double, D>;
  using Narrow = hn::Half<D>;
  static constexpr Wide kWide{};
  static constexpr Narrow kNarrow{};

  HWY_INLINE V Base(V sum) const {
    const auto low = hn::PromoteTo(kWide, hn::LowerHalf(kNarrow, sum));
    const auto high = hn::PromoteTo(kWide, hn::UpperHalf(kNarrow, sum));
    return hn::Combine(kD, hn::DemoteTo(kNarrow, hn::Add(hn::Mul(high, a_), k_)),
                       hn::DemoteTo(kNarrow, hn::Add(hn::Mul(low, a_), k_)));
  }
#endif

  HWY_INLINE V Denominator(V s) const {
    if (power_ == kOne) return s;
    const V root = hn::Sqrt(s);
    return power_ == kHalf ? root : hn::Mul(root, hn::Sqrt(root));
  }

  const Power power_;
  const bool rectify_;
  const hn::Vec<Wide> a_;
  const hn::Vec<Wide> k_;
};

template <size_t kTaps>
bool ColumnsOf(const AcrossParameters& p, const AcrossColumns& c, const CancelToken& cancel) {
  const Scale scale(p);
  const size_t lanes = hn::Lanes(kD);
  const size_t row = ColumnRowElements(c.width);
  const size_t whole = c.width - c.width % lanes;
  const size_t rows_a_poll = std::max<size_t>(kPoll / row, 1);
  std::fill(c.ring, c.ring + kTaps * row, 0.0F);
  // Step t squares channel t into the ring's row t % kTaps and finishes channel t - hi, whose taps
  // are the last kTaps rows.
  for (size_t t = 0; t < c.channels + p.hi; ++t) {
    if (t % rows_a_poll == rows_a_poll - 1 && cancel.ShouldStop()) return false;
    const bool has_tap = t < c.channels;
    const float* in = has_tap ? c.x + t * c.stride : nullptr;
    float* newest = c.ring + t % kTaps * row;
    const float* taps[kTaps];
    for (size_t j = 0; j < kTaps; ++j) taps[j] = c.ring + (t + 1 + j) % kTaps * row;
    const bool has_output = t >= p.hi;
    const float* centre = has_output ? c.x + (t - p.hi) * c.stride : nullptr;
    float* out = has_output ? c.y + (t - p.hi) * c.stride : nullptr;
    const auto step = [&](size_t i, auto load, auto store) HWY_ATTR {
      V q = hn::Zero(kD);
      if (has_tap) {
        const V x = scale.Rectify(load(in + i));
        q = hn::Mul(x, x);
      }
      hn::StoreU(q, kD, newest + i);
      if (!has_output) return;
      const V sum = Tree<0, kTaps>(
          [&](size_t j) HWY_ATTR { return j == kTaps - 1 ? q : hn::LoadU(kD, taps[j] + i); });
      store(scale(scale.Rectify(load(centre + i)), sum), out + i);
    };
    for (size_t i = 0; i < whole; i += lanes) {
      step(
          i, [](const float* from) HWY_ATTR { return hn::LoadU(kD, from); },
          [](V v, float* to) HWY_ATTR { hn::StoreU(v, kD, to); });
    }
    if (const size_t rest = c.width - whole; rest > 0) {
      step(
          whole, [rest](const float* from) HWY_ATTR { return LoadPart(from, rest); },
          [rest](V v, float* to) HWY_ATTR { StorePart(v, to, rest); });
    }
  }
  return true;
}

// Positions whose squares are made before the first sum: a load that reads what two stores have
// just written would wait for them.
constexpr size_t kRowsAtOnce = 8;

template <size_t kTaps>
bool RowsOf(const AcrossParameters& p, const AcrossRows& r, const CancelToken& cancel) {
  const Scale scale(p);
  const size_t lanes = hn::Lanes(kD);
  const size_t channels = r.channels;
  const size_t whole = channels - channels % lanes;
  const size_t rest = channels - whole;
  const size_t row = RowScratchElements(p, channels) / kRowsAtOnce;
  const size_t rows_a_poll = std::max<size_t>(kPoll / channels, 1);
  size_t since_poll = 0;
  std::fill(r.scratch, r.scratch + kRowsAtOnce * row, 0.0F);
  for (size_t first = 0; first < r.positions; first += kRowsAtOnce) {
    if (since_poll >= rows_a_poll) {
      if (cancel.ShouldStop()) return false;
      since_poll = 0;
    }
    const size_t now = std::min(kRowsAtOnce, r.positions - first);
    since_poll += now;
    for (size_t n = 0; n < now; ++n) {
      const float* in = r.x + (first + n) * channels;
      float* q = r.scratch + n * row + p.lo;
      for (size_t c = 0; c < whole; c += lanes) {
        const V x = scale.Rectify(hn::LoadU(kD, in + c));
        hn::StoreU(hn::Mul(x, x), kD, q + c);
      }
      if (rest > 0) {  // zeros behind the last channel stay zeros
        const V x = scale.Rectify(LoadPart(in + whole, rest));
        hn::StoreU(hn::Mul(x, x), kD, q + whole);
      }
    }
    for (size_t n = 0; n < now; ++n) {
      const float* in = r.x + (first + n) * channels;
      float* out = r.y + (first + n) * channels;
      const float* q = r.scratch + n * row;
      const auto sum = [&](size_t c) HWY_ATTR {
        return Tree<0, kTaps>([&](size_t j) HWY_ATTR { return hn::LoadU(kD, q + c + j); });
      };
      for (size_t c = 0; c < whole; c += lanes)
        hn::StoreU(scale(scale.Rectify(hn::LoadU(kD, in + c)), sum(c)), kD, out + c);
      if (rest > 0) {
        StorePart(scale(scale.Rectify(LoadPart(in + whole, rest)), sum(whole)), out + whole, rest);
      }
    }
  }
  return true;
}

template <size_t kTaps>
bool ColumnsFrom(const AcrossParameters& p, const AcrossColumns& c, const CancelToken& cancel) {
  if constexpr (kTaps > kMaxDirectTaps) {
    return false;
  } else {
    if (p.lo + p.hi + 1 == kTaps) return ColumnsOf<kTaps>(p, c, cancel);
    return ColumnsFrom<kTaps + 1>(p, c, cancel);
  }
}

template <size_t kTaps>
bool RowsFrom(const AcrossParameters& p, const AcrossRows& r, const CancelToken& cancel) {
  if constexpr (kTaps > kMaxDirectTaps) {
    return false;
  } else {
    if (p.lo + p.hi + 1 == kTaps) return RowsOf<kTaps>(p, r, cancel);
    return RowsFrom<kTaps + 1>(p, r, cancel);
  }
}

}  // namespace

bool Columns(const AcrossParameters& p, const AcrossColumns& c, const CancelToken& cancel) {
  return ColumnsFrom<1>(p, c, cancel);
}

bool Rows(const AcrossParameters& p, const AcrossRows& r, const CancelToken& cancel) {
  return RowsFrom<1>(p, r, cancel);
}

}  // namespace HWY_NAMESPACE
}  // namespace trine::normalize
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::normalize {
namespace {

constexpr size_t kLongestVector = 16;  // floats of AVX-512
constexpr size_t kBatch = 8;           // kRowsAtOnce

HWY_EXPORT(Columns);
HWY_EXPORT(Rows);

}  // namespace

size_t ColumnRowElements(size_t width) {
  return (width + kLongestVector - 1) / kLongestVector * kLongestVector;
}

size_t RowScratchElements(const AcrossParameters& parameters, size_t channels) {
  return kBatch * (channels + parameters.lo + parameters.hi + 2 * kLongestVector);
}

int64_t SweepTargets() { return HWY_TARGETS; }

bool SweepColumns(const AcrossParameters& parameters, const AcrossColumns& columns,
                  const CancelToken& cancel) {
  return HWY_DYNAMIC_DISPATCH(Columns)(parameters, columns, cancel);
}

bool SweepRows(const AcrossParameters& parameters, const AcrossRows& rows,
               const CancelToken& cancel) {
  return HWY_DYNAMIC_DISPATCH(Rows)(parameters, rows, cancel);
}

}  // namespace trine::normalize
#endif  // HWY_ONCE
