// Messages of the protocols that tell of the server itself: short, and read without the wire layer.
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

namespace trine::server {

// No name of a service, type or file is longer; a longer message is not read.
inline constexpr size_t kMaxSmallMessageBytes = 4096;

// RESOURCE_EXHAUSTED or INVALID_ARGUMENT, where `message` is left empty or half read; `what` names
// the protocol in their texts.
grpc::Status ParseSmall(const grpc::ByteBuffer& bytes, const char* what,
                        google::protobuf::MessageLite* message);

grpc::ByteBuffer SerializeSmall(const google::protobuf::MessageLite& message);

}  // namespace trine::server
