#include "server/admission.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace trine::server {
namespace {

// Long enough that a client which obeys it does not keep the refusing path busy, short against a
// caller's patience.
constexpr int64_t kRetryAfterMs = 200;

absl::Status Refuse(const char* reason, const char* name, uint64_t limit, std::string value,
                    const std::string& text) {
  return MakeError(absl::StatusCode::kResourceExhausted,
                   {.reason = reason,
                    .value = std::move(value),
                    .limit = absl::StrCat(name, " = ", limit),
                    .retry_after_ms = kRetryAfterMs},
                   text);
}

}  // namespace

absl::Status Admission::QueueFull() const {
  const auto limit = static_cast<uint64_t>(bounds_.max_queued);
  return Refuse("QUEUE_FULL", "max_queued", limit, absl::StrCat(queue_.size()),
                absl::StrCat("the server is busy: ", running_, " requests run and ", queue_.size(),
                             " wait, the limit is max_queued = ", limit));
}

absl::Status Admission::Peek() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running_ >= bounds_.max_running && queue_.size() >= static_cast<size_t>(bounds_.max_queued))
    return QueueFull();
  return absl::OkStatus();
}

std::function<void()> Admission::TakeOrQueue(Place* place, std::function<void()> start) {
  if (running_ < bounds_.max_running) {
    ++running_;
    return start;
  }
  place->start_ = std::move(start);
  place->position_ = queue_.insert(queue_.end(), place);
  place->queued_ = true;
  return nullptr;
}

absl::Status Admission::EnterUnary(Place* place, uint64_t bytes, std::function<void()> start) {
  std::function<void()> now;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (running_ >= bounds_.max_running &&
        queue_.size() >= static_cast<size_t>(bounds_.max_queued)) {
      return QueueFull();
    }
    // A single request larger than the limit would otherwise never run: alone it may.
    if (inflight_bytes_ > 0 && (bytes > bounds_.max_inflight_bytes ||
                                inflight_bytes_ > bounds_.max_inflight_bytes - bytes)) {
      return Refuse("INFLIGHT_FULL", "max_inflight_bytes", bounds_.max_inflight_bytes,
                    absl::StrCat(inflight_bytes_, " + ", bytes),
                    absl::StrCat("the server is busy: requests of ", inflight_bytes_,
                                 " bytes are in flight, ", bytes,
                                 " more exceed max_inflight_bytes = ", bounds_.max_inflight_bytes));
    }
    inflight_bytes_ += bytes;
    now = TakeOrQueue(place, std::move(start));
  }
  if (now) now();
  return absl::OkStatus();
}

void Admission::EnterStreamStep(Place* place, uint64_t bytes, std::function<void()> start) {
  std::function<void()> now;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    inflight_bytes_ += bytes;
    now = TakeOrQueue(place, std::move(start));
  }
  if (now) now();
}

bool Admission::Withdraw(Place* place) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!place->queued_) return false;
  queue_.erase(place->position_);
  place->queued_ = false;
  place->start_ = nullptr;
  return true;
}

void Admission::Leave() {
  std::function<void()> next;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (queue_.empty()) {
      --running_;
      return;
    }
    Place* place = queue_.front();
    queue_.pop_front();
    place->queued_ = false;
    next = std::move(place->start_);
    place->start_ = nullptr;
  }
  next();
}

void Admission::ReleaseBytes(uint64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  inflight_bytes_ -= bytes;
}

absl::Status Admission::OpenStream() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (streams_ >= bounds_.max_streams) {
    const auto limit = static_cast<uint64_t>(bounds_.max_streams);
    return Refuse("TOO_MANY_STREAMS", "max_streams", limit, absl::StrCat(streams_),
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

Admission::Snapshot Admission::snapshot() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {running_, static_cast<int>(queue_.size()), streams_, inflight_bytes_};
}

}  // namespace trine::server
