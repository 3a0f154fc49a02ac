// Logarithms in integers, for decisions that shape coded bytes: the same on every machine.
#pragma once

#include <cstdint>

namespace trine::coding {

inline constexpr int kLog2FractionBits = 16;

// log2(x) in units of 2^-16, within 1.5 units of the true value; x >= 1.
uint32_t FixedLog2(uint64_t x);

}  // namespace trine::coding
