// NormalizationService: proto/trine/v1/normalization.proto over core/normalize/lrn.h.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/normalize/lrn.h"
#include "core/runtime/part_account.h"
#include "server/convert/error.h"
#include "server/convert/lrn.h"
#include "server/convert/output_bounds.h"
#include "server/convert/tensor.h"
#include "server/services/item_stream.h"
#include "server/wire/rpc.h"
#include "trine/v1/normalization.pb.h"

namespace trine::server {
namespace {

// About 50 us of work at most with the usual options; the way to the pool and back takes as long.
constexpr uint64_t kInlineBytes = uint64_t{16} << 10;

// An input tensor and the memory that its result goes into: the input's own where its bytes had to
// be joined (the kernels work in place), else fresh.
struct InPlace {
  TensorView in;
  Buffer memory;
  MutableTensorView out() { return {in.dtype, in.shape, memory.view()}; }
};

// REQUIRES: `head` is that of `tensor`, and CheckNormalizable has passed.
template <typename Req, typename Res>
InPlace InPlaceOf(Request<Req>& request, const v1::Tensor& tensor, const TensorHead& head,
                  const Response<Res>& response) {
  std::optional<Buffer> joined = request.TakeJoined(tensor.data());
  const ByteView bytes =
      joined.has_value() ? ByteView(joined->view()) : request.Payload(tensor.data());
  return {{head.dtype, head.shape, bytes},
          joined.has_value() ? *std::move(joined) : response.Allocate(bytes.size())};
}

constexpr std::string_view kNoPower =
    "results are NaN or infinite: some base k + a * sum is 0, or below 0 with a beta that is not "
    "whole";

constexpr std::string_view kOverflow =
    "some results are infinite although their inputs are finite: the tensor's type holds nothing "
    "as "
    "large";

// Adds the warnings to a NormalizeResponse or NormalizeGradientResponse, if there is reason.
template <typename Answer>
void WarnOf(const normalize::LrnReport& report, Answer* answer) {
  if (report.no_power) answer->add_warnings(std::string(kNoPower));
  if (report.overflow) answer->add_warnings(std::string(kOverflow));
}

// What that may add to an answer [bytes]: known before anything is computed.
uint64_t WarningBytes(const normalize::Resolved& resolved, bool may_overflow) {
  constexpr uint64_t kHead = 4;  // of a text
  return (resolved.k > 0 && resolved.a >= 0 ? 0 : kNoPower.size() + kHead) +
         (may_overflow ? kOverflow.size() + kHead : 0);
}

// Dtype and sizes, before the bytes are touched or anything is allocated for the answer.
absl::Status CheckNormalizable(const TensorHead& tensor, uint64_t bytes, const Limits& limits) {
  TRINE_RETURN_IF_ERROR(CheckData(tensor, bytes, "tensor"));
  if (!IsFloat(tensor.dtype)) {
    return InvalidField("tensor.dtype", DTypeName(tensor.dtype),
                        "it must be float16, bfloat16, float32 or float64");
  }
  return CheckOutputBytes(bytes, limits, "tensor.data");
}

// What an item of `bytes` payload bytes asks for, as far as it shows without them.
struct CheckedItem {
  TensorHead head;
  normalize::LrnOptions options;
  normalize::Resolved resolved;
};

absl::StatusOr<CheckedItem> CheckItem(const v1::NormalizeRequest& item, uint64_t bytes,
                                      const Limits& limits) {
  if (!item.has_tensor()) return MissingField("tensor", "a tensor is required");
  CheckedItem checked;
  TRINE_ASSIGN_OR_RETURN(checked.head, HeadFromProto(item.tensor(), limits, "tensor"));
  TRINE_RETURN_IF_ERROR(CheckNormalizable(checked.head, bytes, limits));
  TRINE_ASSIGN_OR_RETURN(checked.options, LrnOptionsFromProto(item.options()));
  TRINE_ASSIGN_OR_RETURN(checked.resolved, normalize::Resolve(checked.options, checked.head.shape));
  return checked;
}

// What was computed with, and what of it may surprise.
template <typename Answer>
void SayResolved(const CheckedItem& item, Answer* out) {
  ResolvedToProto(item.resolved, out->mutable_resolved());
  if (auto warning = LayoutWarning(item.options, item.resolved, item.head.shape)) {
    out->add_warnings(*std::move(warning));
  }
}

// One tensor, alone or as an item of a stream.
template <typename Req, typename Res>
absl::Status NormalizeItem(const Call& call, Request<Req>& request,
                           const v1::NormalizeRequest& item, Response<Res>* response,
                           v1::NormalizeResponse* out) {
  TRINE_ASSIGN_OR_RETURN(Context context, call.WithThreads(item.max_threads()));
  PartAccount account(context.memory);
  context.memory = &account;
  const uint64_t bytes = request.PayloadSize(item.tensor().data());
  TRINE_ASSIGN_OR_RETURN(const CheckedItem checked, CheckItem(item, bytes, *context.limits));
  HeadToProto(checked.head.dtype, checked.head.shape, out->mutable_tensor());
  SayResolved(checked, out);
  // The answer says what the options came to: it can be too long where the request was not.
  const uint64_t rest =
      call.answers_in_chunks
          ? 0
          : out->ByteSizeLong() +
                WarningBytes(checked.resolved,
                             normalize::MayOverflow(checked.resolved, checked.head.dtype));
  TRINE_RETURN_IF_ERROR(CheckResponseBytes(rest + bytes, call.max_response, "tensor.data"));
  // The result goes where the item's bytes are, or into a block of its own.
  if (request.IsSet(item.tensor().data())) account.SetCharged(bytes);
  TRINE_RETURN_IF_ERROR(context.Reserve(bytes));
  InPlace tensor = InPlaceOf(request, item.tensor(), checked.head, *response);
  normalize::LrnReport report;
  TRINE_RETURN_IF_ERROR(
      normalize::Lrn(context, checked.resolved, tensor.in, tensor.out(), &report));
  WarnOf(report, out);
  response->SetPayload(out->mutable_tensor()->mutable_data(), std::move(tensor.memory));
  return absl::OkStatus();
}

absl::Status Normalize(const Call& call, Request<v1::NormalizeRequest>& request,
                       Response<v1::NormalizeResponse>* response) {
  return NormalizeItem(call, request, request.message(), response, response->mutable_message());
}

absl::Status CheckSameKind(const TensorHead& gradient, const TensorHead& tensor) {
  if (gradient.dtype != tensor.dtype) {
    return InvalidField(
        "output_gradient.dtype", DTypeName(gradient.dtype),
        absl::StrCat("it must be that of tensor, ", ToAbsl(DTypeName(tensor.dtype))));
  }
  if (gradient.shape != tensor.shape) {
    return InvalidField("output_gradient.shape", ShapeToString(gradient.shape),
                        absl::StrCat("it must be that of tensor, ", ShapeToString(tensor.shape)));
  }
  return absl::OkStatus();
}

// The same of a gradient; both tensors are of one kind then.
absl::StatusOr<CheckedItem> CheckItem(const v1::NormalizeGradientRequest& item,
                                      uint64_t tensor_bytes, uint64_t gradient_bytes,
                                      const Limits& limits) {
  if (!item.has_tensor()) return MissingField("tensor", "the layer's input is required");
  if (!item.has_output_gradient()) {
    return MissingField("output_gradient", "the gradient of the layer's output is required");
  }
  CheckedItem checked;
  TRINE_ASSIGN_OR_RETURN(checked.head, HeadFromProto(item.tensor(), limits, "tensor"));
  TRINE_RETURN_IF_ERROR(CheckNormalizable(checked.head, tensor_bytes, limits));
  TRINE_ASSIGN_OR_RETURN(const TensorHead gradient,
                         HeadFromProto(item.output_gradient(), limits, "output_gradient"));
  TRINE_RETURN_IF_ERROR(CheckData(gradient, gradient_bytes, "output_gradient"));
  TRINE_RETURN_IF_ERROR(CheckSameKind(gradient, checked.head));
  TRINE_ASSIGN_OR_RETURN(checked.options, LrnOptionsFromProto(item.options()));
  TRINE_ASSIGN_OR_RETURN(checked.resolved, normalize::Resolve(checked.options, checked.head.shape));
  return checked;
}

// One gradient, alone or as an item of a stream.
template <typename Req, typename Res>
absl::Status GradientItem(const Call& call, Request<Req>& request,
                          const v1::NormalizeGradientRequest& item, Response<Res>* response,
                          v1::NormalizeGradientResponse* out) {
  TRINE_ASSIGN_OR_RETURN(Context context, call.WithThreads(item.max_threads()));
  PartAccount account(context.memory);
  context.memory = &account;
  const std::string& gradient_data = item.output_gradient().data();
  const uint64_t bytes = request.PayloadSize(item.tensor().data());
  TRINE_ASSIGN_OR_RETURN(
      const CheckedItem checked,
      CheckItem(item, bytes, request.PayloadSize(gradient_data), *context.limits));
  HeadToProto(checked.head.dtype, checked.head.shape, out->mutable_input_gradient());
  SayResolved(checked, out);
  const uint64_t rest =
      call.answers_in_chunks
          ? 0
          : out->ByteSizeLong() + WarningBytes(checked.resolved, /*may_overflow=*/true);
  TRINE_RETURN_IF_ERROR(CheckResponseBytes(rest + bytes, call.max_response, "tensor.data"));
  // The result goes where the input is, or into a block of its own; the gradient may be joined too.
  if (request.IsSet(item.tensor().data())) {
    account.SetCharged(bytes);
  } else {
    account.SetBeside(bytes);
  }
  TRINE_RETURN_IF_ERROR(context.Reserve(bytes));
  const TensorView gradient = {checked.head.dtype, checked.head.shape,
                               request.Payload(gradient_data)};
  InPlace tensor = InPlaceOf(request, item.tensor(), checked.head, *response);
  normalize::LrnReport report;
  TRINE_RETURN_IF_ERROR(normalize::LrnGradient(context, checked.resolved, tensor.in, gradient,
                                               tensor.out(), &report));
  WarnOf(report, out);
  response->SetPayload(out->mutable_input_gradient()->mutable_data(), std::move(tensor.memory));
  return absl::OkStatus();
}

absl::Status NormalizeGradient(const Call& call, Request<v1::NormalizeGradientRequest>& request,
                               Response<v1::NormalizeGradientResponse>* response) {
  return GradientItem(call, request, request.message(), response, response->mutable_message());
}

class NormalizeStream final
    : public ItemStream<v1::NormalizeStreamRequest, v1::NormalizeStreamResponse> {
  absl::Status Answer(const Call& call, Request<v1::NormalizeStreamRequest>& item,
                      Response<v1::NormalizeStreamResponse>* response) override {
    return NormalizeItem(call, item, item.message().item(), response,
                         response->mutable_message()->mutable_item());
  }

  absl::StatusOr<std::vector<ComingPayload>> Coming(
      const Call& call, Request<v1::NormalizeStreamRequest>* head) override {
    const v1::NormalizeStreamRequest& m = head->message();
    const uint64_t bytes = m.chunked().tensor_bytes();
    TRINE_RETURN_IF_ERROR(
        TranslateField(CheckItem(m.item(), bytes, *call.context.limits).status(), {{"", "item"}}));
    std::string* const data =
        head->mutable_message()->mutable_item()->mutable_tensor()->mutable_data();
    TRINE_RETURN_IF_ERROR(CheckLeftOut(head->PayloadSize(*data), "item.tensor.data"));
    return std::vector<ComingPayload>{{data, bytes}};
  }

  void DetachPayloads(v1::NormalizeStreamResponse* answer, Detach detach) override {
    answer->mutable_chunked()->set_tensor_bytes(
        detach(answer->mutable_item()->mutable_tensor()->mutable_data()));
  }
};

class NormalizeGradientStream final
    : public ItemStream<v1::NormalizeGradientStreamRequest, v1::NormalizeGradientStreamResponse> {
  absl::Status Answer(const Call& call, Request<v1::NormalizeGradientStreamRequest>& item,
                      Response<v1::NormalizeGradientStreamResponse>* response) override {
    return GradientItem(call, item, item.message().item(), response,
                        response->mutable_message()->mutable_item());
  }

  absl::StatusOr<std::vector<ComingPayload>> Coming(
      const Call& call, Request<v1::NormalizeGradientStreamRequest>* head) override {
    const v1::NormalizeGradientItemLengths& lengths = head->message().chunked();
    TRINE_RETURN_IF_ERROR(
        TranslateField(CheckItem(head->message().item(), lengths.tensor_bytes(),
                                 lengths.output_gradient_bytes(), *call.context.limits)
                           .status(),
                       {{"", "item"}}));
    v1::NormalizeGradientRequest* const item = head->mutable_message()->mutable_item();
    std::string* const data = item->mutable_tensor()->mutable_data();
    std::string* const gradient = item->mutable_output_gradient()->mutable_data();
    TRINE_RETURN_IF_ERROR(CheckLeftOut(head->PayloadSize(*data), "item.tensor.data"));
    TRINE_RETURN_IF_ERROR(CheckLeftOut(head->PayloadSize(*gradient), "item.output_gradient.data"));
    return std::vector<ComingPayload>{{data, lengths.tensor_bytes()},
                                      {gradient, lengths.output_gradient_bytes()}};
  }

  void DetachPayloads(v1::NormalizeGradientStreamResponse* answer, Detach detach) override {
    answer->mutable_chunked()->set_input_gradient_bytes(
        detach(answer->mutable_item()->mutable_input_gradient()->mutable_data()));
  }
};

}  // namespace

void RegisterNormalizationService(Registry* registry) {
  const std::string service = "trine.v1.NormalizationService";
  const MethodTraits small_inline{.inline_bytes = kInlineBytes};
  registry->AddUnary<v1::NormalizeRequest, v1::NormalizeResponse>(service, "Normalize",
                                                                  small_inline, Normalize);
  registry->AddUnary<v1::NormalizeGradientRequest, v1::NormalizeGradientResponse>(
      service, "NormalizeGradient", small_inline, NormalizeGradient);
  const MethodTraits items{.asks_for_all = true};
  registry->AddStream<v1::NormalizeStreamRequest, v1::NormalizeStreamResponse>(
      service, "NormalizeStream", items, [] { return std::make_unique<NormalizeStream>(); });
  registry->AddStream<v1::NormalizeGradientStreamRequest, v1::NormalizeGradientStreamResponse>(
      service, "NormalizeGradientStream", items,
      [] { return std::make_unique<NormalizeGradientStream>(); });
}

}  // namespace trine::server
