#include "server/convert/image.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/image/image.h"
#include "server/convert/error.h"
#include "server/convert/tensor.h"

namespace trine::server {
namespace {

constexpr DType kGrayList[] = {DType::kUint8, DType::kUint16, DType::kFloat32};
constexpr DType kAnyList[] = {DType::kUint8,   DType::kUint16,   DType::kUint32,  DType::kUint64,
                              DType::kInt8,    DType::kInt16,    DType::kInt32,   DType::kInt64,
                              DType::kFloat16, DType::kBfloat16, DType::kFloat32, DType::kFloat64,
                              DType::kBool};
constexpr DType kLabelList[] = {DType::kUint8,  DType::kUint16, DType::kUint32,
                                DType::kUint64, DType::kInt8,   DType::kInt16,
                                DType::kInt32,  DType::kInt64,  DType::kBool};

absl::Status CheckPicture(const TensorView& view, const PictureTypes& types,
                          std::string_view field) {
  if (std::find(types.allowed.begin(), types.allowed.end(), view.dtype) == types.allowed.end()) {
    return InvalidField(Path(field, "dtype"), DTypeName(view.dtype),
                        absl::StrCat("it must be ", ToAbsl(types.text)));
  }
  if (view.shape.size() != 2 && view.shape.size() != 3) {
    return InvalidField(Path(field, "shape"), absl::StrCat("of rank ", view.shape.size()),
                        "a picture is [H,W] or [H,W,C]");
  }
  return absl::OkStatus();
}

// Of a file whose first page was taken because none was named.
absl::StatusOr<std::string> WarningOfPages(const Context& context, ByteView encoded,
                                           std::string_view field) {
  const absl::StatusOr<int64_t> pages = image::CountPages(context, encoded);
  if (!pages.ok()) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    return absl::StrCat(Path(field, "encoded"), ": page 0 was taken; how many follow is unknown: ",
                        TextWithoutField(pages.status(), *GetErrorDetail(pages.status())));
  }
  if (*pages < 2) return std::string();
  return absl::StrCat(Path(field, "encoded"), ": the file has ", *pages, " pages; ",
                      Path(field, "page"), " was not set, and page 0 was taken");
}

}  // namespace

const PictureTypes kGrayTypes = {kGrayList, "uint8, uint16 or float32"};
const PictureTypes kAnyTypes = {kAnyList, "a type of the protocol"};
const PictureTypes kMaskTypes = {kAnyList, "a type of the protocol", true};
const PictureTypes kLabelTypes = {kLabelList, "an integer type", true};

absl::StatusOr<std::optional<TensorView>> PictureHeadFromProto(const v1::Image& image,
                                                               uint64_t bytes,
                                                               const PictureTypes& types,
                                                               const Limits& limits,
                                                               std::string_view field) {
  switch (image.source_case()) {
    case v1::Image::SOURCE_NOT_SET:
      return MissingField(field, "a picture is required: tensor or encoded");
    case v1::Image::kTensor: {
      const std::string path = Path(field, "tensor");
      if (image.has_page()) {
        return InvalidField(Path(field, "page"), image.page(), "only a TIFF file has pages");
      }
      TRINE_ASSIGN_OR_RETURN(const TensorHead head, HeadFromProto(image.tensor(), limits, path));
      TRINE_RETURN_IF_ERROR(CheckData(head, bytes, path));
      TensorView view = {head.dtype, head.shape, {}};
      TRINE_RETURN_IF_ERROR(CheckPicture(view, types, path));
      return {std::move(view)};
    }
    case v1::Image::kEncoded:
      break;
  }
  if (image.page() < 0) {
    return InvalidField(Path(field, "page"), image.page(), "pages count from 0");
  }
  return std::optional<TensorView>();
}

absl::StatusOr<Picture> PictureFromProto(const Context& context, const v1::Image& image,
                                         ByteView tensor_data, bool is_held, ByteView encoded,
                                         const PictureTypes& types, std::string_view field,
                                         const MemoryBeside& beside) {
  Picture picture;
  TRINE_ASSIGN_OR_RETURN(
      std::optional<TensorView> head,
      PictureHeadFromProto(image, tensor_data.size(), types, *context.limits, field));
  if (head.has_value()) {
    picture.view = *std::move(head);
    picture.view.data = tensor_data;
    if (!is_held) picture.own_bytes = picture.view.data.size();
    if (beside) {
      TRINE_RETURN_IF_ERROR(context.Reserve(
          SaturatingAdd(picture.own_bytes, beside(picture.view.shape, picture.view.dtype))));
    }
    TRINE_RETURN_IF_ERROR(CheckBytesOfBool(context, picture.view, Path(field, "tensor")));
    return picture;
  }
  const std::string path = Path(field, "encoded");
  std::vector<std::string> said;
  auto decoded = image::DecodeImage(
      context, encoded,
      {.page = image.page(), .indices = types.indices, .beside = beside, .warnings = &said});
  if (!decoded.ok()) {
    return TranslateField(decoded.status(), {{"page", Path(field, "page")}, {kAnyField, path}});
  }
  picture.decoded = std::move(*decoded);
  picture.is_lossy = image::IsLossy(context, encoded, image.page());
  picture.view = picture.decoded.view();
  picture.own_bytes = picture.view.data.size();
  // The file's kind is the caller's to know: "<field>.encoded", whichever part does not fit.
  TRINE_RETURN_IF_ERROR(
      TranslateField(CheckPicture(picture.view, types, path), {{kAnyField, path}}));
  for (const std::string& text : said) {
    picture.warnings.push_back(absl::StrCat(path, ": ", text));
  }
  if (!image.has_page()) {
    TRINE_ASSIGN_OR_RETURN(std::string pages, WarningOfPages(context, encoded, field));
    if (!pages.empty()) picture.warnings.push_back(std::move(pages));
  }
  return picture;
}

}  // namespace trine::server
