#include "client/cli/files/convert.h"

#include "absl/strings/str_cat.h"
#include "client/status.h"
#include "core/base/bytes.h"
#include "core/base/checked.h"
#include "core/base/strings.h"

namespace trine::cli {

void SetHead(DType dtype, absl::Span<const int64_t> shape, v1::Tensor* out) {
  out->set_dtype(static_cast<v1::DataType>(dtype));
  out->mutable_shape()->Assign(shape.begin(), shape.end());
}

void SetTensor(const TensorView& tensor, v1::Tensor* out) {
  SetHead(tensor.dtype, tensor.shape, out);
  out->set_data(tensor.data.data(), tensor.data.size());
}

absl::StatusOr<TensorView> HeadOf(const v1::Tensor& tensor, std::string_view field) {
  const int dtype = tensor.dtype();
  if (dtype < kMinDType || dtype > kMaxDType) {
    return client::ProtocolError(absl::StrCat("the answer's ", ToAbsl(field), " has dtype ", dtype,
                                              ", which this client does not know"));
  }
  TensorView view;
  view.dtype = static_cast<DType>(dtype);
  view.shape.assign(tensor.shape().begin(), tensor.shape().end());
  return view;
}

absl::StatusOr<TensorView> ViewOf(const v1::Tensor& tensor, std::string_view field) {
  absl::StatusOr<TensorView> view = HeadOf(tensor, field);
  if (!view.ok()) return view;
  view->data = AsBytes(tensor.data());
  std::optional<uint64_t> bytes = DTypeSize(view->dtype);
  for (const int64_t dimension : view->shape) {
    if (dimension < 0) bytes.reset();
    if (bytes.has_value()) bytes = CheckedMul(*bytes, static_cast<uint64_t>(dimension));
  }
  if (!bytes.has_value() || *bytes != view->data.size()) {
    return client::ProtocolError(absl::StrCat("the answer's ", ToAbsl(field), " has shape ",
                                              ShapeToString(view->shape), " and ",
                                              view->data.size(), " bytes"));
  }
  return view;
}

}  // namespace trine::cli
