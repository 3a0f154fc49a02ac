// Integers of 128 bits.
#pragma once

namespace trine::segment {

// GCC and Clang have it; -Wpedantic wants the word.
__extension__ typedef unsigned __int128 Uint128;
__extension__ typedef __int128 Int128;

}  // namespace trine::segment
