#include "client/cli/files/array_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/path_names.h"
#include "client/cli/quantity.h"
#include "client/options.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::cli {
namespace {

template <typename T>
void ToFloat32(ByteView in, MutableByteView out) {
  for (size_t i = 0; i < in.size() / sizeof(T); ++i) {
    StoreLE(&out[i * sizeof(float)], static_cast<float>(LoadLE<T>(&in[i * sizeof(T)])));
  }
}

// As NumPy and DecodeNpy take them: any byte but 0 is true.
void BoolToFloat32(ByteView in, MutableByteView out) {
  for (size_t i = 0; i < in.size(); ++i) {
    StoreLE(&out[i * sizeof(float)], in[i] != 0 ? 1.0f : 0.0f);
  }
}

// Whether all that was finite still is.
template <typename T>
bool Multiply(double scale, MutableByteView data) {
  bool is_kept = true;
  for (size_t at = 0; at < data.size(); at += sizeof(T)) {
    const T value = LoadLE<T>(&data[at]);
    const T scaled = static_cast<T>(value * static_cast<T>(scale));
    is_kept &= std::isfinite(scaled) || !std::isfinite(value);
    StoreLE(&data[at], scaled);
  }
  return is_kept;
}

bool IsFloat32Picture(const TensorView& t) {
  const size_t rank = t.shape.size();
  return t.dtype == DType::kFloat32 &&
         (rank == 2 || (rank == 3 && (t.shape[2] == 1 || t.shape[2] == 3)));
}

// "123 of 36864 values below 0 were written as 0"; nothing of none.
void AddChanged(uint64_t some, uint64_t all, std::string_view which, int instead,
                std::vector<std::string>* warnings) {
  if (some == 0) return;
  warnings->push_back(absl::StrCat(some, " of ", all, " values ", ToAbsl(which),
                                   some == 1 ? " was written as " : " were written as ", instead,
                                   "; .npy holds them as they are"));
}

// 16-bit integers, the largest finite value at 65535, where infinity ends too; NaN and what is
// below 0 become 0.
Tensor ToUint16(const TensorView& in, SavedArray* saved) {
  float largest = 0;
  const size_t count = in.data.size() / sizeof(float);
  for (size_t i = 0; i < count; ++i) {
    const float value = LoadLE<float>(&in.data[i * sizeof(float)]);
    if (std::isfinite(value)) largest = std::max(largest, value);
  }
  saved->output_scale = largest > 0 ? 65535.0 / static_cast<double>(largest) : 1;
  uint64_t below = 0, nan = 0, infinite = 0;
  Tensor out = Tensor::Zeros(DType::kUint16, in.shape);
  for (size_t i = 0; i < count; ++i) {
    const double value = LoadLE<float>(&in.data[i * sizeof(float)]) * saved->output_scale;
    const double kept = value > 0 ? std::min(std::round(value), 65535.0) : 0;
    StoreLE(&out.data[i * sizeof(uint16_t)], static_cast<uint16_t>(kept));
    below += value < 0 ? 1 : 0;
    nan += std::isnan(value) ? 1 : 0;
    infinite += std::isinf(value) && value > 0 ? 1 : 0;
  }
  AddChanged(below, count, "below 0", 0, &saved->warnings);
  AddChanged(nan, count, "that are NaN", 0, &saved->warnings);
  AddChanged(infinite, count, "that are infinite", 65535, &saved->warnings);
  return out;
}

absl::StatusOr<Tensor> Load(ByteView bytes, std::optional<int64_t> page, std::string_view others,
                            bool indices, std::vector<std::string>* warnings) {
  image::DecodeOptions options;
  options.indices = indices;
  options.page = page.value_or(0);
  options.warnings = warnings;
  absl::StatusOr<Tensor> picture = image::DecodeImage(Context(), bytes, options);
  if (!picture.ok()) return TranslateField(picture.status(), {{"page", "image.page"}});
  if (page.has_value()) return picture;
  TRINE_ASSIGN_OR_RETURN(const int64_t pages, image::CountPages(Context(), bytes));
  if (pages > 1) warnings->push_back(FirstPageTaken(pages, others));
  return picture;
}

}  // namespace

absl::StatusOr<Tensor> LoadPicture(ByteView bytes, std::optional<int64_t> page,
                                   std::string_view others, std::vector<std::string>* warnings) {
  return Load(bytes, page, others, false, warnings);
}

absl::StatusOr<Tensor> LoadLabels(ByteView bytes, std::optional<int64_t> page,
                                  std::string_view others, std::vector<std::string>* warnings) {
  return Load(bytes, page, others, true, warnings);
}

bool IsNpyName(const std::string& path) {
  const std::optional<image::Format> format = image::FormatOfExtension(path);
  return !format.has_value() || *format == image::Format::kNpy;
}

