#include "core/coding/models/adaptive/drifting_table.h"

#include <algorithm>

#include "core/base/bytes.h"

// Between plain code and SSE4 there is nothing to gain.
#define HWY_DISABLED_TARGETS HWY_SSSE3

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/coding/models/adaptive/drifting_table.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using internal::DriftSums;
using internal::DriftTop;
using D = hn::CappedTag<uint32_t, 16>;
constexpr size_t kLanes = hn::MaxLanes(D());

// Adds the counts to both memories, which lose what they lose.
DriftSums Remember(const uint32_t* HWY_RESTRICT counts, int slow_shift, int fast_shift,
                   uint32_t* HWY_RESTRICT slow, uint32_t* HWY_RESTRICT fast) {
  const D d;
  auto slow_sum = hn::Zero(d), fast_sum = hn::Zero(d);
  for (size_t s = 0; s < 256; s += kLanes) {
    const auto added = hn::ShiftLeft<6>(hn::Load(d, counts + s));
    const auto before = hn::Load(d, slow + s);
    // A shift of 31 loses nothing: the numbers are below 2^31.
    const auto kept = hn::Sub(before, hn::ShiftRightSame(before, slow_shift));
    const auto slow_now = hn::Add(kept, added);
    const auto fast_now = hn::Add(hn::ShiftRightSame(hn::Load(d, fast + s), fast_shift), added);
    hn::Store(slow_now, d, slow + s);
    hn::Store(fast_now, d, fast + s);
    slow_sum = hn::Add(slow_sum, slow_now);
    fast_sum = hn::Add(fast_sum, fast_now);
  }
  return {hn::GetLane(hn::SumOfLanes(d, slow_sum)), hn::GetLane(hn::SumOfLanes(d, fast_sum))};
}

// freqs = (slow * slow_factor + fast * fast_factor) >> 20, one more for what is present. Returns
// the largest frequency * 256 + 255 - its symbol, the smallest of several.
DriftTop Weigh(const uint32_t* HWY_RESTRICT slow, const uint32_t* HWY_RESTRICT fast,
               const uint32_t* HWY_RESTRICT present, uint32_t slow_factor, uint32_t fast_factor,
               uint32_t* HWY_RESTRICT freqs) {
  const D d;
  const auto slow_by = hn::Set(d, slow_factor), fast_by = hn::Set(d, fast_factor);
  auto sum = hn::Zero(d), top = hn::Zero(d);
  auto symbol = hn::Sub(hn::Set(d, 255), hn::Iota(d, 0));
  const auto step = hn::Set(d, static_cast<uint32_t>(kLanes));
  for (size_t s = 0; s < 256; s += kLanes) {
    const auto weight =
        hn::Add(hn::Mul(hn::Load(d, slow + s), slow_by), hn::Mul(hn::Load(d, fast + s), fast_by));
    const auto freq = hn::Add(hn::ShiftRight<20>(weight), hn::Load(d, present + s));
    hn::Store(freq, d, freqs + s);
    sum = hn::Add(sum, freq);
    top = hn::Max(top, hn::Or(hn::ShiftLeft<8>(freq), symbol));
    symbol = hn::Sub(symbol, step);
  }
  return {hn::GetLane(hn::MaxOfLanes(d, top)), hn::GetLane(hn::SumOfLanes(d, sum))};
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::coding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::coding {

HWY_EXPORT(Remember);
HWY_EXPORT(Weigh);

namespace {

// A symbol that was never seen counts as 26/64 of one.
constexpr uint32_t kUnseen = 26;

void CountPiece(const uint8_t* symbols, size_t n, std::array<uint32_t, 256>& counts) {
  std::array<uint32_t, 256> odd{};
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const auto word = LoadLE<uint64_t>(symbols + i);
    for (int k = 0; k < 64; k += 16) {
      ++counts[word >> k & 0xFF];
      ++odd[word >> (k + 8) & 0xFF];
    }
  }
  for (; i < n; ++i) ++counts[symbols[i]];
  for (size_t s = 0; s < 256; ++s) counts[s] += odd[s];
}

}  // namespace

DriftingTable::DriftingTable(const DriftParams& params, const std::array<bool, 256>& present)
    : params_(params) {
  for (size_t s = 0; s < 256; ++s) {
    present_[s] = present[s];
    present_count_ += present[s];
    slow_[s] = fast_[s] = present[s] ? kUnseen : 0;
  }
  Learn(nullptr, 0);
}

void DriftingTable::Learn(const uint8_t* symbols, size_t n) {
  alignas(64) std::array<uint32_t, 256> counts{};
  CountPiece(symbols, n, counts);
  const bool whole = n == size_t{1} << params_.piece_log2;
  const auto [slow_sum, fast_sum] =
      HWY_DYNAMIC_DISPATCH(Remember)(counts.data(), whole ? params_.slow_shift : 31,
                                     n == 0 ? 0 : params_.fast_shift, slow_.data(), fast_.data());
  seen_ += n;
  piece_ = static_cast<size_t>(std::clamp(seen_, uint64_t{1} << DriftParams::kMinPieceLog2,
                                          uint64_t{1} << params_.piece_log2));
  // Each part's share of the total, but for the one that each present symbol has anyway.
  const uint64_t shared = uint64_t{kTotal - present_count_} << 20;
  const uint64_t fast = shared / 16 * static_cast<uint64_t>(params_.fast_share);
  const auto slow_factor = static_cast<uint32_t>((shared - fast) / slow_sum);
  const auto fast_factor = static_cast<uint32_t>(fast / std::max(fast_sum, 1u));
  const auto [key, sum] = HWY_DYNAMIC_DISPATCH(Weigh)(slow_.data(), fast_.data(), present_.data(),
                                                      slow_factor, fast_factor, freqs_.data());
  const size_t top = 255 - (key & 0xFF);
  freqs_[top] += kTotal - sum;
  // Ascending, but the most frequent one last.
  uint32_t start = 0;
  const uint32_t most = freqs_[top];
  freqs_[top] = 0;
  for (size_t s = 0; s < 256; ++s) {
    starts_[s] = start;
    start += freqs_[s];
  }
  starts_[top] = start;
  freqs_[top] = most;
}

}  // namespace trine::coding
#endif  // HWY_ONCE
