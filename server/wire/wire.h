// The only place that turns bytes into requests and responses into bytes.
//
// Payloads, the singular `bytes` fields of a message (payload_plan.h), do not pass through
// protobuf. On the way in a scanner cuts them out of the wire format and leaves where each lies in
// gRPC's slices; protobuf parses the rest, in which a payload is one byte that says which it is. On
// the way out protobuf serializes such a message, and the payloads are put in between as slices of
// their own. So a service reads and writes payloads through Payload() and SetPayload() only, never
// through the fields themselves.
//
// Thread safety: as plain data.
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/long_array.h"
#include "core/runtime/context.h"
#include "server/wire/buffer.h"
#include "server/wire/parse_cost.h"
#include "server/wire/payload_plan.h"

namespace trine::server {

// Told of every copy that a payload's bytes make in this process' memory.
class CopyCounter {
 public:
  virtual ~CopyCounter() = default;
  virtual void Copied(size_t bytes) = 0;
};

// Where messages get memory from and tell of copies; both may be null.
struct WireEnv {
  std::shared_ptr<BufferPool> pool;
  CopyCounter* copies = nullptr;
};

// The payloads of a message that came in.
class ReceivedPayloads {
 public:
  explicit ReceivedPayloads(WireEnv env) : env_(std::move(env)) {}

  // See Request. Returns the memory of `message` [bytes], 0 where it is too small to matter.
  absl::StatusOr<uint64_t> Parse(const grpc::ByteBuffer& bytes, const PayloadPlan& plan,
                                 const ParsePlan& costs, const Context& context, uint64_t held,
                                 google::protobuf::MessageLite* message);

  // See Request.
  ByteView Get(const std::string& field);
  uint64_t Size(const std::string& field) const;
  std::optional<Buffer> Take(const std::string& field);
  void Set(std::string* field, Buffer bytes);
  bool IsSet(const std::string& field) const;
  void Copy(const std::string& field, uint64_t offset, MutableByteView out) const;
  uint64_t wire_bytes() const;

 private:
  friend class Scanner;
  // A payload's bytes: so many from here in the slices.
  struct Place {
    size_t slice = 0;
    size_t offset = 0;
    uint64_t bytes = 0;
    bool is_set = false;  // in joined_ from the start, and not in the slices
  };

  const Place* Find(const std::string& field) const;
  bool IsWhole(const Place& place) const;
  Buffer& JoinedOf(const Place& place) {
    return joined_[static_cast<size_t>(&place - places_.data())];
  }
  void CopyOut(const Place& place, uint64_t offset, MutableByteView out) const;
  Buffer Join(const Place& place) const;

  WireEnv env_;
  // Dropped after slices_, so that the last reference to their memory is: gRPC 1.51 crashes where a
  // slice is the last and its memory quota is short (it wakes what waits for memory, without the
  // surroundings that a byte buffer makes for that).
  grpc::ByteBuffer bytes_;
  std::vector<grpc::Slice> slices_;
  std::vector<Place> places_;   // by slot
  std::vector<Buffer> joined_;  // by slot; those that lay in several slices, or were set
};

// A request as it came in.
template <typename Message>
class Request {
 public:
  explicit Request(WireEnv env = {}) : payloads_(std::move(env)) {}

  // Parses `bytes`; the memory that this takes is asked of `context` first, beside `held` bytes
  // that the call has already. INVALID_ARGUMENT: reason MALFORMED_MESSAGE, where protobuf refuses
  // them too, and a message of more elements than any good one has. Else what `context` says.
  absl::Status Parse(const grpc::ByteBuffer& bytes, const Context& context = {},
                     uint64_t held = 0) {
    TRINE_ASSIGN_OR_RETURN(
        parsed_.bytes, payloads_.Parse(bytes, PlanOf<Message>(), ParsePlanOf<Message>(), context,
                                       held, &message_));
    return absl::OkStatus();
  }

  // What message() takes beside what came [bytes]: 0 where it is too small to matter.
  uint64_t parsed_bytes() const { return parsed_.bytes; }

  // All fields but the payloads, whose values here mean nothing to others.
  const Message& message() const { return message_; }

