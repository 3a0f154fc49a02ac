#include "core/base/tensor.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine {

std::string ShapeToString(absl::Span<const int64_t> shape) {
  return shape.empty() ? "scalar" : absl::StrJoin(shape, "x");
}

absl::StatusOr<uint64_t> CountElements(absl::Span<const int64_t> shape, const Limits& limits,
                                       std::string_view field) {
  if (shape.size() > static_cast<size_t>(limits.max_rank)) {
    return InvalidField(field, absl::StrCat("of rank ", shape.size()),
                        absl::StrCat("the rank must be 0 to ", limits.max_rank));
  }
  bool is_empty = false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0) {
      return InvalidField(absl::StrCat(ToAbsl(field), "[", i, "]"), shape[i],
                          "a dimension must not be negative");
    }
    is_empty = is_empty || shape[i] == 0;
  }
  if (is_empty) return 0;
  uint64_t count = 1;
  for (const int64_t dim : shape) {
    const auto product = CheckedMul(count, static_cast<uint64_t>(dim));
    if (!product.has_value()) {
      return InvalidField(field, ShapeToString(shape),
                          absl::StrCat("its element count overflows; at most ", limits.max_elements,
                                       " elements are allowed"));
    }
    count = *product;
  }
  if (count > limits.max_elements) {
    return LimitExceeded(field, count, "max_elements", limits.max_elements);
  }
  return count;
}

Tensor Tensor::Zeros(DType dtype, Shape shape) {
  uint64_t count = 1;
  for (const int64_t dim : shape) count *= static_cast<uint64_t>(dim);
  return {dtype, std::move(shape), LongArray<uint8_t>::Zeros(count * DTypeSize(dtype))};
}

absl::Status CheckDataBytes(DType dtype, absl::Span<const int64_t> shape, uint64_t elements,
                            uint64_t data_bytes, std::string_view field) {
  const auto bytes = CheckedMul(elements, DTypeSize(dtype));
  if (bytes.has_value() && *bytes == data_bytes) return absl::OkStatus();
  return InvalidField(absl::StrCat(ToAbsl(field), ".data"), absl::StrCat(data_bytes, " bytes long"),
                      absl::StrCat("shape ", ShapeToString(shape), " of ", ToAbsl(DTypeName(dtype)),
                                   " needs ", bytes.value_or(UINT64_MAX), " bytes"));
}

absl::Status ValidateTensor(const TensorView& tensor, const Limits& limits,
                            std::string_view field) {
  TRINE_ASSIGN_OR_RETURN(
      const uint64_t elements,
      CountElements(tensor.shape, limits, absl::StrCat(ToAbsl(field), ".shape")));
  return CheckDataBytes(tensor.dtype, tensor.shape, elements, tensor.data.size(), field);
}

}  // namespace trine
