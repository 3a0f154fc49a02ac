// Tensors of messages to views of core and back.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/tensor.h"
#include "core/runtime/context.h"
#include "trine/v1/tensor.pb.h"

namespace trine::server {

// What a tensor is, without its elements. HeadFromProto alone makes one: its shape is checked.
struct TensorHead {
  DType dtype = DType::kUint8;
  Shape shape;
  uint64_t elements = 0;
};

// Dtype and shape of `tensor`, checked: INVALID_ARGUMENT naming "<field>.dtype" (absent, unknown)
// or "<field>.shape[i]", RESOURCE_EXHAUSTED beyond limits.max_elements. Does not read the data.
absl::StatusOr<TensorHead> HeadFromProto(const v1::Tensor& tensor, const Limits& limits,
                                         std::string_view field);

// That `data_bytes` is what the elements need; INVALID_ARGUMENT naming "<field>.data".
absl::Status CheckData(const TensorHead& head, uint64_t data_bytes, std::string_view field);

// That bytes of BOOL are 0 or 1; INVALID_ARGUMENT naming the first other one, as
// "<field>.data[i][j]". Reads the elements.
absl::Status CheckBytesOfBool(const Context& context, const TensorView& tensor,
                              std::string_view field);

// A view of `tensor` whose elements are `data` (Request::Payload of its data field); its length was
// compared with the shape. The view lives as long as `data`.
absl::StatusOr<TensorView> ViewFromProto(const v1::Tensor& tensor, ByteView data,
                                         const Limits& limits, std::string_view field);

// Sets dtype and shape.
void HeadToProto(DType dtype, absl::Span<const int64_t> shape, v1::Tensor* tensor);

}  // namespace trine::server
