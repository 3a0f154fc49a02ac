// Both directions of one bidirectional stream at once: requests are written by a thread of their
// own while answers are read, so that neither side waits for the other with full buffers; and
// answers are read by another one, ahead of who uses them, so that the server goes on meanwhile.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/cancel.h"

namespace trine::client {

struct BidiResult {
  // Of `next` or `use`, where one of them failed: it ended the call. Else OK.
  absl::Status local;
  grpc::Status remote;
};

// Answers on their way from the thread that reads them to the one that uses them: up to kMaxBytes
// of them wait, or one. Thread-safe.
template <typename Res>
class AnswerQueue {
 public:
  static constexpr size_t kMaxBytes = size_t{8} << 20;

  // An answer to read into: one that was used before, whose memory is still there, or a new one.
  Res Spare() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (spare_.empty()) return Res();
    Res answer = std::move(spare_.back());
    spare_.pop_back();
    return answer;
  }
  void GiveBack(Res answer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    spare_.push_back(std::move(answer));
  }

  // Waits for room. False, without taking it, where nobody pops any more.
  bool Push(Res answer) {
    const size_t bytes = answer.ByteSizeLong();
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || waiting_.empty() || bytes_ + bytes <= kMaxBytes; });
    if (closed_) return false;
    waiting_.push_back({std::move(answer), bytes});
    bytes_ += bytes;
    changed_.notify_all();
    return true;
  }
  // Waits for an answer. False where none is left and none will come.
  bool Pop(Res* answer) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
    if (waiting_.empty()) return false;
    *answer = std::move(waiting_.front().answer);
    bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
    changed_.notify_all();
    return true;
  }

  // No answer will be pushed any more.
  void End() { Set(&ended_); }
  // None will be popped.
  void Close() { Set(&closed_); }

 private:
  struct Waiting {
    Res answer;
    size_t bytes;
  };

  void Set(bool* flag) {
    const std::lock_guard<std::mutex> lock(mutex_);
    *flag = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  size_t bytes_ = 0;  // of what waits
  std::vector<Res> spare_;
  bool ended_ = false;
  bool closed_ = false;
};

// `next` fills a request (which still holds the one before) and returns true, or false at the end.
template <typename Req, typename Res>
BidiResult RunBidi(grpc::ClientContext* context, grpc::ClientReaderWriter<Req, Res>* stream,
                   absl::FunctionRef<absl::StatusOr<bool>(Req*, const CancelToken&)> next,
                   absl::FunctionRef<absl::Status(Res*)> use) {
  CancelSource stop;
  absl::Status source_status;
  std::thread writer([&] {
    Req request;
    for (;;) {
      absl::StatusOr<bool> more = next(&request, stop.token());
      if (stop.token().ShouldStop()) return;
      if (!more.ok()) {
        source_status = more.status();
        context->TryCancel();
        return;
      }
      if (!*more) {
        stream->WritesDone();
        return;
      }
      if (!stream->Write(request)) return;  // the call has ended; its status says why
    }
  });
  AnswerQueue<Res> answers;
  std::thread reader([&] {
    Res answer;
    while (stream->Read(&answer) && answers.Push(std::move(answer))) answer = answers.Spare();
    answers.End();
  });
  absl::Status sink_status;
  for (Res answer; sink_status.ok() && answers.Pop(&answer);) {
    sink_status = use(&answer);
    answers.GiveBack(std::move(answer));
  }
  if (!sink_status.ok()) {
    context->TryCancel();
    answers.Close();
  }
  reader.join();
  stop.Cancel();
  writer.join();
  BidiResult result{std::move(sink_status), stream->Finish()};
  if (!source_status.ok()) result.local = std::move(source_status);
  return result;
}

}  // namespace trine::client
