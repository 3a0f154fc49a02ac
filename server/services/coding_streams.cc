#include "server/services/coding_streams.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/long_array.h"
#include "core/base/text/field_names.h"
#include "core/coding/coding.h"
#include "core/coding/stream/recover.h"
#include "core/coding/table_store.h"
#include "server/convert/coding.h"
#include "server/convert/content.h"
#include "server/convert/error.h"
#include "server/services/item_chunks.h"

namespace trine::server {
namespace {

constexpr size_t kSentChunkBytes = size_t{1} << 20;  // of an answer, at most

// Tells of bytes that were copied in memory, if any were.
void NoteCopy(const Call& call, uint64_t bytes) {
  if (bytes != 0 && call.wire.copies != nullptr) {
    call.wire.copies->Copied(static_cast<size_t>(bytes));
  }
}

// Bytes on their way out, cut into chunks: what is short enough leaves as it is, without a copy.
// Taking a chunk does not move those after it.
template <typename Bytes>
class Outbox {
 public:
  Bytes* buffer() { return &buffer_; }
  bool empty() const { return taken_ == buffer_.size(); }

  uint64_t HeldBytes() const { return buffer_.size(); }

  Bytes TakeChunk(const Call& call) {
    if (taken_ == 0 && buffer_.size() <= kSentChunkBytes) return std::exchange(buffer_, {});
    const size_t end = std::min(buffer_.size(), taken_ + kSentChunkBytes);
    Bytes chunk(buffer_.data() + taken_, buffer_.data() + end);
    NoteCopy(call, chunk.size());
    taken_ = end;
    if (empty()) {
      buffer_ = {};
      taken_ = 0;
    }
    return chunk;
  }

 private:
  Bytes buffer_;
  size_t taken_ = 0;
};

// The order of parts that both streams keep: headers, each followed by chunks.
template <typename Message>
absl::Status CheckPart(const Request<Message>& request, bool has_begun) {
  const Message& message = request.message();
  const uint64_t bytes = request.PayloadSize(message.chunk());
  switch (message.part_case()) {
    case Message::kHeader:
      return absl::OkStatus();
    case Message::kChunk:
      if (!has_begun) return MissingField("header", "the first message must hold the header");
      return CheckChunk(bytes);
    default:
      return MissingField("part", "a message holds the header or a chunk");
  }
}

// A status about what core was given of the header.
absl::Status InHeader(const absl::Status& status) {
  return TranslateField(status, {{"", "header"}});
}

// Each header begins an item and ends the one before, whose answer leaves first: so what is wrong
// with a header is said by Produce, after that answer.
class EncodeStream : public StreamHandler<v1::EncodeStreamRequest, v1::EncodeStreamResponse> {
 public:
  absl::Status OnMessage(const Call& call,
                         std::unique_ptr<Request<v1::EncodeStreamRequest>> request) override {
    const v1::EncodeStreamRequest& m = request->message();
    TRINE_RETURN_IF_ERROR(CheckPart(*request, encoder_ != nullptr));
    if (m.part_case() == v1::EncodeStreamRequest::kHeader) {
      if (encoder_ == nullptr) return Begin(call, m.header());
      TRINE_RETURN_IF_ERROR(EndItem(call));
      failed_ = Begin(call, m.header());
      return absl::OkStatus();
    }
    const uint64_t copied = encoder_->copied_bytes();
    const absl::Status status = encoder_->Write(request->Payload(m.chunk()), outbox_.buffer());
    NoteCopy(call, encoder_->copied_bytes() - copied);
    return AboutChunk(status);
  }

  absl::Status OnEnd(const Call& call) override {
    if (encoder_ == nullptr) return MissingField("header", "the stream ended without one");
    return EndItem(call);
  }

  absl::StatusOr<bool> Produce(const Call& call,
                               Response<v1::EncodeStreamResponse>* response) override {
    v1::EncodeStreamResponse* out = response->mutable_message();
    if (!outbox_.empty()) {
      response->SetPayload(out->mutable_chunk(), outbox_.TakeChunk(call));
      return true;
    }
    if (!std::exchange(statistics_due_, false)) {
      TRINE_RETURN_IF_ERROR(failed_);
      return false;
    }
    StatsToProto(stats_, out->mutable_statistics());
    return true;
  }

