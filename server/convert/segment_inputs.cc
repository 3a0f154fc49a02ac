#include "server/convert/segment_inputs.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text/field_names.h"
#include "core/image/image.h"
#include "core/segment/mask_values.h"
#include "server/convert/error.h"

namespace trine::server {
namespace {

uint64_t Pixels(const Shape& shape) {
  if (shape.size() < 2) return 0;
  return SaturatingMul(static_cast<uint64_t>(shape[0]), static_cast<uint64_t>(shape[1]));
}

// The field to blame for a picture's shape.
std::string ShapePath(const v1::Image& image, std::string_view field) {
  return Path(field, image.has_tensor() ? "tensor.shape" : "encoded");
}

image::GrayWeights WeightsOf(segment::Profile profile) {
  switch (profile) {
    case segment::Profile::kOpencv:
      return image::GrayWeights::kOpencvBt601;
    case segment::Profile::kSkimage:
      return image::GrayWeights::kBt709;
    case segment::Profile::kImagej:
      return image::GrayWeights::kMean;
    case segment::Profile::kMatlab:
      return image::GrayWeights::kMatlabYiq;
    case segment::Profile::kExact:
      break;
  }
  return image::GrayWeights::kBt601;
}

int64_t Channels(const TensorView& view) { return view.shape.size() == 3 ? view.shape[2] : 1; }

// A picture of one channel without the axis that says so.
TensorView Plane(TensorView view) {
  view.shape.resize(2);
  return view;
}

bool IsWeighed(const v1::SegmentRequest& request, const Shape& shape) {
  return shape.size() == 3 && shape[2] != 1 && !request.has_channel();
}

// The dtype of the plane that is segmented.
DType PlaneDType(const v1::SegmentRequest& request, const Shape& shape, DType dtype,
                 segment::Profile profile) {
  return IsWeighed(request, shape) ? image::GrayDType(dtype, WeightsOf(profile)) : dtype;
}

// The three that follow read what pictures are, not their data.
absl::Status CheckImage(const v1::SegmentRequest& request, segment::Profile profile,
                        const TensorView& view) {
  if (Pixels(view.shape) == 0 || Channels(view) == 0) {
    return InvalidField(ShapePath(request.image(), "image"), ShapeToString(view.shape),
                        "a picture has at least one pixel");
  }
  const int64_t channels = Channels(view);
  if (request.has_channel() && (request.channel() < 0 || request.channel() >= channels)) {
    return InvalidField("channel", static_cast<int64_t>(request.channel()),
                        absl::StrCat("the picture has channels 0 to ", channels - 1));
  }
  if (!IsWeighed(request, view.shape)) return absl::OkStatus();
  if (channels != 3) {
    return InvalidField(ShapePath(request.image(), "image"), ShapeToString(view.shape),
                        "gray is made of 1 or 3 channels; name one with channel");
  }
  const std::string part = request.image().has_tensor() ? "tensor.dtype" : "encoded";
  return TranslateField(image::CheckGrayDType(view.dtype, WeightsOf(profile)),
                        {{kAnyField, Path("image", part)}});
}

absl::Status CheckSameSize(const v1::Image& image, const TensorView& view, const TensorView& gray,
                           std::string_view field) {
  if (view.shape[0] == gray.shape[0] && view.shape[1] == gray.shape[1]) return absl::OkStatus();
  return InvalidField(
      ShapePath(image, field), ShapeToString(view.shape),
      absl::StrCat("it must be as high and wide as the image, ", ShapeToString(gray.shape)));
}

absl::Status CheckMask(const v1::Image& image, const TensorView& view) {
  if (Channels(view) > 0) return absl::OkStatus();
  return InvalidField(ShapePath(image, "mask"), ShapeToString(view.shape),
                      "a mask has at least one channel");
}

absl::Status CheckTruth(const v1::Image& image, const TensorView& view) {
  if (Channels(view) == 1 || Channels(view) == 3) return absl::OkStatus();
  return InvalidField(ShapePath(image, "ground_truth"), ShapeToString(view.shape),
                      "a ground truth has 1 or 3 channels");
}

absl::Status CheckMarkers(const v1::Image& image, const TensorView& view) {
  if (Channels(view) == 1) return absl::OkStatus();
  return InvalidField(ShapePath(image, "markers"), ShapeToString(view.shape),
                      "markers have one channel");
}

absl::Status MakeGray(const Context& context, const v1::SegmentRequest& request,
                      segment::Profile profile, SegmentInputs* out) {
  const TensorView& view = out->image.view;
  TRINE_RETURN_IF_ERROR(CheckImage(request, profile, view));
  if (Channels(view) == 1) {
    out->inputs.gray = Plane(view);
    return absl::OkStatus();
  }
  auto gray = request.has_channel() ? image::ExtractChannel(context, view, request.channel())
                                    : image::ToGray(context, view, WeightsOf(profile));
  if (!gray.ok()) return TranslateField(gray.status(), {{kAnyField, "image"}});
  out->gray = *std::move(gray);
  out->inputs.gray = out->gray.view();
  out->inputs.is_weighed = !request.has_channel();
  return absl::OkStatus();
}

// Says of a mask's lossy file how many of its pixels are of neither of two values.
absl::Status WarnOfLossy(const Context& context, const Picture& picture, std::string_view field,
                         std::string_view how, SegmentInputs* out) {
  if (!picture.is_lossy) return absl::OkStatus();
  TRINE_ASSIGN_OR_RETURN(const uint64_t between, segment::CountBetween(context, picture.view));
  const std::string text = segment::LossyWarning(between, how);
  if (!text.empty()) out->warnings.push_back(absl::StrCat(Path(field, "encoded"), ": ", text));
  return absl::OkStatus();
}

absl::Status MakeMask(const Context& context, const v1::Image& image, SegmentInputs* out) {
  const TensorView& view = out->mask.view;
  TRINE_RETURN_IF_ERROR(CheckMask(image, view));
  TRINE_RETURN_IF_ERROR(CheckSameSize(image, view, out->inputs.gray, "mask"));
  TRINE_RETURN_IF_ERROR(WarnOfLossy(context, out->mask, "mask", segment::kTakenAsInside, out));
  const bool is_byte = view.dtype == DType::kUint8 || view.dtype == DType::kBool;
  if (is_byte && Channels(view) == 1) {
    out->inputs.mask = Plane(view);
    return absl::OkStatus();
  }
  auto mask = segment::MaskOfNonZeros(context, view);
  if (!mask.ok()) {
    return TranslateField(mask.status(),
                          RequestNames({Path("mask", image.has_tensor() ? "tensor" : "encoded")}));
  }
  out->binary_mask = *std::move(mask);
  out->inputs.mask = out->binary_mask.view();
  return absl::OkStatus();
}

absl::Status MakeTruth(const Context& context, const v1::SegmentRequest& request,
                       SegmentInputs* out) {
  const v1::Image& image = request.ground_truth();
  const TensorView& view = out->truth.view;
  TRINE_RETURN_IF_ERROR(CheckTruth(image, view));
  TRINE_RETURN_IF_ERROR(CheckSameSize(image, view, out->inputs.gray, "ground_truth"));
  TRINE_RETURN_IF_ERROR(
      WarnOfLossy(context, out->truth, "ground_truth", segment::kTakenByHalf, out));
  const std::string path = Path("ground_truth", image.has_tensor() ? "tensor" : "encoded");
  Tensor gray;
  TensorView plane = Plane(view);
  if (Channels(view) == 3) {
    auto made = image::ToGray(context, view, image::GrayWeights::kBt601);
    if (!made.ok()) return TranslateField(made.status(), {{kAnyField, "ground_truth"}});
    gray = *std::move(made);
    plane = gray.view();
  }
  auto truth = segment::MaskOfBright(context, plane, request.ground_truth_dark());
  if (!truth.ok()) {
    const absl::Status named = TranslateField(truth.status(), {{"mask[", "ground_truth["}});
    return TranslateField(named, RequestNames({path}));
  }
  out->binary_truth = *std::move(truth);
  out->inputs.ground_truth = out->binary_truth.view();
  return absl::OkStatus();
}

absl::Status MakeMarkers(const v1::Image& image, SegmentInputs* out) {
  const TensorView& view = out->markers.view;
  TRINE_RETURN_IF_ERROR(CheckMarkers(image, view));
  if (out->markers.is_lossy) {
    return InvalidField(Path("markers", "encoded"), std::string_view("a lossy file"),
                        "it changes the numbers of labels: give them in a lossless one, such as "
                        "PNG, TIFF or NPY");
  }
  TRINE_RETURN_IF_ERROR(CheckSameSize(image, view, out->inputs.gray, "markers"));
  out->inputs.markers = Plane(view);
  return absl::OkStatus();
}

}  // namespace

uint64_t MaskMemory(const Shape& shape, DType) { return Pixels(shape); }

uint64_t TruthMemory(const Shape& shape, DType dtype) {
  const bool is_colour = shape.size() == 3 && shape[2] != 1;
  const DType gray = image::GrayDType(dtype, image::GrayWeights::kBt601);
  return SaturatingMul(Pixels(shape), 1 + (is_colour ? DTypeSize(gray) : 0));
}

MemoryBeside SegmentMemory(const Context& context, const v1::SegmentRequest& request,
                           const segment::Options& options, std::optional<image::Format> format) {
  // Files are made when the steps are done: a mask of bits; labels of 16 bits beside a narrow copy
  // of them, or of 32 bits, which grow; a cutout and a file of it, which grows.
  const uint64_t file_bytes =
      format.has_value()
          ? (request.outputs().mask() ? 1 : 0) +
                (request.outputs().labels() ? (*format == image::Format::kPng ? 5 : 12) : 0)
          : 0;
  const uint64_t cutouts = request.outputs().cutout() ? (format.has_value() ? 3 : 1) : 0;
  return [&context, &request, &options, file_bytes, cutouts](const Shape& shape,
                                                             DType dtype) -> uint64_t {
    if (shape.size() < 2) return 0;  // not a picture
    const bool one_channel = shape.size() == 2 || shape[2] == 1;
    const DType gray = PlaneDType(request, shape, dtype, options.profile);
    const uint64_t pixels = Pixels(shape);
    const segment::MemoryNeed need = segment::MemoryOf(context, shape[0], shape[1], gray, options);
    const uint64_t image_bytes = SaturatingMul(
        SaturatingMul(pixels, shape.size() == 2 ? 1 : static_cast<uint64_t>(shape[2])),
        DTypeSize(dtype));
    return SaturatingAdd(
        SaturatingAdd(need.maps, one_channel ? 0 : SaturatingMul(pixels, DTypeSize(gray))),
        std::max(need.working, SaturatingAdd(SaturatingMul(pixels, file_bytes),
                                             SaturatingMul(image_bytes, cutouts))));
  };
}

absl::StatusOr<segment::Inputs> InputsOfHeads(const v1::SegmentRequest& request,
                                              segment::Profile profile, const SegmentHeads& heads) {
  segment::Inputs inputs;
  // A file has a pixel at least, and of the dtypes uint8 is the one that all steps take.
  inputs.gray = {DType::kUint8, {1, 1}, {}};
  if (heads.image.has_value()) {
    const TensorView& image = *heads.image;
    TRINE_RETURN_IF_ERROR(CheckImage(request, profile, image));
    inputs.gray = {PlaneDType(request, image.shape, image.dtype, profile),
                   {image.shape[0], image.shape[1]},
                   {}};
  }
  const auto check_size = [&](const v1::Image& image, const TensorView& view,
                              std::string_view field) {
    return heads.image.has_value() ? CheckSameSize(image, view, inputs.gray, field)
                                   : absl::OkStatus();
  };
  if (heads.mask.has_value()) {
    TRINE_RETURN_IF_ERROR(CheckMask(request.mask(), *heads.mask));
    TRINE_RETURN_IF_ERROR(check_size(request.mask(), *heads.mask, "mask"));
  }
  if (heads.markers.has_value()) {
    TRINE_RETURN_IF_ERROR(CheckMarkers(request.markers(), *heads.markers));
    TRINE_RETURN_IF_ERROR(check_size(request.markers(), *heads.markers, "markers"));
  }
  if (heads.truth.has_value()) {
    TRINE_RETURN_IF_ERROR(CheckTruth(request.ground_truth(), *heads.truth));
    TRINE_RETURN_IF_ERROR(check_size(request.ground_truth(), *heads.truth, "ground_truth"));
  }
  if (request.has_mask()) inputs.mask = TensorView{DType::kUint8, inputs.gray.shape, {}};
  if (request.has_ground_truth())
    inputs.ground_truth = TensorView{DType::kUint8, inputs.gray.shape, {}};
  if (request.has_markers()) inputs.markers = TensorView{DType::kInt32, inputs.gray.shape, {}};
  return inputs;
}

absl::StatusOr<SegmentInputs> MakeSegmentInputs(const Context& context,
                                                const v1::SegmentRequest& request,
                                                segment::Profile profile,
                                                SegmentPictures pictures) {
  SegmentInputs out;
  out.image = std::move(pictures.image);
  out.mask = std::move(pictures.mask);
  out.markers = std::move(pictures.markers);
  out.truth = std::move(pictures.truth);
  for (const Picture* picture : {&out.image, &out.mask, &out.markers, &out.truth}) {
    out.warnings.insert(out.warnings.end(), picture->warnings.begin(), picture->warnings.end());
  }
  TRINE_RETURN_IF_ERROR(MakeGray(context, request, profile, &out));
  if (request.has_mask()) TRINE_RETURN_IF_ERROR(MakeMask(context, request.mask(), &out));
  if (request.has_ground_truth()) TRINE_RETURN_IF_ERROR(MakeTruth(context, request, &out));
  if (request.has_markers()) TRINE_RETURN_IF_ERROR(MakeMarkers(request.markers(), &out));
  return out;
}

}  // namespace trine::server
