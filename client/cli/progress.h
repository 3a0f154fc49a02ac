// A progress bar on stderr, for work that takes longer than half a second.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trine::cli {

enum class ProgressMode { kAuto, kAlways, kNever };  // auto: on a terminal only

// "label [####....] 33 % 1.0 MiB of 3.0 MiB, 512.0 KiB/s, 4 s left" after `seconds` of work;
// without `total` no bar and no end. Where that is longer than `columns` (0: any length), without
// the bar, and then without the start of the label.
std::string ProgressText(std::string_view label, uint64_t done, std::optional<uint64_t> total,
                         double seconds, size_t columns = 0);

class ProgressBar {
 public:
  // `total`: raw bytes, where their number is known.
  ProgressBar(ProgressMode mode, bool quiet, std::string label, std::optional<uint64_t> total);
  ~ProgressBar();  // clears the line
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // False: nothing will be drawn.
  bool shown() const { return shown_; }
  // Before the first Update.
  void set_total(std::optional<uint64_t> total) { total_ = total; }

  // Draws at most ten times a second, and not before the first byte. Not to be called from two
  // threads at once.
  void Update(uint64_t done);

 private:
  const bool shown_;
  const bool wait_;  // for half a second before the first drawing
  const std::string label_;
  std::optional<uint64_t> total_;
  const size_t columns_;  // of the terminal; 0: it is none
  const std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
  bool any_ = false;
};

}  // namespace trine::cli
