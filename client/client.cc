#include "client/client.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/bidi.h"
#include "client/channel.h"
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

  // A stream of items: both item streams have the same form.
  template <typename Req, typename Res, typename Open, typename Next, typename Use>
  absl::Status Items(Open open, const Next& next, const Use& use) const {
    grpc::ClientContext context;
    PrepareCall(options, options.stream_timeout, &context);
    auto stream = open(&context);
    const auto write = [&](Req* request, const CancelToken& stop) -> absl::StatusOr<bool> {
      request->Clear();
      TRINE_ASSIGN_OR_RETURN(const bool more, next(request->mutable_item(), stop));
      if (more) TRINE_RETURN_IF_ERROR(CheckSize(*request));
      return more;
    };
    const auto read = [&](Res* response) {
      return use(std::move(*response->mutable_item()), response->index());
    };
    return Convert(RunBidi<Req, Res>(&context, stream.get(), write, read));
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
  return impl_->Unary(impl_->normalization.get(), &v1::NormalizationService::Stub::Normalize,
                      request);
}

absl::StatusOr<v1::NormalizeGradientResponse> Client::NormalizeGradient(
    const v1::NormalizeGradientRequest& request) {
  return impl_->Unary(impl_->normalization.get(),
                      &v1::NormalizationService::Stub::NormalizeGradient, request);
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
  return impl_->Unary(impl_->segmentation.get(), &v1::SegmentationService::Stub::Segment, request);
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
      [this](grpc::ClientContext* c) { return impl_->normalization->NormalizeStream(c); }, next,
      use);
}

absl::Status Client::SegmentStream(const NextSegment& next, const UseSegment& use) {
  return impl_->Items<v1::SegmentStreamRequest, v1::SegmentStreamResponse>(
      [this](grpc::ClientContext* c) { return impl_->segmentation->SegmentStream(c); }, next, use);
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
