// Sums of pixels that do not depend on their order: integers, or doubles of twice the precision.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/segment/double_double.h"

namespace trine::segment {

// Integer pixels: exact. Floats: double-double, exact over a range of about 2^80.
template <typename T>
using PixelSum = std::conditional_t<std::is_integral_v<T>, uint64_t, DoubleDouble>;

template <typename T>
PixelSum<T> SumOf(T value) {
  if constexpr (std::is_integral_v<T>) {
    return value;
  } else {
    return DoubleDouble(double{value});
  }
}
template <typename T>
PixelSum<T> SquareOf(T value) {
  if constexpr (std::is_integral_v<T>) {
    return uint64_t{value} * value;
  } else {
    return DoubleDouble::TwoProduct(double{value}, double{value});
  }
}

}  // namespace trine::segment