  // The bytes of `field`, a payload of message(). Valid as long as this object; unaligned. Where
  // they came in one slice they are read there; else they are joined, once: the only copy.
  ByteView Payload(const std::string& field) { return payloads_.Get(field); }
  // Their number, without joining them.
  uint64_t PayloadSize(const std::string& field) const { return payloads_.Size(field); }
  // The joined bytes, for the caller to change and keep, where Payload() would have to join them or
  // they were set; else nullopt: they must stay where they are. REQUIRES: Payload(field) was not
  // called.
  std::optional<Buffer> TakeJoined(const std::string& field) { return payloads_.Take(field); }
  // Writes those of the field's bytes that begin at `offset` into `out`, wherever they lie. The
  // caller counts the copy.
  void CopyPayload(const std::string& field, uint64_t offset, MutableByteView out) const {
    payloads_.Copy(field, offset, out);
  }

  // Makes `bytes` the value of `field`, a payload of *mutable_message() that came empty.
  Message* mutable_message() { return &message_; }
  void SetPayload(std::string* field, Buffer bytes) { payloads_.Set(field, std::move(bytes)); }
  // Whether SetPayload made it, so that Payload() makes no copy.
  bool IsSet(const std::string& field) const { return payloads_.IsSet(field); }

  // The length of the message as it came.
  uint64_t wire_bytes() const { return payloads_.wire_bytes(); }

 private:
  ParsedMemory parsed_;  // before the message, which goes first
  Message message_;
  ReceivedPayloads payloads_;
};

// A response to be sent.
template <typename Message>
class Response {
 public:
  explicit Response(WireEnv env = {}) : env_(std::move(env)) {}

  const Message& message() const { return message_; }
  Message* mutable_message() { return &message_; }

  // Makes `bytes` the value of `field`, a payload of *mutable_message(), without a copy.
  void SetPayload(std::string* field, Buffer bytes) { Add(field, Own(std::move(bytes))); }
  void SetPayload(std::string* field, std::string bytes) { Add(field, Own(std::move(bytes))); }
  void SetPayload(std::string* field, LongArray<uint8_t> bytes) {
    Add(field, Own(std::move(bytes)));
  }
  void SetPayload(std::string* field, std::vector<uint8_t> bytes) {
    Add(field, Own(std::move(bytes)));
  }
  void SetPayload(std::string* field, grpc::Slice bytes) { Add(field, std::move(bytes)); }
  // Empties `field`, a payload of *mutable_message(), and returns its bytes.
  grpc::Slice TakePayload(std::string* field) {
    if (field->empty()) return {};
    const auto slot = static_cast<uint8_t>((*field)[0]);
    field->clear();
    return std::exchange(payloads_.at(slot), {});
  }
  // Memory for a payload.
  Buffer Allocate(size_t bytes) const { return AllocateBuffer(env_.pool, bytes); }

  // INTERNAL where the message is larger than protobuf's 2 GiB.
  absl::Status Serialize(grpc::ByteBuffer* out) const;

 private:
  // A slice that owns `bytes`.
  template <typename Bytes>
  static grpc::Slice Own(Bytes bytes) {
    if (bytes.empty()) return {};
    auto* owner = new Bytes(std::move(bytes));
    return {owner->data(), owner->size(), [](void* p) { delete static_cast<Bytes*>(p); }, owner};
  }
  void Add(std::string* field, grpc::Slice slice) {
    field->clear();
    if (slice.size() == 0) return;
    field->push_back(static_cast<char>(payloads_.size()));
    payloads_.push_back(std::move(slice));
  }

  Message message_;
  WireEnv env_;
  std::vector<grpc::Slice> payloads_;
};

// `message` with `payloads` in place of the bytes that mark them.
absl::Status SerializeWithPayloads(const google::protobuf::MessageLite& message,
                                   const PayloadPlan& plan,
                                   const std::vector<grpc::Slice>& payloads, grpc::ByteBuffer* out);

template <typename Message>
absl::Status Response<Message>::Serialize(grpc::ByteBuffer* out) const {
  return SerializeWithPayloads(message_, PlanOf<Message>(), payloads_, out);
}

}  // namespace trine::server
