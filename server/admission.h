// Who may run now, who waits, who is refused: counted before any work is done.
//
// At most max_running jobs run; further ones wait, first come first served; a unary call that finds
// max_queued waiting, or whose bytes would exceed max_inflight_bytes, is refused at once. A step of
// an open stream is never refused: a stream has at most one step waiting, and open streams are
// bounded by max_streams. Thread safety: all members may be called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>

#include "absl/status/status.h"

namespace trine::server {

class Admission {
 public:
  struct Bounds {
    int max_running = 1;
    int max_queued = 0;
    uint64_t max_inflight_bytes = 0;
    int max_streams = 0;
  };
  struct Snapshot {
    int running = 0;
    int queued = 0;
    int streams = 0;
    uint64_t inflight_bytes = 0;
  };

  // A job's place. Owned by the job; at most in one Admission at a time.
  class Place {
   public:
    Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    friend class Admission;
    std::function<void()> start_;
    bool queued_ = false;
    std::list<Place*>::iterator position_;
  };

  explicit Admission(const Bounds& bounds) : bounds_(bounds) {}

  // What a unary call would be told now, before its message is read: refuses early what Enter
  // would refuse for the queue.
  absl::Status Peek() const;

  // Counts `bytes` and calls start() now (on this thread) or later (on the thread that calls
  // Leave), unless Withdraw comes first. RESOURCE_EXHAUSTED, nothing counted: QUEUE_FULL or
  // INFLIGHT_FULL. `start` must not block.
  absl::Status EnterUnary(Place* place, uint64_t bytes, std::function<void()> start);
  // The same for a step of an open stream; never refused.
  void EnterStreamStep(Place* place, uint64_t bytes, std::function<void()> start);
  // True where `place` was still waiting: start will not be called. Its bytes stay counted.
  bool Withdraw(Place* place);
  // A job that was started has ended: the next one may run.
  void Leave();
  // Takes back what EnterUnary or EnterStreamStep counted.
  void ReleaseBytes(uint64_t bytes);

  // RESOURCE_EXHAUSTED, TOO_MANY_STREAMS, where max_streams are open.
  absl::Status OpenStream();
  void CloseStream();

  Snapshot snapshot() const;

 private:
  // Queues or returns the function to call after unlocking.
  std::function<void()> TakeOrQueue(Place* place, std::function<void()> start);
  absl::Status QueueFull() const;

  const Bounds bounds_;
  mutable std::mutex mutex_;
  std::list<Place*> queue_;
  int running_ = 0;
  int streams_ = 0;
  uint64_t inflight_bytes_ = 0;
};

}  // namespace trine::server
