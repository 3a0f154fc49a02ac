#include "core/coding/coder/fixed_log2.h"

#include <array>
#include <bit>
#include <cassert>

namespace trine::coding {
namespace {

constexpr int kTableBits = 10;

// log2(1 + i / 1024) in units of 2^-24, by repeated squaring (Knuth, TAOCP 1, 1.2.2, exercise 25).
constexpr uint32_t SlowLog2(uint32_t i) {
  uint64_t y = (uint64_t{1} << 31) + (uint64_t{i} << (31 - kTableBits));  // [1, 2) in 1.31
  uint32_t out = 0;
  for (int bit = 0; bit < 24; ++bit) {
    y = (y * y) >> 31;
    out <<= 1;
    if (y >> 32) {
      out |= 1;
      y >>= 1;
    }
  }
  return out;
}

constexpr std::array<uint32_t, (1 << kTableBits) + 1> MakeTable() {
  std::array<uint32_t, (1 << kTableBits) + 1> table{};
  for (uint32_t i = 0; i < (1u << kTableBits); ++i) table[i] = SlowLog2(i);
  table[1 << kTableBits] = 1u << 24;
  return table;
}

constexpr auto kTable = MakeTable();

}  // namespace

uint32_t FixedLog2(uint64_t x) {
  assert(x >= 1);
  const int exponent = 63 - std::countl_zero(x);
  const uint64_t mantissa = (x << (63 - exponent)) << 1;  // fraction as 0.64
  const uint32_t i = static_cast<uint32_t>(mantissa >> (64 - kTableBits));
  const uint64_t t = (mantissa << kTableBits) >> 40;  // 0.24, between two entries
  const uint64_t fraction = kTable[i] + (((kTable[i + 1] - kTable[i]) * t) >> 24);
  return (static_cast<uint32_t>(exponent) << kLog2FractionBits) +
         static_cast<uint32_t>((fraction + (1 << 7)) >> 8);
}

}  // namespace trine::coding
