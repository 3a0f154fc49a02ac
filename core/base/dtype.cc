#include "core/base/dtype.h"

#include <array>

namespace trine {
namespace {

struct Row {
  DType dtype;
  size_t size_bytes;
  std::string_view name;
};

constexpr std::array<Row, 13> kRows = {{
    {DType::kUint8, 1, "uint8"},
    {DType::kUint16, 2, "uint16"},
    {DType::kUint32, 4, "uint32"},
    {DType::kUint64, 8, "uint64"},
    {DType::kInt8, 1, "int8"},
    {DType::kInt16, 2, "int16"},
    {DType::kInt32, 4, "int32"},
    {DType::kInt64, 8, "int64"},
    {DType::kFloat16, 2, "float16"},
    {DType::kBfloat16, 2, "bfloat16"},
    {DType::kFloat32, 4, "float32"},
    {DType::kFloat64, 8, "float64"},
    {DType::kBool, 1, "bool"},
}};

const Row& Find(DType dtype) { return kRows[static_cast<size_t>(dtype) - kMinDType]; }

}  // namespace

size_t DTypeSize(DType dtype) { return Find(dtype).size_bytes; }

std::string_view DTypeName(DType dtype) { return Find(dtype).name; }

std::optional<DType> ParseDType(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.dtype;
  }
  return std::nullopt;
}

bool IsFloat(DType dtype) { return dtype >= DType::kFloat16 && dtype <= DType::kFloat64; }

}  // namespace trine
