#include "server/net/small_message.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace trine::server {

grpc::Status ParseSmall(const grpc::ByteBuffer& bytes, const char* what,
                        google::protobuf::MessageLite* message) {
  if (bytes.Length() > kMaxSmallMessageBytes) {
    return {grpc::StatusCode::RESOURCE_EXHAUSTED,
            absl::StrCat("a ", what, " request has at most ", kMaxSmallMessageBytes,
                         " bytes, this one ", bytes.Length())};
  }
  std::vector<grpc::Slice> slices;
  std::string joined;
  if (bytes.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices)
      joined.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  if (!message->ParseFromString(joined))
    return {grpc::StatusCode::INVALID_ARGUMENT, absl::StrCat("not a ", what, " request")};
  return grpc::Status::OK;
}

grpc::ByteBuffer SerializeSmall(const google::protobuf::MessageLite& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return {&slice, 1};
}

}  // namespace trine::server
