// The paper of a page, and the page divided by it.
//
// Thread safety: all functions.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/segment/document/page.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Side of a block [pixels], and of the square around a block that counts [blocks]: 60 pixels hold
// the strokes of writing, not the stains and shadows of paper.
inline constexpr int64_t kBlock = 4;
inline constexpr int64_t kAround = 15;

// A value a block of the page; 0 where nothing of the block is inside.
struct Blocks {
  int64_t height = 0, width = 0;
  Scratch<uint8_t> values;
};

// Means of blocks of 4 x 4 pixels, rounded, at least 1; the page's last row and column repeated
// beyond it. Pixels outside do not count.
absl::StatusOr<Blocks> BlockMeans(const Context& context, const Page& page);

// Whether the ink is darker than the paper, of which there is more around each stroke: whether the
// cubes of the means' differences from the mean of the squares around them sum to at most 0. Each
// difference is rounded towards 0 to 1/256.
absl::StatusOr<bool> IsInkDark(const Context& context, const Blocks& means);

// The paper: the closing of the means, the smallest value around each of the largest around each.
// Squares are clipped at the border.
absl::StatusOr<Blocks> PaperOf(const Context& context, const Blocks& means);

// min(255, floor(255 * gray / paper)), the paper interpolated between the centres of blocks; 255
// outside.
absl::Status DivideByPaper(const Context& context, const Page& page, const Blocks& paper,
                           uint8_t* divided);

}  // namespace trine::segment
