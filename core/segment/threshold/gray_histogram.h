// The histogram that is shown to people: a few hundred bins of equal width over a picture's values.
#pragma once

#include "absl/status/statusor.h"
#include "core/segment/picture.h"

namespace trine::segment {

// At most so many bins.
inline constexpr int64_t kMostBins = 256;

// The pixels inside. Integers that span fewer than kMostBins values have a bin each; else the bins
// are the least whole number of values wide that needs no more bins than that, and of floats (and
// integers that are stored as such) a kMostBins-th of the range, the highest value in the last bin.
// Without pixels inside: no bins. Memory: below 1 MiB a thread, of which nothing is reserved.
absl::StatusOr<Histogram> HistogramOf(const Context& context, const Picture& gray);

}  // namespace trine::segment
