// What the recovery of a stream has lost so far, and the zeros that take its place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "core/base/long_array.h"
#include "core/base/strings.h"
#include "core/coding/stream/recover.h"

namespace trine::coding {

class LossLog {
 public:
  explicit LossLog(bool skip_lost) : skip_lost_(skip_lost) {}

  RecoverReport& report() { return report_; }
  const RecoverReport& report() const { return report_; }
  uint64_t HeldBytes() const { return report_.damages.capacity() * sizeof(Damage); }

  void Add(Damage damage) {
    ++report_.damages_total;
    report_.raw_bytes_lost += damage.raw_bytes;
    is_last_listed_ = report_.damages.size() < RecoverReport::kMaxListed;
    if (is_last_listed_) report_.damages.push_back(std::move(damage));
  }

  // The stretch that was lost with the last damage was found to be so long.
  void Lose(uint64_t raw_bytes) {
    report_.raw_bytes_lost += raw_bytes;
    if (is_last_listed_) report_.damages.back().raw_bytes += raw_bytes;
    Fill(raw_bytes);
  }

  // Zeros are to be handed out for so many lost bytes, unless they are left out.
  void Fill(uint64_t raw_bytes) {
    if (!skip_lost_ && raw_bytes <= StreamRecoverer::kMaxFilledBytes) zeros_ += raw_bytes;
  }
  // Some of those zeros; empty where there are none left.
  LongArray<uint8_t> TakeZeros() {
    const uint64_t n = std::min(zeros_, kZerosAtOnce);
    zeros_ -= n;
    return LongArray<uint8_t>::Zeros(static_cast<size_t>(n));
  }

  // The text of an error without what a Damage says in fields of its own.
  static std::string ReasonOf(const absl::Status& status) {
    std::string_view text = ToStd(status.message());
    for (std::string_view prefix : {"corrupt stream: ", "data: "}) {
      if (text.substr(0, prefix.size()) == prefix) text.remove_prefix(prefix.size());
    }
    return std::string(text.substr(0, text.find(" (b")));
  }

 private:
  static constexpr uint64_t kZerosAtOnce = uint64_t{1} << 20;

  const bool skip_lost_;
  RecoverReport report_;
  bool is_last_listed_ = false;
  uint64_t zeros_ = 0;
};

}  // namespace trine::coding
