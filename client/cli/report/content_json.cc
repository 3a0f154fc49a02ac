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
    default:
      return "bytes";
  }
}

Shape ShapeOf(const v1::Content& content) {
  if (content.has_bits()) return {content.bits().height(), content.bits().width()};
  const v1::Tensor& tensor = content.has_image() ? content.image() : content.tensor();
  return {tensor.shape().begin(), tensor.shape().end()};
}

std::string DTypeOf(const v1::Content& content) {
  const v1::Tensor& tensor = content.has_image() ? content.image() : content.tensor();
  return EnumText(tensor.dtype());
}

}  // namespace

Json ContentJson(const v1::Content& content) {
  Json json;
  json["kind"] = KindName(content);
  if (content.has_tensor() || content.has_image()) json["dtype"] = DTypeOf(content);
  if (content.has_tensor() || content.has_image() || content.has_bits()) {
    json["shape"] = ShapeOf(content);
  }
  return json;
}

std::string ContentText(const v1::Content& content) {
  std::string text = KindName(content);
  if (content.has_tensor() || content.has_image()) absl::StrAppend(&text, " ", DTypeOf(content));
  if (text != "bytes") absl::StrAppend(&text, " ", ShapeToString(ShapeOf(content)));
  return text;
}

}  // namespace trine::cli
