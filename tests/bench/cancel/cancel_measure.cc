#include "tests/bench/cancel/cancel_measure.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/cancel.h"

namespace trine::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMoments = 24;
constexpr double kGoalMs = 20;
// What is later than the goal is measured again, up to so often, and the shortest time counts: it
// may have been another process's.
constexpr int kRuns = 3;

std::string_view wanted;

double Ms(Clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

double RunMs(const Context& context, const std::string& name, const Work& work) {
  const auto begin = Clock::now();
  if (absl::Status status = work(context); !status.ok()) Die(name, status);
  return Ms(Clock::now() - begin);
}

// How long the work goes on when it is cancelled so long after its start; nothing where it had
// ended before.
std::optional<double> LateMs(Context context, const std::string& name, double moment_ms,
                             const Work& work) {
  CancelSource source;
  context.cancel = source.token();
  absl::Status status;
  Clock::time_point ended;
  std::thread running([&] {
    status = work(context);
    ended = Clock::now();
  });
  std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(moment_ms));
  const auto cancelled = Clock::now();
  source.Cancel();
  running.join();
  if (!status.ok() && !absl::IsCancelled(status)) Die(name, status);
  // Work that comes to its end all the same after it was cancelled has not stopped any sooner.
  if (ended <= cancelled) return std::nullopt;
  return Ms(ended - cancelled);
}

}  // namespace

void Die(const std::string& name, const absl::Status& status) {
  std::fprintf(stderr, "cancel_bench: %s: %s\n", name.c_str(), status.ToString().c_str());
  std::exit(1);
}

void SetWanted(std::string_view text) { wanted = text; }

bool IsWanted(const std::string& name) {
  return ("cancel." + name).find(wanted) != std::string::npos;
}

double Stops::Worst() const { return ms.empty() ? 0 : *std::max_element(ms.begin(), ms.end()); }

Stops MeasureStops(ThreadPool* pool, const std::string& name, int moments, const Work& work) {
  Context context;
  context.pool = pool;
  RunMs(context, name, work);  // fresh memory, cold caches
  Stops stops;
  stops.whole_ms = RunMs(context, name, work);
  for (int i = 0; i < moments; ++i) {
    const double moment = 0.95 * static_cast<double>(i) / (moments - 1);
    std::optional<double> late = LateMs(context, name, moment * stops.whole_ms, work);
    for (int again = 1; again < kRuns && late.value_or(0) > kGoalMs; ++again) {
      const auto other = LateMs(context, name, moment * stops.whole_ms, work);
      if (other) late = std::min(*late, *other);
    }
    if (late) stops.ms.push_back(*late);
  }
  return stops;
}

void PrintRow(const ThreadPool& pool, const std::string& name, const std::string& what,
              std::vector<double> ms) {
  if (ms.empty()) ms.push_back(0);
  std::sort(ms.begin(), ms.end());
  const double worst = std::max(ms.back(), 1e-3);
  const double ratio = kGoalMs / worst;
  std::printf(
      "{\"name\": \"cancel.%s\", \"case\": \"worst of %zu moments, median %.2g ms: %s\", "
      "\"threads\": %d, \"unit\": \"ms\", \"ours\": %.3g, \"peer\": \"none\", \"peer_value\": %g, "
      "\"ratio\": %.3f, \"ratio_min\": %.3f, \"ratio_max\": %.3f}\n",
      name.c_str(), ms.size(), ms[ms.size() / 2], what.c_str(), pool.threads(), worst, kGoalMs,
      ratio, ratio, ratio);
  std::fflush(stdout);
}

void Measure(ThreadPool* pool, const std::string& name, const Work& work, bool makes_input) {
  if (!IsWanted(name)) {
    Context context;
    context.pool = pool;
    if (makes_input) RunMs(context, name, work);
    return;
  }
  Stops stops = MeasureStops(pool, name, kMoments, work);
  char what[32];
  std::snprintf(what, sizeof what, "%.0f ms long", stops.whole_ms);
  PrintRow(*pool, name, what, std::move(stops.ms));
}

}  // namespace trine::bench
