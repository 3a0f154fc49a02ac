// The payload scanner against protobuf itself, for tests and fuzzers.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <string>
#include <vector>

#include "server/wire/wire.h"

namespace trine::server::testing {

// `raw` in slices of at most `slice_bytes` bytes.
inline grpc::ByteBuffer Sliced(const std::string& raw, size_t slice_bytes) {
  std::vector<grpc::Slice> slices;
  for (size_t i = 0; i < raw.size(); i += slice_bytes)
    slices.emplace_back(raw.data() + i, std::min(slice_bytes, raw.size() - i));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

inline std::string Joined(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return out;
  for (const grpc::Slice& slice : slices)
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return out;
}

inline bool IsPayload(const google::protobuf::FieldDescriptor* field) {
  return field->type() == google::protobuf::FieldDescriptor::TYPE_BYTES && !field->is_repeated();
}

// Calls visit(string in `from`, its field, message in `to`) for every payload that is set in
// `from`.
template <typename Visit>
void WalkPayloads(const google::protobuf::Message& from, google::protobuf::Message* to,
                  const Visit& visit) {
  using google::protobuf::FieldDescriptor;
  std::vector<const FieldDescriptor*> fields;
  from.GetReflection()->ListFields(from, &fields);
  for (const FieldDescriptor* field : fields) {
    if (IsPayload(field)) {
      std::string scratch;
      visit(from.GetReflection()->GetStringReference(from, field, &scratch), field, to);
    } else if (field->type() == FieldDescriptor::TYPE_MESSAGE && !field->is_repeated()) {
      WalkPayloads(from.GetReflection()->GetMessage(from, field),
                   to->GetReflection()->MutableMessage(to, field), visit);
    }
  }
}

// What protobuf would have made of the request.
template <typename Message>
Message Whole(Request<Message>& request) {
  Message whole = request.message();
  WalkPayloads(request.message(), &whole,
               [&](const std::string& value, const google::protobuf::FieldDescriptor* field,
                   google::protobuf::Message* to) {
                 const ByteView bytes = request.Payload(value);
                 to->GetReflection()->SetString(
                     to, field, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
               });
  return whole;
}

// Empty where the estimate of what parsing `raw` takes is there wherever protobuf takes `raw`, and
// then no lower than what protobuf says of `parsed`; else what is wrong.
template <typename Message>
std::string CompareEstimate(const std::string& raw, bool valid, const Message& parsed) {
  const absl::StatusOr<uint64_t> estimate = EstimateParse(raw, ParsePlanOf<Message>(), raw.size());
  if (!valid) return "";
  if (!estimate.ok()) return "not estimated, and is valid";
  return *estimate >= parsed.SpaceUsedLong() ? "" : "estimated too low";
}

// Empty where both take `raw`, cut into slices, for the same message, or both refuse it; else what
// differs.
template <typename Message>
std::string CompareWithProtobuf(const std::string& raw, size_t slice_bytes) {
  Message want;
  const bool valid = want.ParseFromString(raw);
  if (std::string wrong = CompareEstimate(raw, valid, want); !wrong.empty()) return wrong;
  Request<Message> request;
  const absl::Status status = request.Parse(Sliced(raw, slice_bytes));
  if (valid != status.ok()) return valid ? "refused, and is valid" : "taken, and is not valid";
  if (!valid) return "";
  return Whole(request).SerializeAsString() == want.SerializeAsString() ? "" : "another message";
}

// The same for answers: `want` sent with its payloads set one by one reads as it was. A payload of
// one kind of memory in turn.
template <typename Message>
std::string CompareAnswer(const Message& want) {
  Response<Message> response;
  *response.mutable_message() = want;
  int turn = 0;
  WalkPayloads(want, response.mutable_message(),
               [&](const std::string& value, const google::protobuf::FieldDescriptor* field,
                   google::protobuf::Message* to) {
                 std::string scratch;
                 auto* target = const_cast<std::string*>(
                     &to->GetReflection()->GetStringReference(*to, field, &scratch));
                 if (turn % 3 == 0) {
                   response.SetPayload(target, value);
                 } else if (turn % 3 == 1) {
                   response.SetPayload(target, std::vector<uint8_t>(value.begin(), value.end()));
                 } else {
                   Buffer buffer = response.Allocate(value.size());
                   std::copy(value.begin(), value.end(), buffer.data());
                   response.SetPayload(target, std::move(buffer));
                 }
                 ++turn;
               });
  grpc::ByteBuffer out;
  if (!response.Serialize(&out).ok()) return "not serialized";
  return Joined(out) == want.SerializeAsString() ? "" : "other bytes";
}

}  // namespace trine::server::testing
