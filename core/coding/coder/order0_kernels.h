// The inner loops of STATIC: symbols of given frequencies through lanes (lanes.h), for every
// instruction set. All of them give the same bytes.
//
// Tables are prepared by the caller; nothing here allocates. A call codes a piece of a block, so
// that the caller may poll cancellation in between.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/coding/coder/lanes.h"

namespace trine::coding {

// Order 0, for the encoder: by symbol, start | freq << 16, where freq 0 means the rest of the
// range (the last symbol's part).
struct Order0Parts {
  int bits = 0;  // log2 of the total, at most 14
  alignas(64) std::array<uint32_t, 256> parts;
  // The four bytes of each part in tables of their own, where the look-up is one of bytes in
  // registers; else not filled.
  alignas(64) std::array<std::array<uint8_t, 256>, 4> planes;

  // `starts`, `freqs` by symbol.
  void Build(int total_bits, const std::array<uint32_t, 256>& starts,
             const std::array<uint32_t, 256>& freqs);
};

// Order 0, for the decoder.
struct Order0Slots {
  static constexpr int kMaxPackedBits = 12;
  static constexpr size_t kSlack = 16;  // written beyond the slots
  int bits = 0;
  // Totals up to 2^12. By slot: start << 20 | freq << 8 | symbol, freq 0 for the rest of the
  // range.
  alignas(64) std::array<uint32_t, (size_t{1} << kMaxPackedBits) + kSlack> packed;
  // Larger totals: the symbol by slot, and its part as in Order0Parts.
  alignas(64) std::array<uint8_t, (size_t{1} << format::kMaxNarrowTotalBits) + kSlack> symbols;
  std::array<uint32_t, 256> parts;

  void Build(int total_bits, const std::array<uint32_t, 256>& starts,
             const std::array<uint32_t, 256>& freqs);
};

// Symbol i is of lane i mod N. All calls but the last take a multiple of N symbols. REQUIRES: room
// in the log for n digits and ceil(n / N) rows, and kLaneSlackBytes after the digits.
void EncodeOrder0(const uint8_t* symbols, size_t n, const Order0Parts& table, EncoderLanes& lanes);
void DecodeOrder0(DecoderLanes& lanes, const Order0Slots& table, uint8_t* symbols, size_t n);

// Which of Highway's targets the kernels are compiled for.
int64_t StaticKernelTargets();

}  // namespace trine::coding
