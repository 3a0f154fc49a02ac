// Items of a stream that come in chunks, and answers that leave so: the bytes of their payloads.
//
// Chunks are copied once, into the one block that the kernel reads; an answer's are slices of the
// memory that the kernel wrote. Thread safety: as plain data.
#pragma once

#include <grpcpp/support/slice.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/base/bytes.h"
#include "core/base/long_array.h"
#include "server/wire/buffer.h"
#include "server/wire/chunk.h"
#include "server/wire/rpc.h"

namespace trine::server {

// INVALID_ARGUMENT naming "chunk" where it is longer than a chunk may be.
absl::Status CheckChunk(uint64_t bytes);

// INVALID_ARGUMENT naming `field`, a payload of a head that has `bytes` bytes, unless it is empty.
absl::Status CheckLeftOut(uint64_t bytes, std::string_view field);

// A payload that is to come: its field in the item's head, and how long it will be.
struct ComingPayload {
  std::string* field = nullptr;
  uint64_t bytes = 0;
};

// The payloads of one item on their way in, one after the other. A head may claim what it likes
// within the limits: it costs nothing until the bytes come.
class ComingItem {
 public:
  // REQUIRES: the fields stay where they are as long as this.
  explicit ComingItem(const std::vector<ComingPayload>& payloads);

  // Bytes that are still to come.
  uint64_t missing() const { return missing_; }
  // Memory that holds what came [bytes].
  uint64_t HeldBytes() const;

  // Takes a chunk of `bytes` bytes; `copy` writes those from `offset` on into `out`. What it needs
  // is asked of `call` first, and *grown says how much that was [bytes]. INVALID_ARGUMENT naming
  // "chunk" where it is empty, too long, or more than is missing.
  absl::Status Add(const Call& call, uint64_t bytes,
                   absl::FunctionRef<void(uint64_t offset, MutableByteView out)> copy,
                   uint64_t* grown);
  // Makes the payloads those of `head`. REQUIRES: nothing is missing.
  template <typename Message>
  void Give(Request<Message>* head) {
    for (Payload& payload : payloads_) {
      head->SetPayload(payload.field, Buffer(std::move(payload.memory)));
    }
  }

 private:
  struct Payload {
    std::string* field = nullptr;
    uint64_t bytes = 0;
    uint64_t arrived = 0;
    LongArray<uint8_t> memory;  // of all its bytes once the first has come

    uint64_t HeldBytes() const { return TouchedMemory(arrived, bytes); }
  };

  std::vector<Payload> payloads_;
  size_t next_ = 0;  // the payload whose bytes come
  uint64_t missing_ = 0;
};

// The payloads of one answer on their way out, one after the other.
class LeavingAnswer {
 public:
  void Add(grpc::Slice payload);
  // All was taken.
  bool empty() const { return unsent_ == 0; }
  // The next chunk, at most `max_bytes` (above 0). REQUIRES: !empty().
  grpc::Slice Take(size_t max_bytes);
  // What was taken is sent by now: payloads of which nothing is left are freed.
  void Release();
  // Memory of the payloads of which something is left, or may not be sent yet [bytes].
  uint64_t HeldBytes() const { return held_; }

 private:
  std::deque<grpc::Slice> payloads_;
  size_t taken_ = 0;  // of the first
  uint64_t unsent_ = 0;
  uint64_t held_ = 0;
};

}  // namespace trine::server
