#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "core/base/picture_check.h"
#include "core/base/strings.h"
#include "core/image/form.h"
#include "core/image/picture.h"

namespace trine::image {
namespace {

bool IsOneOf(DType dtype, std::initializer_list<DType> allowed) {
  for (const DType d : allowed) {
    if (d == dtype) return true;
  }
  return false;
}

absl::Status CheckPngLevel(const EncodeOptions& options) {
  if (options.png_level >= 0 && options.png_level <= 9) return absl::OkStatus();
  return InvalidField("png_level", int64_t{options.png_level}, "it must be 0 to 9");
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
  // As of several pages.
  if (format == Format::kTiff && !IsOneOf(picture.dtype, {DType::kBfloat16, DType::kBool})) {
    return picture;
  }
  return InvalidField(
      "tensor.dtype", DTypeName(picture.dtype),
      format == Format::kTiff
          ? "TIFF holds every type but bfloat16"
          : absl::StrCat(ToAbsl(FormatName(format)), " holds uint8, uint16 and bool only; ",
                         picture.dtype == DType::kBfloat16 ? "NPY holds " : "TIFF and NPY hold ",
                         ToAbsl(DTypeName(picture.dtype))));
}

std::string PngProblem(const PictureForm& form, DType dtype) {
  if (dtype != DType::kUint8 && dtype != DType::kUint16) {
    return absl::StrCat("PNG holds no samples of ", ToAbsl(DTypeName(dtype)), "; TIFF does");
  }
  if (form.color > PictureColor::kPalette) return "PNG holds no premultiplied alpha; TIFF does";
  if (!internal::IsTableNarrow(form) && form.color == PictureColor::kPalette) {
    return "PNG holds no palette of 16 bits; TIFF does";
  }
  const bool one_channel = PictureChannels(form.color) == 1;
  const int bits = form.bit_depth;
  if (bits == 8 || bits == 16 || (one_channel && (bits == 1 || bits == 2 || bits == 4))) return "";
  return absl::StrCat("PNG holds no ", ToAbsl(PictureColorName(form.color)), " of ", bits,
                      bits == 1 ? " bit; TIFF does" : " bits; TIFF does");
}

std::string TiffProblem(const PictureForm& form, DType dtype) {
  if (dtype == DType::kBfloat16) return "TIFF holds no bfloat16; NPY does";
  if (form.color != PictureColor::kPalette) {
    return form.table.empty() ? "" : "TIFF holds no transparent value; PNG does";
  }
  if (form.entry_bytes == 4) return "TIFF holds no palette with alpha; PNG does";
  const int bits = form.bit_depth;
  if (bits == 1 || bits == 2 || bits == 4 || bits == 8) return "";
  return absl::StrCat("TIFF holds no palette of ", bits, " bits");
}

std::string PnmProblem(const PictureForm& form, DType dtype) {
  if (form.color != PictureColor::kGray && form.color != PictureColor::kRgb) {
    return absl::StrCat("PNM holds gray and RGB, not ", ToAbsl(PictureColorName(form.color)),
                        "; PNG and TIFF do");
  }
  if (dtype != DType::kUint8 && dtype != DType::kUint16) {
    return absl::StrCat("PNM holds no samples of ", ToAbsl(DTypeName(dtype)), "; TIFF does");
  }
  if (!form.table.empty()) return "PNM holds no transparent value; PNG does";
  if (form.is_packed() && form.color == PictureColor::kRgb) {
    return "PNM holds no rgb of 1 bit; TIFF does";
  }
  return "";
}

}  // namespace

std::string WritingProblem(Format format, const PictureForm& form, DType dtype,
                           absl::Span<const int64_t> shape) {
  const auto grid = PictureGridOf(form.color, shape);
  const bool stack = grid.has_value() && grid->is_stack && grid->pages != 1;
  switch (format) {
    case Format::kPng:
      return stack ? "PNG holds no pages; TIFF and NPY do" : PngProblem(form, dtype);
    case Format::kPnm:
      return stack ? "PNM holds no pages; TIFF and NPY do" : PnmProblem(form, dtype);
    case Format::kTiff:
      return TiffProblem(form, dtype);
    case Format::kNpy:
      return "";
    default:
      break;
  }
  return absl::StrCat(ToAbsl(FormatName(format)), " is not written; PNG, TIFF, PNM and NPY are");
}

namespace {

// The samples as an array: those of 1 bit as bool.
absl::StatusOr<std::string> WriteNpy(const Context& context, const PictureView& picture) {
  if (!picture.form.is_packed()) {
    return internal::EncodeNpy(context, {picture.dtype, picture.shape, picture.data});
  }
  const PictureGrid grid = *PictureGridOf(picture.form.color, picture.shape);
  const size_t row_samples = grid.width * grid.channels;
  const size_t row_bytes = grid.row_bytes(picture.form, picture.dtype);
  Tensor flags = Tensor::Zeros(DType::kBool, picture.shape);
  Poller poll(context.cancel, internal::kPollBytes);
  for (size_t y = 0; y < grid.pages * grid.height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(row_samples));
    internal::UnpackBits(picture.data.data() + y * row_bytes, row_samples, 1,
                         flags.data.data() + y * row_samples);
  }
  return internal::EncodeNpy(context, flags.view());
}

// That the data are a picture of a size that can be written.
absl::Status CheckView(const Context& context, const PictureView& picture) {
  TRINE_RETURN_IF_ERROR(CheckPictureForm(picture.form, picture.dtype, picture.shape, "picture"));
  TRINE_RETURN_IF_ERROR(CountElements(picture.shape, *context.limits, "picture.shape").status());
  const auto bytes = PictureBytes(picture.form, picture.dtype, picture.shape);
  if (bytes != picture.data.size()) {
    return InvalidField("picture.data", absl::StrCat(picture.data.size(), " bytes long"),
                        absl::StrCat("the shape takes ", bytes.value_or(UINT64_MAX), " bytes"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> WritePicture(const Context& context, Format format,
                                         const PictureView& picture, const EncodeOptions& options) {
  TRINE_RETURN_IF_ERROR(context.cancel.Check());
  TRINE_RETURN_IF_ERROR(CheckPngLevel(options));
  TRINE_RETURN_IF_ERROR(CheckView(context, picture));
  const std::string problem = WritingProblem(format, picture.form, picture.dtype, picture.shape);
  if (!IsWritten(format)) return NotOffered("format", problem);
  if (!problem.empty()) return InvalidField("picture", ShapeToString(picture.shape), problem);
  if (format == Format::kNpy) return WriteNpy(context, picture);
  if (picture.data.empty()) {
    return InvalidField("picture.shape", ShapeToString(picture.shape),
                        "a picture must have at least one pixel");
  }
  const PictureGrid grid = *PictureGridOf(picture.form.color, picture.shape);
  if (grid.width > kMaxImageWidth) {
    return LimitExceeded("picture.shape", grid.width, "max_image_width", kMaxImageWidth);
  }
  switch (format) {
    case Format::kPng:
      return internal::WritePng(context, picture, options);
    case Format::kTiff:
      return internal::WriteTiff(context, picture, options);
    default:
      return internal::WritePnm(context, picture, options);
  }
}

absl::StatusOr<std::string> EncodeImage(const Context& context, Format format,
                                        const TensorView& picture, const EncodeOptions& options) {
  TRINE_RETURN_IF_ERROR(context.cancel.Check());
  TRINE_RETURN_IF_ERROR(CheckPngLevel(options));
  if (format == Format::kNpy) {
    TRINE_RETURN_IF_ERROR(ValidateTensor(picture, *context.limits, "tensor"));
    return internal::EncodeNpy(context, picture);
  }
  if (!IsWritten(format)) {
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
