// SegmentationService: proto/trine/v1/segmentation.proto over core/segment and core/image.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/base/text/field_names.h"
#include "core/runtime/part_account.h"
#include "core/segment/segment.h"
#include "core/segment/steps.h"
#include "server/convert/error.h"
#include "server/convert/image.h"
#include "server/convert/segment.h"
#include "server/convert/segment_inputs.h"
#include "server/convert/segment_outputs.h"
#include "server/services/item_stream.h"
#include "server/wire/rpc.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {
namespace {

// A guess at the steps that follow, until the picture's size is known: labels, distances and a
// queue of a watershed beside a byte a pixel.
constexpr uint64_t kMemoryFactor = 16;

// A status of core about "gray", "mask", "markers" or "ground_truth", or a pixel of it
// ("gray[3][5]"), in the request's words. Core names steps as the request does.
absl::Status InRequest(const absl::Status& status, const v1::SegmentRequest& item) {
  const auto path = [](std::string_view field, const v1::Image& image) {
    return Path(field, image.has_tensor() ? "tensor" : "encoded");
  };
  return TranslateField(
      status,
      RequestNames({path("image", item.image()), path("mask", item.mask()),
                    path("markers", item.markers()), path("ground_truth", item.ground_truth())}));
}

// What of the answer is of another mask than the one that the steps leave, and which steps are
// nowhere in it.
void WarnOfSteps(const v1::SegmentOutputs& outputs, const segment::Options& options,
                 v1::SegmentResponse* out) {
  unsigned sent = segment::kRegions | segment::kContours;
  if (outputs.labels()) sent |= segment::kLabels;
  if (outputs.distance()) sent |= segment::kDistance;
  for (std::string& warning : segment::StaleMaps(options.steps, options.invert, sent)) {
    out->add_warnings(std::move(warning));
  }
  if (options.histogram) sent |= segment::kGray;
  for (std::string& warning : segment::UnusedSteps(options.steps, sent)) {
    out->add_warnings(std::move(warning));
  }
}

// One picture, alone or as an item of a stream.
template <typename Req, typename Res>
absl::Status SegmentItem(const Call& call, Request<Req>& request, const v1::SegmentRequest& item,
                         Response<Res>* response, v1::SegmentResponse* out) {
  TRINE_ASSIGN_OR_RETURN(Context context, call.WithThreads(item.max_threads()));
  PartAccount account(context.memory);
  context.memory = &account;
  const Limits& limits = *context.limits;
  if (!item.has_image()) return MissingField("image", "a picture is required");
  TRINE_ASSIGN_OR_RETURN(const segment::Options options, SegmentOptionsFromProto(item, limits));
  TRINE_ASSIGN_OR_RETURN(const std::optional<image::Format> format,
                         OutputFormatFromProto(item.outputs()));
  TRINE_RETURN_IF_ERROR(CheckOutputsMade(item.outputs(), options.steps));
  TRINE_ASSIGN_OR_RETURN(SegmentInputs sources,
                         SegmentInputsOf(context, request, item, options.profile,
                                         SegmentMemory(context, item, options, format), &account));
  const TensorView& gray = sources.inputs.gray;
  TRINE_RETURN_IF_ERROR(
      CheckOutputsFit(item.outputs(), sources.image.view, format, limits, call.max_response));
  // A mask that is sent as it is goes into memory that was used before: to have 16 MiB of fresh
  // pages cleared takes as long as to find the threshold and to mark them.
  Buffer mask_memory;
  if (item.outputs().mask() && !format.has_value()) {
    mask_memory = response->Allocate(gray.elements());
    sources.inputs.mask_memory = mask_memory.view();
  }
  // What the steps ask for is among what was asked for with the image.
  const uint64_t steps_need =
      segment::MemoryOf(context, gray.shape[0], gray.shape[1], gray.dtype, options).total();
  account.SetBeside(account.beside() - steps_need);
  auto result = segment::Segment(context, sources.inputs, options);
  if (!result.ok()) return InRequest(result.status(), item);
  // Lists are there as core's, as messages and as bytes at once.
  TRINE_RETURN_IF_ERROR(
      context.Reserve(SaturatingAdd(steps_need, SaturatingMul(4, result->ListBytes()))));
  out->set_height(gray.shape[0]);
  out->set_width(gray.shape[1]);
  for (const std::string& warning : sources.warnings) out->add_warnings(warning);
  TRINE_RETURN_IF_ERROR(ResultToProto(context, *result, out));
  WarnOfSteps(item.outputs(), options, out);
  return OutputsToProto(context, item.outputs(), format, sources.image.view, *std::move(result),
                        std::move(mask_memory), response, out);
}

absl::Status Segment(const Call& call, Request<v1::SegmentRequest>& request,
                     Response<v1::SegmentResponse>* response) {
  return SegmentItem(call, request, request.message(), response, response->mutable_message());
}

// The payload of a picture; null where it has none.
std::string* PayloadOf(v1::Image* picture) {
  switch (picture->source_case()) {
    case v1::Image::kTensor:
      return picture->mutable_tensor()->mutable_data();
    case v1::Image::kEncoded:
      return picture->mutable_encoded();
    case v1::Image::SOURCE_NOT_SET:
      break;
  }
  return nullptr;
}

// A picture of an item whose payloads are still to come.
struct ComingPicture {
  std::optional<TensorView> head;  // of a tensor, without data
  ComingPayload payload;
};

// The picture at `field` of the item that `message` is the head of; `bytes` will come.
absl::StatusOr<ComingPicture> PictureToCome(Request<v1::SegmentStreamRequest>* message,
                                            v1::Image* picture, uint64_t bytes,
                                            const PictureTypes& types, const Limits& limits,
                                            std::string_view field) {
  if (std::string* const payload = PayloadOf(picture)) {
    TRINE_RETURN_IF_ERROR(
        CheckLeftOut(message->PayloadSize(*payload),
                     Path(field, picture->has_tensor() ? "tensor.data" : "encoded")));
  }
  TRINE_ASSIGN_OR_RETURN(std::optional<TensorView> head,
                         PictureHeadFromProto(*picture, bytes, types, limits, field));
  return ComingPicture{std::move(head), {PayloadOf(picture), bytes}};
}

// What SegmentItem refuses whatever the pixels are, and the payloads; errors name fields of the
// item.
absl::StatusOr<std::vector<ComingPayload>> CheckHead(const Limits& limits,
                                                     Request<v1::SegmentStreamRequest>* message) {
  const v1::SegmentItemLengths& lengths = message->message().chunked();
  v1::SegmentRequest* const item = message->mutable_message()->mutable_item();
  TRINE_ASSIGN_OR_RETURN(const segment::Options options, SegmentOptionsFromProto(*item, limits));
  TRINE_ASSIGN_OR_RETURN(const std::optional<image::Format> format,
                         OutputFormatFromProto(item->outputs()));
  TRINE_RETURN_IF_ERROR(CheckOutputsMade(item->outputs(), options.steps));
  ComingPicture image, mask, markers, truth;
  TRINE_ASSIGN_OR_RETURN(image, PictureToCome(message, item->mutable_image(), lengths.image_bytes(),
                                              kAnyTypes, limits, "image"));
  if (item->has_mask() || lengths.mask_bytes() > 0) {
    TRINE_ASSIGN_OR_RETURN(mask, PictureToCome(message, item->mutable_mask(), lengths.mask_bytes(),
                                               kMaskTypes, limits, "mask"));
  }
  if (item->has_markers() || lengths.markers_bytes() > 0) {
    TRINE_ASSIGN_OR_RETURN(markers,
                           PictureToCome(message, item->mutable_markers(), lengths.markers_bytes(),
                                         kLabelTypes, limits, "markers"));
  }
  if (item->has_ground_truth() || lengths.ground_truth_bytes() > 0) {
    TRINE_ASSIGN_OR_RETURN(
        truth, PictureToCome(message, item->mutable_ground_truth(), lengths.ground_truth_bytes(),
                             kAnyTypes, limits, "ground_truth"));
  }
  TRINE_ASSIGN_OR_RETURN(
      const segment::Inputs inputs,
      InputsOfHeads(*item, options.profile, {image.head, mask.head, markers.head, truth.head}));
  TRINE_RETURN_IF_ERROR(InRequest(segment::Validate(inputs, options, limits), *item));
  if (image.head.has_value()) {
    TRINE_RETURN_IF_ERROR(CheckOutputsFit(item->outputs(), *image.head, format, limits,
                                          {"max_item_bytes", limits.max_item_bytes}));
  }
  return std::vector<ComingPayload>{image.payload, mask.payload, markers.payload, truth.payload};
}

class SegmentStream final : public ItemStream<v1::SegmentStreamRequest, v1::SegmentStreamResponse> {
  absl::Status Answer(const Call& call, Request<v1::SegmentStreamRequest>& item,
                      Response<v1::SegmentStreamResponse>* response) override {
    return SegmentItem(call, item, item.message().item(), response,
                       response->mutable_message()->mutable_item());
  }

