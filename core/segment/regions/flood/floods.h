// The ways to flood; see watershed.h for what they do.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/regions/flood/relief.h"
#include "core/segment/picture.h"

namespace trine::segment {

struct FloodInput {
  const uint8_t* region;  // pixels elsewhere have the label 0 already
  int64_t height, width;
  Connectivity connectivity;
  bool lines;

  int64_t pixels() const { return height * width; }
};

// The state of all pixels in tiles, a queue a level in chunks. REQUIRES: FitsTiles, labels are not
// below 0.
bool FitsTiles(const FloodInput& input, int64_t levels);
absl::Status FloodTiles(const Context& context, const FloodInput& input, FloodRelief* relief,
                        int32_t* labels);

// The queues linked through the pixels: for nearly as many levels as pixels, or very thin pictures.
absl::Status FloodPixels(const Context& context, const FloodInput& input, FloodRelief* relief,
                         int32_t* labels);

// As scikit-image 0.26's skimage.segmentation.watershed floods, see there.
absl::Status FloodAsSkimage(const Context& context, const FloodInput& input, FloodRelief* relief,
                            int32_t* labels);

// Whether a pixel before marker `pixel` in raster order is a neighbour with another label: markers
// are labelled in that order.
template <typename Labels>
bool MeetsEarlierMarker(const FloodInput& input, const Labels* labels, int64_t pixel) {
  bool meets = false;
  ForEachNeighbor(pixel, input.height, input.width, input.connectivity, [&](int64_t neighbor) {
    const Labels other = labels[neighbor];
    meets |= neighbor < pixel && other != 0 && other != labels[pixel];
  });
  return meets;
}

}  // namespace trine::segment
