// Logarithms and roots by fixed sequences of IEEE operations: the same bits on every machine, which
// the C library's are not.
#pragma once

#include "core/segment/double_double.h"
#include "core/segment/int128.h"

namespace trine::segment {

// Natural, within 2^-98 of the truth relative to it. REQUIRES: value > 0, finite.
DoubleDouble Log(DoubleDouble value);

// Natural, to the nearest double but for one in about a hundred, which is a neighbour of it; -inf
// of 0, NaN below.
double LogToDouble(double value);

// Within 2^-103. REQUIRES: value >= 0.
DoubleDouble SquareRoot(DoubleDouble value);

// Within 2^-106.
DoubleDouble ToDoubleDouble(Uint128 value);

}  // namespace trine::segment
