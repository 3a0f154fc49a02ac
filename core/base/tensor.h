// Tensors: a dtype, a shape, and bytes that are row-major, little-endian and dense.
//
// Views do not own their bytes, and their address may be unaligned for the element type: read
// through LoadLE (core/base/bytes.h). Thread safety: as plain data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/bytes.h"
#include "core/base/dtype.h"
#include "core/base/limits.h"
#include "core/base/long_array.h"

namespace trine {

using Shape = std::vector<int64_t>;

// "16x96x55x55"; "scalar" for rank 0.
std::string ShapeToString(absl::Span<const int64_t> shape);

// Number of elements of `shape` (1 for rank 0). INVALID_ARGUMENT naming `<field>` for a rank above
// limits.max_rank, `<field>[i]` for a negative dimension, and `<field>` when the product
// overflows or exceeds limits.max_elements (then RESOURCE_EXHAUSTED).
absl::StatusOr<uint64_t> CountElements(absl::Span<const int64_t> shape, const Limits& limits,
                                       std::string_view field);

struct TensorView {
  DType dtype = DType::kUint8;
  Shape shape;
  ByteView data;

  uint64_t elements() const { return data.size() / DTypeSize(dtype); }
};

struct MutableTensorView {
  DType dtype = DType::kUint8;
  Shape shape;
  MutableByteView data;

  uint64_t elements() const { return data.size() / DTypeSize(dtype); }
};

// A tensor that owns its bytes.
struct Tensor {
  DType dtype = DType::kUint8;
  Shape shape;
  LongArray<uint8_t> data;

  // Zeros, which cost nothing until they are touched. REQUIRES: the shape was checked by
  // CountElements.
  static Tensor Zeros(DType dtype, Shape shape);
  TensorView view() const { return {dtype, shape, data}; }
  MutableTensorView mutable_view() { return {dtype, shape, absl::MakeSpan(data)}; }
};

// OK when `data_bytes` is exactly `elements` times the dtype's size; else an error that names
// `<field>.data`. REQUIRES: `elements` is CountElements of the shape.
absl::Status CheckDataBytes(DType dtype, absl::Span<const int64_t> shape, uint64_t elements,
                            uint64_t data_bytes, std::string_view field);
// CountElements and CheckDataBytes of a view: errors name `<field>.shape` or `<field>.data`.
absl::Status ValidateTensor(const TensorView& tensor, const Limits& limits, std::string_view field);

}  // namespace trine
