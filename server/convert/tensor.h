// Tensors of messages to views of core and back.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/tensor.h"
#include "trine/v1/tensor.pb.h"

namespace trine::server {

// What a tensor is, without its elements.
struct TensorHead {
  DType dtype = DType::kUint8;
  Shape shape;
};

// Dtype and shape of `tensor`, checked: INVALID_ARGUMENT naming "<field>.dtype" (absent, unknown)
// or
// "<field>.shape[i]", RESOURCE_EXHAUSTED beyond limits.max_elements. Does not look at the data.
absl::StatusOr<TensorHead> HeadFromProto(const v1::Tensor& tensor, const Limits& limits,
                                         std::string_view field);

// A view of `tensor` whose elements are `data` (Request::Payload of its data field); its length was
// compared with the shape. The view lives as long as `data`.
absl::StatusOr<TensorView> ViewFromProto(const v1::Tensor& tensor, ByteView data,
                                         const Limits& limits, std::string_view field);

// Sets dtype and shape.
void HeadToProto(DType dtype, absl::Span<const int64_t> shape, v1::Tensor* tensor);

}  // namespace trine::server
