// What is counted along the outlines of regions: perimeters and Euler numbers, as scikit-image
// defines them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/segment/picture.h"

namespace trine::segment {

struct OutlineCounts {
  // Border pixels (a 4-neighbour is of another label, or outside the picture) by the border pixels
  // of the same label around them: a step of 1, of sqrt(2), or of the mean of both.
  int64_t straight = 0, diagonal = 0, mixed = 0;
  // Squares of 2 x 2 pixels by which of them are of the label: 1 the lower right one, 2 that above
  // it, 4 that to its left, 8 the upper left one.
  std::array<int64_t, 15> squares{};
};

// After Benkrid, Crookes (2000), with 4 neighbours: scikit-image's `perimeter` [pixels].
double PerimeterOf(const OutlineCounts& counts);
// Crofton's formula in four directions: scikit-image's `perimeter_crofton` [pixels].
double CroftonPerimeterOf(const OutlineCounts& counts);
// Parts less holes, 8-connected parts (Gray 1971).
int64_t EulerNumberOf(const OutlineCounts& counts);

// Calls counts_of(label) for what is counted of labels but 0 and adds to it. One thread. Memory:
// 16 bytes a column.
absl::Status CountOutlines(const Context& context, const int32_t* labels, int64_t height,
                           int64_t width,
                           absl::FunctionRef<OutlineCounts*(int32_t label)> counts_of);

}  // namespace trine::segment
