// Measuring the rows of the segment group in turns, and the JSON lines on stdout.
//
// For one thread: the settings are set once, at the program's start.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace trine::bench {

struct Row {
  std::string name;
  std::string what;  // the case
  int threads = 1;
};

// One of those that are compared.
struct Contender {
  std::string name;
  std::string note;
  std::function<double()> seconds;  // does the work once; how long it took
};

[[noreturn]] void Die(const std::string& what);

// What `work` takes, as a Contender's: of the processor where this thread does all of it, so that
// whoever else is on the machine does not count; else of the time that passes.
enum class Clock : uint8_t { kThisThread, kPassing };
std::function<double()> Timed(Clock clock, std::function<void()> work);

// `seconds` is about the length of one measurement; rows whose names do not contain `wanted` are
// not measured.
void SetMeasuring(double seconds, std::string_view wanted);
bool IsWanted(std::string_view row_name);

// Measures `ours` and each of `peers` in turn, over and over, and prints a row of milliseconds for
// each peer; without peers one row with the peer "none" and the ratio 1.
void CompareTimes(const Row& row, const Contender& ours, const std::vector<Contender>& peers);

}  // namespace trine::bench
