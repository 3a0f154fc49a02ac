#include "client/cli/report/content_json.h"

#include "absl/strings/str_cat.h"
#include "client/cli/flags/enum_text.h"
#include "core/base/tensor.h"

namespace trine::cli {
namespace {

const char* KindName(const v1::Content& content) {
  switch (content.kind_case()) {
    case v1::Content::kTensor:
      return "tensor";
    case v1::Content::kImage:
      return "image";
    case v1::Content::kBits:
      return "bits";
    case v1::Content::kPicture:
      return "picture";
    default:
      return "bytes";
  }
}

Shape ShapeOf(const v1::Content& content) {
  if (content.has_bits()) return {content.bits().height(), content.bits().width()};
  if (content.has_picture()) {
    return {content.picture().shape().begin(), content.picture().shape().end()};
  }
  const v1::Tensor& tensor = content.has_image() ? content.image() : content.tensor();
  return {tensor.shape().begin(), tensor.shape().end()};
}

bool HasDType(const v1::Content& content) {
  return content.has_tensor() || content.has_image() || content.has_picture();
}

std::string DTypeOf(const v1::Content& content) {
  if (content.has_picture()) return EnumText(content.picture().dtype());
  const v1::Tensor& tensor = content.has_image() ? content.image() : content.tensor();
  return EnumText(tensor.dtype());
}

bool IsPalette(const v1::PictureContent& picture) {
  return picture.color() == v1::PICTURE_COLOR_PALETTE;
}

int PaletteEntries(const v1::PictureContent& picture) {
  const int number_bytes = picture.entry_bytes() == 6 ? 2 : 1;
  if (!IsPalette(picture) || picture.entry_bytes() <= 0) return 0;
  return picture.table_size() * number_bytes / picture.entry_bytes();
}

}  // namespace

Json ContentJson(const v1::Content& content) {
  Json json;
  json["kind"] = KindName(content);
  if (HasDType(content)) json["dtype"] = DTypeOf(content);
  if (HasDType(content) || content.has_bits()) json["shape"] = ShapeOf(content);
  if (content.has_picture()) {
    const v1::PictureContent& picture = content.picture();
    json["color"] = EnumText(picture.color());
    json["bit_depth"] = picture.bit_depth();
    json["palette_entries"] = PaletteEntries(picture);
    json["has_transparent_value"] = picture.table_size() > 0 && !IsPalette(picture);
  }
  return json;
}

std::string ContentText(const v1::Content& content) {
  std::string text = KindName(content);
  if (content.has_picture()) {
    const v1::PictureContent& picture = content.picture();
    absl::StrAppend(&text, " ", EnumText(picture.color()), " of ", picture.bit_depth(),
                    picture.bit_depth() == 1 ? " bit" : " bits");
    if (IsPalette(picture)) absl::StrAppend(&text, " with ", PaletteEntries(picture), " colours");
  }
  if (HasDType(content)) absl::StrAppend(&text, " ", DTypeOf(content));
  if (text != "bytes") absl::StrAppend(&text, " ", ShapeToString(ShapeOf(content)));
  return text;
}

}  // namespace trine::cli
