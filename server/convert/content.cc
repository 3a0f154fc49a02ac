#include "server/convert/content.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/picture_check.h"
#include "core/base/picture_form.h"
#include "server/convert/enum.h"
#include "server/convert/error.h"
#include "server/convert/tensor.h"

namespace trine::server {
namespace {

using coding::Content;
using coding::ContentKind;

absl::Status ReadTable(const v1::PictureContent& picture, const std::string& field,
                       PictureForm* form) {
  constexpr uint64_t kMaxNumbers = 4 * kMaxPictureEntries;
  const auto numbers = static_cast<uint64_t>(picture.table_size());
  if (numbers > kMaxNumbers)
    return LimitExceeded(field, numbers, "max_palette_numbers", kMaxNumbers);
  const uint32_t most = form->number_bytes() == 2 ? UINT16_MAX : UINT8_MAX;
  for (int i = 0; i < picture.table_size(); ++i) {
    const uint32_t number = picture.table(i);
    if (number > most) {
      return InvalidField(absl::StrCat(field, "[", i, "]"), int64_t{number},
                          absl::StrCat("it must be at most ", most));
    }
    form->table.push_back(static_cast<char>(number & 0xFF));
    if (form->number_bytes() == 2) form->table.push_back(static_cast<char>(number >> 8));
  }
  return absl::OkStatus();
}

void PictureToProto(const Content& content, v1::PictureContent* out) {
  const PictureForm& form = content.form;
  out->set_dtype(static_cast<v1::DataType>(content.dtype));
  out->mutable_shape()->Assign(content.shape.begin(), content.shape.end());
  out->set_color(static_cast<v1::PictureColor>(form.color));
  out->set_bit_depth(form.bit_depth);
  out->set_entry_bytes(form.entry_bytes);
  const ByteView table = AsBytes(form.table);
  const size_t step = form.number_bytes();
  for (size_t i = 0; i < table.size(); i += step) {
    out->add_table(step == 2 ? LoadLE<uint16_t>(&table[i]) : table[i]);
  }
}

}  // namespace

absl::StatusOr<Content> BitsFromProto(const v1::BitsContent& bits, const Limits& limits,
                                      std::string_view field) {
  if (bits.height() < 0) {
    return InvalidField(Path(field, "height"), bits.height(), "it must not be negative");
  }
  if (bits.width() < 0) {
    return InvalidField(Path(field, "width"), bits.width(), "it must not be negative");
  }
  Content content{ContentKind::kBits, DType::kUint8, {bits.height(), bits.width()}};
  TRINE_RETURN_IF_ERROR(CountElements(content.shape, limits, field).status());
  return content;
}

absl::StatusOr<Content> PictureContentFromProto(const v1::PictureContent& picture,
                                                const Limits& limits, std::string_view field) {
  v1::Tensor head;
  head.set_dtype(picture.dtype());
  *head.mutable_shape() = picture.shape();
  TRINE_ASSIGN_OR_RETURN(TensorHead checked, HeadFromProto(head, limits, field));
  TRINE_ASSIGN_OR_RETURN(const auto color,
                         EnumFromProto<PictureColor>(picture.color(), Path(field, "color")));
  if (!color.has_value()) return MissingField(Path(field, "color"), "it must be given");
  PictureForm form{*color, picture.bit_depth(), picture.entry_bytes(), ""};
  TRINE_RETURN_IF_ERROR(ReadTable(picture, Path(field, "table"), &form));
  TRINE_RETURN_IF_ERROR(CheckPictureForm(form, checked.dtype, checked.shape, field));
  return Content{ContentKind::kPicture, checked.dtype, std::move(checked.shape), std::move(form)};
}

absl::StatusOr<Content> ContentFromProto(const v1::Content& content, const Limits& limits,
                                         std::string_view field) {
  const bool is_image = content.kind_case() == v1::Content::kImage;
  switch (content.kind_case()) {
    case v1::Content::KIND_NOT_SET:
    case v1::Content::kBytes:
      return Content{};
    case v1::Content::kBits:
      return BitsFromProto(content.bits(), limits, Path(field, "bits"));
    case v1::Content::kPicture:
      return PictureContentFromProto(content.picture(), limits, Path(field, "picture"));
    case v1::Content::kTensor:
    case v1::Content::kImage:
      break;
  }
  const std::string path = Path(field, is_image ? "image" : "tensor");
  const v1::Tensor& tensor = is_image ? content.image() : content.tensor();
  TRINE_ASSIGN_OR_RETURN(TensorHead head, HeadFromProto(tensor, limits, path));
  if (!tensor.data().empty()) {
    return InvalidField(Path(path, "data"), absl::StrCat(tensor.data().size(), " bytes long"),
                        "it must be empty: the bytes come as chunks");
  }
  if (is_image && head.shape.size() != 2 && head.shape.size() != 3) {
    return InvalidField(Path(path, "shape"), absl::StrCat("of rank ", head.shape.size()),
                        "a picture is [H,W] or [H,W,C]");
  }
  return Content{is_image ? ContentKind::kImage : ContentKind::kTensor, head.dtype,
                 std::move(head.shape)};
}

void ContentToProto(const Content& content, v1::Content* out) {
  switch (content.kind) {
    case ContentKind::kBytes:
      out->mutable_bytes();
      return;
    case ContentKind::kTensor:
      HeadToProto(content.dtype, content.shape, out->mutable_tensor());
      return;
    case ContentKind::kImage:
      HeadToProto(content.dtype, content.shape, out->mutable_image());
      return;
    case ContentKind::kBits:
      out->mutable_bits()->set_height(content.shape[0]);
      out->mutable_bits()->set_width(content.shape[1]);
      return;
    case ContentKind::kPicture:
      PictureToProto(content, out->mutable_picture());
      return;
  }
}

}  // namespace trine::server
