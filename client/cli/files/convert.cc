#include "client/cli/files/convert.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/status.h"
#include "core/base/bytes.h"
#include "core/base/checked.h"
#include "core/base/error.h"
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

void SetPicture(const PictureForm& form, DType dtype, absl::Span<const int64_t> shape,
                v1::PictureContent* out) {
  out->set_dtype(static_cast<v1::DataType>(dtype));
  out->mutable_shape()->Assign(shape.begin(), shape.end());
  out->set_color(static_cast<v1::PictureColor>(form.color));
  out->set_bit_depth(form.bit_depth);
  out->set_entry_bytes(form.entry_bytes);
  const size_t step = form.number_bytes();
  for (size_t i = 0; i < form.table.size(); i += step) {
    const auto* number = reinterpret_cast<const uint8_t*>(&form.table[i]);
    out->add_table(step == 2 ? LoadLE<uint16_t>(number) : *number);
  }
}

absl::StatusOr<image::PictureView> PictureOf(const v1::PictureContent& picture) {
  v1::Tensor head;
  head.set_dtype(picture.dtype());
  *head.mutable_shape() = picture.shape();
  TRINE_ASSIGN_OR_RETURN(TensorView view, HeadOf(head, "picture"));
  PictureForm form{static_cast<PictureColor>(picture.color()), picture.bit_depth(),
                   picture.entry_bytes(), ""};
  for (const uint32_t number : picture.table()) {
    form.table.push_back(static_cast<char>(number & 0xFF));
    if (form.number_bytes() == 2) form.table.push_back(static_cast<char>(number >> 8));
  }
  const std::string problem = PictureProblem(form, view.dtype, view.shape);
  if (!problem.empty()) {
    return client::ProtocolError(absl::StrCat("the answer's picture is none: ", problem));
  }
  return image::PictureView{view.dtype, std::move(view.shape), {}, std::move(form)};
}

namespace {

// Absent where no memory holds so many, and for a shape that is none.
std::optional<uint64_t> BytesOf(DType dtype, const Shape& shape) {
  std::optional<uint64_t> bytes = DTypeSize(dtype);
  for (const int64_t dimension : shape) {
    if (dimension < 0) bytes.reset();
    if (bytes.has_value()) bytes = CheckedMul(*bytes, static_cast<uint64_t>(dimension));
  }
  return bytes;
}

}  // namespace

absl::StatusOr<TensorView> ViewOf(const v1::Tensor& tensor, std::string_view field) {
  absl::StatusOr<TensorView> view = HeadOf(tensor, field);
  if (!view.ok()) return view;
  view->data = AsBytes(tensor.data());
  const std::optional<uint64_t> bytes = BytesOf(view->dtype, view->shape);
  if (!bytes.has_value() || *bytes != view->data.size()) {
    return client::ProtocolError(absl::StrCat("the answer's ", ToAbsl(field), " has shape ",
                                              ShapeToString(view->shape), " and ",
                                              view->data.size(), " bytes"));
  }
  return view;
}

std::optional<uint64_t> BytesOfOne(const v1::Content& content) {
  if (content.has_picture()) {
    const absl::StatusOr<image::PictureView> picture = PictureOf(content.picture());
    if (!picture.ok()) return std::nullopt;
    return PictureBytes(picture->form, picture->dtype, picture->shape);
  }
  if (content.has_bits()) {
    PictureForm form;
    form.bit_depth = 1;
    const Shape shape = {content.bits().height(), content.bits().width()};
    return PictureBytes(form, DType::kUint8, shape);
  }
  if (!content.has_image() && !content.has_tensor()) return std::nullopt;
  const auto head = HeadOf(content.has_image() ? content.image() : content.tensor(), "content");
  if (!head.ok()) return std::nullopt;
  return BytesOf(head->dtype, head->shape);
}

}  // namespace trine::cli
