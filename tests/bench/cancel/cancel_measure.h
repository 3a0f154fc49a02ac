// How long work goes on after it was cancelled, at several moments of its run.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/runtime/context.h"
#include "core/runtime/thread_pool.h"

namespace trine::bench {

// REQUIRES: `pool` and what the work refers to outlive the call.
using Work = std::function<absl::Status(const Context&)>;

[[noreturn]] void Die(const std::string& name, const absl::Status& status);

// Only rows whose names contain `text` are measured.
void SetWanted(std::string_view text);
// `name` is the row's without "cancel.".
bool IsWanted(const std::string& name);

struct Stops {
  double whole_ms = 0;     // of a run to its end
  std::vector<double> ms;  // from being cancelled to the return; without runs that had ended

  double Worst() const;
};

// Runs `work` twice to its end, the second time to measure it, and then cancels it at `moments`
// moments, evenly from its start to nearly its end.
Stops MeasureStops(ThreadPool* pool, const std::string& name, int moments, const Work& work);

// The row of `ms` as a JSON object on stdout, against the goal; `what` says of what.
void PrintRow(const ThreadPool& pool, const std::string& name, const std::string& what,
              std::vector<double> ms);

// Both of a row of one kind of work. `makes_input`: a later row needs what `work` leaves behind, so
// that it runs once at least.
void Measure(ThreadPool* pool, const std::string& name, const Work& work, bool makes_input = false);

}  // namespace trine::bench
