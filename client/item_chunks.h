// Items of a stream that are longer than a message: cut into a head and chunks, and put together.
//
// What differs between the streams stands in item_chunks.cc, a function a message: which payloads
// it has. Thread safety: as plain data.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/status.h"
#include "trine/v1/normalization.pb.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::client {

// A payload of an item: its field, and its length where it travels in chunks.
struct ItemPayload {
  std::string* field = nullptr;
  uint64_t bytes = 0;
};

// The payloads of the request's item, in order; `chunked` gets their lengths.
std::vector<std::string*> MakeHead(v1::NormalizeStreamRequest* request);
std::vector<std::string*> MakeHead(v1::NormalizeGradientStreamRequest* request);
std::vector<std::string*> MakeHead(v1::SegmentStreamRequest* request);
// The payloads that the head of an answer announces, in order.
std::vector<ItemPayload> PayloadsOf(v1::NormalizeStreamResponse* head);
std::vector<ItemPayload> PayloadsOf(v1::NormalizeGradientStreamResponse* head);
std::vector<ItemPayload> PayloadsOf(v1::SegmentStreamResponse* head);

// Cuts items.
template <typename Req>
class ItemCutter {
 public:
  // Chunks fit messages of `max_message_bytes`.
  explicit ItemCutter(uint64_t max_message_bytes)
      : chunk_bytes_(std::min<uint64_t>(kChunkBytes, max_message_bytes - kRestOfChunk)) {}

  // Makes the request, a whole item, the head of one whose chunks follow.
  void Cut(Req* request) {
    payloads_.clear();
    next_ = taken_ = 0;
    for (std::string* field : MakeHead(request)) {
      if (!field->empty()) payloads_.push_back(std::exchange(*field, {}));
    }
  }
  // Chunks are still to be sent.
  bool has_more() const { return next_ < payloads_.size(); }
  // The next of them. REQUIRES: has_more().
  void Next(Req* request) {
    request->Clear();
    std::string* const chunk = request->mutable_chunk();
    while (has_more() && chunk->size() < chunk_bytes_) {
      std::string& payload = payloads_[next_];
      const size_t here = std::min(chunk_bytes_ - chunk->size(), payload.size() - taken_);
      chunk->append(payload, taken_, here);
      taken_ += here;
      if (taken_ < payload.size()) continue;
      payload = {};  // gives its memory back
      ++next_;
      taken_ = 0;
    }
  }

 private:
  static constexpr uint64_t kChunkBytes = uint64_t{2} << 20;  // as much as servers take
  static constexpr uint64_t kRestOfChunk = 16;                // of its message

  const size_t chunk_bytes_;
  std::vector<std::string> payloads_;
  size_t next_ = 0;
  size_t taken_ = 0;  // of the next payload
};

// Puts answers together.
template <typename Res>
class ItemJoiner {
 public:
  // Takes a message of a stream. True: *whole holds an answer. PROTOCOL errors for messages that
  // are in no order.
  absl::StatusOr<bool> Add(Res* message, Res* whole) {
    if (payloads_.empty()) {
      if (!message->has_item()) return ProtocolError("a chunk came that belongs to no answer");
      *whole = std::move(*message);
      if (!whole->has_chunked()) return true;
      for (const ItemPayload& payload : PayloadsOf(whole)) {
        if (payload.bytes == 0) continue;
        if (payload.field == nullptr || payload.bytes > kMaxBytes)
          return ProtocolError("the answer announces bytes that it cannot have");
        payload.field->clear();
        payload.field->reserve(payload.bytes);
        payloads_.push_back(payload);
      }
      next_ = 0;
    } else {
      ItemPayload& payload = payloads_[next_];
      const std::string& chunk = message->chunk();
      if (message->has_item() || chunk.empty() ||
          chunk.size() > payload.bytes - payload.field->size())
        return ProtocolError("the answer's chunks are not what its head announced");
      payload.field->append(chunk);
      if (payload.field->size() == payload.bytes) ++next_;
    }
    if (next_ < payloads_.size()) return false;
    payloads_.clear();
    return true;
  }
  // In the middle of an answer.
  bool is_open() const { return !payloads_.empty(); }

 private:
  static constexpr uint64_t kMaxBytes = INT32_MAX;  // of a field of a message

  std::vector<ItemPayload> payloads_;  // of the answer that is open; their fields are in *whole
  size_t next_ = 0;
};

}  // namespace trine::client
