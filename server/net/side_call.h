// What the calls beside the services' have in common: those of health and reflection, which tell of
// the server itself, need no token and do not wait for a place among the requests.
//
// Each is counted before its message is read: Admission bounds how many are open, and the ledger of
// memory has what they hold. Each that brings no deadline gets the server's, as other calls do.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/base/active_calls.h"
#include "server/base/queue_tag.h"
#include "server/call/admission.h"
#include "server/options/options.h"

namespace trine::server {

// What an open call takes beside its answer, gRPC's part included [bytes]: 30,000 of them, 100 a
// connection, made the server grow by 16 KB each.
inline constexpr uint64_t kSideCallBytes = 16384;

// A gRPC service whose messages stay bytes. Every method is declared a stream in both directions,
// whatever it is, which nobody sees on the wire: of any other gRPC tells only when the message has
// come, so that calls which never send theirs could be neither counted nor ended.
class SideService : public grpc::Service {
 public:
  using Stream = grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;

  SideService(const std::string& service, const std::vector<std::string>& methods);

  // Waits for a call of the method with that index.
  void Request(int method, grpc::ServerContext* context, Stream* stream,
               grpc::ServerCompletionQueue* queue, void* tag);

 private:
  std::deque<std::string> paths_;  // gRPC keeps pointers to them
};

class SideCall;

// The calls of one owner.
struct SideCalls {
  // Both outlive the calls.
  SideCalls(const Options& o, Admission* a) : options(o), admission(*a) {}

  const Options& options;
  Admission& admission;
  std::mutex mutex;
  bool ending = false;       // guarded by mutex, as the next: no call goes on
  std::set<SideCall*> open;  // from arrival to end
  ActiveCalls objects;       // that have an operation on a queue

  // Ends every call, those to come too, with UNAVAILABLE, once it has written what it has to.
  void End();
};

// One call. References are counted, one for each operation whose tag is out; events come on the
// queue's thread. "Guarded": REQUIRES calls.mutex is held, or by it.
class SideCall {
 public:
  SideCall(const SideCall&) = delete;
  SideCall& operator=(const SideCall&) = delete;

  // Waits for a call; to be called once, when the object is whole. It deletes itself.
  void Accept();
  // Guarded. The server ends.
  virtual void End();
  // Guarded. Ends the call with `status`, or, where it stands in the middle of its answer, at once.
  void CutOff(const grpc::Status& status);

 protected:
  enum class State { kReading, kIdle, kWriting, kFinishing };

  // `calls` and `service` outlive it.
  SideCall(SideCalls* calls, SideService* service, int method, grpc::ServerCompletionQueue* queue);
  virtual ~SideCall();

  // Has another one wait for a call, as this one has got its own.
  virtual void AcceptNext() = 0;
  // All guarded. Admit charges `cost` or refuses.
  virtual absl::Status Admit(const Cost& cost);
  virtual void OnMessage(const grpc::ByteBuffer& message) = 0;
  virtual void OnHalfClose();
  virtual void OnSent() {}  // the client took what Write wrote
  virtual void OnOver() {}  // gRPC is done with the call

  // Operations, guarded; one at a time.
  void Read();
  void Write(const grpc::ByteBuffer& message);
  void WriteAndFinish(const grpc::ByteBuffer& message);
  void Finish(const grpc::Status& status);
  void FinishAtServersEnd();
  // From now the call may stay open as long as its client likes.
  void LiftDeadline();

  bool over() const { return over_; }
  State state() const { return state_; }

  SideCalls& calls_;
  SideService& service_;
  const int method_;
  grpc::ServerCompletionQueue* const queue_;

 private:
  using Tag = CallTag<SideCall>;
  friend Tag;

  void Ref() { refs_.fetch_add(1); }
  void Unref();
  void OnAccepted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);
  void OnDone(bool ok);
  void OnDeadline(bool ok);
  void SetDeadline();
  // Guarded. False: it does not fit, and the call ends.
  bool ChargeAnswer(const grpc::ByteBuffer& message);

  grpc::ServerContext context_;
  SideService::Stream stream_;
  grpc::Alarm alarm_;
  grpc::ByteBuffer request_;
  Tag accepted_tag_{this, &SideCall::OnAccepted};
  Tag read_tag_{this, &SideCall::OnRead};
  Tag written_tag_{this, &SideCall::OnWritten};
  Tag finished_tag_{this, &SideCall::OnFinished};
  Tag done_tag_{this, &SideCall::OnDone};
  Tag deadline_tag_{this, &SideCall::OnDeadline};
  std::atomic<int> refs_{1};
  State state_ = State::kReading;  // guarded, as all that follows
  bool over_ = false;
  bool has_deadline_ = false;  // alarm_ is set
  Cost cost_;                  // on the ledger
  bool counted_ = false;       // among max_side_calls
};

}  // namespace trine::server
