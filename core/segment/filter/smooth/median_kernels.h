// Histograms of bytes that are added and subtracted, compiled for each instruction set.
#pragma once

#include <array>
#include <cstdint>

namespace trine::segment {

// How often each byte occurs, and each 16 bytes in a row.
template <typename Count>
struct ByteCounts {
  std::array<Count, 16> coarse;
  std::array<Count, 256> fine;
};

void AddCounts(const ByteCounts<uint16_t>& added, ByteCounts<uint32_t>* counts);
void MoveCounts(const ByteCounts<uint16_t>& added, const ByteCounts<uint16_t>& gone,
                ByteCounts<uint32_t>* counts);

int64_t MedianKernelTargets();  // for tests

// Medians of squares of up to this radius by networks (sorting_networks.h).
inline constexpr int64_t kMostNetworkRadius = 5;
// Columns that are done at once: their sorted lists stay in the first cache.
inline constexpr int64_t kNetworkColumns = 448;
inline constexpr int64_t kNetworkStride = kNetworkColumns + 128;
// Of up to 4 columns merged, for the largest side.
inline constexpr int64_t kNetworkScratch = 7 * 2 * kMostNetworkRadius * kNetworkStride;

// out[i][x] = the median of rows[i ... i + 2 radius][x ... x + 2 radius], for i = 0, 1 and x in [0,
// n), n <= kNetworkColumns. Rows are read up to kNetworkStride elements; `scratch` has
// kNetworkScratch and both of `out` room for kNetworkStride. REQUIRES: 1 <= radius <=
// kMostNetworkRadius.
void MediansOfRows(const uint8_t* const* rows, int64_t radius, int64_t n, uint8_t* scratch,
                   uint8_t* const* out);

int64_t MedianNetworkTargets();  // for tests

}  // namespace trine::segment
