#include "server/convert/segment_outputs.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/runtime/thread_pool.h"
#include "server/convert/enum.h"
#include "server/convert/error.h"
#include "server/convert/output_bounds.h"

namespace trine::server {
namespace {

constexpr int64_t kMaxPngLabel = 65535;
constexpr size_t kPixelsARange = size_t{1} << 16;

// Numbers equal those of the proto enum.
enum class Packing : uint8_t { kTensor = 1, kPng = 2, kTiff = 3 };

absl::Status NotMade(std::string_view field, std::string_view steps) {
  return InvalidField(field, "true", absl::StrCat("no step makes it; add ", ToAbsl(steps)));
}

// A picture that a format cannot hold (too wide for it) is the request's choice of format.
absl::StatusOr<std::string> Packed(absl::StatusOr<std::string> file) {
  if (!file.ok()) return TranslateField(file.status(), {{kAnyField, "outputs.format"}});
  return file;
}

}  // namespace

absl::StatusOr<std::optional<image::Format>> OutputFormatFromProto(
    const v1::SegmentOutputs& outputs) {
  TRINE_ASSIGN_OR_RETURN(const std::optional<Packing> packing,
                         EnumFromProto<Packing>(outputs.format(), "outputs.format"));
  if (packing == Packing::kPng) return std::optional(image::Format::kPng);
  if (packing == Packing::kTiff) return std::optional(image::Format::kTiff);
  return std::optional<image::Format>();
}

absl::Status CheckOutputsFit(const v1::SegmentOutputs& outputs, const TensorView& image,
                             std::optional<image::Format> format, const Limits& limits,
                             const NamedLimit& max_response) {
  const uint64_t width = static_cast<uint64_t>(image.shape[1]);
  const bool packs = outputs.mask() || outputs.labels() || outputs.cutout();
  if (format.has_value() && packs && width > image::kMaxImageWidth) {
    return LimitExceeded("outputs.format", width, "max_image_width", image::kMaxImageWidth);
  }
  const uint64_t packable = (outputs.mask() ? 1 : 0) + (outputs.labels() ? 4 : 0);
  const uint64_t distance = outputs.distance() ? 4 : 0;
  const uint64_t pixels = SaturatingMul(static_cast<uint64_t>(image.shape[0]), width);
  const uint64_t cutout =
      outputs.cutout() ? SaturatingMul(image.elements(), DTypeSize(image.dtype)) : 0;
  TRINE_RETURN_IF_ERROR(CheckOutputBytes(
      SaturatingAdd(SaturatingMul(packable + distance, pixels), cutout), limits, "outputs"));
  const uint64_t unpacked = distance + (format.has_value() ? 0 : packable);
  return CheckResponseBytes(
      SaturatingAdd(SaturatingMul(unpacked, pixels), format.has_value() ? 0 : cutout), max_response,
      "outputs");
}

absl::Status CheckOutputsMade(const v1::SegmentOutputs& outputs,
                              absl::Span<const segment::Step> steps) {
  unsigned made = 0;
  for (const segment::Step& step : steps) made |= step.spec().makes;
  for (const auto& [asked, field] :
       {std::pair{outputs.mask(), "outputs.mask"}, {outputs.cutout(), "outputs.cutout"}}) {
    if (asked && (made & segment::kMask) == 0) return NotMade(field, "a threshold");
  }
  if (outputs.labels() && (made & segment::kLabels) == 0) {
    return NotMade("outputs.labels", "components, watershed, multi_otsu or threshold");
  }
  if (outputs.distance() && (made & segment::kDistance) == 0) {
    return NotMade("outputs.distance", "distance");
  }
  return absl::OkStatus();
}

absl::StatusOr<Tensor> MakeCutout(const Context& context, const TensorView& picture,
                                  const Tensor& mask) {
  Tensor out = Tensor::Zeros(picture.dtype, picture.shape);
  const size_t pixel_bytes = picture.data.size() / mask.data.size();
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, mask.data.size(), kPixelsARange, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) {
          if (mask.data[i] == 0) continue;
          std::copy_n(picture.data.data() + i * pixel_bytes, pixel_bytes,
                      out.data.data() + i * pixel_bytes);
        }
        return absl::OkStatus();
      }));
  return out;
}

absl::StatusOr<std::string> PictureFile(const Context& context, image::Format format,
                                        const Tensor& picture) {
  return Packed(image::EncodeImage(context, format, picture.view()));
}

absl::StatusOr<std::string> LabelsFile(const Context& context, image::Format format,
                                       const Tensor& labels, int64_t lowest, int64_t highest) {
  if (format != image::Format::kPng) {
    return Packed(image::EncodeImage(context, format, labels.view()));
  }
  if (lowest < 0 || highest > kMaxPngLabel) {
    return InvalidField(
        "outputs.format", "PNG",
        absl::StrCat("a PNG holds labels from 0 to ", kMaxPngLabel, ", and those here reach from ",
                     lowest, " to ", highest, "; ask for TIFF or TENSOR"));
  }
  Tensor narrow = Tensor::Zeros(DType::kUint16, labels.shape);
  TRINE_RETURN_IF_ERROR(ParallelFor(
      context, narrow.data.size() / sizeof(uint16_t), kPixelsARange, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) {
          const auto label = LoadLE<int32_t>(labels.data.data() + i * sizeof(int32_t));
          StoreLE(narrow.data.data() + i * sizeof(uint16_t), static_cast<uint16_t>(label));
        }
        return absl::OkStatus();
      }));
  return Packed(image::EncodeImage(context, format, narrow.view()));
}

}  // namespace trine::server