  uint64_t HeldBytes() const override {
    return (encoder_ == nullptr ? 0 : encoder_->HeldBytes()) + tables_.HeldBytes() +
           outbox_.HeldBytes();
  }

 private:
  static absl::Status AboutChunk(const absl::Status& status) {
    return status.ok() ? status : TranslateField(status, RequestNames({"chunk"}));
  }

  absl::Status EndItem(const Call& call) {
    TRINE_RETURN_IF_ERROR(AboutChunk(encoder_->Finish(outbox_.buffer(), &stats_)));
    call.NoteModel(coding::ModelName(stats_.model));
    statistics_due_ = true;
    return absl::OkStatus();
  }

  absl::Status Begin(const Call& call, const v1::EncodeStreamHeader& header) {
    const auto context = call.WithThreads(header.max_threads());
    if (!context.ok()) return InHeader(context.status());
    const Limits& limits = *context->limits;
    TRINE_ASSIGN_OR_RETURN(const coding::Content content,
                           ContentFromProto(header.content(), limits, "header.content"));
    TRINE_ASSIGN_OR_RETURN(
        const coding::EncodeOptions options,
        EncodeOptionsFromProto(*context, header.options(), "header.options", &tables_));
    auto encoder = coding::StreamEncoder::Create(*context, content, options);
    if (!encoder.ok()) {
      return InHeader(TranslateField(encoder.status(), OptionTableNames(header.options())));
    }
    encoder_ = *std::move(encoder);
    return absl::OkStatus();
  }

  std::unique_ptr<coding::StreamEncoder> encoder_;  // null until the first header came
  coding::TableStore tables_;                       // of all headers
  Outbox<std::string> outbox_;
  coding::EncodeStats stats_;
  bool statistics_due_ = false;
  absl::Status failed_;  // what was wrong with a header after an item
};

class DecodeStream : public StreamHandler<v1::DecodeStreamRequest, v1::DecodeStreamResponse> {
 public:
  absl::Status OnMessage(const Call& call,
                         std::unique_ptr<Request<v1::DecodeStreamRequest>> request) override {
    const v1::DecodeStreamRequest& m = request->message();
    TRINE_RETURN_IF_ERROR(CheckPart(*request, decoder_ != nullptr));
    if (m.part_case() == v1::DecodeStreamRequest::kHeader) {
      if (decoder_ == nullptr) return Begin(call, m.header());
      next_ = m.header();
      return EndItem();
    }
    const ByteView chunk = request->Payload(m.chunk());
    coded_bytes_ += chunk.size();
    NoteCopy(call, chunk.size());  // into the decoder's buffer
    return Named(decoder_->Write(chunk));
  }

  absl::Status OnEnd(const Call&) override {
    if (decoder_ == nullptr) return MissingField("header", "the stream ended without one");
    return EndItem();
  }

  absl::StatusOr<bool> Produce(const Call& call,
                               Response<v1::DecodeStreamResponse>* response) override {
    if (decoder_ == nullptr) return false;
    v1::DecodeStreamResponse* out = response->mutable_message();
    while (outbox_.empty()) {
      const auto more = decoder_->Next(outbox_.buffer());
      if (!more.ok()) return Named(more.status());
      if (!*more || !verify_only_) break;
      raw_bytes_ += outbox_.buffer()->size();
      *outbox_.buffer() = {};
    }
    // The decoder knows the content once Next has read the header.
    if (!content_sent_ && decoder_->content() != nullptr) {
      call.NoteModel(coding::ModelName(decoder_->model()));
      ContentToProto(*decoder_->content(), out->mutable_content());
      content_sent_ = true;
      return true;
    }
    if (outbox_.empty()) return Summarise(call, out);
    LongArray<uint8_t> chunk = outbox_.TakeChunk(call);
    raw_bytes_ += chunk.size();
    response->SetPayload(out->mutable_chunk(), std::move(chunk));
    return true;
  }

