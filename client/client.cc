#include "client/client.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/bidi.h"
#include "client/channel.h"
#include "client/item_chunks.h"
#include "client/status.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "trine/v1/coding.grpc.pb.h"
#include "trine/v1/normalization.grpc.pb.h"
#include "trine/v1/segmentation.grpc.pb.h"
#include "trine/v1/server.grpc.pb.h"

namespace trine::client {
namespace {

// As long as the server takes them: the next one is read and sent while it works on one. Memory
// for them is held several times on the way.
constexpr size_t kChunkBytes = size_t{2} << 20;

// Counts for a Progress, from both threads.
class Meter {
 public:
  explicit Meter(const Progress& progress) : progress_(progress) {}
  void Sent(uint64_t n) { Add(n, 0); }
  void Received(uint64_t n) { Add(0, n); }

 private:
  void Add(uint64_t sent, uint64_t received) {
    if (!progress_) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    sent_ += sent;
    received_ += received;
    progress_(sent_, received_);
  }

  const Progress& progress_;
  std::mutex mutex_;
  uint64_t sent_ = 0;
  uint64_t received_ = 0;
};

// The header first, then chunks of the source: `next` of a byte stream.
template <typename Req, typename Header>
class ChunkWriter {
 public:
  ChunkWriter(const Header& header, const Source& source, Meter* meter)
      : header_(header), source_(source), meter_(meter) {}

  absl::StatusOr<bool> Next(Req* request, const CancelToken& stop) {
    if (!header_sent_) {
      header_sent_ = true;
      *request->mutable_header() = header_;
      return true;
    }
    std::string& chunk = *request->mutable_chunk();
    chunk.resize(kChunkBytes);
    TRINE_ASSIGN_OR_RETURN(const size_t n,
                           source_({reinterpret_cast<uint8_t*>(chunk.data()), chunk.size()}, stop));
    chunk.resize(n);
    meter_->Sent(n);
    return n > 0;
  }

 private:
  const Header& header_;
  const Source& source_;
  Meter* meter_;
  bool header_sent_ = false;
};

// A unary call was refused because its request or its answer is longer than a message may be, here,
// there, or for gRPC: it does without the details that servers send.
bool IsTooLong(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kResourceExhausted) return false;
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  return detail.has_value() ? absl::StartsWith(detail->limit, "max_message_bytes = ")
                            : absl::StrContains(status.message(), "larger than max");
}

// `status` of a stream's item as the unary call would have it.
absl::Status OutOfItem(const absl::Status& status) {
  constexpr absl::string_view kItem = "item.";
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (!detail.has_value() || !absl::StartsWith(detail->field, kItem)) return status;
  return TranslateField(status, {{detail->field, detail->field.substr(kItem.size())}});
}

}  // namespace

struct Client::Impl {
  explicit Impl(const Options& given)
      : options(given),
        channel(MakeChannel(given)),
        normalization(v1::NormalizationService::NewStub(channel)),
        coding(v1::CodingService::NewStub(channel)),
        segmentation(v1::SegmentationService::NewStub(channel)),
        server(v1::ServerService::NewStub(channel)),
        health(grpc::health::v1::Health::NewStub(channel)) {}

  template <typename Message>
  absl::Status CheckSize(const Message& message) const {
    const size_t bytes = message.ByteSizeLong();
    if (bytes <= options.max_message_bytes) return absl::OkStatus();
    return LimitExceeded("request", bytes, options.message_limit());
  }

  // Adds what only this side knows: whether there was a connection, and the deadline.
  absl::Status Convert(const grpc::Status& status, std::chrono::milliseconds timeout) const {
    absl::Status converted = FromGrpcStatus(status);
    if (converted.code() != absl::StatusCode::kDeadlineExceeded ||
        GetErrorDetail(converted).has_value()) {
      return converted;
    }
    // A channel within the process has no state.
    if (options.channel == nullptr && channel->GetState(false) != GRPC_CHANNEL_READY) {
      return Unreachable(absl::StrCat("no connection within ", timeout.count(), " ms"));
    }
    return MakeError(absl::StatusCode::kDeadlineExceeded, {.reason = "DEADLINE"},
                     absl::StrCat("no answer within ", timeout.count(), " ms"));
  }

