#include "core/segment/mask_kernels.h"

#include <algorithm>
#include <cstring>

// The baseline, SSE4, AVX2 and AVX-512; those between them gain nothing here.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/segment/mask_kernels.cc"
#include <hwy/foreach_target.h>  // includes this file once a target

#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace trine::segment::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <typename T>
T PixelOf(const uint8_t* values, size_t i) {
  T value;
  std::memcpy(&value, values + i * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
uint64_t MarkAny(const uint8_t* values, size_t count, T limit, const Marking& how, uint8_t* mask) {
  uint64_t marked = 0;
  for (size_t i = 0; i < count; ++i) {
    const bool is_inside = how.inside == nullptr || how.inside[i] != 0;
    const bool is_marked = is_inside && (PixelOf<T>(values, i) > limit) != how.invert;
    mask[i] = is_marked ? 255 : 0;
    marked += is_marked ? 1 : 0;
  }
  return marked;
}

template <typename T>
void Count(const uint8_t* values, size_t count, const T* limits, size_t limit_count, uint8_t first,
           const uint8_t* inside, bool /*streamed*/, int32_t* labels) {
  for (size_t i = 0; i < count; ++i) {
    labels[i] = 0;
    if (inside != nullptr && inside[i] == 0) continue;
    labels[i] = first;
    for (size_t k = 0; k < limit_count; ++k) labels[i] += PixelOf<T>(values, i) > limits[k] ? 1 : 0;
  }
}

uint64_t Set(const uint8_t* bytes, size_t count) {
  return count - static_cast<uint64_t>(std::count(bytes, bytes + count, uint8_t{0}));
}

#else

namespace hn = hwy::HWY_NAMESPACE;

using Bytes = hn::ScalableTag<uint8_t>;
using ByteVector = hn::VFromD<Bytes>;
constexpr Bytes kBytes;

template <size_t kSize>
using Word = hwy::UnsignedFromSize<kSize>;

// The pixels from `at` on as lanes of kSize bytes, all ones where they are above `limit`: of one
// vector's lanes the even parts of two vectors with lanes of twice the size.
template <size_t kSize, typename T, class Limit>
HWY_INLINE auto AboveAs(const uint8_t* at, Limit limit) {
  const hn::Repartition<Word<kSize>, Bytes> words;
  if constexpr (kSize == sizeof(T)) {
    const hn::Repartition<T, Bytes> pixels;
    return hn::BitCast(
        words, hn::VecFromMask(pixels, hn::Gt(hn::BitCast(pixels, hn::LoadU(kBytes, at)), limit)));
  } else {
    const size_t half = hn::Lanes(kBytes) * sizeof(T) / (2 * kSize);
    const auto low = AboveAs<2 * kSize, T>(at, limit);
    const auto high = AboveAs<2 * kSize, T>(at + half, limit);
    return hn::ConcatEven(words, hn::BitCast(words, high), hn::BitCast(words, low));
  }
}

HWY_INLINE ByteVector Zeros(const uint8_t* at) {
  return hn::VecFromMask(kBytes, hn::Eq(hn::LoadU(kBytes, at), hn::Zero(kBytes)));
}

// The sum of counts in bytes, each vector of which was subtracted from 0 at most 255 times.
constexpr size_t kMostVectors = 255;
class Counter {
 public:
  HWY_INLINE Counter() : sums_(hn::Zero(kWords)) {}
  HWY_INLINE void Add(ByteVector counts) { sums_ = hn::Add(sums_, hn::SumsOf8(counts)); }
  HWY_INLINE uint64_t Total() const {
    HWY_ALIGN uint64_t lanes[HWY_MAX_BYTES / sizeof(uint64_t)];
    hn::Store(sums_, kWords, lanes);
    uint64_t total = 0;
    for (size_t i = 0; i < hn::Lanes(kWords); ++i) total += lanes[i];
    return total;
  }

 private:
  static constexpr hn::Repartition<uint64_t, Bytes> kWords{};
  hn::VFromD<hn::Repartition<uint64_t, Bytes>> sums_;
};

bool IsAligned(const void* memory) {
  return reinterpret_cast<uintptr_t>(memory) % hn::Lanes(kBytes) == 0;
}

template <typename T, bool kInside, bool kStreamed>
uint64_t MarkVectors(const uint8_t* values, size_t vectors, T limit_value, const Marking& how,
                     uint8_t* mask) {
  const size_t lanes = hn::Lanes(kBytes);
  const auto limit = hn::Set(hn::Repartition<T, Bytes>(), limit_value);
  const auto flip = hn::Set(kBytes, static_cast<uint8_t>(how.invert ? 255 : 0));
  const uint8_t* inside = how.inside;
  Counter counter;
  while (vectors > 0) {
    const size_t block = std::min(vectors, kMostVectors);
    vectors -= block;
    auto counts = hn::Zero(kBytes);
    for (size_t i = 0; i < block; ++i) {
      auto marked = hn::Xor(AboveAs<1, T>(values, limit), flip);
      if constexpr (kInside) {
        marked = hn::AndNot(Zeros(inside), marked);
        inside += lanes;
      }
      counts = hn::Sub(counts, marked);
      if constexpr (kStreamed) {
        hn::Stream(marked, kBytes, mask);
      } else {
        hn::StoreU(marked, kBytes, mask);
      }
      values += lanes * sizeof(T);
      mask += lanes;
    }
    counter.Add(counts);
  }
  return counter.Total();
}

template <typename T, bool kInside>
uint64_t Mark(const uint8_t* values, size_t count, T limit, const Marking& how, uint8_t* mask) {
  const size_t lanes = hn::Lanes(kBytes), whole = count / lanes * lanes, rest = count - whole;
  uint64_t marked = 0;
  if (how.streamed && IsAligned(mask)) {
    marked = MarkVectors<T, kInside, true>(values, count / lanes, limit, how, mask);
    hwy::FlushStream();
  } else {
    marked = MarkVectors<T, kInside, false>(values, count / lanes, limit, how, mask);
  }
  if (rest == 0) return marked;
  // One vector more, of a copy.
  HWY_ALIGN uint8_t last[HWY_MAX_BYTES * sizeof(T)] = {};
  HWY_ALIGN uint8_t last_inside[HWY_MAX_BYTES] = {};
  HWY_ALIGN uint8_t last_mask[HWY_MAX_BYTES];
  std::memcpy(last, values + whole * sizeof(T), rest * sizeof(T));
  Marking of_last = how;
  if (kInside) {
    std::memcpy(last_inside, how.inside + whole, rest);
    of_last.inside = last_inside;
  }
  MarkVectors<T, kInside, false>(last, 1, limit, of_last, last_mask);
  std::memcpy(mask + whole, last_mask, rest);
  for (size_t i = 0; i < rest; ++i) marked += last_mask[i] & 1;
  return marked;
}

template <typename T>
uint64_t MarkAny(const uint8_t* values, size_t count, T limit, const Marking& how, uint8_t* mask) {
  if (how.inside != nullptr) return Mark<T, true>(values, count, limit, how, mask);
  return Mark<T, false>(values, count, limit, how, mask);
}

template <typename T, bool kStreamed>
void CountVectors(const uint8_t* values, size_t vectors, const T* limits, size_t limit_count,
                  uint8_t first, const uint8_t* inside, int32_t* labels) {
  const size_t lanes = hn::Lanes(kBytes);
  const hn::ScalableTag<int32_t> wide;
  const hn::Rebind<uint8_t, decltype(wide)> narrow;
  const hn::Repartition<T, Bytes> pixels;
  HWY_ALIGN uint8_t classes[HWY_MAX_BYTES];
  for (; vectors > 0; --vectors, values += lanes * sizeof(T), labels += lanes) {
    auto counts = hn::Set(kBytes, first);
    for (size_t k = 0; k < limit_count; ++k)
      counts = hn::Sub(counts, AboveAs<1, T>(values, hn::Set(pixels, limits[k])));
    if (inside != nullptr) {
      counts = hn::AndNot(Zeros(inside), counts);
      inside += lanes;
    }
    hn::Store(counts, kBytes, classes);
    for (size_t i = 0; i < lanes; i += hn::Lanes(wide)) {
      const auto label = hn::PromoteTo(wide, hn::Load(narrow, classes + i));
      if constexpr (kStreamed) {
        hn::Stream(label, wide, labels + i);
      } else {
        hn::StoreU(label, wide, labels + i);
      }
    }
  }
}

template <typename T>
void Count(const uint8_t* values, size_t count, const T* limits, size_t limit_count, uint8_t first,
           const uint8_t* inside, bool streamed, int32_t* labels) {
  const size_t lanes = hn::Lanes(kBytes), whole = count / lanes * lanes, rest = count - whole;
  if (streamed && IsAligned(labels)) {
    CountVectors<T, true>(values, count / lanes, limits, limit_count, first, inside, labels);
    hwy::FlushStream();
  } else {
    CountVectors<T, false>(values, count / lanes, limits, limit_count, first, inside, labels);
  }
  if (rest == 0) return;
  HWY_ALIGN uint8_t last[HWY_MAX_BYTES * sizeof(T)] = {};
  HWY_ALIGN uint8_t last_inside[HWY_MAX_BYTES] = {};
  HWY_ALIGN int32_t last_labels[HWY_MAX_BYTES];
  std::memcpy(last, values + whole * sizeof(T), rest * sizeof(T));
  if (inside != nullptr) std::memcpy(last_inside, inside + whole, rest);
  CountVectors<T, false>(last, 1, limits, limit_count, first,
                         inside != nullptr ? last_inside : nullptr, last_labels);
  std::memcpy(labels + whole, last_labels, rest * sizeof(int32_t));
}

uint64_t Set(const uint8_t* bytes, size_t count) {
  const size_t lanes = hn::Lanes(kBytes);
  Counter zeros;
  const uint8_t* at = bytes;
  for (size_t vectors = count / lanes; vectors > 0;) {
    const size_t block = std::min(vectors, kMostVectors);
    vectors -= block;
    auto counts = hn::Zero(kBytes);
    for (size_t i = 0; i < block; ++i, at += lanes) counts = hn::Sub(counts, Zeros(at));
    zeros.Add(counts);
  }
  uint64_t set = static_cast<uint64_t>(at - bytes) - zeros.Total();
  for (; at < bytes + count; ++at) set += *at != 0 ? 1 : 0;
  return set;
}

#endif

}  // namespace

uint64_t MarkUint8(const uint8_t* values, size_t count, uint8_t limit, const Marking& how,
                   uint8_t* mask) {
  return MarkAny(values, count, limit, how, mask);
}
uint64_t MarkUint16(const uint8_t* values, size_t count, uint16_t limit, const Marking& how,
                    uint8_t* mask) {
  return MarkAny(values, count, limit, how, mask);
}
uint64_t MarkFloat(const uint8_t* values, size_t count, float limit, const Marking& how,
                   uint8_t* mask) {
  return MarkAny(values, count, limit, how, mask);
}
uint64_t MarkDouble(const uint8_t* values, size_t count, double limit, const Marking& how,
                    uint8_t* mask) {
  return MarkAny(values, count, limit, how, mask);
}

void CountUint8(const uint8_t* values, size_t count, const uint8_t* limits, size_t limit_count,
                uint8_t first, const uint8_t* inside, bool streamed, int32_t* labels) {
  Count(values, count, limits, limit_count, first, inside, streamed, labels);
}
void CountUint16(const uint8_t* values, size_t count, const uint16_t* limits, size_t limit_count,
                 uint8_t first, const uint8_t* inside, bool streamed, int32_t* labels) {
  Count(values, count, limits, limit_count, first, inside, streamed, labels);
}
void CountFloat(const uint8_t* values, size_t count, const float* limits, size_t limit_count,
                uint8_t first, const uint8_t* inside, bool streamed, int32_t* labels) {
  Count(values, count, limits, limit_count, first, inside, streamed, labels);
}
void CountDouble(const uint8_t* values, size_t count, const double* limits, size_t limit_count,
                 uint8_t first, const uint8_t* inside, bool streamed, int32_t* labels) {
  Count(values, count, limits, limit_count, first, inside, streamed, labels);
}

uint64_t CountNotZero(const uint8_t* bytes, size_t count) { return Set(bytes, count); }

}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(MarkUint8);
HWY_EXPORT(MarkUint16);
HWY_EXPORT(MarkFloat);
HWY_EXPORT(MarkDouble);
HWY_EXPORT(CountUint8);
HWY_EXPORT(CountUint16);
HWY_EXPORT(CountFloat);
HWY_EXPORT(CountDouble);
HWY_EXPORT(CountNotZero);

