// Who may run now, who waits, who is refused: counted before any work is done.
//
// At most max_running jobs run, at most max_running_per_client of one client. Further ones wait:
// first come first served within a client, in turn between clients, so that a heavy client delays
// only itself. A unary call is refused at once where max_queued wait, where max_queued_per_client
// of its client wait, or where its bytes or the memory that it may need would exceed what may be in
// flight (server/call/ledger.h). A step of an open stream is never refused: a stream has at most
// one step waiting, and open streams are bounded by max_streams. While steps have brought more in
// flight than may be, jobs start only one after the other.
//
// A client is known while it has jobs here: the table is no larger than what runs and waits.
// Thread safety: all members may be called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "server/call/ledger.h"

namespace trine::server {

class Admission {
 public:
  struct Bounds {
    int max_running = 1;
    int max_running_per_client = 0;  // 0: no bound of its own, here and below
    int max_queued = 0;
    int max_queued_per_client = 0;
    uint64_t max_inflight_bytes = 0;
    uint64_t memory_limit = 0;
    uint64_t memory_aside = 0;  // of memory_limit: see Ledger
    int max_streams = 0;
    int max_side_calls = 0;
  };
  struct Snapshot {
    int running = 0;
    int queued = 0;
    int streams = 0;
    int side_calls = 0;
    int clients = 0;  // with jobs that run or wait
    uint64_t inflight_bytes = 0;
    uint64_t inflight_memory = 0;
    uint64_t held_memory = 0;  // of inflight_memory: answers not sent, state of open streams
  };

 private:
  struct Client;

 public:
  // A job's place. Owned by the job; at most in one Admission at a time.
  class Place {
   public:
    Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    friend class Admission;
    std::function<void()> start_;
    Client* client_ = nullptr;  // while it waits or runs
    bool queued_ = false;
    std::list<Place*>::iterator position_;
  };

  explicit Admission(const Bounds& bounds)
      : bounds_(bounds),
        ledger_({bounds.max_inflight_bytes, bounds.memory_limit, bounds.memory_aside}) {}

  // What a unary call of `client` would be told now, before its message is read: refuses early what
  // Enter would refuse for the queue.
  absl::Status Peek(const std::string& client) const;

  // Counts `cost` and calls start() now (on this thread) or later (on the thread that calls
  // Leave), unless Withdraw comes first. RESOURCE_EXHAUSTED, nothing counted: QUEUE_FULL,
  // CLIENT_QUEUE_FULL, INFLIGHT_FULL or MEMORY_FULL. `start` must not block. Of a call that is
  // alone the ledger may cut `*cost`, before it starts.
  absl::Status EnterUnary(Place* place, const std::string& client, Cost* cost,
                          std::function<void()> start);
  // The same for a step of an open stream, which is refused only where what is certain of its cost
  // does not fit: MEMORY_FULL or MEMORY_LIMIT.
  absl::Status EnterStreamStep(Place* place, const std::string& client, const Cost& cost,
                               std::function<void()> start);
  // True where `place` was still waiting: start will not be called. Its cost stays counted.
  bool Withdraw(Place* place);
  // The job of `place`, which was started, has ended: the next one may run.
  void Leave(Place* place);
  // See Ledger. What was counted on entering or charged since changes from `*own` to `to`; who
  // waits for the memory that this sets free starts.
  absl::Status Recharge(Cost* own, const Cost& to);
  absl::Status RechargeStep(Cost* own, const Cost& to);
  absl::Status Keep(Cost* own, uint64_t held);
  // Counts `cost` whatever is counted already.
  void Charge(const Cost& cost);
  // Takes back what was counted.
  void Release(const Cost& cost);

  // RESOURCE_EXHAUSTED, TOO_MANY_STREAMS, where max_streams are open.
  absl::Status OpenStream();
  void CloseStream();

  // A call beside the services', a watch of health or a stream of reflection, that keeps
  // `cost.held`. RESOURCE_EXHAUSTED, nothing counted: TOO_MANY_SIDE_CALLS where max_side_calls are
  // open, or MEMORY_FULL.
  absl::Status OpenSideCall(const Cost& cost);
  // What it keeps by now goes too.
  void CloseSideCall(const Cost& cost);

  Snapshot snapshot() const;

 private:
  struct Client {
    std::string name;
    int running = 0;
    std::list<Place*> queue;
    std::list<Client*>::iterator turn;  // in turns_, while somebody waits
  };

  Client* ClientOf(const std::string& name);
  void DropIfIdle(Client* client);
  bool MayRun(const Client& client) const;
  bool PlaceIsFree() const;
  void Unqueue(Place* place);
  // Queues or returns the function to call after unlocking.
  std::function<void()> TakeOrQueue(Place* place, Client* client, std::function<void()> start);
  // The next to start, if any may: takes it out of its queue and counts it.
  std::function<void()> TakeNext();
  std::vector<std::function<void()>> TakeAllNext();
  absl::Status Changed(absl::Status (Ledger::*change)(Cost*, const Cost&), Cost* own,
                       const Cost& to);
  absl::Status CheckQueues(const std::string& client) const;

  const Bounds bounds_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Client> clients_;
  std::list<Client*> turns_;  // clients with somebody waiting; the first is next
  int running_ = 0;
  int queued_ = 0;
  int streams_ = 0;
  int side_calls_ = 0;
  Ledger ledger_;
};

}  // namespace trine::server