  template <typename Stub, typename Req, typename Res>
  absl::StatusOr<Res> Unary(Stub* stub,
                            grpc::Status (Stub::*method)(grpc::ClientContext*, const Req&, Res*),
                            const Req& request) const {
    TRINE_RETURN_IF_ERROR(CheckSize(request));
    grpc::ClientContext context;
    PrepareCall(options, options.timeout, &context);
    Res response;
    const grpc::Status status = (stub->*method)(&context, request, &response);
    if (!status.ok()) return Convert(status, options.timeout);
    return response;
  }

  absl::Status Convert(const BidiResult& result) const {
    if (!result.local.ok()) return result.local;
    return Convert(result.remote, options.stream_timeout);
  }

  // A stream of items: all of them have the same form. Items go in chunks where a message is
  // too short for them, or all of them.
  template <typename Req, typename Res, typename Open, typename Next, typename Use>
  absl::Status Items(Open open, const Next& next, const Use& use, bool all_in_chunks) const {
    grpc::ClientContext context;
    PrepareCall(options, options.stream_timeout, &context);
    auto stream = open(&context);
    ItemCutter<Req> cutter(options.max_message_bytes);
    const auto write = [&](Req* request, const CancelToken& stop) -> absl::StatusOr<bool> {
      if (cutter.has_more()) {
        cutter.Next(request);
        return true;
      }
      request->Clear();
      TRINE_ASSIGN_OR_RETURN(const bool more, next(request->mutable_item(), stop));
      if (!more) return false;
      if (all_in_chunks || !CheckSize(*request).ok()) cutter.Cut(request);
      TRINE_RETURN_IF_ERROR(CheckSize(*request));
      return true;
    };
    ItemJoiner<Res> joiner;
    Res answer;
    const auto read = [&](Res* response) -> absl::Status {
      TRINE_ASSIGN_OR_RETURN(const bool is_whole, joiner.Add(response, &answer));
      if (!is_whole) return absl::OkStatus();
      return use(std::move(*answer.mutable_item()), answer.index());
    };
    TRINE_RETURN_IF_ERROR(Convert(RunBidi<Req, Res>(&context, stream.get(), write, read)));
    return joiner.is_open() ? ProtocolError("the stream ended within an answer") : absl::OkStatus();
  }

  // A unary call's item as the one item of a stream, in chunks.
  template <typename Req, typename Res, typename Open, typename Item>
  auto InChunks(Open open, Item item) const {
    using Answer = std::decay_t<decltype(std::declval<Res>().item())>;
    bool is_sent = false;
    std::optional<Answer> answer;
    const auto next = [&](Item* to, const CancelToken&) -> absl::StatusOr<bool> {
      if (std::exchange(is_sent, true)) return false;
      *to = std::move(item);
      return true;
    };
    const auto use = [&](Answer from, int64_t) {
      answer = std::move(from);
      return absl::OkStatus();
    };
    const absl::Status status = OutOfItem(Items<Req, Res>(open, next, use, true));
    if (!status.ok()) return absl::StatusOr<Answer>(status);
    if (!answer.has_value())
      return absl::StatusOr<Answer>(ProtocolError("the stream ended without an answer"));
    return absl::StatusOr<Answer>(*std::move(answer));
  }

  auto OpenNormalize() const {
    return [this](grpc::ClientContext* c) { return normalization->NormalizeStream(c); };
  }
  auto OpenGradient() const {
    return [this](grpc::ClientContext* c) { return normalization->NormalizeGradientStream(c); };
  }
  auto OpenSegment() const {
    return [this](grpc::ClientContext* c) { return segmentation->SegmentStream(c); };
  }