uint64_t MarkAbove(const uint8_t* values, size_t count, uint8_t limit, const Marking& how,
                   uint8_t* mask) {
  return HWY_DYNAMIC_DISPATCH(MarkUint8)(values, count, limit, how, mask);
}
uint64_t MarkAbove(const uint8_t* values, size_t count, uint16_t limit, const Marking& how,
                   uint8_t* mask) {
  return HWY_DYNAMIC_DISPATCH(MarkUint16)(values, count, limit, how, mask);
}
uint64_t MarkAbove(const uint8_t* values, size_t count, float limit, const Marking& how,
                   uint8_t* mask) {
  return HWY_DYNAMIC_DISPATCH(MarkFloat)(values, count, limit, how, mask);
}
uint64_t MarkAbove(const uint8_t* values, size_t count, double limit, const Marking& how,
                   uint8_t* mask) {
  return HWY_DYNAMIC_DISPATCH(MarkDouble)(values, count, limit, how, mask);
}

void CountBelow(const uint8_t* values, size_t count, const std::vector<uint8_t>& limits,
                uint8_t first, const uint8_t* inside, bool streamed, int32_t* labels) {
  HWY_DYNAMIC_DISPATCH(CountUint8)
  (values, count, limits.data(), limits.size(), first, inside, streamed, labels);
}
void CountBelow(const uint8_t* values, size_t count, const std::vector<uint16_t>& limits,
                uint8_t first, const uint8_t* inside, bool streamed, int32_t* labels) {
  HWY_DYNAMIC_DISPATCH(CountUint16)
  (values, count, limits.data(), limits.size(), first, inside, streamed, labels);
}
void CountBelow(const uint8_t* values, size_t count, const std::vector<float>& limits,
                uint8_t first, const uint8_t* inside, bool streamed, int32_t* labels) {
  HWY_DYNAMIC_DISPATCH(CountFloat)
  (values, count, limits.data(), limits.size(), first, inside, streamed, labels);
}
void CountBelow(const uint8_t* values, size_t count, const std::vector<double>& limits,
                uint8_t first, const uint8_t* inside, bool streamed, int32_t* labels) {
  HWY_DYNAMIC_DISPATCH(CountDouble)
  (values, count, limits.data(), limits.size(), first, inside, streamed, labels);
}

uint64_t CountSet(const uint8_t* bytes, size_t count) {
  return HWY_DYNAMIC_DISPATCH(CountNotZero)(bytes, count);
}

int64_t MaskKernelTargets() { return HWY_TARGETS; }

}  // namespace trine::segment
#endif  // HWY_ONCE
