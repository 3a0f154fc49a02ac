// What all rows of the coding group share: measuring in pairs, and the JSON lines on stdout.
//
// For one thread: the settings are set once, at the program's start.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace trine::bench {

using Work = std::function<void()>;

struct Row {
  std::string name;
  std::string what;  // the case
  int threads = 1;
};

// One of those that are compared.
struct Contender {
  std::string name;
  uint64_t raw_bytes = 0;  // that one call of `work` codes or restores
  Work work;
  Work prepare = {};  // called before each `work`, not timed; may be absent
};

[[noreturn]] void Die(const std::string& what);

// `seconds` is about the length of one measurement; rows whose names do not contain `wanted` are
// not measured.
void SetMeasuring(double seconds, std::string_view wanted);
bool IsWanted(std::string_view row_name);

// Measures `ours` and each of `peers` in turn, over and over, and prints a row for each peer in
// 10^6 raw bytes a second; without peers one row with the peer "none" and the ratio 1.
void CompareSpeeds(const Row& row, const Contender& ours, const std::vector<Contender>& peers);

// Prints a row of bytes: the ratio is the peer's over ours. `note` says what ours consists of.
void PrintSizes(const Row& row, uint64_t ours, const std::string& peer, uint64_t peer_bytes,
                const std::string& note);

}  // namespace trine::bench
