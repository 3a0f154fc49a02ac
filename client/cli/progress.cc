#include "client/cli/progress.h"

#include <unistd.h>

#include <algorithm>
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

bool Shown(ProgressMode mode, bool quiet) {
  if (mode == ProgressMode::kAlways) return true;
  return mode == ProgressMode::kAuto && !quiet && isatty(STDERR_FILENO) != 0;
}

std::string Bar(uint64_t done, uint64_t total) {
  const double part =
      total == 0 ? 1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const size_t full = static_cast<size_t>(part * kBarWidth);
  return absl::StrFormat("[%s%s] %3.0f %%", std::string(full, '#'),
                         std::string(kBarWidth - full, '.'), part * 100);
}

std::string TimeText(double seconds) {
  const auto s = static_cast<uint64_t>(std::min(seconds, 1e9) + 0.5);
  if (s < 60) return absl::StrFormat("%d s", s);
  if (s < 3600) return absl::StrFormat("%d min %02d s", s / 60, s % 60);
  return absl::StrFormat("%d h %02d min", s / 3600, s % 3600 / 60);
}

}  // namespace

std::string ProgressText(std::string_view label, uint64_t done, std::optional<uint64_t> total,
                         double seconds) {
  const double rate = static_cast<double>(done) / std::max(seconds, 1e-3);
  const std::string speed = absl::StrCat(", ", SizeText(static_cast<uint64_t>(rate)), "/s");
  if (!total.has_value()) return absl::StrCat(ToAbsl(label), " ", SizeText(done), speed);
  std::string text = absl::StrCat(ToAbsl(label), " ", Bar(done, *total), " ", SizeText(done),
                                  " of ", SizeText(*total), speed);
  if (done > 0) {
    const uint64_t rest = *total - std::min(done, *total);
    absl::StrAppend(&text, ", ", TimeText(static_cast<double>(rest) / std::max(rate, 1.0)),
                    " left");
  }
  return text;
}

ProgressBar::ProgressBar(ProgressMode mode, bool quiet, std::string label,
                         std::optional<uint64_t> total)
    : shown_(Shown(mode, quiet)),
      wait_(mode != ProgressMode::kAlways),
      label_(std::move(label)),
      total_(total),
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
  std::fprintf(stderr, "\r\033[K%s", ProgressText(label_, done, total_, seconds).c_str());
  std::fflush(stderr);
}

}  // namespace trine::cli
