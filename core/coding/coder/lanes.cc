#include "core/coding/coder/lanes.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "core/base/error.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/container/polled.h"

// Byte tables in registers (VBMI) and what else Ice Lake and Zen 4 brought.
#define HWY_WANT_AVX3_DL 1

// Between plain code and SSE4 there is nothing to gain.
#define HWY_DISABLED_TARGETS HWY_SSSE3

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/coding/coder/lanes.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include "core/coding/coder/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {

using internal::Resolving;

// One row, a lane at a time.
inline void ResolveRow(uint64_t row, Resolving& at) {
  while (row != 0) {
    const int l = 63 - std::countl_zero(row);
    row ^= uint64_t{1} << l;
    at.to -= 2;
    StoreLE(at.to, static_cast<uint16_t>(at.next2[l]));
    const uint32_t digit = *--at.digit + at.carry[l];
    at.next2[l] = at.next1[l];
    at.next1[l] = digit & 0xFFFF;
    at.carry[l] = digit >> 16;
  }
}

#if !TRINE_LANES_SCALAR
// Stores may reach kLaneSlackBytes before the words.
template <size_t kLanes>
void ResolveRowsOf(const uint64_t* first, const uint64_t* last, Resolving& at) {
  constexpr size_t kGroups = kLanes / kGroup;
  const V32 low = hn::Set(kD32, 0xFFFF);
  const V32 iota = hn::Iota(kD32, 0);
  V32 next1[kGroups], next2[kGroups], carry[kGroups];
  for (size_t g = 0; g < kGroups; ++g) {
    next1[g] = hn::Load(kD32, at.next1 + g * kGroup);
    next2[g] = hn::Load(kD32, at.next2 + g * kGroup);
    carry[g] = hn::Load(kD32, at.carry + g * kGroup);
  }
  const uint32_t* from = at.digit;
  uint8_t* to = at.to;
  while (last != first) {
    const uint64_t row = *--last;
#pragma GCC unroll 4
    for (size_t k = 0; k < kGroups; ++k) {
      const size_t g = kGroups - 1 - k;
      const auto bits = static_cast<uint32_t>(row >> (g * kGroup)) & ((1u << kGroup) - 1);
      const int n = std::popcount(bits);
      const M32 mask = MaskOf(bits);
      // Words to the end of the vector: what else it writes lies before them.
      const V32 rotated = hn::And(hn::Add(iota, hn::Set(kD32, static_cast<uint32_t>(n))),
                                  hn::Set(kD32, static_cast<uint32_t>(kGroup - 1)));
      const V32 words =
          hn::TableLookupLanes(Pack(next2[g], mask, bits), hn::IndicesFromVec(kD32, rotated));
      hn::StoreU(hn::TruncateTo(D16(), words), D16(), reinterpret_cast<uint16_t*>(to - 2 * kGroup));
      to -= 2 * n;
      from -= n;
      const V32 digit = hn::Add(Expand(hn::LoadU(kD32, from), mask, bits), carry[g]);
      next2[g] = hn::IfThenElse(mask, next1[g], next2[g]);
      next1[g] = hn::IfThenElse(mask, hn::And(digit, low), next1[g]);
      carry[g] = hn::IfThenElse(mask, hn::ShiftRight<16>(digit), carry[g]);
    }
  }
  for (size_t g = 0; g < kGroups; ++g) {
    hn::Store(next1[g], kD32, at.next1 + g * kGroup);
    hn::Store(next2[g], kD32, at.next2 + g * kGroup);
    hn::Store(carry[g], kD32, at.carry + g * kGroup);
  }
  at.digit = from;
  at.to = to;
}
#endif

// Rows [first, last) in reverse.
void ResolveRows(const uint64_t* first, const uint64_t* last, int lanes, Resolving& at) {
#if !TRINE_LANES_SCALAR
  if (lanes == 16) return ResolveRowsOf<16>(first, last, at);
  if (lanes == 32) return ResolveRowsOf<32>(first, last, at);
  if (lanes == 64) return ResolveRowsOf<64>(first, last, at);
#endif
  (void)lanes;
  while (last != first) ResolveRow(*--last, at);
}

}  // namespace trine::coding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::coding {

HWY_EXPORT(ResolveRows);

EncoderLanes::EncoderLanes(int log2) : lanes_log2(log2) {
  std::fill_n(low, format::kMaxLanes, 0);
  std::fill_n(range, format::kMaxLanes, ~0u);
  std::fill_n(carry, format::kMaxLanes, 0);
}

bool DecoderLanes::Start(int log2, ByteView in) {
  lanes_log2 = log2;
  if (in.size() < static_cast<size_t>(lanes()) * 4) return false;
  next = in.data();
  end = in.data() + in.size();
  for (int l = 0; l < lanes(); ++l, next += 4) {
    code[l] = LoadLE<uint32_t>(next);
    range[l] = ~0u;
    if (code[l] == ~0u) return false;
  }
  return true;
}

absl::Status WrongInitialCodes() {
  return Corrupt("the lanes' initial codes are cut off or out of range");
}

absl::Status CheckLanesEnd(bool missing, bool all_read, bool all_zero) {
  if (missing) return Corrupt("the payload ends before its last symbol");
  if (!all_read) return Corrupt("the payload goes on after its last symbol");
  if (all_zero) return absl::OkStatus();
  return Corrupt("a lane's final code value is wrong: the payload is damaged");
}

absl::Status DecoderLanes::CheckEnd() const {
  return CheckLanesEnd(missing, next == end,
                       std::all_of(code, code + lanes(), [](uint32_t c) { return c == 0; }));
}

absl::Status WriteWords(const EncoderLanes& lanes, const uint64_t* first_row,
                        const uint32_t* first_digit, const CancelToken& cancel, std::string* out) {
  const auto n = static_cast<size_t>(lanes.lanes());
  const auto digits = static_cast<size_t>(lanes.digits - first_digit);
  const size_t begin = out->size();
  TRINE_RETURN_IF_ERROR(GrowPolled(n * 4 + digits * 2, cancel, out));
  auto* const start = reinterpret_cast<uint8_t*>(out->data() + begin);
  internal::Resolving at;
  for (size_t l = 0; l < n; ++l) {  // the last two digits are `low` itself
    at.next1[l] = lanes.low[l] >> 16;
    at.next2[l] = lanes.low[l] & 0xFFFF;
    at.carry[l] = lanes.carry[l] >> 16;
  }
  at.digit = lanes.digits;
  at.to = start + n * 4 + digits * 2;
  constexpr ptrdiff_t kPollRows = 1 << 14;
  for (const uint64_t* last = lanes.rows; last != first_row;) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    const uint64_t* const first = last - std::min(kPollRows, last - first_row);
    HWY_DYNAMIC_DISPATCH(ResolveRows)(first, last, lanes.lanes(), at);
    last = first;
  }
  for (size_t l = n; l-- > 0;) {
    at.to -= 4;
    StoreLE(at.to, at.next1[l] << 16 | at.next2[l]);
  }
  assert(at.to == start);
  return absl::OkStatus();
}

}  // namespace trine::coding
#endif  // HWY_ONCE
