#include "core/coding/stream/loss_log.h"

#include <string_view>

#include "core/base/strings.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/stream/layout.h"

namespace trine::coding {
namespace {

constexpr uint64_t kZerosAtOnce = uint64_t{1} << 20;

}  // namespace

void LossLog::BeginStream() {
  begin_ += raw_offset_;
  raw_offset_ = 0;
  blocks_ = 0;
  longest_block_ = 0;
}

bool LossLog::IsPastRange() const {
  return range_.has_value() && range_->length != 0 && place() >= range_->offset &&
         place() - range_->offset >= range_->length;
}

absl::Status LossLog::End(uint64_t coded_offset) {
  Settle();
  if (!range_.has_value()) return absl::OkStatus();
  absl::Status status = CheckRange(*range_, place());
  if (status.ok() || !any_) return status;
  if (report_.damages_total != 0) return absl::OkStatus();
  Add({kNoBlock, std::max(place(), range_->offset), 0, coded_offset,
       "the stream ends before the range does"});
  return absl::OkStatus();
}

void LossLog::Add(Damage damage) {
  Settle();
  any_ = true;
  ++report_.damages_total;
  report_.raw_bytes_lost += damage.raw_bytes;
  last_ = {damage.raw_offset, damage.raw_bytes};
  is_last_listed_ = report_.damages.size() < RecoverReport::kMaxListed;
  if (is_last_listed_) report_.damages.push_back(std::move(damage));
}

void LossLog::Lose(uint64_t raw_bytes) {
  report_.raw_bytes_lost += raw_bytes;
  if (is_last_listed_) report_.damages.back().raw_bytes += raw_bytes;
  if (last_.has_value()) last_->length += raw_bytes;
  Fill(raw_bytes);
  raw_offset_ += raw_bytes;
}

void LossLog::LoseBlocks(uint64_t blocks, uint64_t raw_bytes) {
  blocks_ += blocks;
  if (IsWanted({place(), raw_bytes})) report_.blocks_lost += blocks;
}

void LossLog::Fill(uint64_t raw_bytes) {
  const uint64_t wanted = NextPart(raw_bytes).length;
  if (!skip_lost_ && wanted <= StreamRecoverer::kMaxFilledBytes) zeros_ += wanted;
}

void LossLog::Settle() {
  if (last_.has_value() && !IsWanted(*last_)) {
    --report_.damages_total;
    report_.raw_bytes_lost -= last_->length;
    if (is_last_listed_) report_.damages.pop_back();
  } else if (last_.has_value() && last_->length != 0) {
    const ByteRange part = PartOf(*last_, range_);
    report_.raw_bytes_lost -= last_->length - part.length;
    if (is_last_listed_) {
      report_.damages.back().raw_offset += part.offset;
      report_.damages.back().raw_bytes = part.length;
    }
  }
  last_.reset();
  is_last_listed_ = false;
}

LongArray<uint8_t> LossLog::TakeZeros() {
  const uint64_t n = std::min(zeros_, kZerosAtOnce);
  zeros_ -= n;
  return LongArray<uint8_t>::Zeros(static_cast<size_t>(n));
}

std::string LossLog::ReasonOf(const absl::Status& status) {
  std::string_view text = ToStd(status.message());
  for (std::string_view prefix : {"corrupt stream: ", "data: "}) {
    if (text.substr(0, prefix.size()) == prefix) text.remove_prefix(prefix.size());
  }
  return std::string(text.substr(0, text.find(" (b")));
}

}  // namespace trine::coding
