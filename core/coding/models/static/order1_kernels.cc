#include "core/coding/models/static/order1_kernels.h"

#include <algorithm>
#include <cassert>

// Byte tables in registers (VBMI).
#define HWY_WANT_AVX3_DL 1

// Between plain code and SSE4 there is nothing to gain.
#define HWY_DISABLED_TARGETS HWY_SSSE3

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/coding/models/static/order1_kernels.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include "core/coding/coder/lanes-inl.h"
#include "core/coding/models/static/order1_contexts-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {
namespace {

// ---- a lane at a time ------------------------------------------------------------------------

HWY_INLINE uint64_t EncodeOne(uint32_t symbol, int l, const Order1Parts& table, Order1Position& at,
                              EncoderLanes& lanes, uint32_t*& digits) {
  const uint32_t part = table.parts[at.context[l] << 8 | symbol];
  const uint32_t range = lanes.range[l];
  const uint32_t r = range >> (part >> 24);
  const uint32_t offset = r * (part & 0xFFF);
  at.context[l] = symbol;
  return lanes.Take(l, offset, WidthOfPart(range, r, offset, part >> 12 & 0xFFF), digits);
}

void EncodeRow(const uint8_t* block, const Order1Parts& table, Order1Position& at,
               EncoderLanes& lanes) {
  uint32_t* digits = lanes.digits;
  uint64_t row = 0;
  const uint8_t* from = block + at.row;
  for (size_t l = 0; l < at.lanes; ++l, from += at.stretch) {
    row |= EncodeOne(*from, static_cast<int>(l), table, at, lanes, digits);
  }
  lanes.digits = digits;
  *lanes.rows++ = row;
  ++at.row;
}

HWY_INLINE uint32_t SlotOf(uint32_t code, uint32_t r, uint32_t bits) {
  return std::min(code / r, (1u << bits) - 1);
}

template <bool kSafe>
HWY_INLINE uint8_t DecodeOne(int l, const Order1Slots& table, Order1Position& at,
                             DecoderLanes& lanes, const uint8_t*& next, uint32_t& absent) {
  const uint32_t context = table.contexts[at.context[l]];
  absent |= context;
  const uint32_t bits = context >> 24 & 0xF;
  const uint32_t range = lanes.range[l];
  const uint32_t r = range >> bits;
  const uint32_t entry = table.slots[(context & 0xFFFFFF) + SlotOf(lanes.code[l], r, bits)];
  const uint32_t offset = r * (entry & 0xFFF);
  lanes.Take<kSafe>(l, offset, WidthOfPart(range, r, offset, entry >> 12 & 0xFFF), next);
  at.context[l] = entry >> 24;
  return static_cast<uint8_t>(entry >> 24);
}

template <bool kSafe>
HWY_INLINE void DecodeRow(DecoderLanes& lanes, const Order1Slots& table, Order1Position& at,
                          uint8_t* block, uint32_t& absent) {
  const uint8_t* next = lanes.next;
  uint8_t* to = block + at.row;
  for (size_t l = 0; l < at.lanes; ++l, to += at.stretch) {
    *to = DecodeOne<kSafe>(static_cast<int>(l), table, at, lanes, next, absent);
  }
  lanes.next = next;
  ++at.row;
}

#if !TRINE_LANES_SCALAR

// ---- many lanes at a time --------------------------------------------------------------------

HWY_INLINE V32 FreqOf(V32 part) { return hn::And(hn::ShiftRight<12>(part), hn::Set(kD32, 0xFFF)); }

template <size_t kLanes>
size_t EncodeRows(const uint8_t* block, size_t rows, const Order1Parts& table, Order1Position& at,
                  EncoderLanes& state) {
  VectorEncoder<kLanes> lanes(state);
  constexpr size_t kGroups = VectorEncoder<kLanes>::kGroups;
  Tile<kLanes> tile;
  V32 contexts[kGroups];
  for (size_t g = 0; g < kGroups; ++g) contexts[g] = hn::Load(kD32, at.context + g * kGroup);
  size_t done = 0;
  for (size_t in_tile = 0; rows - done >= kRowsAtOnce; done += kRowsAtOnce) {
    if (in_tile == 0) {
      const size_t fours = std::min(tile.kFours, (rows - done) / kRowsAtOnce);
      tile.Read(block + at.row + done, at.stretch, fours);
    }
    V32 symbols[kGroups];
    for (size_t g = 0; g < kGroups; ++g) {
      symbols[g] = hn::Load(kD32, tile.fours[in_tile] + g * kGroup);
    }
    in_tile = (in_tile + 1) % tile.kFours;
    for (size_t k = 0; k < kRowsAtOnce; ++k) {
      uint64_t row = 0;
#pragma GCC unroll 4
      for (size_t g = 0; g < kGroups; ++g) {
        const V32 symbol = hn::And(symbols[g], hn::Set(kD32, 0xFF));
        symbols[g] = hn::ShiftRight<8>(symbols[g]);
        const V32 part = Gather(table.parts.data(), hn::Or(hn::ShiftLeft<8>(contexts[g]), symbol));
        contexts[g] = symbol;
        const V32 r = hn::Shr(lanes.range[g], hn::ShiftRight<24>(part));
        const V32 offset = hn::Mul(r, hn::And(part, hn::Set(kD32, 0xFFF)));
        row |= lanes.Take(g, offset, WidthOf(lanes.range[g], r, offset, FreqOf(part)));
      }
      *lanes.rows++ = row;
    }
  }
  for (size_t g = 0; g < kGroups; ++g) hn::Store(contexts[g], kD32, at.context + g * kGroup);
  lanes.Save(state);
  at.row += done;
  return done;
}

struct Found {
  V32 symbol, offset, width;
};

HWY_INLINE Found FindSymbol(const Order1Slots& table, V32 slot, V32 begin, V32 range, V32 r) {
  Found found;
  const V32 entry = Gather(table.slots.data(), hn::Add(begin, slot));
  found.symbol = hn::ShiftRight<24>(entry);
  found.offset = hn::Mul(r, hn::And(entry, hn::Set(kD32, 0xFFF)));
  found.width = WidthOf(range, r, found.offset, FreqOf(entry));
  return found;
}

// Whole rows, four at a time, while the words of each four certainly lie before `stop`.
template <size_t kLanes>
size_t DecodeRows(DecoderLanes& lanes, const uint8_t* stop, const Order1Slots& table, size_t rows,
                  Order1Position& at, uint8_t* block, bool* bad) {
  constexpr size_t kGroups = kLanes / kGroup;
  const V32 one = hn::Set(kD32, 1);
  const uint8_t* next = lanes.next;
  V32 code[kGroups], range[kGroups], context[kGroups], four[kGroups];
  ContextTable<kGroups> contexts(table);
#pragma GCC unroll 4
  for (size_t g = 0; g < kGroups; ++g) {
    code[g] = hn::Load(kD32, lanes.code + g * kGroup);
    range[g] = hn::Load(kD32, lanes.range + g * kGroup);
    context[g] = hn::Load(kD32, at.context + g * kGroup);
    four[g] = hn::Zero(kD32);
  }
  Tile<kLanes> tile;
  size_t in_tile = 0;
  size_t done = 0;
  while (rows - done >= kRowsAtOnce && next <= stop) {
    for (size_t k = 0; k < kRowsAtOnce; ++k) {
      const Contexts<kGroups> seen = contexts.LookUp(context);
#pragma GCC unroll 4
      for (size_t first = 0; first < kGroups; first += kGroupsInterleaved<kGroups>) {
        constexpr size_t kCount = kGroupsInterleaved<kGroups>;
        V32* const c = code + first;
        V32* const w = range + first;
        const V32* const begin = seen.begin + first;
        V32 r[kCount], last[kCount], slot[kCount];
        Found found[kCount];
#pragma GCC unroll 4
        for (size_t g = 0; g < kCount; ++g) {
          const V32 bits = seen.bits[first + g];
          r[g] = hn::Shr(w[g], bits);
          last[g] = hn::Sub(hn::Shl(one, bits), one);
          // r is 2^31 or more where there is one slot only: the minimum takes any number.
          slot[g] = hn::Min(Quotient(c[g], r[g]), last[g]);
        }
#pragma GCC unroll 4
        for (size_t g = 0; g < kCount; ++g) {
          found[g] = FindSymbol(table, slot[g], begin[g], w[g], r[g]);
        }
        M32 right = hn::FirstN(kD32, kGroup);
#pragma GCC unroll 4
        for (size_t g = 0; g < kCount; ++g) {
          right = hn::And(right, IsBelow(hn::Sub(c[g], found[g].offset), found[g].width));
        }
        if (HWY_UNLIKELY(!hn::AllTrue(kD32, right))) {
#pragma GCC unroll 4
          for (size_t g = 0; g < kCount; ++g) {
            found[g] = FindSymbol(table, ExactSlots(c[g], r[g], last[g]), begin[g], w[g], r[g]);
          }
        }
#pragma GCC unroll 4
        for (size_t g = 0; g < kCount; ++g) {
          c[g] = hn::Sub(c[g], found[g].offset);
          w[g] = found[g].width;
          context[first + g] = found[g].symbol;
          four[first + g] =
              hn::Or(hn::ShiftRight<8>(four[first + g]), hn::ShiftLeft<24>(found[g].symbol));
        }
      }
#pragma GCC unroll 4
      for (size_t g = 0; g < kGroups; ++g) RefillGroup(code[g], range[g], next);
    }
#pragma GCC unroll 4
    for (size_t g = 0; g < kGroups; ++g) {
      hn::Store(four[g], kD32, tile.fours[in_tile] + g * kGroup);
    }
    done += kRowsAtOnce;
    if (++in_tile == tile.kFours) {
      tile.Write(in_tile, at.stretch, block + at.row + done - tile.kRows);
      in_tile = 0;
    }
  }
  tile.Write(in_tile, at.stretch, block + at.row + done - in_tile * kRowsAtOnce);
#pragma GCC unroll 4
  for (size_t g = 0; g < kGroups; ++g) {
    hn::Store(code[g], kD32, lanes.code + g * kGroup);
    hn::Store(range[g], kD32, lanes.range + g * kGroup);
    hn::Store(context[g], kD32, at.context + g * kGroup);
  }
  *bad = *bad || contexts.any_absent();
  lanes.next = next;
  at.row += done;
  return done;
}

template <size_t kLanes>
size_t DecodeSome(DecoderLanes& lanes, const Order1Slots& table, size_t rows, Order1Position& at,
                  uint8_t* block, bool* bad) {
  constexpr size_t kReach = kRowsAtOnce * 2 * kLanes + kLaneSlackBytes;
  if (static_cast<size_t>(lanes.end - lanes.next) < kReach) return 0;
  return DecodeRows<kLanes>(lanes, lanes.end - kReach, table, rows, at, block, bad);
}

#endif  // !TRINE_LANES_SCALAR

void Encode1(const uint8_t* block, size_t rows, const Order1Parts& table, Order1Position& at,
             EncoderLanes& lanes) {
#if !TRINE_LANES_SCALAR
  if (at.lanes == 16) rows -= EncodeRows<16>(block, rows, table, at, lanes);
  if (at.lanes == 32) rows -= EncodeRows<32>(block, rows, table, at, lanes);
  if (at.lanes == 64) rows -= EncodeRows<64>(block, rows, table, at, lanes);
#endif
  for (; rows != 0; --rows) EncodeRow(block, table, at, lanes);
}

void Decode1(DecoderLanes& lanes, const Order1Slots& table, size_t rows, Order1Position& at,
             uint8_t* block, bool* bad) {
  uint32_t absent = 0;
#if !TRINE_LANES_SCALAR
  if (at.lanes == 16) rows -= DecodeSome<16>(lanes, table, rows, at, block, bad);
  if (at.lanes == 32) rows -= DecodeSome<32>(lanes, table, rows, at, block, bad);
  if (at.lanes == 64) rows -= DecodeSome<64>(lanes, table, rows, at, block, bad);
#endif
  for (; rows != 0 && static_cast<size_t>(lanes.end - lanes.next) >= 2 * at.lanes; --rows) {
    DecodeRow<true>(lanes, table, at, block, absent);
  }
  for (; rows != 0; --rows) DecodeRow<false>(lanes, table, at, block, absent);
  *bad = *bad || (absent & Order1Slots::kAbsent) != 0;
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::coding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::coding {

HWY_EXPORT(Encode1);
HWY_EXPORT(Decode1);

void EncodeOrder1(const uint8_t* block, size_t rows, const Order1Parts& table, Order1Position& at,
                  EncoderLanes& lanes) {
  assert(at.lanes == static_cast<size_t>(lanes.lanes()) && rows <= at.stretch - at.row);
  [[maybe_unused]] const size_t end = at.row + rows;
  [[maybe_unused]] const uint32_t* const digits = lanes.digits;
  HWY_DYNAMIC_DISPATCH(Encode1)(block, rows, table, at, lanes);
  assert(at.row == end && static_cast<size_t>(lanes.digits - digits) <= rows * at.lanes);
}

void DecodeOrder1(DecoderLanes& lanes, const Order1Slots& table, size_t rows, Order1Position& at,
                  uint8_t* block, bool* bad) {
  assert(at.lanes == static_cast<size_t>(lanes.lanes()) && rows <= at.stretch - at.row);
  [[maybe_unused]] const size_t end = at.row + rows;
  HWY_DYNAMIC_DISPATCH(Decode1)(lanes, table, rows, at, block, bad);
  assert(at.row == end && lanes.next <= lanes.end);
}

void EncodeOrder1Rest(const uint8_t* block, const Order1Parts& table, Order1Position& at,
                      EncoderLanes& lanes) {
  assert(at.row == at.stretch);
  const auto l = static_cast<int>(at.lanes - 1);
  for (size_t i = at.stretch * at.lanes; i < at.stretch * at.lanes + at.rest; ++i) {
    *lanes.rows++ = HWY_STATIC_DISPATCH(EncodeOne)(block[i], l, table, at, lanes, lanes.digits);
  }
}

void DecodeOrder1Rest(DecoderLanes& lanes, const Order1Slots& table, Order1Position& at,
                      uint8_t* block, bool* bad) {
  uint32_t absent = 0;
  const auto l = static_cast<int>(at.lanes - 1);
  for (size_t i = at.stretch * at.lanes; i < at.stretch * at.lanes + at.rest; ++i) {
    block[i] = HWY_STATIC_DISPATCH(DecodeOne<false>)(l, table, at, lanes, lanes.next, absent);
  }
  *bad = *bad || (absent & Order1Slots::kAbsent) != 0;
}

}  // namespace trine::coding
#endif  // HWY_ONCE