  // A unary call, and where that is too long for a message the stream that `open` opens. `request`
  // is an Item, which is copied where it goes in chunks, or one that is given away.
  template <typename Req, typename Res, typename Stub, typename Item, typename Answer,
            typename Open, typename Given>
  absl::StatusOr<Answer> UnaryOrChunks(Stub* stub,
                                       grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                    const Item&, Answer*),
                                       Open open, Given&& request) const {
    absl::StatusOr<Answer> response = Unary<Stub, Item, Answer>(stub, method, request);
    if (!IsTooLong(response.status())) return response;
    return InChunks<Req, Res>(open, Item(std::forward<Given>(request)));
  }
  template <typename Given>
  auto Normalize(Given&& request) const {
    return UnaryOrChunks<v1::NormalizeStreamRequest, v1::NormalizeStreamResponse>(
        normalization.get(), &v1::NormalizationService::Stub::Normalize, OpenNormalize(),
        std::forward<Given>(request));
  }
  template <typename Given>
  auto NormalizeGradient(Given&& request) const {
    return UnaryOrChunks<v1::NormalizeGradientStreamRequest, v1::NormalizeGradientStreamResponse>(
        normalization.get(), &v1::NormalizationService::Stub::NormalizeGradient, OpenGradient(),
        std::forward<Given>(request));
  }
  template <typename Given>
  auto Segment(Given&& request) const {
    return UnaryOrChunks<v1::SegmentStreamRequest, v1::SegmentStreamResponse>(
        segmentation.get(), &v1::SegmentationService::Stub::Segment, OpenSegment(),
        std::forward<Given>(request));
  }

  const Options options;
  const std::shared_ptr<grpc::Channel> channel;
  const std::unique_ptr<v1::NormalizationService::Stub> normalization;
  const std::unique_ptr<v1::CodingService::Stub> coding;
  const std::unique_ptr<v1::SegmentationService::Stub> segmentation;
  const std::unique_ptr<v1::ServerService::Stub> server;
  const std::unique_ptr<grpc::health::v1::Health::Stub> health;
};

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const Options& options) {
  TRINE_RETURN_IF_ERROR(ValidateOptions(options));
  return std::unique_ptr<Client>(new Client(std::make_unique<Impl>(options)));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

const Options& Client::options() const { return impl_->options; }

absl::StatusOr<v1::NormalizeResponse> Client::Normalize(const v1::NormalizeRequest& request) {
  return impl_->Normalize(request);
}

absl::StatusOr<v1::NormalizeResponse> Client::Normalize(v1::NormalizeRequest&& request) {
  return impl_->Normalize(std::move(request));
}

absl::StatusOr<v1::NormalizeGradientResponse> Client::NormalizeGradient(
    const v1::NormalizeGradientRequest& request) {
  return impl_->NormalizeGradient(request);
}

absl::StatusOr<v1::NormalizeGradientResponse> Client::NormalizeGradient(
    v1::NormalizeGradientRequest&& request) {
  return impl_->NormalizeGradient(std::move(request));
}

absl::StatusOr<v1::EncodeResponse> Client::Encode(const v1::EncodeRequest& request) {
  return impl_->Unary(impl_->coding.get(), &v1::CodingService::Stub::Encode, request);
}

absl::StatusOr<v1::DecodeResponse> Client::Decode(const v1::DecodeRequest& request) {
  return impl_->Unary(impl_->coding.get(), &v1::CodingService::Stub::Decode, request);
}

absl::StatusOr<v1::InspectResponse> Client::Inspect(const v1::InspectRequest& request) {
  return impl_->Unary(impl_->coding.get(), &v1::CodingService::Stub::Inspect, request);
}

absl::StatusOr<v1::SegmentResponse> Client::Segment(const v1::SegmentRequest& request) {
  return impl_->Segment(request);
}

absl::StatusOr<v1::SegmentResponse> Client::Segment(v1::SegmentRequest&& request) {
  return impl_->Segment(std::move(request));
}

absl::StatusOr<v1::GetServerInfoResponse> Client::GetServerInfo() {
  return impl_->Unary(impl_->server.get(), &v1::ServerService::Stub::GetServerInfo,
                      v1::GetServerInfoRequest());
}

absl::StatusOr<Health> Client::CheckHealth(const std::string& service) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  TRINE_ASSIGN_OR_RETURN(
      const grpc::health::v1::HealthCheckResponse response,
      impl_->Unary(impl_->health.get(), &grpc::health::v1::Health::Stub::Check, request));
  switch (response.status()) {
    case grpc::health::v1::HealthCheckResponse::SERVING:
      return Health::kServing;
    case grpc::health::v1::HealthCheckResponse::NOT_SERVING:
      return Health::kNotServing;
    case grpc::health::v1::HealthCheckResponse::SERVICE_UNKNOWN:
      return Health::kServiceUnknown;
    default:
      return Health::kUnknown;
  }
}

