// A stream of items, each whole in one message or in chunks, answered in order and likewise.
//
// One item at a time: what came of it is held until its answer is made, the answer until it is
// sent. Both are the stream's state on the ledger, grown by what really comes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "server/convert/error.h"
#include "server/services/item_chunks.h"
#include "server/wire/chunk.h"
#include "server/wire/rpc.h"

namespace trine::server {

// Req has `item`, `chunked` and `chunk`, Res these and `index` (proto/trine/v1/segmentation.proto).
// REQUIRES: the method's traits say asks_for_all, and Answer does.
template <typename Req, typename Res>
class ItemStream : public StreamHandler<Req, Res> {
 public:
  absl::Status OnMessage(const Call& call, std::unique_ptr<Request<Req>> request) final {
    const Req& m = request->message();
    const uint64_t chunk_bytes = request->PayloadSize(m.chunk());
    if (coming_.has_value()) {
      if (!m.has_item() && !m.has_chunked()) return AddChunk(call, *request, chunk_bytes);
      return InvalidField(
          m.has_item() ? "item" : "chunked", "given",
          absl::StrCat("of the item before ", coming_->missing(), " bytes are still to come"));
    }
    if (!m.has_item()) {
      return MissingField("item", chunk_bytes > 0
                                      ? "chunks follow an item's head, and none is short of bytes"
                                      : "an item is required");
    }
    if (chunk_bytes > 0)
      return InvalidField("chunk", "given with an item", "chunks are messages of their own");
    item_ = std::move(request);
    in_chunks_ = m.has_chunked();
    return in_chunks_ ? Begin(call) : absl::OkStatus();
  }

  absl::Status OnEnd(const Call&) final {
    if (!coming_.has_value()) return absl::OkStatus();
    return MissingField("chunk", absl::StrCat("the stream ended ", coming_->missing(),
                                              " bytes before the end of the item"));
  }

  absl::StatusOr<bool> Produce(const Call& call, Response<Res>* response) final {
    leaving_.Release();
    Res* const out = response->mutable_message();
    if (!leaving_.empty()) {
      // A server may allow shorter messages only.
      response->SetPayload(out->mutable_chunk(),
                           leaving_.Take(std::min<uint64_t>(
                               kMaxChunkBytes, call.max_response.value - kRestOfChunk)));
      return true;
    }
    if (item_ == nullptr || coming_.has_value()) return false;
    const std::unique_ptr<Request<Req>> item = std::move(item_);
    head_bytes_ = item_bytes_ = 0;
    Call item_call = call;
    if (in_chunks_) {
      item_call.max_response = {"max_item_bytes", call.context.limits->max_item_bytes};
      item_call.answers_in_chunks = true;
    }
    // What this step took of the last chunk is the stream's state only when the step is over.
    const CallBeside beside(item_call,
                            SaturatingAdd(item->parsed_bytes(), std::exchange(grown_, 0)));
    TRINE_RETURN_IF_ERROR(TranslateField(Answer(beside.get(), *item, response), {{"", "item"}}));
    out->set_index(next_index_++);
    if (in_chunks_) TRINE_RETURN_IF_ERROR(BeginAnswer(*item_call.context.limits, response));
    return true;
  }

  uint64_t HeldBytes() const final {
    return head_bytes_ + item_bytes_ + (coming_.has_value() ? coming_->HeldBytes() : 0) +
           leaving_.HeldBytes();
  }

 protected:
  // Removes a payload from the answer to let it leave in chunks, and says how long it is [bytes];
  // null: 0.
  using Detach = absl::FunctionRef<uint64_t(std::string* field)>;

  // The answer to item.message().item(). Errors name its fields.
  virtual absl::Status Answer(const Call& call, Request<Req>& item, Response<Res>* response) = 0;
  // The payloads that `head` announces, in order. Refuses all that Answer would refuse whatever
  // their bytes are; errors name fields of the message.
  virtual absl::StatusOr<std::vector<ComingPayload>> Coming(const Call& call,
                                                            Request<Req>* head) = 0;
  // Detaches the answer's payloads in order and sets `chunked`.
  virtual void DetachPayloads(Res* answer, Detach detach) = 0;

 private:
  // The head of an item is in item_.
  absl::Status Begin(const Call& call) {
    if (item_->wire_bytes() > kMaxChunkBytes) {
      return InvalidField("item", absl::StrCat(item_->wire_bytes(), " bytes long"),
                          absl::StrCat("a head has at most ", kMaxChunkBytes, " bytes"));
    }
    TRINE_RETURN_IF_ERROR(TranslateField(
        call.WithThreads(item_->message().item().max_threads()).status(), {{"", "item"}}));
    TRINE_ASSIGN_OR_RETURN(const std::vector<ComingPayload> payloads, Coming(call, item_.get()));
    const uint64_t limit = call.context.limits->max_item_bytes;
    uint64_t bytes = 0;
    for (const ComingPayload& payload : payloads) bytes = SaturatingAdd(bytes, payload.bytes);
    if (bytes > limit) return LimitExceeded("chunked", bytes, "max_item_bytes", limit);
    head_bytes_ = item_->wire_bytes() + item_->message().SpaceUsedLong();
    if (bytes > 0) coming_.emplace(payloads);
    return absl::OkStatus();
  }

  absl::Status AddChunk(const Call& call, const Request<Req>& request, uint64_t bytes) {
    const std::string& field = request.message().chunk();
    TRINE_RETURN_IF_ERROR(coming_->Add(
        call, bytes,
        [&](uint64_t offset, MutableByteView out) { request.CopyPayload(field, offset, out); },
        &grown_));
    if (coming_->missing() > 0) return absl::OkStatus();
    coming_->Give(item_.get());
    item_bytes_ = coming_->HeldBytes();
    coming_.reset();
    return absl::OkStatus();
  }

  absl::Status BeginAnswer(const Limits& limits, Response<Res>* response) {
    uint64_t bytes = 0;
    DetachPayloads(response->mutable_message(), [&](std::string* field) -> uint64_t {
      if (field == nullptr) return 0;
      grpc::Slice payload = response->TakePayload(field);
      const uint64_t length = payload.size();
      bytes += length;
      leaving_.Add(std::move(payload));
      return length;
    });
    if (bytes <= limits.max_item_bytes) return absl::OkStatus();
    return LimitExceeded("response", bytes, "max_item_bytes", limits.max_item_bytes);
  }

  std::unique_ptr<Request<Req>> item_;  // that is not answered yet
  bool in_chunks_ = false;              // how it came
  std::optional<ComingItem> coming_;    // while some of it is missing
  uint64_t head_bytes_ = 0;             // of memory, where it came in chunks
  uint64_t item_bytes_ = 0;             // of its payloads, once it is whole
  uint64_t grown_ = 0;                  // by the chunk of this step [bytes]
  LeavingAnswer leaving_;
  int64_t next_index_ = 0;
};

}  // namespace trine::server
