// A progress bar on stderr, for work that takes longer than half a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace trine::cli {

enum class ProgressMode { kAuto, kAlways, kNever };  // auto: on a terminal only

class ProgressBar {
 public:
  // `total` [bytes] where it is known.
  ProgressBar(ProgressMode mode, bool quiet, std::string label, std::optional<uint64_t> total);
  ~ProgressBar();  // clears the line
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Draws at most ten times a second. Not to be called from two threads at once.
  void Update(uint64_t done);

 private:
  const bool shown_;
  const bool wait_;  // for half a second before the first drawing
  const std::string label_;
  const std::optional<uint64_t> total_;
  const std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
  bool any_ = false;
};

}  // namespace trine::cli
