// What the vector loops of order 1 know of their contexts: the rows of a block a cache line a lane
// at a time, and where the decoder's slots of each lane's context are. No header guard of the usual
// kind: Highway includes this anew for every target.
#if defined(TRINE_CODING_ORDER1_CONTEXTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRINE_CODING_ORDER1_CONTEXTS_INL_H_
#undef TRINE_CODING_ORDER1_CONTEXTS_INL_H_
#else
#define TRINE_CODING_ORDER1_CONTEXTS_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/coding/coder/lanes_ops-inl.h"
#include "core/coding/models/static/order1_kernels.h"

#if !TRINE_LANES_SCALAR
HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {
namespace {

constexpr size_t kRowsAtOnce = 4;  // the bytes of a 32-bit number

// Rows of all lanes in the order in which the lanes are coded, four rows a number. The stretches of
// a block of 2^20 bytes begin at addresses that share their low 14 bits, and so a set of the first
// cache, which holds a few of them only: between two visits a stretch is gone from it. So a lane's
// bytes go between block and tile a cache line at a time.
template <size_t kLanes>
struct Tile {
  static constexpr size_t kFours = 16;
  static constexpr size_t kRows = kFours * kRowsAtOnce;

  alignas(64) uint32_t fours[kFours][kLanes];

  // `from` and `to`: the first row's byte of the first lane's stretch.
  HWY_INLINE void Read(const uint8_t* from, size_t stretch, size_t count) {
    for (size_t l = 0; l < kLanes; ++l, from += stretch) {
      for (size_t k = 0; k < count; ++k) std::memcpy(&fours[k][l], from + 4 * k, 4);
    }
  }
  HWY_INLINE void Write(size_t count, size_t stretch, uint8_t* to) const {
    for (size_t l = 0; l < kLanes; ++l, to += stretch) {
      for (size_t k = 0; k < count; ++k) std::memcpy(to + 4 * k, &fours[k][l], 4);
    }
  }
};

// What the decoder knows of the lanes' contexts.
template <size_t kGroups>
struct Contexts {
  V32 bits[kGroups];
  V32 begin[kGroups];
};

#if HWY_TARGET <= HWY_AVX3_DL && HWY_ARCH_X86

// table[index] of 256 bytes, for 64 indices.
HWY_INLINE __m512i LookUpBytes(const std::array<uint8_t, 256>& table, __m512i index,
                               __mmask64 upper_half) {
  const uint8_t* const t = table.data();
  const __m512i lower = _mm512_permutex2var_epi8(_mm512_load_si512(t), index,  //
                                                 _mm512_load_si512(t + 64));
  const __m512i upper =
      _mm512_permutex2var_epi8(_mm512_load_si512(t + 128), index, _mm512_load_si512(t + 192));
  return _mm512_mask_mov_epi8(lower, upper_half, upper);
}

// Three look-ups of all lanes at once, in place of a gather for each group.
template <size_t kGroups>
class ContextTable {
 public:
  explicit ContextTable(const Order1Slots& table) : table_(table) {}

  HWY_INLINE Contexts<kGroups> LookUp(const V32 (&context)[kGroups]) {
    __m512i index = _mm512_castsi128_si512(_mm512_cvtepi32_epi8(context[0].raw));
    if constexpr (kGroups > 1) {
      index = _mm512_inserti32x4(index, _mm512_cvtepi32_epi8(context[1].raw), 1);
    }
    if constexpr (kGroups > 2) {
      index = _mm512_inserti32x4(index, _mm512_cvtepi32_epi8(context[2].raw), 2);
      index = _mm512_inserti32x4(index, _mm512_cvtepi32_epi8(context[3].raw), 3);
    }
    const __mmask64 upper_half = _mm512_movepi8_mask(index);
    const __m512i low = LookUpBytes(table_.begin_low, index, upper_half);
    const __m512i high = LookUpBytes(table_.begin_high, index, upper_half);
    __m512i bits = LookUpBytes(table_.bits, index, upper_half);
    absent_ = _mm512_or_si512(absent_, bits);
    bits = _mm512_and_si512(bits, _mm512_set1_epi8(0xF));
    Contexts<kGroups> out;
    Spread<0>(low, high, bits, out);
    if constexpr (kGroups > 1) Spread<1>(low, high, bits, out);
    if constexpr (kGroups > 2) {
      Spread<2>(low, high, bits, out);
      Spread<3>(low, high, bits, out);
    }
    return out;
  }

  // Whether a context was looked up that does not occur.
  bool any_absent() const {
    constexpr auto kUsed = static_cast<__mmask64>(~uint64_t{0} >> (64 - kGroups * kGroup));
    return (_mm512_movepi8_mask(absent_) & kUsed) != 0;
  }

 private:
  template <int kG>
  static HWY_INLINE void Spread(__m512i low, __m512i high, __m512i bits, Contexts<kGroups>& out) {
    const __m512i l = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(low, kG));
    const __m512i h = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(high, kG));
    out.begin[kG] = V32{_mm512_or_si512(_mm512_slli_epi32(l, 4), _mm512_slli_epi32(h, 12))};
    out.bits[kG] = V32{_mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(bits, kG))};
  }
  static_assert(Order1Slots::kUnit == 16 && Order1Slots::kAbsentBits == 0x80);

  const Order1Slots& table_;
  __m512i absent_ = _mm512_setzero_si512();
};

#else

template <size_t kGroups>
class ContextTable {
 public:
  explicit ContextTable(const Order1Slots& table) : table_(table) {}

  HWY_INLINE Contexts<kGroups> LookUp(const V32 (&context)[kGroups]) {
    Contexts<kGroups> out;
    for (size_t g = 0; g < kGroups; ++g) {
      const V32 info = Gather(table_.contexts.data(), context[g]);
      absent_ = hn::Or(absent_, info);
      out.bits[g] = hn::And(hn::ShiftRight<24>(info), hn::Set(kD32, 0xF));
      out.begin[g] = hn::And(info, hn::Set(kD32, 0xFFFFFF));
    }
    return out;
  }

  bool any_absent() const {
    return !hn::AllTrue(
        kD32, hn::Eq(hn::And(absent_, hn::Set(kD32, Order1Slots::kAbsent)), hn::Zero(kD32)));
  }

 private:
  const Order1Slots& table_;
  V32 absent_ = hn::Zero(kD32);
};

#endif

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::coding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // !TRINE_LANES_SCALAR

#endif  // per-target include guard
