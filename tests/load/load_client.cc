#include "tests/load/load_client.h"

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace trine::load {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxFailures = 10'000;

double Seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

struct OpenCall {
  std::shared_ptr<grpc::ClientContext> context;  // also known to the list of cancellations
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer response;
  grpc::Status status;
  Clock::time_point due;
  std::string request_id;
  bool cancelled = false;
};

class Runner {
 public:
  explicit Runner(const Plan& plan) : plan_(plan), start_(Clock::now()) {
    for (const auto& channel : plan.channels) stubs_.emplace_back(channel);
    result_.started_at_s = Seconds(start_.time_since_epoch());
  }

  Result Run() {
    std::thread reaper([this] { Reap(); });
    if (plan_.rate > 0) {
      Arrive();
    } else {
      KeepOpen();
    }
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return open_ == 0; });
    }
    queue_.Shutdown();
    reaper.join();
    return std::move(result_);
  }

 private:
  bool Stopped() const { return plan_.stop != nullptr && plan_.stop->load(); }

  void Arrive() {
    const Clock::duration gap =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / plan_.rate));
    Clock::time_point due = start_;
    while (due < start_ + plan_.duration && !Stopped()) {
      SleepAndCancel(due);
      bool room = false;
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        room = open_ < plan_.max_open;
        if (!room) ++result_.skipped;
      }
      if (room) Start(due);
      due += gap;
    }
    SleepAndCancel(Clock::time_point::max());
  }

  void KeepOpen() {
    const Clock::time_point end = start_ + plan_.duration;
    while (Clock::now() < end && !Stopped()) {
      {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return open_ < plan_.callers; });
      }
      Start(Clock::now());
      CancelUntil(Clock::now());
    }
    SleepAndCancel(Clock::time_point::max());
  }

  // Until `due`, or until no cancellation is left where it never comes.
  void SleepAndCancel(Clock::time_point due) {
    while (!cancels_.empty() && cancels_.front().first <= due) {
      std::this_thread::sleep_until(cancels_.front().first);
      CancelUntil(Clock::now());
    }
    if (due != Clock::time_point::max()) std::this_thread::sleep_until(due);
  }

  void CancelUntil(Clock::time_point now) {
    while (!cancels_.empty() && cancels_.front().first <= now) {
      cancels_.front().second->TryCancel();
      cancels_.pop_front();
    }
  }

  void Start(Clock::time_point due) {
    const Kind& kind = plan_.kinds[count_ % plan_.kinds.size()];
    grpc::GenericStub& stub = stubs_[count_ % stubs_.size()];
    auto* call = new OpenCall;
    call->context = std::make_shared<grpc::ClientContext>();
    call->due = due;
    call->request_id = "load-" + std::to_string(getpid()) + "-" + std::to_string(count_);
    call->context->AddMetadata("x-request-id", call->request_id);
    call->context->set_deadline(std::chrono::system_clock::now() + plan_.deadline);
    if (plan_.wait_for_ready) call->context->set_wait_for_ready(true);
    // Spread evenly: call n is cancelled where the share of n calls passes a whole number.
    const double before = plan_.cancel_share * static_cast<double>(count_);
    call->cancelled =
        static_cast<uint64_t>(before + plan_.cancel_share) > static_cast<uint64_t>(before);
    if (call->cancelled) cancels_.emplace_back(Clock::now() + plan_.cancel_after, call->context);
    ++count_;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++open_;
    }
    call->reader = stub.PrepareUnaryCall(call->context.get(), kind.method, kind.request, &queue_);
    call->reader->StartCall();
    call->reader->Finish(&call->response, &call->status, call);
  }

  void Reap() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
      const std::unique_ptr<OpenCall> call(static_cast<OpenCall*>(tag));
      const Clock::time_point now = Clock::now();
      const int code = call->status.error_code();
      const std::lock_guard<std::mutex> lock(mutex_);
      result_.outcomes.push_back({.ended_s = Seconds(now - start_),
                                  .latency_ms = Seconds(now - call->due) * 1e3,
                                  .code = code,
                                  .cancelled = call->cancelled});
      if (code != grpc::OK && !call->cancelled && result_.failures.size() < kMaxFailures)
        result_.failures.push_back({call->request_id, code, call->status.error_message()});
      --open_;
      changed_.notify_one();
    }
  }

  const Plan& plan_;
  const Clock::time_point start_;
  std::deque<grpc::GenericStub> stubs_;
  grpc::CompletionQueue queue_;
  // Of the thread that starts calls.
  uint64_t count_ = 0;
  std::deque<std::pair<Clock::time_point, std::shared_ptr<grpc::ClientContext>>> cancels_;

  std::mutex mutex_;
  std::condition_variable changed_;
  int open_ = 0;
  Result result_;
};

}  // namespace

Result Run(const Plan& plan) { return Runner(plan).Run(); }

}  // namespace trine::load
