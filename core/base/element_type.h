// From a dtype to the C++ type of its elements.
#pragma once

#include <cstdint>

#include "core/base/dtype.h"
#include "core/base/float16.h"

namespace trine {

// 16-bit floats as they are stored, which become float wherever they are read.
struct Float16Element {
  uint16_t bits = 0;
  operator float() const { return Float16ToFloat(bits); }  // NOLINT(google-explicit-constructor)
};
struct BFloat16Element {
  uint16_t bits = 0;
  operator float() const { return BFloat16ToFloat(bits); }  // NOLINT(google-explicit-constructor)
};

// body(T{}) for the type of the elements of `dtype`; bool is a byte.
template <typename Body>
auto WithElementType(DType dtype, const Body& body) {
  switch (dtype) {
    case DType::kUint16:
      return body(uint16_t{});
    case DType::kUint32:
      return body(uint32_t{});
    case DType::kUint64:
      return body(uint64_t{});
    case DType::kInt8:
      return body(int8_t{});
    case DType::kInt16:
      return body(int16_t{});
    case DType::kInt32:
      return body(int32_t{});
    case DType::kInt64:
      return body(int64_t{});
    case DType::kFloat16:
      return body(Float16Element{});
    case DType::kBfloat16:
      return body(BFloat16Element{});
    case DType::kFloat32:
      return body(float{});
    case DType::kFloat64:
      return body(double{});
    case DType::kUint8:
    case DType::kBool:
      break;
  }
  return body(uint8_t{});
}

}  // namespace trine
