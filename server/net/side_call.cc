#include "server/net/side_call.h"

#include <grpcpp/impl/rpc_service_method.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/call/allowed_time.h"
#include "server/call/status_map.h"

namespace trine::server {

SideService::SideService(const std::string& service, const std::vector<std::string>& methods) {
  for (const std::string& method : methods) {
    paths_.push_back(absl::StrCat("/", service, "/", method));
    AddMethod(new grpc::internal::RpcServiceMethod(
        paths_.back().c_str(), grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
    MarkMethodRaw(static_cast<int>(paths_.size()) - 1);
  }
}

void SideService::Request(int method, grpc::ServerContext* context, Stream* stream,
                          grpc::ServerCompletionQueue* queue, void* tag) {
  RequestAsyncBidiStreaming(method, context, stream, queue, queue, tag);
}

void SideCalls::End() {
  const std::lock_guard<std::mutex> lock(mutex);
  ending = true;
  for (SideCall* call : open) call->End();
}

SideCall::SideCall(SideCalls* calls, SideService* service, int method,
                   grpc::ServerCompletionQueue* queue)
    : calls_(*calls), service_(*service), method_(method), queue_(queue), stream_(&context_) {}

void SideCall::Accept() {
  calls_.objects.Begin();
  context_.AsyncNotifyWhenDone(done_tag_.AsTag());
  service_.Request(method_, &context_, &stream_, queue_, accepted_tag_.AsTag());
}

SideCall::~SideCall() {
  if (counted_) {
    calls_.admission.CloseSideCall(cost_);
  } else {
    calls_.admission.Release(cost_);
  }
}

void SideCall::Unref() {
  if (refs_.fetch_sub(1) != 1) return;
  ActiveCalls& objects = calls_.objects;
  delete this;
  objects.End();
}

void SideCall::OnAccepted(bool ok) {
  if (!ok) return;  // the server shuts down; done_tag_ will not come
  AcceptNext();
  Ref();  // done_tag_
  const std::lock_guard<std::mutex> lock(calls_.mutex);
  if (over_) return;
  const Cost cost = {.held = kSideCallBytes};
  if (const absl::Status status = Admit(cost); !status.ok()) return Finish(ToGrpcStatus(status));
  cost_ = cost;
  calls_.open.insert(this);
  SetDeadline();
  Read();
}

absl::Status SideCall::Admit(const Cost& cost) {
  TRINE_RETURN_IF_ERROR(calls_.admission.OpenSideCall(cost));
  counted_ = true;
  return absl::OkStatus();
}

void SideCall::SetDeadline() {
  const auto [allowed, is_ours] = TimeAllowed(calls_.options, context_.deadline());
  if (!is_ours) return;
  has_deadline_ = true;
  Ref();
  alarm_.Set(queue_, std::chrono::system_clock::now() + allowed, deadline_tag_.AsTag());
}

void SideCall::LiftDeadline() {
  if (std::exchange(has_deadline_, false)) alarm_.Cancel();
}

void SideCall::Read() {
  if (calls_.ending) return FinishAtServersEnd();
  state_ = State::kReading;
  Ref();
  stream_.Read(&request_, read_tag_.AsTag());
}

void SideCall::OnRead(bool ok) {
  const std::lock_guard<std::mutex> lock(calls_.mutex);
  if (state_ != State::kReading) return;  // it was ended meanwhile
  state_ = State::kIdle;
  if (!ok) return OnHalfClose();
  const grpc::ByteBuffer message = std::exchange(request_, grpc::ByteBuffer());
  OnMessage(message);
}

void SideCall::OnHalfClose() {
  Finish(ToGrpcStatus(MakeError(absl::StatusCode::kInvalidArgument, {.reason = "MALFORMED_MESSAGE"},
                                "the call ended before its request message came")));
}

bool SideCall::ChargeAnswer(const grpc::ByteBuffer& message) {
  const absl::Status status =
      calls_.admission.Keep(&cost_, kSideCallBytes + uint64_t{message.Length()});
  if (!status.ok()) Finish(ToGrpcStatus(status));
  return status.ok();
}

void SideCall::Write(const grpc::ByteBuffer& message) {
  if (!ChargeAnswer(message)) return;
  state_ = State::kWriting;
  Ref();
  stream_.Write(message, written_tag_.AsTag());
}

void SideCall::OnWritten(bool ok) {
  const std::lock_guard<std::mutex> lock(calls_.mutex);
  // To shrink is never refused.
  (void)calls_.admission.Recharge(&cost_, {.held = kSideCallBytes});
  state_ = State::kIdle;
  if (ok) OnSent();  // else the client is gone
}

void SideCall::WriteAndFinish(const grpc::ByteBuffer& message) {
  state_ = State::kFinishing;
  Ref();
  stream_.WriteAndFinish(message, grpc::WriteOptions(), grpc::Status::OK, finished_tag_.AsTag());
}

void SideCall::Finish(const grpc::Status& status) {
  state_ = State::kFinishing;
  Ref();
  stream_.Finish(status, finished_tag_.AsTag());
}

void SideCall::FinishAtServersEnd() { Finish({grpc::StatusCode::UNAVAILABLE, "the server ends"}); }

void SideCall::OnFinished(bool) {}

void SideCall::End() {
  if (state_ == State::kReading) FinishAtServersEnd();
}

void SideCall::CutOff(const grpc::Status& status) {
  if (state_ == State::kReading || state_ == State::kIdle) return Finish(status);
  context_.TryCancel();
}

void SideCall::OnDeadline(bool ok) {
  if (!ok) return;  // the call ended before
  const std::lock_guard<std::mutex> lock(calls_.mutex);
  if (!has_deadline_ || over_) return;
  CutOff(ToGrpcStatus(MakeError(absl::StatusCode::kDeadlineExceeded, {.reason = "DEADLINE"},
                                "the deadline passed before the call was done")));
}

void SideCall::OnDone(bool) {
  const std::lock_guard<std::mutex> lock(calls_.mutex);
  over_ = true;
  calls_.open.erase(this);
  LiftDeadline();
  OnOver();
}

}  // namespace trine::server
