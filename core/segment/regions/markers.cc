#include "core/segment/regions/markers.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "core/segment/histogram.h"
#include "core/segment/regions/flood/relief.h"
#include "core/segment/regions/grid.h"

namespace trine::segment {
namespace {

constexpr int32_t kUnseen = -1;
constexpr int32_t kMaximum = -1;

// Numbers in the order of the distances, below the returned one: their squares where these are
// integers and not many more than the pixels, else their ranks.
absl::StatusOr<int32_t> RankDistances(const Context& context, const float* distance,
                                      const uint8_t* region, int64_t pixels, int32_t* rank) {
  TRINE_ASSIGN_OR_RETURN(const int32_t greatest, GreatestSquare(context, distance, region, pixels));
  if (greatest < 0 || greatest > std::max<int64_t>(pixels / 16, 4096)) {
    return RankFloats(context, DType::kFloat32, reinterpret_cast<const uint8_t*>(distance), region,
                      pixels, rank);
  }
  TRINE_RETURN_IF_ERROR(ParallelFor(context, static_cast<size_t>(pixels),
                                    static_cast<size_t>(kPixelGrain),
                                    [&](size_t begin, size_t end) {
                                      for (size_t i = begin; i < end; ++i)
                                        rank[i] = region[i] != 0 ? SquareOf(distance[i]) : 0;
                                      return absl::OkStatus();
                                    }));
  return greatest + 1;
}

// Pixels of the region from the highest rank down, in raster order within one.
absl::StatusOr<int64_t> OrderByRank(const int32_t* rank, int32_t ranks, const uint8_t* region,
                                    int64_t pixels, Poller& poll, int32_t* order) {
  Scratch<int32_t> start = Scratch<int32_t>::Zeros(static_cast<size_t>(ranks) + 1);
  int64_t count = 0;
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    if (region[i] == 0) continue;
    ++start[static_cast<size_t>(ranks - 1 - rank[i]) + 1];
    ++count;
  }
  for (size_t r = 1; r < start.size(); ++r) {
    if (r % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    start[r] += start[r - 1];
  }
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(3 * 4096));
    if (region[i] != 0)
      order[start[static_cast<size_t>(ranks - 1 - rank[i])]++] = static_cast<int32_t>(i);
  }
  return count;
}

// Sets labels to kMaximum at the roots of the maxima that count and returns their number. A
// component's root is its highest pixel, the first in raster order among equals; components merge
// where the falling level joins them.
absl::StatusOr<uint64_t> MarkMaxima(const float* distance, const int32_t* rank,
                                    const int32_t* order, int64_t count, int64_t height,
                                    int64_t width, Connectivity connectivity, double marker_height,
                                    Poller& poll, int32_t* labels) {
  TRINE_ASSIGN_OR_RETURN(Scratch<int32_t> parent,
                         MakeFilledScratch<int32_t>(height * width, kUnseen, poll));
  const auto higher = [&](int32_t a, int32_t b) {
    return rank[a] != rank[b] ? rank[a] > rank[b] : a < b;
  };
  uint64_t maxima = 0;
  const auto mark = [&](int32_t root) {
    labels[root] = kMaximum;
    ++maxima;
  };
  for (int64_t k = 0; k < count; ++k) {
    TRINE_RETURN_IF_ERROR(poll.Spend(64));
    const int32_t pixel = order[k];
    const double level = double{distance[pixel]};
    parent[pixel] = pixel;
    ForEachNeighbor(pixel, height, width, connectivity, [&](int64_t neighbor) {
      if (parent[neighbor] == kUnseen) return;
      int32_t winner = FindRoot(parent.data(), static_cast<int32_t>(neighbor));
      int32_t loser = FindRoot(parent.data(), pixel);
      if (winner == loser) return;
      if (higher(loser, winner)) std::swap(winner, loser);
      parent[loser] = winner;
      const double top = double{distance[loser]};
      if (top > level && top - level >= marker_height) mark(loser);
    });
  }
  for (int64_t k = 0; k < count; ++k) {
    if (k % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    if (parent[order[k]] == order[k]) mark(order[k]);
  }
  return maxima;
}

}  // namespace

absl::Status DistanceMarkers(const Context& context, const float* distance, const uint8_t* region,
                             int64_t height, int64_t width, Connectivity connectivity,
                             double marker_height, std::string_view field, int32_t* labels) {
  const int64_t pixels = height * width;
  Scratch<int32_t> rank = MakeScratch<int32_t>(pixels);
  Scratch<int32_t> order = MakeScratch<int32_t>(pixels);
  Poller poll = PixelPoller(context);
  TRINE_ASSIGN_OR_RETURN(const int32_t ranks,
                         RankDistances(context, distance, region, pixels, rank.data()));
  TRINE_ASSIGN_OR_RETURN(const int64_t count,
                         OrderByRank(rank.data(), ranks, region, pixels, poll, order.data()));
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    labels[i] = 0;
  }
  TRINE_ASSIGN_OR_RETURN(const uint64_t maxima,
                         MarkMaxima(distance, rank.data(), order.data(), count, height, width,
                                    connectivity, marker_height, poll, labels));
  if (maxima > context.limits->max_regions)
    return LimitExceeded(field, maxima, "max_regions", context.limits->max_regions);

  // `order` is done with: it holds the pixels still to spread from.
  int32_t label = 0;
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    if (labels[i] != kMaximum) continue;
    ++label;
    const int32_t root = static_cast<int32_t>(i);
    int64_t waiting = 0;
    order[waiting++] = root;
    labels[root] = label;
    while (waiting > 0) {
      TRINE_RETURN_IF_ERROR(poll.Spend(32));
      const int32_t pixel = order[--waiting];
      ForEachNeighbor(pixel, height, width, connectivity, [&](int64_t neighbor) {
        if (region[neighbor] == 0 || labels[neighbor] != 0 || rank[neighbor] != rank[root]) return;
        labels[neighbor] = label;
        order[waiting++] = static_cast<int32_t>(neighbor);
      });
    }
  }
  return absl::OkStatus();
}

}  // namespace trine::segment
