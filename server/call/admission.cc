#include "server/call/admission.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace trine::server {
Admission::Client* Admission::ClientOf(const std::string& name) {
  Client& client = clients_[name];
  if (client.name.empty()) client.name = name;
  return &client;
}

void Admission::DropIfIdle(Client* client) {
  if (client->running == 0 && client->queue.empty()) clients_.erase(std::string(client->name));
}

bool Admission::MayRun(const Client& client) const {
  return bounds_.max_running_per_client == 0 || client.running < bounds_.max_running_per_client;
}

bool Admission::PlaceIsFree() const {
  return running_ < bounds_.max_running && (running_ == 0 || !ledger_.Overfull());
}

absl::Status Admission::CheckQueues(const std::string& name) const {
  const auto found = clients_.find(name);
  const Client* client = found == clients_.end() ? nullptr : &found->second;
  if (running_ < bounds_.max_running && (client == nullptr || MayRun(*client)))
    return absl::OkStatus();
  if (queued_ >= bounds_.max_queued) {
    return RefuseForNow(
        "QUEUE_FULL", "max_queued", static_cast<uint64_t>(bounds_.max_queued),
        absl::StrCat(queued_),
        absl::StrCat("the server is busy: ", running_, " requests run and ", queued_,
                     " wait, the limit is max_queued = ", bounds_.max_queued));
  }
  const size_t own = client == nullptr ? 0 : client->queue.size();
  const int limit = bounds_.max_queued_per_client;
  if (limit > 0 && own >= static_cast<size_t>(limit)) {
    return RefuseForNow(
        "CLIENT_QUEUE_FULL", "max_queued_per_client", static_cast<uint64_t>(limit),
        absl::StrCat(own),
        absl::StrCat("you are busy: ", client->running, " of your requests run and ", own,
                     " wait, the limit is max_queued_per_client = ", limit));
  }
  return absl::OkStatus();
}

absl::Status Admission::Peek(const std::string& client) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return CheckQueues(client);
}

std::function<void()> Admission::TakeOrQueue(Place* place, Client* client,
                                             std::function<void()> start) {
  place->client_ = client;
  if (PlaceIsFree() && MayRun(*client)) {
    ++running_;
    ++client->running;
    return start;
  }
  place->start_ = std::move(start);
  if (client->queue.empty()) client->turn = turns_.insert(turns_.end(), client);
  place->position_ = client->queue.insert(client->queue.end(), place);
  place->queued_ = true;
  ++queued_;
  return nullptr;
}

void Admission::Unqueue(Place* place) {
  Client* const client = place->client_;
  client->queue.erase(place->position_);
  if (client->queue.empty()) turns_.erase(client->turn);
  place->queued_ = false;
  --queued_;
}

std::function<void()> Admission::TakeNext() {
  if (!PlaceIsFree()) return nullptr;
  for (Client* client : turns_) {
    if (!MayRun(*client)) continue;
    Place* const place = client->queue.front();
    turns_.splice(turns_.end(), turns_, client->turn);  // the others come first now
    Unqueue(place);
    ++running_;
    ++client->running;
    return std::exchange(place->start_, nullptr);
  }
  return nullptr;
}

std::vector<std::function<void()>> Admission::TakeAllNext() {
  std::vector<std::function<void()>> next;
  while (auto start = TakeNext()) next.push_back(std::move(start));
  return next;
}

absl::Status Admission::EnterUnary(Place* place, const std::string& client, Cost* cost,
                                   std::function<void()> start) {
  std::function<void()> now;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    absl::Status status = CheckQueues(client);
    if (status.ok()) status = ledger_.Check(cost);
    if (!status.ok()) return status;
    ledger_.Add(*cost);
    now = TakeOrQueue(place, ClientOf(client), std::move(start));
  }
  if (now) now();
  return absl::OkStatus();
}

absl::Status Admission::EnterStreamStep(Place* place, const std::string& client, const Cost& cost,
                                        std::function<void()> start) {
  std::function<void()> now;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    TRINE_RETURN_IF_ERROR(ledger_.CheckStep(cost));
    ledger_.Add(cost);
    now = TakeOrQueue(place, ClientOf(client), std::move(start));
  }
  if (now) now();
  return absl::OkStatus();
}

bool Admission::Withdraw(Place* place) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!place->queued_) return false;
  Unqueue(place);
  place->start_ = nullptr;
  DropIfIdle(std::exchange(place->client_, nullptr));
  return true;
}

void Admission::Leave(Place* place) {
  std::vector<std::function<void()>> next;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    Client* const client = std::exchange(place->client_, nullptr);
    --running_;
    --client->running;
    // One more as a rule; several where memory that was short is there again.
    next = TakeAllNext();
    DropIfIdle(client);
  }
  for (const auto& start : next) start();
}

absl::Status Admission::Changed(absl::Status (Ledger::*change)(Cost*, const Cost&), Cost* own,
                                const Cost& to) {
  std::vector<std::function<void()>> next;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    TRINE_RETURN_IF_ERROR((ledger_.*change)(own, to));
    next = TakeAllNext();
  }
  for (const auto& start : next) start();
  return absl::OkStatus();
}

absl::Status Admission::Recharge(Cost* own, const Cost& to) {
  return Changed(&Ledger::Recharge, own, to);
}

absl::Status Admission::RechargeStep(Cost* own, const Cost& to) {
  return Changed(&Ledger::RechargeStep, own, to);
}

absl::Status Admission::Keep(Cost* own, uint64_t held) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // Whoever keeps less now leaves soon, which starts the next.
  return ledger_.Keep(own, held);
}

void Admission::Charge(const Cost& cost) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ledger_.Add(cost);
}

void Admission::Release(const Cost& cost) {
  if (cost.bytes == 0 && cost.total() == 0) return;
  Cost own = cost;
  // To shrink is never refused.
  (void)Recharge(&own, {});
}

absl::Status Admission::OpenStream() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (streams_ >= bounds_.max_streams) {
    const auto limit = static_cast<uint64_t>(bounds_.max_streams);
    return RefuseForNow("TOO_MANY_STREAMS", "max_streams", limit, absl::StrCat(streams_),
                        absl::StrCat("the server is busy: ", streams_,
                                     " streams are open, the limit is max_streams = ", limit));
  }
  ++streams_;
  return absl::OkStatus();
}

void Admission::CloseStream() {
  const std::lock_guard<std::mutex> lock(mutex_);
  --streams_;
}

absl::Status Admission::OpenSideCall(const Cost& cost) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (side_calls_ >= bounds_.max_side_calls) {
    const auto limit = static_cast<uint64_t>(bounds_.max_side_calls);
    return RefuseForNow("TOO_MANY_SIDE_CALLS", "max_side_calls", limit, absl::StrCat(side_calls_),
                        absl::StrCat("the server is busy: ", side_calls_,
                                     " watches of health and streams of reflection are open, the "
                                     "limit is max_side_calls = ",
                                     limit));
  }
  Cost none;
  TRINE_RETURN_IF_ERROR(ledger_.Keep(&none, cost.held));
  ++side_calls_;
  return absl::OkStatus();
}

void Admission::CloseSideCall(const Cost& cost) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    --side_calls_;
  }
  Release(cost);
}

Admission::Snapshot Admission::snapshot() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Cost& sum = ledger_.sum();
  return {running_,  queued_,     streams_, side_calls_, static_cast<int>(clients_.size()),
          sum.bytes, sum.total(), sum.held};
}

}  // namespace trine::server
