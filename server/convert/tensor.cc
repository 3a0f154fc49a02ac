#include "server/convert/tensor.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/convert/enum.h"
#include "server/convert/error.h"

namespace trine::server {

absl::StatusOr<TensorHead> HeadFromProto(const v1::Tensor& tensor, const Limits& limits,
                                         std::string_view field) {
  TRINE_ASSIGN_OR_RETURN(const std::optional<DType> dtype,
                         EnumFromProto<DType>(tensor.dtype(), Path(field, "dtype")));
  if (!dtype.has_value()) return MissingField(Path(field, "dtype"), "a dtype is required");
  const absl::Span<const int64_t> shape(tensor.shape().data(),
                                        static_cast<size_t>(tensor.shape_size()));
  TRINE_ASSIGN_OR_RETURN(const uint64_t elements,
                         CountElements(shape, limits, Path(field, "shape")));
  return TensorHead{*dtype, Shape(shape.begin(), shape.end()), elements};
}

absl::Status CheckData(const TensorHead& head, uint64_t data_bytes, std::string_view field) {
  return CheckDataBytes(head.dtype, head.shape, head.elements, data_bytes, field);
}

absl::Status CheckBytesOfBool(const Context& context, const TensorView& tensor,
                              std::string_view field) {
  if (tensor.dtype != DType::kBool) return absl::OkStatus();
  constexpr size_t kBlock = size_t{1} << 16;
  for (size_t at = 0; at < tensor.data.size(); at += kBlock) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    const ByteView block = tensor.data.subspan(at, kBlock);
    const auto all =
        std::accumulate(block.begin(), block.end(), uint8_t{0}, std::bit_or<uint8_t>());
    if (all <= 1) continue;
    const auto* const odd =
        std::find_if(block.begin(), block.end(), [](uint8_t byte) { return byte > 1; });
    auto index = static_cast<int64_t>(at) + (odd - block.begin());
    std::string place;
    for (size_t d = tensor.shape.size(); d-- > 0; index /= tensor.shape[d]) {
      place = absl::StrCat("[", index % tensor.shape[d], "]", place);
    }
    return InvalidField(absl::StrCat(Path(field, "data"), place), int64_t{*odd},
                        "a byte of BOOL must be 0 or 1");
  }
  return absl::OkStatus();
}

absl::StatusOr<TensorView> ViewFromProto(const v1::Tensor& tensor, ByteView data,
                                         const Limits& limits, std::string_view field) {
  TRINE_ASSIGN_OR_RETURN(TensorHead head, HeadFromProto(tensor, limits, field));
  TRINE_RETURN_IF_ERROR(CheckData(head, data.size(), field));
  return TensorView{head.dtype, std::move(head.shape), data};
}

void HeadToProto(DType dtype, absl::Span<const int64_t> shape, v1::Tensor* tensor) {
  tensor->set_dtype(static_cast<v1::DataType>(dtype));
  tensor->mutable_shape()->Assign(shape.begin(), shape.end());
}

}  // namespace trine::server
