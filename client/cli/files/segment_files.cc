#include "client/cli/files/segment_files.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/files/convert.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/path_names.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::cli {
namespace {

// Label maps are int32; PNG and PNM hold 16 bits.
absl::StatusOr<Tensor> ToUint16(const TensorView& labels) {
  Tensor out = Tensor::Zeros(DType::kUint16, labels.shape);
  for (size_t i = 0; i < labels.data.size() / sizeof(int32_t); ++i) {
    const auto label = LoadLE<int32_t>(&labels.data[i * sizeof(int32_t)]);
    if (label < 0 || label > 65535) {
      return InputError(
          absl::StrCat("label ", label, " does not fit 16 bits; name the label map .tif or .npy"));
    }
    StoreLE(&out.data[i * sizeof(uint16_t)], static_cast<uint16_t>(label));
  }
  return out;
}

}  // namespace

absl::Status SetImage(std::string bytes, std::optional<int64_t> page, v1::Image* out,
                      std::vector<std::string>* warnings) {
  if (page.has_value()) out->set_page(*page);
  if (!image::HoldsArray(AsBytes(bytes))) {
    out->set_encoded(std::move(bytes));
    return absl::OkStatus();
  }
  TRINE_ASSIGN_OR_RETURN(const Tensor tensor,
                         image::DecodeNpy(Context(), AsBytes(bytes), warnings));
  SetTensor(tensor.view(), out->mutable_tensor());
  return absl::OkStatus();
}

int64_t TakePage(std::optional<int64_t> page, v1::Image* image) {
  if (!image->has_encoded()) return 1;
  const auto pages = image::CountPages(Context(), AsBytes(image->encoded()));
  // What is broken is the server's to say.
  if (!pages.ok() || *pages < 2) return 1;
  image->set_page(page.value_or(0));
  return *pages;
}

absl::StatusOr<Tensor> SetDecodedImage(const std::string& bytes, std::optional<int64_t> page,
                                       uint64_t max_bytes, v1::Image* out,
                                       std::vector<std::string>* warnings) {
  if (image::HoldsArray(AsBytes(bytes))) {
    TRINE_RETURN_IF_ERROR(SetImage(bytes, page, out, warnings));
    return UnpackImage(*out);
  }
  image::DecodeOptions options;
  options.page = page.value_or(0);
  std::vector<std::string> said;
  options.warnings = &said;
  TRINE_ASSIGN_OR_RETURN(Tensor picture, image::DecodeImage(Context(), AsBytes(bytes), options));
  if (picture.data.size() > max_bytes) {
    TRINE_RETURN_IF_ERROR(SetImage(bytes, page, out, warnings));
  } else {
    SetTensor(picture.view(), out->mutable_tensor());
    warnings->insert(warnings->end(), said.begin(), said.end());
  }
  return picture;
}

absl::StatusOr<image::Format> PictureFormat(const std::string& path, std::string_view names) {
  const std::optional<image::Format> format = image::FormatOfExtension(path);
  if (!format.has_value() && IsStdout(path)) return image::Format::kPng;
  if (!format.has_value() || !image::IsWritten(*format)) {
    return UsageError(absl::StrCat("'", path, "': name it ", ToAbsl(names)));
  }
  TRINE_RETURN_IF_ERROR(CheckPnmNames(path, names));
  return *format;
}

absl::Status CheckPictureFits(const std::string& path, image::Format format, DType dtype,
                              const Shape& shape) {
  const bool is_colour = shape.size() == 3 && shape[2] == 3;
  PictureForm form;
  form.color = is_colour ? PictureColor::kRgb : PictureColor::kGray;
  form.bit_depth = static_cast<int>(8 * DTypeSize(dtype));
  Shape plain = shape;
  if (plain.size() == 3 && plain[2] == 1) plain.pop_back();
  std::string problem = PictureProblem(form, dtype, plain);
  if (problem.empty()) problem = image::WritingProblem(format, form, dtype, plain);
  if (!problem.empty()) return UsageError(absl::StrCat("'", path, "': ", problem));
  if (format != image::Format::kPnm) return absl::OkStatus();
  return CheckPnmName(path, is_colour ? "P6" : "P5");
}

v1::ImageFormat PackingFor(std::initializer_list<std::optional<image::Format>> pictures) {
  std::optional<image::Format> common;
  for (const std::optional<image::Format>& format : pictures) {
    if (!format.has_value()) continue;
    if (common.value_or(*format) != *format) return v1::IMAGE_FORMAT_TENSOR;
    common = format;
  }
  if (common == image::Format::kPng) return v1::IMAGE_FORMAT_PNG;
  return common == image::Format::kTiff ? v1::IMAGE_FORMAT_TIFF : v1::IMAGE_FORMAT_TENSOR;
}

absl::StatusOr<Tensor> UnpackImage(const v1::Image& picture) {
  if (picture.has_encoded()) return image::DecodeImage(Context(), AsBytes(picture.encoded()));
  TRINE_ASSIGN_OR_RETURN(const TensorView view, ViewOf(picture.tensor(), "picture"));
  return Tensor{view.dtype, view.shape, {view.data.begin(), view.data.end()}};
}

absl::StatusOr<std::string> PictureFile(const v1::Image& picture, image::Format format,
                                        const std::string& path, bool has_labels) {
  if (picture.has_encoded() && image::RecognizeFormat(AsBytes(picture.encoded())) == format) {
    return picture.encoded();
  }
  TRINE_ASSIGN_OR_RETURN(Tensor tensor, UnpackImage(picture));
  const bool narrow = format == image::Format::kPng || format == image::Format::kPnm;
  if (has_labels && narrow && tensor.dtype == DType::kInt32) {
    TRINE_ASSIGN_OR_RETURN(tensor, ToUint16(tensor.view()));
  }
  TRINE_ASSIGN_OR_RETURN(std::string file, image::EncodeImage(Context(), format, tensor.view(),
                                                              {.bilevel = !IsGrayName(path)}));
  TRINE_RETURN_IF_ERROR(CheckPnmName(path, file));
  return file;
}

}  // namespace trine::cli
