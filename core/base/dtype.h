// Element types of tensors, as on the wire (proto/trine/v1/tensor.proto) and in files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace trine {

// The numbers equal those of the proto enum and of the coded stream's header: never renumber.
enum class DType : uint8_t {
  kUint8 = 1,
  kUint16 = 2,
  kUint32 = 3,
  kUint64 = 4,
  kInt8 = 5,
  kInt16 = 6,
  kInt32 = 7,
  kInt64 = 8,
  kFloat16 = 9,
  kBfloat16 = 10,
  kFloat32 = 11,
  kFloat64 = 12,
  kBool = 13,  // one byte, 0 or 1
};

inline constexpr int kMinDType = 1;
inline constexpr int kMaxDType = 13;

// Bytes of one element: 1, 2, 4 or 8.
size_t DTypeSize(DType dtype);
// "uint8", "bfloat16", ...: the names that the command line and `--json` use.
std::string_view DTypeName(DType dtype);
std::optional<DType> ParseDType(std::string_view name);
bool IsFloat(DType dtype);

}  // namespace trine