  absl::StatusOr<std::vector<ComingPayload>> Coming(
      const Call& call, Request<v1::SegmentStreamRequest>* head) override {
    auto payloads = CheckHead(*call.context.limits, head);
    if (!payloads.ok()) return TranslateField(payloads.status(), {{"", "item"}});
    return payloads;
  }

  void DetachPayloads(v1::SegmentStreamResponse* answer, Detach detach) override {
    v1::SegmentAnswerLengths* const lengths = answer->mutable_chunked();
    v1::SegmentResponse* const item = answer->mutable_item();
    if (item->has_mask()) lengths->set_mask_bytes(detach(PayloadOf(item->mutable_mask())));
    if (item->has_labels()) lengths->set_labels_bytes(detach(PayloadOf(item->mutable_labels())));
    if (item->has_distance())
      lengths->set_distance_bytes(detach(item->mutable_distance()->mutable_data()));
    if (item->has_cutout()) lengths->set_cutout_bytes(detach(PayloadOf(item->mutable_cutout())));
  }
};

}  // namespace

void RegisterSegmentationService(Registry* registry) {
  const std::string service = "trine.v1.SegmentationService";
  const MethodTraits traits{.memory_factor = kMemoryFactor, .asks_for_all = true};
  registry->AddUnary<v1::SegmentRequest, v1::SegmentResponse>(service, "Segment", traits, Segment);
  registry->AddStream<v1::SegmentStreamRequest, v1::SegmentStreamResponse>(
      service, "SegmentStream", traits, [] { return std::make_unique<SegmentStream>(); });
}

}  // namespace trine::server
