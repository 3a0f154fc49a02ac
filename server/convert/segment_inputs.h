// The gray picture, mask and markers that a Segment request describes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/image/image.h"
#include "core/runtime/context.h"
#include "core/runtime/part_account.h"
#include "core/segment/segment.h"
#include "server/convert/image.h"
#include "server/wire/wire.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {

// What core's inputs point to; may be moved.
struct SegmentInputs {
  segment::Inputs inputs;
  Picture image, mask, markers, truth;
  Tensor gray, binary_mask, binary_truth;  // where the pictures above had to be converted
  std::vector<std::string> warnings;       // of the files
};

// The pictures as they came.
struct SegmentPictures {
  Picture image, mask, markers, truth;  // those after the first without pixels where there is none
};

// The pictures before their pixels have come: views without data. nullopt where the request has
// none and of a file, whose bytes alone say what it holds.
struct SegmentHeads {
  std::optional<TensorView> image, mask, markers, truth;
};

// What MakeSegmentInputs refuses whatever the pixels are; inputs without data, for
// segment::Validate. What nothing is known of is such that it refuses nothing on its account.
absl::StatusOr<segment::Inputs> InputsOfHeads(const v1::SegmentRequest& request,
                                              segment::Profile profile, const SegmentHeads& heads);

// One plane of the image: `channel`, or the gray that `profile` means (EXACT and MATLAB BT.601,
// OPENCV its BT.601 in fixed point, SKIMAGE BT.709, IMAGEJ the mean); the mask as zeros and others.
// Errors name fields of `request`.
absl::StatusOr<SegmentInputs> MakeSegmentInputs(const Context& context,
                                                const v1::SegmentRequest& request,
                                                segment::Profile profile, SegmentPictures pictures);

// What a request needs beside its image, from the image's shape and dtype [bytes]: the plane that
// is segmented, what the steps need (segment::MemoryOf), files of the results.
MemoryBeside SegmentMemory(const Context& context, const v1::SegmentRequest& request,
                           const segment::Options& options, std::optional<image::Format> format);

// What a mask may have to be converted to, and a ground truth.
uint64_t MaskMemory(const Shape& shape, DType dtype);
uint64_t TruthMemory(const Shape& shape, DType dtype);

// The pictures of `item`, a SegmentRequest inside `request`, and the inputs made from them.
// `context` reserves with `account`, which is told of what they hold.
template <typename Message>
absl::StatusOr<SegmentInputs> SegmentInputsOf(const Context& context, Request<Message>& request,
                                              const v1::SegmentRequest& item,
                                              segment::Profile profile, const MemoryBeside& beside,
                                              PartAccount* account) {
  // Each picture is reserved on top of those before it, and of all that the image needs.
  const auto keep = [&](const Picture& picture, uint64_t more) {
    account->SetBeside(SaturatingAdd(account->beside(), SaturatingAdd(picture.own_bytes, more)));
  };
  SegmentPictures pictures;
  TRINE_ASSIGN_OR_RETURN(pictures.image,
                         PictureOf(context, request, item.image(), kAnyTypes, "image", beside));
  keep(pictures.image, beside(pictures.image.view.shape, pictures.image.view.dtype));
  if (item.has_mask()) {
    TRINE_ASSIGN_OR_RETURN(
        pictures.mask, PictureOf(context, request, item.mask(), kMaskTypes, "mask", MaskMemory));
    keep(pictures.mask, MaskMemory(pictures.mask.view.shape, pictures.mask.view.dtype));
  }
  if (item.has_markers()) {
    TRINE_ASSIGN_OR_RETURN(pictures.markers,
                           PictureOf(context, request, item.markers(), kLabelTypes, "markers"));
    keep(pictures.markers, 0);
  }
  if (item.has_ground_truth()) {
    TRINE_ASSIGN_OR_RETURN(pictures.truth, PictureOf(context, request, item.ground_truth(),
                                                     kAnyTypes, "ground_truth", TruthMemory));
    keep(pictures.truth, TruthMemory(pictures.truth.view.shape, pictures.truth.view.dtype));
  }
  return MakeSegmentInputs(context, item, profile, std::move(pictures));
}

}  // namespace trine::server
