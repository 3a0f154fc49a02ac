// Gaussian means in double, down the columns first, then along the rows, as the libraries filter.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/segment/picture.h"
#include "core/segment/local/windows/window_sums.h"

namespace trine::segment {

// Weights of distance 0, 1, ... radius from the centre; both sides together are 1. The same bits on
// every machine.
std::vector<double> GaussianKernel(int64_t radius, double sigma);

// Calls visit(index, mean) for each pixel inside, the sums of a row rounded to F between the axes
// and at the end. Windows see all pixels. Sums run from the centre, then from the farthest pair to
// the nearest, as scipy's correlate1d.
template <typename T, typename F, typename Visit>
absl::Status VisitGaussianMeans(const Context& context, const Picture& gray,
                                const std::vector<double>& kernel, Border border,
                                const Visit& visit) {
  const int64_t radius = static_cast<int64_t>(kernel.size()) - 1, width = gray.width;
  const int64_t taps = 2 * radius + 1;
  const double origin = static_cast<double>(gray.origin);
  const auto at = [&](int64_t row, int64_t x) {
    return origin + static_cast<double>(PixelAt<T>(gray.data, row * width + x));
  };
  const size_t grain = std::max<size_t>(1, RowGrain(width) / static_cast<size_t>(2 * taps));
  const auto body = [&](size_t begin, size_t end) -> absl::Status {
    Poller poll = PixelPoller(context);
    Scratch<double> sums = MakeScratch<double>(width);
    Scratch<double> padded = MakeScratch<double>(width + 2 * radius);
    // Adds to the sums of a piece of the row.
    const auto for_pieces = [&](const auto& add) -> absl::Status {
      for (int64_t first = 0; first < width; first += kPixelGrain) {
        const int64_t last = std::min(width, first + kPixelGrain);
        TRINE_RETURN_IF_ERROR(poll.Spend(2 * (last - first)));
        for (int64_t x = first; x < last; ++x) add(x, &sums[static_cast<size_t>(x)]);
      }
      return absl::OkStatus();
    };
    for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
      TRINE_RETURN_IF_ERROR(
          for_pieces([&](int64_t x, double* sum) { *sum = at(y, x) * kernel[0]; }));
      for (int64_t d = radius; d >= 1; --d) {
        const int64_t above = BorderIndex(y - d, gray.height, border);
        const int64_t below = BorderIndex(y + d, gray.height, border);
        const double weight = kernel[static_cast<size_t>(d)];
        TRINE_RETURN_IF_ERROR(for_pieces(
            [&](int64_t x, double* sum) { *sum += (at(above, x) + at(below, x)) * weight; }));
      }
      for (int64_t x = -radius; x < width + radius; ++x) {
        if (x % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(2 * 4096));
        const size_t column = static_cast<size_t>(BorderIndex(x, width, border));
        padded[static_cast<size_t>(x + radius)] = double{static_cast<F>(sums[column])};
      }
      for (int64_t x = 0; x < width; ++x) {
        if (!gray.Contains(y * width + x)) continue;
        TRINE_RETURN_IF_ERROR(poll.Spend(taps));
        const double* const centre = padded.data() + x + radius;
        double sum = centre[0] * kernel[0];
        for (int64_t d = radius; d >= 1; --d)
          sum += (centre[-d] + centre[d]) * kernel[static_cast<size_t>(d)];
        visit(y * width + x, static_cast<F>(sum));
      }
    }
    return absl::OkStatus();
  };
  return ParallelFor(context, static_cast<size_t>(gray.height), grain, body);
}

}  // namespace trine::segment
