// SegmentationService: proto/trine/v1/segmentation.proto over core/segment and core/image.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/field_names.h"
#include "core/runtime/part_account.h"
#include "core/segment/segment.h"
#include "server/convert/error.h"
#include "server/convert/segment.h"
#include "server/convert/segment_inputs.h"
#include "server/convert/segment_outputs.h"
#include "server/wire/rpc.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {
namespace {

// A guess at the steps that follow, until the picture's size is known: labels, distances and a
// queue of a watershed beside a byte a pixel.
constexpr uint64_t kMemoryFactor = 16;

// A status of core about "gray", "mask" or "markers", or a pixel of it ("gray[3][5]"), in the
// request's words. Core names steps as the request does.
absl::Status InRequest(const absl::Status& status, const v1::SegmentRequest& item) {
  const auto path = [](std::string_view field, const v1::Image& image) {
    return Path(field, image.has_tensor() ? "tensor" : "encoded");
  };
  return TranslateField(status,
                        RequestNames({path("image", item.image()), path("mask", item.mask()),
                                      path("markers", item.markers())}));
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
  TRINE_ASSIGN_OR_RETURN(const SegmentInputs sources,
                         SegmentInputsOf(context, request, item, options.profile,
                                         SegmentMemory(context, item, options, format), &account));
  const TensorView& gray = sources.inputs.gray;
  TRINE_RETURN_IF_ERROR(
      CheckOutputsFit(item.outputs(), gray, format, limits, call.max_response_bytes));
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
  return OutputsToProto(context, item.outputs(), format, *std::move(result), response, out);
}

absl::Status Segment(const Call& call, Request<v1::SegmentRequest>& request,
                     Response<v1::SegmentResponse>* response) {
  return SegmentItem(call, request, request.message(), response, response->mutable_message());
}

// An item is held from its arrival until its answer is made: one at a time.
class SegmentStream : public StreamHandler<v1::SegmentStreamRequest, v1::SegmentStreamResponse> {
 public:
  absl::Status OnMessage(const Call&,
                         std::unique_ptr<Request<v1::SegmentStreamRequest>> request) override {
    if (!request->message().has_item()) return MissingField("item", "an item is required");
    request_ = std::move(request);
    return absl::OkStatus();
  }

  absl::Status OnEnd(const Call&) override { return absl::OkStatus(); }

  absl::StatusOr<bool> Produce(const Call& call,
                               Response<v1::SegmentStreamResponse>* response) override {
    if (request_ == nullptr) return false;
    const auto request = std::move(request_);
    v1::SegmentStreamResponse* out = response->mutable_message();
    const CallBeside beside(call, request->parsed_bytes());
    TRINE_RETURN_IF_ERROR(
        TranslateField(SegmentItem(beside.get(), *request, request->message().item(), response,
                                   out->mutable_item()),
                       {{"", "item"}}));
    out->set_index(next_index_++);
    return true;
  }

 private:
  std::unique_ptr<Request<v1::SegmentStreamRequest>> request_;
  int64_t next_index_ = 0;
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
