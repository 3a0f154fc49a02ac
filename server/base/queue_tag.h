// What waits on a completion queue.
#pragma once

#include <grpcpp/completion_queue.h>

#include "core/runtime/tsan.h"

namespace trine::server {

// The end of one operation of gRPC.
class QueueTag {
 public:
  // `ok` as the queue gives it. Called once an operation, on a thread of the queue; `this` may be
  // gone afterwards.
  virtual void Fire(bool ok) = 0;

  // What to hand to the operation, right now.
  void* AsTag() {
    TsanRelease(this);
    return this;
  }

 protected:
  ~QueueTag() = default;
};

// The end of one operation of a call whose references are counted: the operation holds one of them.
// REQUIRES: Call has a member Unref, which this class may call.
template <typename Call>
class CallTag final : public QueueTag {
 public:
  using Event = void (Call::*)(bool ok);
  CallTag(Call* call, Event event) : call_(call), event_(event) {}

  void Fire(bool ok) override {
    Call* const call = call_;
    (call->*event_)(ok);
    call->Unref();
  }

 private:
  Call* const call_;
  const Event event_;
};

// Takes what comes off `queue` until it is shut down and empty.
inline void ServeQueue(grpc::CompletionQueue* queue) {
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) {
    TsanAcquire(tag);
    static_cast<QueueTag*>(tag)->Fire(ok);
  }
}

}  // namespace trine::server
