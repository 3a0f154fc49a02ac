#include "core/segment/filter/smooth/row_kernels.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/segment/filter/smooth/row_kernels.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace trine::segment::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Products are added to sums in two operations everywhere: a fused one rounds otherwise.
template <typename F>
HWY_INLINE void Weigh(const F* const* taps, const F* weights, int64_t radius, int64_t n, F* out) {
  const hn::ScalableTag<F> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const V centre = hn::Set(d, weights[0]);
  // Four vectors at once, so that sums do not wait for each other. kRowSlack covers the last.
  for (int64_t x = 0; x < n; x += 4 * lanes) {
    const F* const middle = taps[radius] + x;
    V s0 = hn::Mul(centre, hn::LoadU(d, middle));
    V s1 = hn::Mul(centre, hn::LoadU(d, middle + lanes));
    V s2 = hn::Mul(centre, hn::LoadU(d, middle + 2 * lanes));
    V s3 = hn::Mul(centre, hn::LoadU(d, middle + 3 * lanes));
    for (int64_t k = radius; k >= 1; --k) {
      const F* const a = taps[radius - k] + x;
      const F* const b = taps[radius + k] + x;
      const V w = hn::Set(d, weights[k]);
      s0 = hn::Add(s0, hn::Mul(w, hn::Add(hn::LoadU(d, a), hn::LoadU(d, b))));
      s1 = hn::Add(s1, hn::Mul(w, hn::Add(hn::LoadU(d, a + lanes), hn::LoadU(d, b + lanes))));
      s2 = hn::Add(s2,
                   hn::Mul(w, hn::Add(hn::LoadU(d, a + 2 * lanes), hn::LoadU(d, b + 2 * lanes))));
      s3 = hn::Add(s3,
                   hn::Mul(w, hn::Add(hn::LoadU(d, a + 3 * lanes), hn::LoadU(d, b + 3 * lanes))));
    }
    hn::StoreU(s0, d, out + x);
    hn::StoreU(s1, d, out + x + lanes);
    hn::StoreU(s2, d, out + x + 2 * lanes);
    hn::StoreU(s3, d, out + x + 3 * lanes);
  }
}

template <typename F>
HWY_INLINE void Reduce(const F* HWY_RESTRICT a, const F* HWY_RESTRICT b, const F* HWY_RESTRICT c,
                       const F* HWY_RESTRICT d, int64_t n, F* HWY_RESTRICT out) {
  for (int64_t i = 0; i < n; ++i) out[i] = (a[i] + d[i]) * F{0.125} + (b[i] + c[i]) * F{0.375};
}

template <typename F>
HWY_INLINE void ReduceAlong(const F* HWY_RESTRICT in, int64_t n, F* HWY_RESTRICT out) {
  const hn::ScalableTag<F> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const V outer = hn::Set(d, F{0.125}), inner = hn::Set(d, F{0.375});
  for (int64_t i = 0; i < n; i += lanes) {
    V first, second, third, fourth;
    hn::LoadInterleaved2(d, in + 2 * i, first, second);
    hn::LoadInterleaved2(d, in + 2 * i + 2, third, fourth);
    hn::StoreU(
        hn::Add(hn::Mul(hn::Add(first, fourth), outer), hn::Mul(hn::Add(second, third), inner)), d,
        out + i);
  }
}

template <typename F>
HWY_INLINE void ExpandAlong(const F* HWY_RESTRICT in, int64_t n, F* HWY_RESTRICT out) {
  const hn::ScalableTag<F> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const V more = hn::Set(d, F{0.75}), less = hn::Set(d, F{0.25});
  for (int64_t i = 0; i < n; i += lanes) {
    const V near = hn::Mul(hn::LoadU(d, in + i + 1), more);
    hn::StoreInterleaved2(hn::Add(near, hn::Mul(hn::LoadU(d, in + i), less)),
                          hn::Add(near, hn::Mul(hn::LoadU(d, in + i + 2), less)), d, out + 2 * i);
  }
}

template <typename F>
HWY_INLINE void Expand(const F* HWY_RESTRICT near, const F* HWY_RESTRICT far, int64_t n,
                       F* HWY_RESTRICT out) {
  for (int64_t i = 0; i < n; ++i) out[i] = near[i] * F{0.75} + far[i] * F{0.25};
}

// Halves up, within the type.
template <typename T>
HWY_INLINE T Nearest(float value) {
  const float high = std::min(value + 0.5f, sizeof(T) == 1 ? 255.0f : 65535.0f);
  return static_cast<T>(static_cast<int32_t>(std::max(high, 0.0f)));
}

template <typename T>
HWY_INLINE void FromPixels(const uint8_t* HWY_RESTRICT pixels, int64_t n, float* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> whole;
  const hn::Rebind<T, decltype(d)> narrow;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  constexpr int64_t kBytes = static_cast<int64_t>(sizeof(T));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    T part[hn::MaxLanes(d)];
    std::memcpy(part, pixels + i * kBytes, hn::Lanes(d) * sizeof(T));
    hn::StoreU(hn::ConvertTo(d, hn::PromoteTo(whole, hn::LoadU(narrow, part))), d, out + i);
  }
  for (; i < n; ++i) {
    T value;
    std::memcpy(&value, pixels + i * kBytes, sizeof(T));
    out[i] = static_cast<float>(value);
  }
}

