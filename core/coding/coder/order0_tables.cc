// The tables of order0_kernels.h from frequencies.
#include <algorithm>

#include "core/coding/coder/order0_kernels.h"

// As order0_kernels.cc: what it looks up is made here.
#define HWY_WANT_AVX3_DL 1
#define HWY_DISABLED_TARGETS HWY_SSSE3

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/coding/coder/order0_tables.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include "core/coding/coder/lanes_ops-inl.h"

#undef TRINE_BYTE_TABLES
#if HWY_TARGET <= HWY_AVX3_DL && HWY_ARCH_X86
#define TRINE_BYTE_TABLES 1
#else
#define TRINE_BYTE_TABLES 0
#endif

HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {
namespace {

using DT = hwy::HWY_NAMESPACE::CappedTag<uint32_t, 16>;
constexpr size_t kTableLanes = hwy::HWY_NAMESPACE::MaxLanes(DT());

// The four bytes of each part apart. (The parts of symbols that do not occur are 0.)
void BuildParts(const uint32_t* starts, const uint32_t* freqs, int bits, Order0Parts& table) {
  namespace hw = hwy::HWY_NAMESPACE;
  const DT d;
  const auto total = hw::Set(d, 1u << bits);
  for (size_t s = 0; s < 256; s += kTableLanes) {
    const auto start = hw::LoadU(d, starts + s), freq = hw::LoadU(d, freqs + s);
    // Of the last symbol nothing but the start.
    const auto upper =
        hw::IfThenZeroElse(hw::Eq(hw::Add(start, freq), total), hw::ShiftLeft<16>(freq));
    const auto part = hw::IfThenZeroElse(hw::Eq(freq, hw::Zero(d)), hw::Or(start, upper));
    hw::StoreU(part, d, table.parts.data() + s);
  }
#if TRINE_BYTE_TABLES
  for (size_t s = 0; s < 256; s += 16) {
    const V32 part = hn::Load(kD32, table.parts.data() + s);
    StoreBytes(part, table.planes[0].data() + s);
    StoreBytes(hn::ShiftRight<8>(part), table.planes[1].data() + s);
    StoreBytes(hn::ShiftRight<16>(part), table.planes[2].data() + s);
    StoreBytes(hn::ShiftRight<24>(part), table.planes[3].data() + s);
  }
#endif
}

// `entry` from `to` on, up to kSlack beyond `count` of them.
HWY_INLINE void FillSlots(uint32_t* to, uint32_t count, uint32_t entry) {
  const DT d;
  const auto entries = hwy::HWY_NAMESPACE::Set(d, entry);
  uint32_t k = 0;
  do {
    for (size_t i = 0; i < Order0Slots::kSlack; i += kTableLanes) {
      hwy::HWY_NAMESPACE::StoreU(entries, d, to + k + i);
    }
    k += Order0Slots::kSlack;
  } while (HWY_UNLIKELY(k < count));
}

void BuildSlots(const uint32_t* starts, const uint32_t* freqs, int bits, Order0Slots& table) {
  // In the order of the slots: what is written beyond a symbol's is overwritten by the next one.
  size_t last = 0;
  for (size_t s = 0; s < 256; ++s) {
    const uint32_t start = starts[s], freq = freqs[s];
    if (freq == 0) continue;
    if (start + freq == 1u << bits) {
      last = s;
      continue;
    }
    FillSlots(table.packed.data() + start, freq,
              start << 20 | freq << 8 | static_cast<uint32_t>(s));
  }
  FillSlots(table.packed.data() + starts[last], freqs[last],
            starts[last] << 20 | static_cast<uint32_t>(last));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::coding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::coding {

HWY_EXPORT(BuildParts);
HWY_EXPORT(BuildSlots);

namespace {

// Freq 0 where the part ends at the total.
uint32_t Part(uint32_t start, uint32_t freq, int bits) {
  return start | (start + freq == 1u << bits ? 0 : freq << 16);
}

}  // namespace

void Order0Parts::Build(int total_bits, const std::array<uint32_t, 256>& starts,
                        const std::array<uint32_t, 256>& freqs) {
  bits = total_bits;
  HWY_DYNAMIC_DISPATCH(BuildParts)(starts.data(), freqs.data(), bits, *this);
}

void Order0Slots::Build(int total_bits, const std::array<uint32_t, 256>& starts,
                        const std::array<uint32_t, 256>& freqs) {
  bits = total_bits;
  if (bits <= kMaxPackedBits) {
    HWY_DYNAMIC_DISPATCH(BuildSlots)(starts.data(), freqs.data(), bits, *this);
    return;
  }
  for (size_t s = 0; s < 256; ++s) {
    parts[s] = Part(starts[s], freqs[s], bits);
    std::fill_n(symbols.begin() + starts[s], freqs[s], static_cast<uint8_t>(s));
  }
}

}  // namespace trine::coding
#endif  // HWY_ONCE
