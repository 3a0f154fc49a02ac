#include "core/segment/regions/distance.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/segment/regions/distance/band_solver.h"
#include "core/segment/regions/distance/bands.h"
#include "core/segment/spares.h"

namespace trine::segment {

float RoundedSqrt(uint64_t squared) {
  const double root = std::sqrt(static_cast<double>(squared));
  const float nearest = static_cast<float>(root);
  // Rounding twice can be wrong only where the double is half way between two floats. Such a
  // double has 25 bits: its square is exact, and says on which side of it the true root lies.
  constexpr uint64_t kHalf = uint64_t{1} << 28;
  if ((std::bit_cast<uint64_t>(root) & (2 * kHalf - 1)) != kHalf) return nearest;
  const uint64_t half_way = static_cast<uint64_t>(root * root);  // an integer or just below
  if (half_way == squared && root * root == static_cast<double>(squared)) return nearest;
  const bool above = squared > half_way;
  const double infinity = std::numeric_limits<double>::infinity();
  return static_cast<float>(std::nextafter(root, above ? infinity : 0.0));
}

absl::Status DistanceMap(const Context& context, const uint8_t* mask, int64_t height, int64_t width,
                         float* distance) {
  TRINE_ASSIGN_OR_RETURN(const Bands bands, Bands::Of(context, mask, height, width));
  Spares<BandSolver> solvers;
  return ParallelFor(
      context, static_cast<size_t>(bands.count()), 1,
      [&](size_t begin, size_t end) -> absl::Status {
        std::unique_ptr<BandSolver> solver =
            solvers.Take([&] { return std::make_unique<BandSolver>(width); });
        Poller poll = PixelPoller(context);
        for (size_t band = begin; band < end; ++band)
          TRINE_RETURN_IF_ERROR(solver->Solve(bands, static_cast<int64_t>(band), poll, distance));
        solvers.Give(std::move(solver));
        return absl::OkStatus();
      });
}

uint64_t DistanceBytes(const Context& context, int64_t height, int64_t width) {
  const uint64_t threads = std::min(ThreadsOf(context), static_cast<uint64_t>(height));
  return SaturatingAdd(Bands::BytesOf(height, width),
                       SaturatingMul(threads, BandSolver::BytesOf(width)));
}

}  // namespace trine::segment
