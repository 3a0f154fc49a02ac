// NormalizationService: proto/trine/v1/normalization.proto over core/normalize/lrn.h.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/normalize/lrn.h"
#include "server/convert/error.h"
#include "server/convert/lrn.h"
#include "server/convert/output_bounds.h"
#include "server/convert/tensor.h"
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

// Adds the warning to a NormalizeResponse or NormalizeGradientResponse, if there is reason.
template <typename Answer>
void WarnOfNoPower(const normalize::LrnReport& report, Answer* answer) {
  if (report.no_power) answer->add_warnings(std::string(kNoPower));
}

// What that may add to an answer [bytes]: known before anything is computed.
uint64_t NoPowerBytes(const normalize::Resolved& resolved) {
  return resolved.k > 0 && resolved.a >= 0 ? 0 : kNoPower.size() + 4;
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

// One tensor, alone or as an item of a stream.
template <typename Req, typename Res>
absl::Status NormalizeItem(const Call& call, Request<Req>& request,
                           const v1::NormalizeRequest& item, Response<Res>* response,
                           v1::NormalizeResponse* out) {
  TRINE_ASSIGN_OR_RETURN(const Context context, call.WithThreads(item.max_threads()));
  if (!item.has_tensor()) return MissingField("tensor", "a tensor is required");
  const Limits& limits = *context.limits;
  TRINE_ASSIGN_OR_RETURN(const TensorHead head, HeadFromProto(item.tensor(), limits, "tensor"));
  TRINE_RETURN_IF_ERROR(CheckNormalizable(head, request.PayloadSize(item.tensor().data()), limits));
  TRINE_ASSIGN_OR_RETURN(const normalize::LrnOptions options, LrnOptionsFromProto(item.options()));
  TRINE_ASSIGN_OR_RETURN(const normalize::Resolved resolved,
                         normalize::Resolve(options, head.shape));
  HeadToProto(head.dtype, head.shape, out->mutable_tensor());
  ResolvedToProto(resolved, out->mutable_resolved());
  if (auto warning = LayoutWarning(options, resolved, head.shape)) {
    out->add_warnings(*std::move(warning));
  }
  // The answer says what the options came to: it can be too long where the request was not.
  TRINE_RETURN_IF_ERROR(CheckResponseBytes(
      out->ByteSizeLong() + NoPowerBytes(resolved) + request.PayloadSize(item.tensor().data()),
      call.max_response_bytes, "tensor.data"));
  InPlace tensor = InPlaceOf(request, item.tensor(), head, *response);
  normalize::LrnReport report;
  TRINE_RETURN_IF_ERROR(normalize::Lrn(context, resolved, tensor.in, tensor.out(), &report));
  WarnOfNoPower(report, out);
  response->SetPayload(out->mutable_tensor()->mutable_data(), std::move(tensor.memory));
  return absl::OkStatus();
}

absl::Status Normalize(const Call& call, Request<v1::NormalizeRequest>& request,
                       Response<v1::NormalizeResponse>* response) {
  return NormalizeItem(call, request, request.message(), response, response->mutable_message());
}

absl::Status CheckSameKind(const TensorView& gradient, const TensorHead& tensor) {
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

absl::Status NormalizeGradient(const Call& call, Request<v1::NormalizeGradientRequest>& request,
                               Response<v1::NormalizeGradientResponse>* response) {
  const v1::NormalizeGradientRequest& m = request.message();
  TRINE_ASSIGN_OR_RETURN(const Context context, call.WithThreads(m.max_threads()));
  const Limits& limits = *context.limits;
  if (!m.has_tensor()) return MissingField("tensor", "the layer's input is required");
  if (!m.has_output_gradient()) {
    return MissingField("output_gradient", "the gradient of the layer's output is required");
  }
  TRINE_ASSIGN_OR_RETURN(const TensorHead head, HeadFromProto(m.tensor(), limits, "tensor"));
  TRINE_RETURN_IF_ERROR(CheckNormalizable(head, request.PayloadSize(m.tensor().data()), limits));
  TRINE_ASSIGN_OR_RETURN(
      const TensorView out_gradient,
      ViewFromProto(m.output_gradient(), request.Payload(m.output_gradient().data()), limits,
                    "output_gradient"));
  TRINE_RETURN_IF_ERROR(CheckSameKind(out_gradient, head));
  TRINE_ASSIGN_OR_RETURN(const normalize::LrnOptions options, LrnOptionsFromProto(m.options()));
  TRINE_ASSIGN_OR_RETURN(const normalize::Resolved resolved,
                         normalize::Resolve(options, head.shape));
  InPlace tensor = InPlaceOf(request, m.tensor(), head, *response);
  normalize::LrnReport report;
  TRINE_RETURN_IF_ERROR(
      normalize::LrnGradient(context, resolved, tensor.in, out_gradient, tensor.out(), &report));
  WarnOfNoPower(report, response->mutable_message());
  v1::Tensor* gradient = response->mutable_message()->mutable_input_gradient();
  HeadToProto(head.dtype, head.shape, gradient);
  response->SetPayload(gradient->mutable_data(), std::move(tensor.memory));
  ResolvedToProto(resolved, response->mutable_message()->mutable_resolved());
  if (auto warning = LayoutWarning(options, resolved, head.shape)) {
    response->mutable_message()->add_warnings(*std::move(warning));
  }
  return absl::OkStatus();
}

// An item is held from its arrival until its answer is made: one at a time.
class NormalizeStream
    : public StreamHandler<v1::NormalizeStreamRequest, v1::NormalizeStreamResponse> {
 public:
  absl::Status OnMessage(const Call&,
                         std::unique_ptr<Request<v1::NormalizeStreamRequest>> request) override {
    if (!request->message().has_item()) return MissingField("item", "an item is required");
    request_ = std::move(request);
    return absl::OkStatus();
  }

  absl::Status OnEnd(const Call&) override { return absl::OkStatus(); }

  absl::StatusOr<bool> Produce(const Call& call,
                               Response<v1::NormalizeStreamResponse>* response) override {
    if (request_ == nullptr) return false;
    const auto request = std::move(request_);
    v1::NormalizeStreamResponse* out = response->mutable_message();
    TRINE_RETURN_IF_ERROR(TranslateField(
        NormalizeItem(call, *request, request->message().item(), response, out->mutable_item()),
        {{"", "item"}}));
    out->set_index(next_index_++);
    return true;
  }

 private:
  std::unique_ptr<Request<v1::NormalizeStreamRequest>> request_;
  int64_t next_index_ = 0;
};

}  // namespace

void RegisterNormalizationService(Registry* registry) {
  const std::string service = "trine.v1.NormalizationService";
  const MethodTraits small_inline{.inline_bytes = kInlineBytes};
  registry->AddUnary<v1::NormalizeRequest, v1::NormalizeResponse>(service, "Normalize",
                                                                  small_inline, Normalize);
  registry->AddUnary<v1::NormalizeGradientRequest, v1::NormalizeGradientResponse>(
      service, "NormalizeGradient", small_inline, NormalizeGradient);
  registry->AddStream<v1::NormalizeStreamRequest, v1::NormalizeStreamResponse>(
      service, "NormalizeStream", {}, [] { return std::make_unique<NormalizeStream>(); });
}

}  // namespace trine::server
