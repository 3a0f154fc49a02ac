// The only place that turns bytes into requests and responses into bytes.
//
// Services see a protobuf message whose large `bytes` fields are reached through Payload() and
// SetPayload(). Today protobuf parses everything; a hand-written scanner may later leave the
// payload where it lies and register its address for the field: no service changes for that.
// Thread safety: as plain data.
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/bytes.h"

namespace trine::server {

// A request as it came in.
template <typename Message>
class Request {
 public:
  const Message& message() const { return message_; }
  Message* mutable_message() { return &message_; }

  // The bytes of `field`, a `bytes` field of message() or of a message inside it. Valid as long as
  // this object; unaligned.
  ByteView Payload(const std::string& field) const {
    return {reinterpret_cast<const uint8_t*>(field.data()), field.size()};
  }

 private:
  Message message_;
};

// A response to be sent.
template <typename Message>
class Response {
 public:
  const Message& message() const { return message_; }
  Message* mutable_message() { return &message_; }

  // Makes `bytes` the value of `field`, a `bytes` field of *mutable_message() or inside it.
  void SetPayload(std::string* field, std::string bytes) { *field = std::move(bytes); }
  void SetPayload(std::string* field, const std::vector<uint8_t>& bytes) {
    field->assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

 private:
  Message message_;
};

// Parses the bytes of one message. INVALID_ARGUMENT, reason MALFORMED_MESSAGE, for bytes that are
// no such message.
absl::Status ParseMessage(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message);
// INTERNAL where the message is larger than protobuf's 2 GiB.
absl::Status SerializeMessage(const google::protobuf::MessageLite& message, grpc::ByteBuffer* out);

}  // namespace trine::server