absl::Status Client::NormalizeStream(const NextNormalize& next, const UseNormalize& use) {
  return impl_->Items<v1::NormalizeStreamRequest, v1::NormalizeStreamResponse>(
      impl_->OpenNormalize(), next, use, false);
}

absl::Status Client::SegmentStream(const NextSegment& next, const UseSegment& use) {
  return impl_->Items<v1::SegmentStreamRequest, v1::SegmentStreamResponse>(impl_->OpenSegment(),
                                                                           next, use, false);
}

absl::StatusOr<v1::EncodeStatistics> Client::EncodeStream(const v1::EncodeStreamHeader& header,
                                                          const Source& source, const Sink& sink,
                                                          const Progress& progress) {
  grpc::ClientContext context;
  PrepareCall(impl_->options, impl_->options.stream_timeout, &context);
  auto stream = impl_->coding->EncodeStream(&context);
  Meter meter(progress);
  ChunkWriter<v1::EncodeStreamRequest, v1::EncodeStreamHeader> chunks(header, source, &meter);
  const auto write = [&chunks](v1::EncodeStreamRequest* request, const CancelToken& stop) {
    return chunks.Next(request, stop);
  };
  std::optional<v1::EncodeStatistics> statistics;
  const auto read = [&](v1::EncodeStreamResponse* response) -> absl::Status {
    if (response->has_statistics()) {
      statistics = std::move(*response->mutable_statistics());
      return absl::OkStatus();
    }
    meter.Received(response->chunk().size());
    return sink(AsBytes(response->chunk()));
  };
  TRINE_RETURN_IF_ERROR(impl_->Convert(RunBidi<v1::EncodeStreamRequest, v1::EncodeStreamResponse>(
      &context, stream.get(), write, read)));
  if (!statistics.has_value()) return ProtocolError("the answer ended without its statistics");
  return *std::move(statistics);
}

absl::StatusOr<v1::DecodeStreamSummary> Client::DecodeStream(const v1::DecodeStreamHeader& header,
                                                             const Source& source,
                                                             const OnContent& on_content,
                                                             const Sink& sink,
                                                             const Progress& progress) {
  grpc::ClientContext context;
  PrepareCall(impl_->options, impl_->options.stream_timeout, &context);
  auto stream = impl_->coding->DecodeStream(&context);
  Meter meter(progress);
  ChunkWriter<v1::DecodeStreamRequest, v1::DecodeStreamHeader> chunks(header, source, &meter);
  const auto write = [&chunks](v1::DecodeStreamRequest* request, const CancelToken& stop) {
    return chunks.Next(request, stop);
  };
  std::optional<v1::DecodeStreamSummary> summary;
  bool content_seen = false;
  const auto read = [&](v1::DecodeStreamResponse* response) -> absl::Status {
    switch (response->part_case()) {
      case v1::DecodeStreamResponse::kContent:
        if (content_seen) return ProtocolError("the answer says twice what its content is");
        content_seen = true;
        return on_content ? on_content(response->content()) : absl::OkStatus();
      case v1::DecodeStreamResponse::kSummary:
        summary = response->summary();
        return absl::OkStatus();
      default:
        if (!content_seen) return ProtocolError("bytes came before what they are");
        meter.Received(response->chunk().size());
        return sink(AsBytes(response->chunk()));
    }
  };
  TRINE_RETURN_IF_ERROR(impl_->Convert(RunBidi<v1::DecodeStreamRequest, v1::DecodeStreamResponse>(
      &context, stream.get(), write, read)));
  if (!summary.has_value()) return ProtocolError("the answer ended without its summary");
  return *std::move(summary);
}

}  // namespace trine::client