template <typename T>
HWY_INLINE void ToPixels(const float* HWY_RESTRICT in, int64_t n, uint8_t* HWY_RESTRICT pixels) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> whole;
  const hn::Rebind<T, decltype(d)> narrow;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  constexpr int64_t kBytes = static_cast<int64_t>(sizeof(T));
  const auto half = hn::Set(d, 0.5f), top = hn::Set(d, sizeof(T) == 1 ? 255.0f : 65535.0f);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto shifted = hn::Min(hn::Add(hn::LoadU(d, in + i), half), top);
    const auto values = hn::ConvertTo(whole, hn::Max(shifted, hn::Zero(d)));
    T part[hn::MaxLanes(d)];
    hn::StoreU(hn::DemoteTo(narrow, values), narrow, part);
    std::memcpy(pixels + i * kBytes, part, hn::Lanes(d) * sizeof(T));
  }
  for (; i < n; ++i) {
    const T value = Nearest<T>(in[i]);
    std::memcpy(pixels + i * kBytes, &value, sizeof(T));
  }
}

void WeighF(const float* const* taps, const float* weights, int64_t radius, int64_t n, float* out) {
  Weigh(taps, weights, radius, n, out);
}
void WeighD(const double* const* taps, const double* weights, int64_t radius, int64_t n,
            double* out) {
  Weigh(taps, weights, radius, n, out);
}
void ReduceF(const float* a, const float* b, const float* c, const float* d, int64_t n,
             float* out) {
  Reduce(a, b, c, d, n, out);
}
void ReduceD(const double* a, const double* b, const double* c, const double* d, int64_t n,
             double* out) {
  Reduce(a, b, c, d, n, out);
}
void ReduceAlongF(const float* in, int64_t n, float* out) { ReduceAlong(in, n, out); }
void ReduceAlongD(const double* in, int64_t n, double* out) { ReduceAlong(in, n, out); }
void ExpandAlongF(const float* in, int64_t n, float* out) { ExpandAlong(in, n, out); }
void ExpandAlongD(const double* in, int64_t n, double* out) { ExpandAlong(in, n, out); }
void ExpandF(const float* near, const float* far, int64_t n, float* out) {
  Expand(near, far, n, out);
}
void ExpandD(const double* near, const double* far, int64_t n, double* out) {
  Expand(near, far, n, out);
}
void FromBytes(const uint8_t* pixels, int64_t n, float* out) {
  FromPixels<uint8_t>(pixels, n, out);
}
void FromWords(const uint8_t* pixels, int64_t n, float* out) {
  FromPixels<uint16_t>(pixels, n, out);
}
void ToBytes(const float* in, int64_t n, uint8_t* pixels) { ToPixels<uint8_t>(in, n, pixels); }
void ToWords(const float* in, int64_t n, uint8_t* pixels) { ToPixels<uint16_t>(in, n, pixels); }

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(WeighF);
HWY_EXPORT(WeighD);
HWY_EXPORT(ReduceF);
HWY_EXPORT(ReduceD);
HWY_EXPORT(ReduceAlongF);
HWY_EXPORT(ReduceAlongD);
HWY_EXPORT(ExpandAlongF);
HWY_EXPORT(ExpandAlongD);
HWY_EXPORT(ExpandF);
HWY_EXPORT(ExpandD);
HWY_EXPORT(FromBytes);
HWY_EXPORT(FromWords);
HWY_EXPORT(ToBytes);
HWY_EXPORT(ToWords);

void WeighTaps(const float* const* taps, const float* weights, int64_t radius, int64_t n,
               float* out) {
  HWY_DYNAMIC_DISPATCH(WeighF)(taps, weights, radius, n, out);
}
void WeighTaps(const double* const* taps, const double* weights, int64_t radius, int64_t n,
               double* out) {
  HWY_DYNAMIC_DISPATCH(WeighD)(taps, weights, radius, n, out);
}
void ReduceRows(const float* a, const float* b, const float* c, const float* d, int64_t n,
                float* out) {
  HWY_DYNAMIC_DISPATCH(ReduceF)(a, b, c, d, n, out);
}
void ReduceRows(const double* a, const double* b, const double* c, const double* d, int64_t n,
                double* out) {
  HWY_DYNAMIC_DISPATCH(ReduceD)(a, b, c, d, n, out);
}
void ReduceColumns(const float* in, int64_t n, float* out) {
  HWY_DYNAMIC_DISPATCH(ReduceAlongF)(in, n, out);
}
void ReduceColumns(const double* in, int64_t n, double* out) {
  HWY_DYNAMIC_DISPATCH(ReduceAlongD)(in, n, out);
}
void ExpandColumns(const float* in, int64_t n, float* out) {
  HWY_DYNAMIC_DISPATCH(ExpandAlongF)(in, n, out);
}
void ExpandColumns(const double* in, int64_t n, double* out) {
  HWY_DYNAMIC_DISPATCH(ExpandAlongD)(in, n, out);
}
void ExpandRows(const float* near, const float* far, int64_t n, float* out) {
  HWY_DYNAMIC_DISPATCH(ExpandF)(near, far, n, out);
}
void ExpandRows(const double* near, const double* far, int64_t n, double* out) {
  HWY_DYNAMIC_DISPATCH(ExpandD)(near, far, n, out);
}
void ToReals(const uint8_t* pixels, int64_t n, float* out) {
  HWY_DYNAMIC_DISPATCH(FromBytes)(pixels, n, out);
}
void WordsToReals(const uint8_t* pixels, int64_t n, float* out) {
  HWY_DYNAMIC_DISPATCH(FromWords)(pixels, n, out);
}
void FromReals(const float* in, int64_t n, uint8_t* pixels) {
  HWY_DYNAMIC_DISPATCH(ToBytes)(in, n, pixels);
}
void WordsFromReals(const float* in, int64_t n, uint8_t* pixels) {
  HWY_DYNAMIC_DISPATCH(ToWords)(in, n, pixels);
}

int64_t RowKernelTargets() { return HWY_TARGETS; }

}  // namespace trine::segment
#endif  // HWY_ONCE
