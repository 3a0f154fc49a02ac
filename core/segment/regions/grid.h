// Neighbourhoods and union-find on a picture's pixels, shared by the region methods.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/segment/picture.h"

namespace trine::segment {

struct Offset {
  int32_t dy = 0, dx = 0;
};

// Nearest first, then in raster order: 4 neighbours, then the 4 diagonal ones.
inline constexpr std::array<Offset, 8> kNeighbors = {
    {{-1, 0}, {0, -1}, {0, 1}, {1, 0}, {-1, -1}, {-1, 1}, {1, -1}, {1, 1}}};

inline size_t NeighborCount(Connectivity connectivity) {
  return connectivity == Connectivity::k4 ? 4 : 8;
}

// Calls visit(index) for each neighbour of pixel `index` inside [height, width], in that order.
template <typename Visit>
void ForEachNeighbor(int64_t index, int64_t height, int64_t width, Connectivity connectivity,
                     const Visit& visit) {
  // Indices are below 2^30 (kMaxPixels): a 32-bit division is several times faster.
  const uint32_t row = static_cast<uint32_t>(index) / static_cast<uint32_t>(width);
  const int64_t y = row, x = index - int64_t{row} * width;
  const size_t count = NeighborCount(connectivity);
  for (size_t i = 0; i < count; ++i) {
    const int64_t ny = y + kNeighbors[i].dy, nx = x + kNeighbors[i].dx;
    if (ny >= 0 && ny < height && nx >= 0 && nx < width) visit(ny * width + nx);
  }
}

// The root of `i`, halving the path on the way. REQUIRES: parent[i] is set for every chain.
inline int32_t FindRoot(int32_t* parent, int32_t i) {
  while (parent[i] != i) {
    parent[i] = parent[parent[i]];
    i = parent[i];
  }
  return i;
}

}  // namespace trine::segment
