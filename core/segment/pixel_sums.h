// Sums of pixels that do not depend on their order: integers, or doubles of twice the precision.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/segment/double_double.h"
#include "core/segment/int128.h"

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

// Integer pixels whose stored 0 stands for `origin`, at most 2^40 from 0: the sum, and the sum of
// the squares, of what n of them stand for. Below 2^124.
inline Int128 SumFrom(int64_t origin, uint64_t sum, int64_t n) {
  return Int128{origin} * n + static_cast<Int128>(sum);
}
inline Int128 SquareFrom(int64_t origin, uint64_t sum, uint64_t square, int64_t n) {
  return Int128{origin} * origin * n + 2 * Int128{origin} * static_cast<Int128>(sum) +
         static_cast<Int128>(square);
}
// Their mean, rounded twice at most.
inline double MeanFrom(int64_t origin, uint64_t sum, int64_t n) {
  const double total =
      origin == 0 ? static_cast<double>(sum) : static_cast<double>(SumFrom(origin, sum, n));
  return total / static_cast<double>(n);
}

}  // namespace trine::segment
