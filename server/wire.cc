#include "server/wire.h"

#include <google/protobuf/io/zero_copy_stream.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include <limits>

#include "core/base/error.h"

namespace trine::server {
namespace {

bool Parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message) {
  if (!bytes.Valid() || bytes.Length() == 0) return message->ParseFromArray(nullptr, 0);
  if (bytes.Length() > static_cast<size_t>(std::numeric_limits<int>::max())) return false;
  grpc::Slice slice;
  if (bytes.TrySingleSlice(&slice).ok()) {
    return message->ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
  }
  // A reader wants a buffer that it may change; this copy shares the slices.
  grpc::ByteBuffer shared(bytes);
  grpc::ProtoBufferReader reader(&shared);
  return message->ParseFromZeroCopyStream(&reader);
}

}  // namespace

absl::Status ParseMessage(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message) {
  if (Parse(bytes, message)) return absl::OkStatus();
  return MakeError(absl::StatusCode::kInvalidArgument, {.reason = "MALFORMED_MESSAGE"},
                   "the request's bytes are not a message of this method");
}

absl::Status SerializeMessage(const google::protobuf::MessageLite& message, grpc::ByteBuffer* out) {
  const size_t size = message.ByteSizeLong();
  if (size > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return MakeError(absl::StatusCode::kInternal, {.reason = "RESPONSE_TOO_LARGE"},
                     "the response is larger than the 2 GiB that a message may have");
  }
  const grpc::Slice slice(size);
  // Nobody else has the slice yet: writing into it breaks no sharing.
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(slice.begin()));
  *out = grpc::ByteBuffer(&slice, 1);
  return absl::OkStatus();
}

}  // namespace trine::server
