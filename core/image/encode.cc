#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "core/base/strings.h"
#include "core/image/picture.h"

namespace trine::image {
namespace {

bool IsOneOf(DType dtype, std::initializer_list<DType> allowed) {
  for (const DType d : allowed) {
    if (d == dtype) return true;
  }
  return false;
}

// The picture as [H,W] or [H,W,3], or why `format` cannot hold it.
absl::StatusOr<TensorView> CheckPicture(const Context& context, Format format,
                                        const TensorView& tensor) {
  TRINE_RETURN_IF_ERROR(ValidateTensor(tensor, *context.limits, "tensor"));
  TensorView picture = tensor;
  if (picture.shape.size() == 3 && picture.shape[2] == 1) picture.shape.pop_back();
  const bool gray = picture.shape.size() == 2;
  if (!gray && !(picture.shape.size() == 3 && picture.shape[2] == 3)) {
    return InvalidField("tensor.shape", ShapeToString(tensor.shape),
                        "a picture must be [H,W] or [H,W,3]");
  }
  if (picture.data.empty()) {
    return InvalidField("tensor.shape", ShapeToString(tensor.shape),
                        "a picture must have at least one pixel");
  }
  if (picture.shape[1] > static_cast<int64_t>(kMaxImageWidth)) {
    return LimitExceeded("tensor.shape[1]", static_cast<uint64_t>(picture.shape[1]),
                         "max_image_width", kMaxImageWidth);
  }
  if (IsOneOf(picture.dtype, {DType::kUint8, DType::kUint16, DType::kBool})) {
    if (picture.dtype != DType::kBool || gray) return picture;
    return InvalidField("tensor.shape", ShapeToString(tensor.shape),
                        "a picture of bool must be [H,W]");
  }
  if (format == Format::kTiff && gray &&
      IsOneOf(picture.dtype, {DType::kUint32, DType::kInt32, DType::kFloat32})) {
    return picture;
  }
  return InvalidField(
      "tensor.dtype", DTypeName(picture.dtype),
      format == Format::kTiff
          ? "TIFF holds uint8, uint16 and bool, and uint32, int32 and float32 as "
            "[H,W] only"
          : absl::StrCat(ToAbsl(FormatName(format)), " holds uint8, uint16 and bool only"));
}

}  // namespace

absl::StatusOr<std::string> EncodeImage(const Context& context, Format format,
                                        const TensorView& picture, const EncodeOptions& options) {
  TRINE_RETURN_IF_ERROR(context.cancel.Check());
  if (options.png_level < 0 || options.png_level > 9) {
    return InvalidField("png_level", int64_t{options.png_level}, "it must be 0 to 9");
  }
  if (format == Format::kNpy) {
    TRINE_RETURN_IF_ERROR(ValidateTensor(picture, *context.limits, "tensor"));
    return internal::EncodeNpy(context, picture);
  }
  if (format != Format::kPng && format != Format::kTiff && format != Format::kPnm) {
    return NotOffered("format", absl::StrCat(ToAbsl(FormatName(format)),
                                             " is not written; PNG, TIFF, PNM and NPY are"));
  }
  TRINE_ASSIGN_OR_RETURN(const TensorView checked, CheckPicture(context, format, picture));
  switch (format) {
    case Format::kPng:
      return internal::EncodePng(context, checked, options);
    case Format::kTiff:
      return internal::EncodeTiff(context, checked, options);
    default:
      return internal::EncodePnm(context, checked, options);
  }
}

}  // namespace trine::image
