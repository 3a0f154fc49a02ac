// Raw calls to a server: bytes in, bytes and a status out.
#pragma once

#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace trine::server::testing {

struct Reply {
  grpc::Status status;
  std::string bytes;  // of the BytesValue
  std::string raw;    // the message as it came
  std::multimap<std::string, std::string> initial_metadata;

  google::rpc::Status details() const;
  // The detail of type T, if there is exactly one.
  template <typename T>
  std::optional<T> detail() const {
    std::optional<T> found;
    const google::rpc::Status all = details();
    for (const auto& any : all.details()) {
      T message;
      if (!any.Is<T>() || !any.UnpackTo(&message)) continue;
      if (found) return std::nullopt;
      found = message;
    }
    return found;
  }
  std::string reason() const;
};

grpc::ByteBuffer ToBuffer(const std::string& raw);
std::string ToString(const grpc::ByteBuffer& buffer);
// A BytesValue's wire form.
std::string Wrap(const std::string& bytes);

// One call from its start to its end, in `context`.
grpc::Status Await(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                   const grpc::ByteBuffer& request, grpc::ClientContext* context,
                   grpc::ByteBuffer* response);

// One unary call with `raw` as the request message's bytes. `prepare` may change the context
// (deadline, metadata); without a deadline of its own the call has one of a minute.
Reply CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
              const std::string& raw,
              const std::function<void(grpc::ClientContext*)>& prepare = nullptr);
// The same with a BytesValue around `bytes`.
Reply CallUnary(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                const std::string& bytes,
                const std::function<void(grpc::ClientContext*)>& prepare = nullptr);

// A unary call under way.
class PendingCall {
 public:
  PendingCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
              const std::string& bytes,
              const std::function<void(grpc::ClientContext*)>& prepare = nullptr);
  ~PendingCall();
  void Cancel() { context_.TryCancel(); }
  // The end of the call.
  Reply Await();

 private:
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader_;
  bool awaited_ = false;
};

// A bidirectional call, one operation at a time.
class BidiCall {
 public:
  BidiCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
           const std::function<void(grpc::ClientContext*)>& prepare = nullptr);
  ~BidiCall();
  bool Write(const std::string& bytes);
  bool WritesDone();
  std::optional<std::string> Read();
  Reply Finish();
  void Cancel() { context_.TryCancel(); }

 private:
  bool Step();  // waits for the operation just started

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  bool finished_ = false;
};

}  // namespace trine::server::testing
