// A service of test methods.
//
// All of /trine.test.v1.TestService/, BytesValue in and out:
//   Echo      the same bytes
//   Fail      the status whose code and reason the request names, "<code> <reason>"
//   Bare      a status without details, INTERNAL, with a path in its text
//   Throw     an exception
//   Wait      runs until it is cancelled (polls), or until Gate::Open
//   Where     "here" where it ran on the thread that it came on, else "pool"
//   Big       a response of so many bytes as the request's text says
//   Reserve   reserves so many bytes as the request's text says, for its work
//   EchoStream  each message back; two answers for "twice"; "end" at the end; "fail" fails
//   WaitStream  runs on its first message until it is cancelled
//   KeepStream  says that it holds as many bytes as its last message's text; answers each with "ok"
#pragma once

#include <google/protobuf/wrappers.pb.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "server/wire/rpc.h"

namespace trine::server::testing {

// What the test methods tell the test, and the other way round.
class Gate {
 public:
  // Called by Wait when it starts to run.
  void Enter();
  // Called by Wait when it ends; `stopped`: by its cancellation.
  void Exit(bool stopped);
  void Open();
  bool is_open() const { return open_.load(); }
  // Waits until `n` calls in all have entered (or exited); false after a minute.
  bool AwaitEntered(int n);
  bool AwaitExited(int n);
  int entered() const;
  int stopped() const;

 private:
  bool Await(const int& count, int n);

  std::atomic<bool> open_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int entered_ = 0;
  int exited_ = 0;
  int stopped_ = 0;
};

Registry TestRegistry(std::shared_ptr<Gate> gate);

inline constexpr char kEcho[] = "/trine.test.v1.TestService/Echo";
inline constexpr char kFail[] = "/trine.test.v1.TestService/Fail";
inline constexpr char kBare[] = "/trine.test.v1.TestService/Bare";
inline constexpr char kThrow[] = "/trine.test.v1.TestService/Throw";
inline constexpr char kWait[] = "/trine.test.v1.TestService/Wait";
inline constexpr char kWhere[] = "/trine.test.v1.TestService/Where";
inline constexpr uint64_t kInlineBytes = 100;  // of Where
inline constexpr char kBig[] = "/trine.test.v1.TestService/Big";
inline constexpr char kReserve[] = "/trine.test.v1.TestService/Reserve";
inline constexpr char kEchoStream[] = "/trine.test.v1.TestService/EchoStream";
inline constexpr char kWaitStream[] = "/trine.test.v1.TestService/WaitStream";
inline constexpr char kKeepStream[] = "/trine.test.v1.TestService/KeepStream";

}  // namespace trine::server::testing
