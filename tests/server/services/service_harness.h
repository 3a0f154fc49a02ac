// Calls the services' methods as the one RPC path does, through the registry and with serialized
// messages, but without a network.
#pragma once

#include <gtest/gtest.h>
#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/runtime/thread_pool.h"
#include "server/wire/rpc.h"
#include "trine/v1/tensor.pb.h"

namespace trine::server {

// The bytes in slices of `slice_bytes`, as a network would cut them.
grpc::ByteBuffer ToBuffer(std::string_view bytes, size_t slice_bytes = 4093);

// What a stream answered before it ended with `status`.
template <typename Res>
struct StreamRun {
  std::vector<Res> responses;
  absl::Status status;
};

class ServiceHarness {
 public:
  explicit ServiceHarness(const Limits& limits = {}, int threads = 3);

  absl::StatusOr<std::string> UnaryBytes(std::string_view name, std::string_view request);
  StreamRun<std::string> StreamBytes(std::string_view name,
                                     const std::vector<std::string>& requests);

  template <typename Res, typename Req>
  absl::StatusOr<Res> Unary(std::string_view name, const Req& request) {
    auto bytes = UnaryBytes(name, request.SerializeAsString());
    if (!bytes.ok()) return bytes.status();
    Res response;
    EXPECT_TRUE(response.ParseFromString(*bytes));
    return response;
  }

  // All of `requests`, then the half close.
  template <typename Res, typename Req>
  StreamRun<Res> Stream(std::string_view name, const std::vector<Req>& requests) {
    std::vector<std::string> messages;
    for (const Req& request : requests) messages.push_back(request.SerializeAsString());
    const StreamRun<std::string> raw = StreamBytes(name, messages);
    StreamRun<Res> run{{}, raw.status};
    for (const std::string& bytes : raw.responses) {
      EXPECT_TRUE(run.responses.emplace_back().ParseFromString(bytes));
    }
    return run;
  }

  CancelSource& cancel() { return cancel_; }
  // Call::max_response of the calls to come.
  void BoundResponses(uint64_t bytes) { call_.max_response.value = bytes; }

 private:
  const Method& Find(std::string_view name) const;

  Limits limits_;
  ThreadPool pool_;
  CancelSource cancel_;
  Registry registry_;
  Call call_;
};

// The status is `code`, blames `field`, and its message starts with the field and says more.
void ExpectRefused(const absl::Status& status, absl::StatusCode code, std::string_view field);

// A tensor of the given values.
template <typename T>
v1::Tensor MakeTensor(v1::DataType dtype, const std::vector<int64_t>& shape,
                      const std::vector<T>& values) {
  v1::Tensor tensor;
  tensor.set_dtype(dtype);
  tensor.mutable_shape()->Assign(shape.begin(), shape.end());
  tensor.set_data(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  return tensor;
}

// The values of a tensor's data.
template <typename T>
std::vector<T> Values(const v1::Tensor& tensor) {
  std::vector<T> values(tensor.data().size() / sizeof(T));
  tensor.data().copy(reinterpret_cast<char*>(values.data()), values.size() * sizeof(T));
  return values;
}

}  // namespace trine::server
