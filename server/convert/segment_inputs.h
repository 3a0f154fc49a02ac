// The gray picture, mask and markers that a Segment request describes.
#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/runtime/context.h"
#include "core/segment/segment.h"
#include "server/convert/image.h"
#include "server/wire/wire.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {

// What core's inputs point to; may be moved.
struct SegmentInputs {
  segment::Inputs inputs;
  Picture image, mask, markers;
  Tensor gray, binary_mask, wide_markers;  // where the pictures above had to be converted
};

// The pictures as they came.
struct SegmentPictures {
  Picture image, mask, markers;  // the last two without pixels where the request has none
};

// One plane of the image: `channel`, or the gray that `profile` means (EXACT and MATLAB BT.601,
// OPENCV its BT.601 in fixed point, SKIMAGE BT.709, IMAGEJ the mean); the mask as zeros and others;
// the markers as integers that core reads. Errors name fields of `request`.
absl::StatusOr<SegmentInputs> MakeSegmentInputs(const Context& context,
                                                const v1::SegmentRequest& request,
                                                segment::Profile profile, SegmentPictures pictures);

// The pictures of `item`, a SegmentRequest inside `request`, and the inputs made from them.
template <typename Message>
absl::StatusOr<SegmentInputs> SegmentInputsOf(const Context& context, Request<Message>& request,
                                              const v1::SegmentRequest& item,
                                              segment::Profile profile) {
  SegmentPictures pictures;
  TRINE_ASSIGN_OR_RETURN(pictures.image,
                         PictureOf(context, request, item.image(), kGrayTypes, "image"));
  if (item.has_mask()) {
    TRINE_ASSIGN_OR_RETURN(pictures.mask,
                           PictureOf(context, request, item.mask(), kMaskTypes, "mask"));
  }
  if (item.has_markers()) {
    TRINE_ASSIGN_OR_RETURN(pictures.markers,
                           PictureOf(context, request, item.markers(), kLabelTypes, "markers"));
  }
  return MakeSegmentInputs(context, item, profile, std::move(pictures));
}

}  // namespace trine::server
