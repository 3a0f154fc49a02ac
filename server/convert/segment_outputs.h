// The large results that a Segment request asks for, packed as it asks.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/tensor.h"
#include "core/image/image.h"
#include "core/runtime/context.h"
#include "core/segment/segment.h"
#include "server/convert/tensor.h"
#include "server/wire/wire.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {

// How mask and labels are packed: a file's format, or nullopt for a tensor.
absl::StatusOr<std::optional<image::Format>> OutputFormatFromProto(
    const v1::SegmentOutputs& outputs);

// RESOURCE_EXHAUSTED naming "outputs" where what is asked for, unpacked, is more than
// limits.max_output_bytes, or where what goes out unpacked is more than max_response (a file
// of `format` may be shorter, which only packing it can tell), and naming "outputs.format" where
// the picture is wider than files are. Reads the shape and dtype of the `image`, not its data.
absl::Status CheckOutputsFit(const v1::SegmentOutputs& outputs, const TensorView& image,
                             std::optional<image::Format> format, const Limits& limits,
                             const NamedLimit& max_response);

// INVALID_ARGUMENT naming "outputs.<what>" where it is asked for and no step made it.
absl::Status CheckOutputsMade(const v1::SegmentOutputs& outputs,
                              absl::Span<const segment::Step> steps);

// What is in the mask of the picture [H,W] or [H,W,C], 0 elsewhere.
absl::StatusOr<Tensor> MakeCutout(const Context& context, const TensorView& picture,
                                  const Tensor& mask);

// Files. A mask is bilevel; labels are 16-bit gray in a PNG (INVALID_ARGUMENT naming
// "outputs.format" below 0 and above 65,535) and 32-bit integers in a TIFF.
absl::StatusOr<std::string> PictureFile(const Context& context, image::Format format,
                                        const Tensor& picture);
absl::StatusOr<std::string> LabelsFile(const Context& context, image::Format format,
                                       const Tensor& labels, int64_t lowest, int64_t highest);

// Puts what is asked for into the answer `out`, a message inside `response`; `image` is the
// picture that was segmented, `mask_memory` the memory of its mask, empty where that has its own.
// REQUIRES: CheckOutputsMade.
template <typename Message>
absl::Status OutputsToProto(const Context& context, const v1::SegmentOutputs& outputs,
                            std::optional<image::Format> format, const TensorView& image,
                            segment::Result result, Buffer mask_memory, Response<Message>* response,
                            v1::SegmentResponse* out) {
  const auto send = [&](Tensor& tensor, v1::Tensor* to) {
    HeadToProto(tensor.dtype, tensor.shape, to);
    response->SetPayload(to->mutable_data(), std::move(tensor.data));
  };
  if (outputs.cutout()) {
    TRINE_ASSIGN_OR_RETURN(Tensor cutout, MakeCutout(context, image, *result.mask));
    if (format.has_value()) {
      TRINE_ASSIGN_OR_RETURN(std::string file, PictureFile(context, *format, cutout));
      response->SetPayload(out->mutable_cutout()->mutable_encoded(), std::move(file));
    } else {
      send(cutout, out->mutable_cutout()->mutable_tensor());
    }
  }
  if (outputs.mask() && format.has_value()) {
    TRINE_ASSIGN_OR_RETURN(std::string file, PictureFile(context, *format, *result.mask));
    response->SetPayload(out->mutable_mask()->mutable_encoded(), std::move(file));
  } else if (outputs.mask() && !mask_memory.empty()) {
    v1::Tensor* const to = out->mutable_mask()->mutable_tensor();
    HeadToProto(result.mask->dtype, result.mask->shape, to);
    response->SetPayload(to->mutable_data(), std::move(mask_memory));
  } else if (outputs.mask()) {
    send(*result.mask, out->mutable_mask()->mutable_tensor());
  }
  if (outputs.labels() && format.has_value()) {
    TRINE_ASSIGN_OR_RETURN(std::string file, LabelsFile(context, *format, *result.labels,
                                                        result.lowest_label, result.label_count));
    response->SetPayload(out->mutable_labels()->mutable_encoded(), std::move(file));
  } else if (outputs.labels()) {
    send(*result.labels, out->mutable_labels()->mutable_tensor());
  }
  if (outputs.distance()) send(*result.distance, out->mutable_distance());
  return absl::OkStatus();
}

}  // namespace trine::server
