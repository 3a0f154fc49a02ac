// Any bytes as the request of the unary RPC kFuzzMethod: refused with a reason, or answered.
// What Encode answers, Decode returns, given the tables and the index that the request had.
#include <string>
#include <vector>

#include "tests/fuzz/request/request_fuzz.h"
#include "tests/fuzz/request/request_method.h"
#include "tests/server/wire/wire_oracle.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {
namespace {

void CheckRoundTrip(const uint8_t* data, size_t size, const grpc::ByteBuffer& out) {
  v1::EncodeResponse encoded;
  Require(encoded.ParseFromString(testing::Joined(out)), "an answer that is no message");
  if (encoded.has_exact()) return;
  v1::DecodeRequest request;
  request.set_coded(encoded.coded());
  v1::EncodeRequest asked;
  Require(asked.ParseFromArray(data, static_cast<int>(size)), "a request that is no message");
  request.set_table_index(asked.table_index());
  *request.mutable_tables() = asked.options().tables();
  if (asked.options().has_table()) *request.add_tables() = asked.options().table();
  const std::string bytes = request.SerializeAsString();
  const FuzzCall decode;
  grpc::ByteBuffer raw;
  const absl::Status status = FindMethod("Decode")->unary(
      decode.call(), OneSlice(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), &raw);
  if (status.code() == absl::StatusCode::kDeadlineExceeded) return;
  Require(status.ok(), "Decode refuses what Encode made");
  v1::DecodeResponse decoded;
  Require(decoded.ParseFromString(testing::Joined(raw)), "an answer that is no message");
  Require(decoded.data().size() == encoded.statistics().raw_bytes(), "another length");
}

}  // namespace
}  // namespace trine::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace trine::server;  // NOLINT(google-build-using-namespace)
  const FuzzCall fuzz;
  grpc::ByteBuffer out;
  const absl::Status status =
      FindMethod(kFuzzMethod)->unary(fuzz.call(), OneSlice(data, size), &out);
  if (!status.ok()) {
    CheckRefusal(status);
  } else if (std::string_view(kFuzzMethod) == "Encode") {
    CheckRoundTrip(data, size, out);
  }
  return 0;
}
