// The inner loops of STATIC of order 1: as order0_kernels.h, but each symbol's frequencies are
// those that follow the symbol before it, and each lane has a stretch of the block of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/coding/coder/kept_array.h"
#include "core/coding/coder/lanes.h"

namespace trine::coding {

inline constexpr int kMaxOrder1Bits = 12;

// Frequencies by context and symbol, as the kernels read them.
struct Order1Parts {
  // [256 * context + symbol]: start | freq << 12 | bits << 24. Freq 0 means the rest of the
  // range; total 2^bits.
  KeptArray<uint32_t, Order1Parts> parts{size_t{1} << 16};

  static uint32_t Make(uint32_t start, uint32_t freq, int bits) {
    const uint32_t rest = start + freq == 1u << bits ? 0 : freq;
    return start | rest << 12 | static_cast<uint32_t>(bits) << 24;
  }
};

// The same for the decoder.
struct Order1Slots {
  static constexpr uint32_t kAbsent = 1u << 31;

  // By context: where its slots begin | bits << 24; kAbsent for contexts that do not occur.
  alignas(64) std::array<uint32_t, 256> contexts;
  // The same in bytes, which some instruction sets look up in registers: where the slots begin, in
  // units, and bits.
  alignas(64) std::array<uint8_t, 256> begin_low;
  alignas(64) std::array<uint8_t, 256> begin_high;
  alignas(64) std::array<uint8_t, 256> bits;
  static constexpr uint8_t kAbsentBits = 0x80;
  // Each context's slots begin at a multiple of this; all of them below 2^16 units.
  static constexpr size_t kUnit = 16;

  // By slot: symbol << 24 | freq << 12 | start, freq 0 for the rest of the range. The first unit is
  // of contexts that do not occur.
  KeptArray<uint32_t, Order1Slots> slots;

  // `slots`: of all tables together, as CountSlots tells.
  explicit Order1Slots(size_t slot_count) : slots(kUnit + slot_count + kSlack) {}
  static constexpr size_t kSlack = 8;  // written beyond the slots
};

// The lanes' position in the block. Lane l codes bytes [l * stretch, (l + 1) * stretch), the last
// lane also the rest of the block. Rows are the bytes number t of all stretches.
struct Order1Position {
  explicit Order1Position(int lanes_log2, size_t n)
      : lanes(size_t{1} << lanes_log2), stretch(n >> lanes_log2), rest(n - stretch * lanes) {}
  const size_t lanes;
  const size_t stretch;
  const size_t rest;  // below `lanes`
  size_t row = 0;     // the next one
  // By lane, the symbol before.
  alignas(64) uint32_t context[format::kMaxLanes] = {};
};

// The next `rows` rows, at most what is left of the stretches. REQUIRES: as EncodeOrder0; every
// pair of symbols has a part.
void EncodeOrder1(const uint8_t* block, size_t rows, const Order1Parts& table, Order1Position& at,
                  EncoderLanes& lanes);
// The same; a context that does not occur decodes as something and is told by `bad`.
void DecodeOrder1(DecoderLanes& lanes, const Order1Slots& table, size_t rows, Order1Position& at,
                  uint8_t* block, bool* bad);
// After the last row: what the last lane codes alone.
void EncodeOrder1Rest(const uint8_t* block, const Order1Parts& table, Order1Position& at,
                      EncoderLanes& lanes);
void DecodeOrder1Rest(DecoderLanes& lanes, const Order1Slots& table, Order1Position& at,
                      uint8_t* block, bool* bad);

}  // namespace trine::coding
