#include "tests/server/services/service_harness.h"

#include <grpcpp/support/slice.h>

#include <algorithm>
#include <memory>

#include "core/base/strings.h"

namespace trine::server {
namespace {

std::string ToBytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// As the path does: responses until there is nothing to send now.
absl::Status Drain(const Call& call, RawStream& stream, std::vector<std::string>* responses) {
  while (true) {
    grpc::ByteBuffer out;
    TRINE_ASSIGN_OR_RETURN(const bool more, stream.Produce(call, &out));
    if (!more) return absl::OkStatus();
    responses->push_back(ToBytes(out));
  }
}

}  // namespace

grpc::ByteBuffer ToBuffer(std::string_view bytes, size_t slice_bytes) {
  std::vector<grpc::Slice> slices;
  for (size_t begin = 0; begin < bytes.size(); begin += slice_bytes) {
    const std::string_view part = bytes.substr(begin, slice_bytes);
    slices.emplace_back(part.data(), part.size());
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

ServiceHarness::ServiceHarness(const Limits& limits, int threads)
    : limits_(limits), pool_(threads) {
  RegisterNormalizationService(&registry_);
  RegisterCodingService(&registry_);
  RegisterSegmentationService(&registry_);
  call_.context.pool = &pool_;
  call_.context.cancel = cancel_.token();
  call_.context.limits = &limits_;
  call_.request_id = "test";
}

const Method& ServiceHarness::Find(std::string_view name) const {
  const auto& methods = registry_.methods();
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [&](const Method& method) { return method.name == name; });
  EXPECT_NE(found, methods.end()) << name;
  return *found;
}

absl::StatusOr<std::string> ServiceHarness::UnaryBytes(std::string_view name,
                                                       std::string_view request) {
  grpc::ByteBuffer out;
  const absl::Status status = Find(name).unary(call_, ToBuffer(request), &out);
  if (!status.ok()) return status;
  return ToBytes(out);
}

StreamRun<std::string> ServiceHarness::StreamBytes(std::string_view name,
                                                   const std::vector<std::string>& requests) {
  StreamRun<std::string> run;
  const std::unique_ptr<RawStream> stream = Find(name).stream();
  for (const std::string& request : requests) {
    run.status = stream->OnMessage(call_, ToBuffer(request));
    if (run.status.ok()) run.status = Drain(call_, *stream, &run.responses);
    if (!run.status.ok()) return run;
  }
  run.status = stream->OnEnd(call_);
  if (run.status.ok()) run.status = Drain(call_, *stream, &run.responses);
  return run;
}

void ExpectRefused(const absl::Status& status, absl::StatusCode code, std::string_view field) {
  EXPECT_EQ(status.code(), code) << status;
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  ASSERT_TRUE(detail.has_value()) << status;
  EXPECT_EQ(detail->field, field) << status;
  EXPECT_FALSE(detail->reason.empty()) << status;
  const std::string_view message = ToStd(status.message());
  if (!field.empty()) {
    EXPECT_EQ(message.rfind(std::string(field) + ": ", 0), 0u) << status;
  }
  EXPECT_GT(message.size(), field.size() + 8) << status;
}

}  // namespace trine::server
