// trine bench: a simple load, to see what a server does; not a substitute for a load generator.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/command.h"
#include "client/cli/errors.h"
#include "client/cli/files/convert.h"
#include "client/cli/quantity.h"
#include "client/status.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

struct Args {
  std::string rpc = "normalize";
  std::string size = "1MiB";
  Flag size_given;
  std::string seconds = "5";
  int concurrency = 1;
};

using Call = std::function<absl::Status(client::Client*)>;

// Bytes that code to about half: letters with a skew, from a fixed generator.
std::string SomeBytes(uint64_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 12345;
  for (char& c : bytes) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>('a' + __builtin_ctz((state >> 8) | (1u << 20)));
  }
  return bytes;
}

// [1,C,H,W] of about `size` bytes, values 0 to 1.
void FillTensor(uint64_t size, v1::Tensor* tensor) {
  constexpr int64_t kChannels = 16;
  const auto positions = std::max<int64_t>(1, static_cast<int64_t>(size / 4) / kChannels);
  Tensor values = Tensor::Zeros(DType::kFloat32, {1, kChannels, 1, positions});
  uint32_t state = 1;
  for (size_t at = 0; at < values.data.size(); at += sizeof(float)) {
    state = state * 1664525 + 1013904223;
    StoreLE(&values.data[at], static_cast<float>(state >> 8) / 16777216.0F);
  }
  SetTensor(values.view(), tensor);
}

absl::StatusOr<Call> MakeCall(const std::string& rpc, uint64_t size, client::Client* client) {
  if (rpc == "info") return Call([](client::Client* c) { return c->GetServerInfo().status(); });
  if (rpc == "health") return Call([](client::Client* c) { return c->CheckHealth().status(); });
  if (rpc == "normalize") {
    auto request = std::make_shared<v1::NormalizeRequest>();
    FillTensor(size, request->mutable_tensor());
    return Call([request](client::Client* c) { return c->Normalize(*request).status(); });
  }
  if (rpc == "segment") {
    const auto side = std::max<int64_t>(1, std::llround(std::sqrt(static_cast<double>(size))));
    auto request = std::make_shared<v1::SegmentRequest>();
    v1::Tensor* tensor = request->mutable_image()->mutable_tensor();
    SetHead(DType::kUint8, {side, side}, tensor);
    tensor->set_data(SomeBytes(static_cast<uint64_t>(side * side)));
    return Call([request](client::Client* c) { return c->Segment(*request).status(); });
  }
  auto encode = std::make_shared<v1::EncodeRequest>();
  encode->set_data(SomeBytes(size));
  encode->mutable_options()->set_model(v1::CODING_MODEL_STATIC);
  if (rpc == "encode") {
    return Call([encode](client::Client* c) { return c->Encode(*encode).status(); });
  }
  TRINE_ASSIGN_OR_RETURN(v1::EncodeResponse coded, client->Encode(*encode));
  auto decode = std::make_shared<v1::DecodeRequest>();
  decode->set_coded(std::move(*coded.mutable_coded()));
  return Call([decode](client::Client* c) { return c->Decode(*decode).status(); });
}

struct Measured {
  std::vector<double> ms;  // of calls that were answered well
  std::map<absl::StatusCode, uint64_t> failed;
  absl::Status first_error;
  bool is_gone = false;  // the server: beyond that there is nothing to measure
  double seconds = 0;

  uint64_t errors() const {
    uint64_t sum = 0;
    for (const auto& [code, count] : failed) sum += count;
    return sum;
  }
};

Measured Load(const Call& call, int concurrency, std::chrono::milliseconds duration,
              client::Client* client) {
  using Clock = std::chrono::steady_clock;
  Measured all;
  std::mutex mutex;
  const Stopwatch watch;
  const Clock::time_point end = Clock::now() + duration;
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(concurrency));
  for (int i = 0; i < concurrency; ++i) {
    threads.emplace_back([&] {
      Measured mine;
      while (Clock::now() < end && !mine.is_gone) {
        const Stopwatch one;
        const absl::Status status = call(client);
        if (status.ok()) {
          mine.ms.push_back(one.ms());
        } else {
          ++mine.failed[status.code()];
          if (mine.first_error.ok()) mine.first_error = status;
          mine.is_gone = client::IsUnreachable(status);
        }
      }
      const std::lock_guard<std::mutex> lock(mutex);
      all.ms.insert(all.ms.end(), mine.ms.begin(), mine.ms.end());
      for (const auto& [code, count] : mine.failed) all.failed[code] += count;
      if (all.first_error.ok()) all.first_error = mine.first_error;
      all.is_gone = all.is_gone || mine.is_gone;
    });
  }
  for (std::thread& thread : threads) thread.join();
  all.seconds = watch.ms() / 1000;
  std::sort(all.ms.begin(), all.ms.end());
  return all;
}

