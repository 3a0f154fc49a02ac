#include "client/cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/quantity.h"
#include "core/base/strings.h"

namespace trine::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kFirst{500};
constexpr std::chrono::milliseconds kBetween{100};
constexpr size_t kBarWidth = 24;
constexpr size_t kLeastLabel = 11;

bool Shown(ProgressMode mode, bool quiet) {
  if (mode == ProgressMode::kAlways) return true;
  return mode == ProgressMode::kAuto && !quiet && isatty(STDERR_FILENO) != 0;
}

double PartOf(uint64_t done, uint64_t total) {
  return total == 0 ? 1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
}

std::string Bar(double part) {
  const size_t full = static_cast<size_t>(part * kBarWidth);
  return absl::StrCat("[", std::string(full, '#'), std::string(kBarWidth - full, '.'), "]");
}

// The end of `label`, with dots before it, where it is longer than `room`.
std::string Shortened(std::string_view label, size_t room) {
  room = std::max(room, kLeastLabel);
  if (label.size() <= room) return std::string(label);
  return absl::StrCat("...", ToAbsl(label.substr(label.size() - (room - 3))));
}

size_t ColumnsOfStderr() {
  struct winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::string TimeText(double seconds) {
  const auto s = static_cast<uint64_t>(std::ceil(std::min(seconds, 1e9)));
  if (s < 60) return absl::StrFormat("%d s", s);
  if (s < 3600) return absl::StrFormat("%d min %02d s", s / 60, s % 60);
  return absl::StrFormat("%d h %02d min", s / 3600, s % 3600 / 60);
}

}  // namespace

std::string ProgressText(std::string_view label, uint64_t done, std::optional<uint64_t> total,
                         double seconds, size_t columns) {
  const double rate = static_cast<double>(done) / std::max(seconds, 1e-3);
  std::string bar, text;
  if (total.has_value()) {
    const double part = PartOf(done, *total);
    bar = absl::StrCat(" ", Bar(part));
    text = absl::StrFormat(" %3.0f %%", part * 100);
  }
  absl::StrAppend(&text, " ", SizeText(done));
  if (total.has_value()) absl::StrAppend(&text, " of ", SizeText(*total));
  absl::StrAppend(&text, ", ", SizeText(static_cast<uint64_t>(rate)), "/s");
  if (total.has_value() && done > 0) {
    const uint64_t rest = *total - std::min(done, *total);
    absl::StrAppend(&text, ", ", TimeText(static_cast<double>(rest) / std::max(rate, 1.0)),
                    " left");
  }
  if (columns == 0 || label.size() + bar.size() + text.size() < columns) {
    return absl::StrCat(ToAbsl(label), bar, text);
  }
  // The last column stays free: what fills it wraps on some terminals.
  const size_t room = columns - std::min(columns, text.size() + 1);
  return absl::StrCat(Shortened(label, room), text);
}

ProgressBar::ProgressBar(ProgressMode mode, bool quiet, std::string label,
                         std::optional<uint64_t> total)
    : shown_(Shown(mode, quiet)),
      wait_(mode != ProgressMode::kAlways),
      label_(std::move(label)),
      total_(total),
      columns_(shown_ ? ColumnsOfStderr() : 0),
      start_(Clock::now()) {}

ProgressBar::~ProgressBar() {
  if (any_) std::fputs("\r\033[K", stderr);
}

void ProgressBar::Update(uint64_t done) {
  if (!shown_ || done == 0) return;
  const Clock::time_point now = Clock::now();
  if (wait_ && now - start_ < kFirst) return;
  if (any_ && now - drawn_ < kBetween) return;
  any_ = true;
  drawn_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  std::fprintf(stderr, "\r\033[K%s", ProgressText(label_, done, total_, seconds, columns_).c_str());
  std::fflush(stderr);
}

}  // namespace trine::cli
