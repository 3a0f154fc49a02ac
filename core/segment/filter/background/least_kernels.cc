#include "core/segment/filter/background/least_kernels.h"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/segment/filter/background/least_kernels.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace trine::segment::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
HWY_INLINE void WidenAll(T* row, int64_t shift, int64_t n) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  // What is read lies at or beyond what is written: in place.
  for (int64_t i = 0; i < n; i += lanes)
    hn::StoreU(hn::Min(hn::LoadU(d, row + i), hn::LoadU(d, row + i + shift)), d, row + i);
}

// Four vectors at once; lift(vector, k) is what is added to row k.
template <typename T, typename Lift>
HWY_INLINE void LeastAll(const T* const* rows, int64_t count, int64_t n, T* least,
                         const Lift& lift) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < n; i += 4 * lanes) {
    auto l0 = hn::LoadU(d, least + i);
    auto l1 = hn::LoadU(d, least + i + lanes);
    auto l2 = hn::LoadU(d, least + i + 2 * lanes);
    auto l3 = hn::LoadU(d, least + i + 3 * lanes);
    for (int64_t k = 0; k < count; ++k) {
      const T* const row = rows[k] + i;
      l0 = hn::Min(l0, lift(hn::LoadU(d, row), k));
      l1 = hn::Min(l1, lift(hn::LoadU(d, row + lanes), k));
      l2 = hn::Min(l2, lift(hn::LoadU(d, row + 2 * lanes), k));
      l3 = hn::Min(l3, lift(hn::LoadU(d, row + 3 * lanes), k));
    }
    hn::StoreU(l0, d, least + i);
    hn::StoreU(l1, d, least + i + lanes);
    hn::StoreU(l2, d, least + i + 2 * lanes);
    hn::StoreU(l3, d, least + i + 3 * lanes);
  }
}

template <typename T>
HWY_INLINE void LeastPlain(const T* const* rows, int64_t count, int64_t n, T* least) {
  LeastAll(rows, count, n, least, [](auto vector, int64_t) HWY_ATTR { return vector; });
}

template <typename T>
HWY_INLINE void LeastLifted(const T* const* rows, const T* lifts, int64_t count, int64_t n,
                            T* least) {
  const hn::ScalableTag<T> d;
  LeastAll(rows, count, n, least, [&](auto vector, int64_t k) HWY_ATTR {
    if constexpr (std::is_integral_v<T>) {
      return hn::SaturatedAdd(vector, hn::Set(d, lifts[k]));
    } else {
      return hn::Add(vector, hn::Set(d, lifts[k]));
    }
  });
}

void Widen8(uint8_t* row, int64_t shift, int64_t n) { WidenAll(row, shift, n); }
void Plain8(const uint8_t* const* rows, int64_t count, int64_t n, uint8_t* least) {
  LeastPlain(rows, count, n, least);
}
void Lifted8(const uint8_t* const* rows, const uint8_t* lifts, int64_t count, int64_t n,
             uint8_t* least) {
  LeastLifted(rows, lifts, count, n, least);
}
void Widen16(uint16_t* row, int64_t shift, int64_t n) { WidenAll(row, shift, n); }
void Plain16(const uint16_t* const* rows, int64_t count, int64_t n, uint16_t* least) {
  LeastPlain(rows, count, n, least);
}
void Lifted16(const uint16_t* const* rows, const uint16_t* lifts, int64_t count, int64_t n,
              uint16_t* least) {
  LeastLifted(rows, lifts, count, n, least);
}
void WidenF(float* row, int64_t shift, int64_t n) { WidenAll(row, shift, n); }
void PlainF(const float* const* rows, int64_t count, int64_t n, float* least) {
  LeastPlain(rows, count, n, least);
}
void LiftedF(const float* const* rows, const float* lifts, int64_t count, int64_t n, float* least) {
  LeastLifted(rows, lifts, count, n, least);
}
void WidenD(double* row, int64_t shift, int64_t n) { WidenAll(row, shift, n); }
void PlainD(const double* const* rows, int64_t count, int64_t n, double* least) {
  LeastPlain(rows, count, n, least);
}
void LiftedD(const double* const* rows, const double* lifts, int64_t count, int64_t n,
             double* least) {
  LeastLifted(rows, lifts, count, n, least);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(Widen8);
HWY_EXPORT(Plain8);
HWY_EXPORT(Lifted8);
HWY_EXPORT(Widen16);
HWY_EXPORT(Plain16);
HWY_EXPORT(Lifted16);
HWY_EXPORT(WidenF);
HWY_EXPORT(PlainF);
HWY_EXPORT(LiftedF);
HWY_EXPORT(WidenD);
HWY_EXPORT(PlainD);
HWY_EXPORT(LiftedD);

void WidenLeast(uint8_t* row, int64_t shift, int64_t n) {
  HWY_DYNAMIC_DISPATCH(Widen8)(row, shift, n);
}
void LeastOfRows(const uint8_t* const* rows, int64_t count, int64_t n, uint8_t* least) {
  HWY_DYNAMIC_DISPATCH(Plain8)(rows, count, n, least);
}
void LeastOfLifted(const uint8_t* const* rows, const uint8_t* lifts, int64_t count, int64_t n,
                   uint8_t* least) {
  HWY_DYNAMIC_DISPATCH(Lifted8)(rows, lifts, count, n, least);
}
void WidenLeast(uint16_t* row, int64_t shift, int64_t n) {
  HWY_DYNAMIC_DISPATCH(Widen16)(row, shift, n);
}
void LeastOfRows(const uint16_t* const* rows, int64_t count, int64_t n, uint16_t* least) {
  HWY_DYNAMIC_DISPATCH(Plain16)(rows, count, n, least);
}
void LeastOfLifted(const uint16_t* const* rows, const uint16_t* lifts, int64_t count, int64_t n,
                   uint16_t* least) {
  HWY_DYNAMIC_DISPATCH(Lifted16)(rows, lifts, count, n, least);
}
void WidenLeast(float* row, int64_t shift, int64_t n) {
  HWY_DYNAMIC_DISPATCH(WidenF)(row, shift, n);
}
void LeastOfRows(const float* const* rows, int64_t count, int64_t n, float* least) {
  HWY_DYNAMIC_DISPATCH(PlainF)(rows, count, n, least);
}
void LeastOfLifted(const float* const* rows, const float* lifts, int64_t count, int64_t n,
                   float* least) {
  HWY_DYNAMIC_DISPATCH(LiftedF)(rows, lifts, count, n, least);
}
void WidenLeast(double* row, int64_t shift, int64_t n) {
  HWY_DYNAMIC_DISPATCH(WidenD)(row, shift, n);
}
void LeastOfRows(const double* const* rows, int64_t count, int64_t n, double* least) {
  HWY_DYNAMIC_DISPATCH(PlainD)(rows, count, n, least);
}
void LeastOfLifted(const double* const* rows, const double* lifts, int64_t count, int64_t n,
                   double* least) {
  HWY_DYNAMIC_DISPATCH(LiftedD)(rows, lifts, count, n, least);
}

int64_t LeastKernelTargets() { return HWY_TARGETS; }

}  // namespace trine::segment
#endif  // HWY_ONCE