// The value below which `part` of the sorted values lie (nearest rank).
double Percentile(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  const double rank = std::ceil(part * static_cast<double>(sorted.size()));
  return sorted[static_cast<size_t>(std::max(1.0, rank)) - 1];
}

void Report(const Args& args, uint64_t size, const Measured& m, const Session& session) {
  const double per_second = static_cast<double>(m.ms.size()) / m.seconds;
  const double bytes_per_second = per_second * static_cast<double>(size);
  session.PrintStatus(absl::StrFormat("%s, %s a call, %d at once, %.1f s: %d calls, %d errors",
                                      args.rpc, SizeText(size), args.concurrency, m.seconds,
                                      m.ms.size(), m.errors()));
  session.PrintStatus(absl::StrFormat("  throughput  %.1f calls/s, %s/s", per_second,
                                      SizeText(static_cast<uint64_t>(bytes_per_second))));
  session.PrintStatus(absl::StrFormat("  latency     p50 %.3f ms, p99 %.3f ms, longest %.3f ms",
                                      Percentile(m.ms, 0.5), Percentile(m.ms, 0.99),
                                      Percentile(m.ms, 1)));
  Json by_code = Json::object();
  for (const auto& [code, count] : m.failed) {
    const std::string name = absl::StatusCodeToString(code);
    session.PrintStatus(absl::StrFormat("  failed      %s %d", name, count));
    by_code[name] = count;
  }
  Json json;
  json["rpc"] = args.rpc;
  json["size_bytes"] = size;
  json["concurrency"] = args.concurrency;
  json["seconds"] = m.seconds;
  json["calls"] = m.ms.size();
  json["errors"] = m.errors();
  json["errors_by_code"] = by_code;
  json["calls_per_second"] = per_second;
  json["bytes_per_second"] = bytes_per_second;
  json["p50_ms"] = Percentile(m.ms, 0.5);
  json["p99_ms"] = Percentile(m.ms, 0.99);
  json["max_ms"] = Percentile(m.ms, 1);
  json["elapsed_ms"] = m.seconds * 1000;
  session.PrintResult(json, m.errors() > 0);
}

absl::Status RunBench(const Args& args, Session* session) {
  TRINE_ASSIGN_OR_RETURN(const uint64_t size, ParseSize(args.size, "--size"));
  TRINE_ASSIGN_OR_RETURN(const auto duration, ParseDuration(args.seconds, "--seconds", "s"));
  const bool no_payload = args.rpc == "info" || args.rpc == "health";
  if (no_payload && args.size_given->count() > 0) {
    return UsageError(absl::StrCat("--size: a call of ", args.rpc, " has no payload"));
  }
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  if (size == 0 || size > client->options().max_message_bytes) {
    return UsageError(absl::StrFormat("--size: it must be 1 to %d bytes (--max-message-bytes)",
                                      client->options().max_message_bytes));
  }
  TRINE_ASSIGN_OR_RETURN(const Call call, MakeCall(args.rpc, size, client));
  TRINE_RETURN_IF_ERROR(call(client));  // connects, warms up, fails where every call would
  const Measured measured = Load(call, args.concurrency, duration, client);
  Report(args, no_payload ? 0 : size, measured, *session);
  if (measured.failed.empty()) return absl::OkStatus();
  // The server answered before: it is not out of reach, but was lost.
  return MakeError(
      measured.first_error.code(), {.reason = "FAILED_CALLS"},
      absl::StrFormat("%d of %d calls failed; the first: %s%s", measured.errors(),
                      measured.errors() + measured.ms.size(), measured.first_error.message(),
                      measured.is_gone ? "; the server was lost before the time was over" : ""));
}

}  // namespace

void AddBenchCommand(Command app, Run* run) {
  auto args = std::make_shared<Args>();
  Command command = app->add_subcommand("bench", "Load a server and show throughput and latency");
  command->add_option("--rpc", args->rpc, "What is called. Default: normalize")
      ->check(IsMember({"normalize", "encode", "decode", "segment", "info", "health"}))
      ->type_name("NAME");
  args->size_given =
      command->add_option("--size", args->size, "Payload of a call [bytes]. Default: 1MiB")
          ->type_name("SIZE");
  command->add_option("--seconds", args->seconds, "How long, such as 5 or 500ms [s]. Default: 5")
      ->type_name("TIME");
  command->add_option("--concurrency", args->concurrency, "Calls at once, 1 to 256. Default: 1")
      ->check(InRange(1, 256))
      ->type_name("N");
  command->callback(
      [args, run] { *run = [args](Session* session) { return RunBench(*args, session); }; });
}

}  // namespace trine::cli
