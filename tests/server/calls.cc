#include "tests/server/calls.h"

namespace trine::server::testing {

using google::protobuf::BytesValue;

google::rpc::Status Reply::details() const {
  google::rpc::Status parsed;
  parsed.ParseFromString(status.error_details());
  return parsed;
}

std::string Reply::reason() const {
  const auto info = detail<google::rpc::ErrorInfo>();
  return info && info->domain() == "trine" ? info->reason() : "";
}

grpc::ByteBuffer ToBuffer(const std::string& raw) {
  const grpc::Slice slice(raw);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return "";
  std::string out;
  for (const grpc::Slice& slice : slices)
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return out;
}

std::string Wrap(const std::string& bytes) {
  BytesValue value;
  value.set_value(bytes);
  return value.SerializeAsString();
}

namespace {

std::string Unwrap(const grpc::ByteBuffer& buffer) {
  BytesValue value;
  return value.ParseFromString(ToString(buffer)) ? value.value() : "<malformed>";
}

constexpr auto kPatience = std::chrono::minutes(1);

void Prepare(grpc::ClientContext* context,
             const std::function<void(grpc::ClientContext*)>& prepare) {
  context->set_deadline(std::chrono::system_clock::now() + kPatience);
  if (prepare) prepare(context);
}

Reply MakeReply(const grpc::Status& status, const grpc::ByteBuffer& response,
                const grpc::ClientContext& context) {
  Reply reply;
  reply.status = status;
  if (status.ok()) {
    reply.raw = ToString(response);
    reply.bytes = Unwrap(response);
  }
  for (const auto& [key, value] : context.GetServerInitialMetadata())
    reply.initial_metadata.emplace(std::string(key.data(), key.size()),
                                   std::string(value.data(), value.size()));
  return reply;
}

Reply CallBuffer(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 const grpc::ByteBuffer& request,
                 const std::function<void(grpc::ClientContext*)>& prepare) {
  grpc::ClientContext context;
  Prepare(&context, prepare);
  grpc::ByteBuffer response;
  const grpc::Status status = Await(channel, method, request, &context, &response);
  return MakeReply(status, response, context);
}

}  // namespace

grpc::Status Await(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                   const grpc::ByteBuffer& request, grpc::ClientContext* context,
                   grpc::ByteBuffer* response) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  auto reader = stub.PrepareUnaryCall(context, method, request, &queue);
  reader->StartCall();
  grpc::Status status;
  reader->Finish(response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

Reply CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
              const std::string& raw, const std::function<void(grpc::ClientContext*)>& prepare) {
  return CallBuffer(channel, method, ToBuffer(raw), prepare);
}

Reply CallUnary(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                const std::string& bytes,
                const std::function<void(grpc::ClientContext*)>& prepare) {
  return CallRaw(channel, method, Wrap(bytes), prepare);
}

PendingCall::PendingCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                         const std::string& bytes,
                         const std::function<void(grpc::ClientContext*)>& prepare)
    : stub_(channel) {
  Prepare(&context_, prepare);
  reader_ = stub_.PrepareUnaryCall(&context_, method, ToBuffer(Wrap(bytes)), &queue_);
  reader_->StartCall();
  reader_->Finish(&response_, &status_, nullptr);
}

PendingCall::~PendingCall() {
  if (!awaited_) {
    context_.TryCancel();
    Await();
  }
}

Reply PendingCall::Await() {
  void* tag = nullptr;
  bool ok = false;
  if (!awaited_) queue_.Next(&tag, &ok);
  awaited_ = true;
  return MakeReply(status_, response_, context_);
}

BidiCall::BidiCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                   const std::function<void(grpc::ClientContext*)>& prepare)
    : stub_(channel) {
  Prepare(&context_, prepare);
  stream_ = stub_.PrepareCall(&context_, method, &queue_);
  stream_->StartCall(nullptr);
  Step();
}

BidiCall::~BidiCall() {
  if (!finished_) {
    context_.TryCancel();
    Finish();
  }
}

bool BidiCall::Step() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

bool BidiCall::Write(const std::string& bytes) {
  stream_->Write(ToBuffer(Wrap(bytes)), nullptr);
  return Step();
}

bool BidiCall::WritesDone() {
  stream_->WritesDone(nullptr);
  return Step();
}

std::optional<std::string> BidiCall::Read() {
  grpc::ByteBuffer buffer;
  stream_->Read(&buffer, nullptr);
  if (!Step()) return std::nullopt;
  return Unwrap(buffer);
}

Reply BidiCall::Finish() {
  grpc::Status status;
  stream_->Finish(&status, nullptr);
  Step();
  finished_ = true;
  return MakeReply(status, {}, context_);
}

}  // namespace trine::server::testing