  uint64_t HeldBytes() const override {
    return (decoder_ == nullptr ? 0 : decoder_->HeldBytes()) + tables_.HeldBytes() +
           outbox_.HeldBytes();
  }

 private:
  absl::Status Begin(const Call& call, const v1::DecodeStreamHeader& header) {
    const auto context = call.WithThreads(header.max_threads());
    if (!context.ok()) return InHeader(context.status());
    report_ = nullptr;
    coding::DecodeOptions options;
    TRINE_ASSIGN_OR_RETURN(given_,
                           TablesFromProto(*context, header.tables(), "header.tables", &tables_));
    options.tables = tables_.tables();
    options.max_output_bytes = UINT64_MAX;  // it goes out in batches
    if (header.has_range()) options.range = {header.range().offset(), header.range().length()};
    verify_only_ = header.verify_only();
    if (header.has_recover()) {
      auto recoverer =
          coding::StreamRecoverer::Create(*context, {.skip_lost = header.recover().skip_lost(),
                                                     .tables = options.tables,
                                                     .range = options.range});
      report_ = &recoverer->report();
      decoder_ = std::move(recoverer);
      return absl::OkStatus();
    }
    auto decoder = coding::StreamDecoder::Create(*context, options);
    if (!decoder.ok()) return InHeader(decoder.status());
    decoder_ = *std::move(decoder);
    return absl::OkStatus();
  }

  absl::Status EndItem() {
    TRINE_RETURN_IF_ERROR(Named(decoder_->Finish()));
    summary_due_ = true;
    return absl::OkStatus();
  }

  static absl::Status Named(const absl::Status& status) {
    if (status.ok()) return status;
    return TranslateField(status, RequestNames({"chunk", "header.range", "header.tables"}));
  }

  // An item's last message, once; then the next item begins, if its header is here.
  absl::StatusOr<bool> Summarise(const Call& call, v1::DecodeStreamResponse* out) {
    if (!std::exchange(summary_due_, false)) {
      if (!next_.has_value()) return false;
      const v1::DecodeStreamHeader header = *std::exchange(next_, std::nullopt);
      raw_bytes_ = coded_bytes_ = 0;
      content_sent_ = false;
      TRINE_RETURN_IF_ERROR(Begin(call, header));
      return false;
    }
    v1::DecodeStreamSummary* summary = out->mutable_summary();
    summary->set_raw_bytes(raw_bytes_);
    summary->set_coded_bytes(coded_bytes_);
    summary->set_blocks_decoded(decoder_->blocks_decoded());
    summary->set_streams(decoder_->streams());
    summary->set_typed_streams(decoder_->typed_streams());
    if (report_ != nullptr) ReportToProto(*report_, summary);
    UnusedTablesToProto(given_, decoder_->tables_used(), summary->mutable_unused_tables());
    return true;
  }

  std::unique_ptr<coding::StreamDecoder> decoder_;  // null until the first header came
  std::vector<coding::TablePtr> given_;             // of the item's header
  const coding::RecoverReport* report_ = nullptr;   // of a decoder that recovers
  coding::TableStore tables_;                       // of all headers
  std::optional<v1::DecodeStreamHeader> next_;      // of the item after the one that is ending
  Outbox<LongArray<uint8_t>> outbox_;
  uint64_t raw_bytes_ = 0;
  uint64_t coded_bytes_ = 0;
  bool content_sent_ = false;
  bool summary_due_ = false;
  bool verify_only_ = false;
};

}  // namespace

std::unique_ptr<StreamHandler<v1::EncodeStreamRequest, v1::EncodeStreamResponse>>
MakeEncodeStream() {
  return std::make_unique<EncodeStream>();
}

std::unique_ptr<StreamHandler<v1::DecodeStreamRequest, v1::DecodeStreamResponse>>
MakeDecodeStream() {
  return std::make_unique<DecodeStream>();
}

}  // namespace trine::server
