#include "core/normalize/convert.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "core/base/bytes.h"
#include "core/base/float16.h"

namespace trine::normalize {
namespace {

// binary16 to float without branches. A shifted half is a float whose exponent is 112 too small;
// the multiplication mends it, exactly, for subnormal halves too. Infinity and NaN get the exponent
// that the multiplication cannot give them.
float HalfToFloat(uint16_t half) {
  const uint32_t magnitude = static_cast<uint32_t>(half & 0x7FFFu) << 13;
  const uint32_t scaled = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112f);
  const uint32_t special = magnitude >= 0x0F800000u ? 0x7F800000u : 0u;
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  return std::bit_cast<float>(scaled | special | sign);
}

// Float to binary16 without branches: every case is computed, then one is chosen.
uint16_t FloatToHalf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  const uint32_t subnormal =
      std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3F000000u;
  const uint32_t normal = (magnitude - 0x38000000u + 0xFFFu + ((magnitude >> 13) & 1u)) >> 13;
  uint32_t half = magnitude < 0x38800000u ? subnormal : normal;
  half = magnitude >= 0x477FF000u ? 0x7C00u : half;  // >= 65520
  half = magnitude > 0x7F800000u ? 0x7E00u : half;   // NaN
  return static_cast<uint16_t>(half | ((bits >> 16) & 0x8000u));
}

// `value` rounded to float by "round to odd": a later rounding to fewer bits then gives what one
// rounding from T would (Boldo and Melquiond 2008).
template <typename T>
float RoundToOdd(T value) {
  const float nearest = static_cast<float>(value);
  if (static_cast<T>(nearest) == value || std::isnan(value)) return nearest;
  const uint32_t bits = std::bit_cast<uint32_t>(nearest);
  if ((bits & 1u) != 0) return nearest;
  const bool too_large = std::fabs(static_cast<T>(nearest)) > std::fabs(value);
  return std::bit_cast<float>(too_large ? bits - 1 : bits + 1);
}

float NarrowForHalf(float value) { return value; }
template <typename T>
float NarrowForHalf(T value) {
  return RoundToOdd(value);
}

// Elements as stored, one struct a dtype.
struct Half {
  using Bits = uint16_t;
  static float Load(uint16_t bits) { return HalfToFloat(bits); }
  template <typename T>
  static uint16_t Store(T value) {
    return FloatToHalf(NarrowForHalf(value));
  }
};

struct Brain {
  using Bits = uint16_t;
  static float Load(uint16_t bits) { return BFloat16ToFloat(bits); }
  template <typename T>
  static uint16_t Store(T value) {
    return FloatToBFloat16(NarrowForHalf(value));
  }
};

template <typename S>
struct Plain {
  using Bits = S;
  static S Load(S value) { return value; }
  template <typename T>
  static S Store(T value) {
    return static_cast<S>(value);
  }
};

template <typename Element, typename T>
void Load(const uint8_t* source, size_t count, T* out) {
  using Bits = typename Element::Bits;
  if constexpr (std::is_same_v<Bits, T>) {
    std::memcpy(out, source, count * sizeof(T));
  } else {
    for (size_t i = 0; i < count; ++i)
      out[i] = static_cast<T>(Element::Load(LoadLE<Bits>(source + i * sizeof(Bits))));
  }
}

template <typename Element, typename T>
void Store(const T* source, size_t count, uint8_t* out) {
  using Bits = typename Element::Bits;
  if constexpr (std::is_same_v<Bits, T>) {
    std::memcpy(out, source, count * sizeof(T));
  } else {
    for (size_t i = 0; i < count; ++i)
      StoreLE<Bits>(out + i * sizeof(Bits), Element::Store(source[i]));
  }
}

}  // namespace

template <typename T>
LoadRun<T> GetLoad(DType dtype) {
  if (dtype == DType::kFloat16) return Load<Half, T>;
  if (dtype == DType::kBfloat16) return Load<Brain, T>;
  if (dtype == DType::kFloat32) return Load<Plain<float>, T>;
  return Load<Plain<double>, T>;
}

template <typename T>
StoreRun<T> GetStore(DType dtype) {
  if (dtype == DType::kFloat16) return Store<Half, T>;
  if (dtype == DType::kBfloat16) return Store<Brain, T>;
  if (dtype == DType::kFloat32) return Store<Plain<float>, T>;
  return Store<Plain<double>, T>;
}

template LoadRun<float> GetLoad<float>(DType);
template LoadRun<double> GetLoad<double>(DType);
template LoadRun<long double> GetLoad<long double>(DType);
template StoreRun<float> GetStore<float>(DType);
template StoreRun<double> GetStore<double>(DType);
template StoreRun<long double> GetStore<long double>(DType);

}  // namespace trine::normalize