absl::StatusOr<DType> SentDType(DType file_dtype, double scale) {
  switch (file_dtype) {
    case DType::kUint8:
    case DType::kBool:
    case DType::kInt8:
    case DType::kUint16:
    case DType::kInt16:
    case DType::kFloat32:
      return DType::kFloat32;
    case DType::kFloat64:
      return DType::kFloat64;
    default:
      break;
  }
  const std::string name(DTypeName(file_dtype));
  if (!IsFloat(file_dtype)) {
    return InputError(
        absl::StrCat("elements of ", name, " do not fit float32 exactly; convert them first"));
  }
  if (scale != 1) return InputError(absl::StrCat("--scale does not multiply ", name, " elements"));
  return file_dtype;
}

void IntegersToFloat32(DType dtype, ByteView in, MutableByteView out) {
  switch (dtype) {
    case DType::kInt8:
      return ToFloat32<int8_t>(in, out);
    case DType::kUint16:
      return ToFloat32<uint16_t>(in, out);
    case DType::kInt16:
      return ToFloat32<int16_t>(in, out);
    case DType::kBool:
      return BoolToFloat32(in, out);
    default:
      return ToFloat32<uint8_t>(in, out);
  }
}

absl::Status ScaleElements(DType dtype, double scale, MutableByteView data) {
  if (scale == 1) return absl::OkStatus();
  const bool is_kept =
      dtype == DType::kFloat64 ? Multiply<double>(scale, data) : Multiply<float>(scale, data);
  if (is_kept) return absl::OkStatus();
  return InputError(absl::StrCat("--scale ", scale, ": elements would be beyond the largest ",
                                 ToAbsl(DTypeName(dtype))));
}

absl::StatusOr<LoadedArray> LoadArray(InputFile* file, std::optional<int64_t> page,
                                      std::string_view others, double scale) {
  TRINE_ASSIGN_OR_RETURN(const std::string bytes, file->ReadAll(client::kItemLimit));
  LoadedArray loaded;
  loaded.is_picture = !image::HoldsArray(AsBytes(bytes));
  if (loaded.is_picture) {
    TRINE_ASSIGN_OR_RETURN(loaded.tensor,
                           LoadPicture(AsBytes(bytes), page, others, &loaded.warnings));
    if (loaded.tensor.shape.size() == 2) loaded.tensor.shape.push_back(1);
  } else {
    if (page.has_value()) return UsageError("--page is for pictures; this file holds an array");
    TRINE_ASSIGN_OR_RETURN(loaded.tensor,
                           image::DecodeNpy(Context(), AsBytes(bytes), &loaded.warnings));
  }
  loaded.file_dtype = loaded.tensor.dtype;
  TRINE_ASSIGN_OR_RETURN(const DType sent, SentDType(loaded.file_dtype, scale));
  if (sent != loaded.file_dtype) {
    Tensor converted = Tensor::Zeros(sent, loaded.tensor.shape);
    IntegersToFloat32(loaded.file_dtype, loaded.tensor.data, absl::MakeSpan(converted.data));
    loaded.tensor = std::move(converted);
  }
  TRINE_RETURN_IF_ERROR(ScaleElements(sent, scale, absl::MakeSpan(loaded.tensor.data)));
  return loaded;
}

absl::Status CheckArrayName(const std::string& path) {
  const std::string name = BaseName(path);
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return absl::OkStatus();
  const std::optional<image::Format> format = image::FormatOfExtension(path);
  if (format.has_value() && image::IsWritten(*format)) {
    return absl::OkStatus();
  }
  return UsageError(absl::StrCat("'", path, "': ", name.substr(dot),
                                 " is not written; name the output .npy, .tif, .png or .ppm"));
}

absl::Status CheckArrayFits(const std::string& path, const TensorView& head) {
  if (IsNpyName(path)) return absl::OkStatus();
  if (!IsFloat32Picture(head)) {
    return UsageError(absl::StrCat("an array of ", ToAbsl(DTypeName(head.dtype)), " ",
                                   ShapeToString(head.shape),
                                   " is no picture; name the output .npy"));
  }
  if (image::FormatOfExtension(path) != image::Format::kPnm) return absl::OkStatus();
  return CheckPnmName(path, head.shape.size() == 3 && head.shape[2] == 3 ? "P6" : "P5");
}

absl::StatusOr<SavedArray> SaveArray(const TensorView& tensor, const std::string& path) {
  SavedArray saved;
  if (IsNpyName(path)) {
    TRINE_ASSIGN_OR_RETURN(saved.bytes, image::EncodeImage(Context(), image::Format::kNpy, tensor));
    return saved;
  }
  const image::Format format = *image::FormatOfExtension(path);
  TRINE_RETURN_IF_ERROR(CheckArrayFits(path, tensor));
  TensorView picture = tensor;
  if (picture.shape.size() == 3 && picture.shape[2] == 1) picture.shape.pop_back();
  if (format == image::Format::kTiff && picture.shape.size() == 2) {
    TRINE_ASSIGN_OR_RETURN(saved.bytes, image::EncodeImage(Context(), format, picture));
    return saved;
  }
  const Tensor integers = ToUint16(picture, &saved);
  TRINE_ASSIGN_OR_RETURN(saved.bytes, image::EncodeImage(Context(), format, integers.view()));
  return saved;
}

}  // namespace trine::cli
