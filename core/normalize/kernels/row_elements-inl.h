// Elements of a row in memory as vectors: whole ones, and the first `n` of one with zeros after.
// No header guard of the usual kind: Highway includes this anew for every target.
#if defined(TRINE_NORMALIZE_ROW_ELEMENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRINE_NORMALIZE_ROW_ELEMENTS_INL_H_
#undef TRINE_NORMALIZE_ROW_ELEMENTS_INL_H_
#else
#define TRINE_NORMALIZE_ROW_ELEMENTS_INL_H_
#endif

#include <hwy/highway.h>
#include <hwy/cache_control.h>

#include <cstring>

#include "core/base/float16.h"

// Of a lambda in a loop: left to itself the compiler may call it, with packs in memory.
#ifndef TRINE_ATTR
#define TRINE_ATTR HWY_ATTR __attribute__((always_inline))
#endif

HWY_BEFORE_NAMESPACE();
namespace trine::normalize::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
// T is what is computed in, float or double.
template <typename T>
using Tag = hn::ScalableTag<T>;
template <typename T>
using V = hn::Vec<Tag<T>>;
template <typename T>
constexpr Tag<T> kTag{};

using D = Tag<float>;
using DI = hn::RebindToSigned<D>;
using DU = hn::RebindToUnsigned<D>;
inline constexpr D kD;
inline constexpr DI kDI;
inline constexpr size_t kLineBytes = 64;
inline constexpr size_t kPrefetchBytes = 512;  // from the place being read to the one prefetched

// Whether vectors can be loaded and stored in part without touching the memory after that part.
#if HWY_TARGET <= HWY_AVX2
inline constexpr bool kMasks = true;
#else
inline constexpr bool kMasks = false;
#endif

template <typename T>
struct Plain {
  using Raw = T;
  using Lane = T;
  static constexpr bool kStreams = true;
  static HWY_INLINE V<T> Load(const T* from) { return hn::LoadU(kTag<T>, from); }
  static HWY_INLINE V<T> LoadFirst(const T* from, size_t n) {
    if constexpr (kMasks) return hn::MaskedLoad(hn::FirstN(kTag<T>, n), kTag<T>, from);
    HWY_ALIGN T buffer[HWY_MAX_BYTES / sizeof(T)] = {};
    std::memcpy(buffer, from, n * sizeof(T));
    return hn::Load(kTag<T>, buffer);
  }
  static HWY_INLINE void Store(V<T> v, T* to) { hn::StoreU(v, kTag<T>, to); }
  // The same past the caches, where kStreams.
  static HWY_INLINE void Stream(V<T> v, T* to) { hn::Stream(v, kTag<T>, to); }
  static HWY_INLINE void StoreFirst(V<T> v, size_t n, T* to) {
    if constexpr (kMasks) return hn::BlendedStore(v, hn::FirstN(kTag<T>, n), kTag<T>, to);
    HWY_ALIGN T buffer[HWY_MAX_BYTES / sizeof(T)];
    hn::Store(v, kTag<T>, buffer);
    std::memcpy(to, buffer, n * sizeof(T));
  }
};

// `Convert` has From and To between vectors of float32 and lanes of 16 bits.
template <typename Convert>
struct Narrow {
  using Raw = uint16_t;
  using Lane = float;
  static constexpr bool kStreams = false;
  static HWY_INLINE V<float> Load(const uint16_t* from) { return Convert::From(from); }
  static HWY_INLINE V<float> LoadFirst(const uint16_t* from, size_t n) {
    HWY_ALIGN uint16_t buffer[HWY_MAX_BYTES / sizeof(float)] = {};
    std::memcpy(buffer, from, n * sizeof(uint16_t));
    return Convert::From(buffer);
  }
  static HWY_INLINE void Store(V<float> v, uint16_t* to) { Convert::To(v, to); }
  static HWY_INLINE void StoreFirst(V<float> v, size_t n, uint16_t* to) {
    HWY_ALIGN uint16_t buffer[HWY_MAX_BYTES / sizeof(float)];
    Convert::To(v, buffer);
    std::memcpy(to, buffer, n * sizeof(uint16_t));
  }
};

struct ConvertBfloat16 {
  using D16 = hn::Rebind<uint16_t, D>;
  static HWY_INLINE V<float> From(const uint16_t* from) {
    const auto bits = hn::PromoteTo(DU(), hn::LoadU(D16(), from));
    return hn::BitCast(kD, hn::ShiftLeft<16>(bits));
  }
  // To nearest even, as FloatToBFloat16. A NaN has no payload here: it does not carry over.
  static HWY_INLINE void To(V<float> v, uint16_t* to) {
    const auto bits = hn::BitCast(DU(), v);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(DU(), 1));
    const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(DU(), 0x7FFF)));
    hn::StoreU(hn::TruncateTo(D16(), hn::ShiftRight<16>(rounded)), D16(), to);
  }
};

struct ConvertFloat16 {
#if HWY_TARGET <= HWY_AVX2 && !defined(HWY_DISABLE_F16C)
  using D16 = hn::Rebind<hwy::float16_t, D>;
  static HWY_INLINE V<float> From(const uint16_t* from) {
    return hn::PromoteTo(kD, hn::LoadU(D16(), reinterpret_cast<const hwy::float16_t*>(from)));
  }
  static HWY_INLINE void To(V<float> v, uint16_t* to) {
    hn::StoreU(hn::DemoteTo(D16(), v), D16(), reinterpret_cast<hwy::float16_t*>(to));
  }
#else
  // Without instructions for it: functions of their own, else they would be most of what is
  // compiled.
  static HWY_NOINLINE V<float> From(const uint16_t* from) {
    HWY_ALIGN float buffer[HWY_MAX_BYTES / sizeof(float)];
    for (size_t i = 0; i < hn::Lanes(kD); ++i) buffer[i] = Float16ToFloat(from[i]);
    return hn::Load(kD, buffer);
  }
  static HWY_NOINLINE void To(V<float> v, uint16_t* to) {
    HWY_ALIGN float buffer[HWY_MAX_BYTES / sizeof(float)];
    hn::Store(v, kD, buffer);
    for (size_t i = 0; i < hn::Lanes(kD); ++i) to[i] = FloatToFloat16(buffer[i]);
  }
#endif
};

using Bfloat16 = Narrow<ConvertBfloat16>;
using Float16 = Narrow<ConvertFloat16>;

}  // namespace
}  // namespace trine::normalize::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TRINE_NORMALIZE_ROW_ELEMENTS_INL_H_
