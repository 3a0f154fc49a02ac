#include "core/segment/regions/flood/relief.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "core/segment/histogram.h"

namespace trine::segment {
namespace {

constexpr float kFar = 2048;  // its square is an int32, and above kMostSquare

}  // namespace

absl::StatusOr<FloodRelief> FloodRelief::OfGray(const Context& context, const Picture& gray,
                                                const uint8_t* region) {
  FloodRelief out;
  if (IsFloat(gray.dtype)) {
    out.ranks_ = MakeScratch<int32_t>(gray.pixels());
    TRINE_ASSIGN_OR_RETURN(out.count_, RankFloats(context, gray.dtype, gray.data, region,
                                                  gray.pixels(), out.ranks_.data()));
    return out;
  }
  const bool bytes = gray.dtype == DType::kUint8;
  out.kind_ = bytes ? Kind::kBytes : Kind::kWords;
  out.count_ = bytes ? 256 : 65536;
  out.data_ = gray.data;
  return out;
}

absl::StatusOr<FloodRelief> FloodRelief::OfDistance(const Context& context, const float* distance,
                                                    const uint8_t* region, int64_t pixels) {
  FloodRelief out;
  TRINE_ASSIGN_OR_RETURN(const int32_t greatest, GreatestSquare(context, distance, region, pixels));
  // Few levels a pixel alone let a queue a level be long enough.
  if (greatest >= 0 && greatest <= std::max<int64_t>(pixels / 16, 4096)) {
    out.kind_ = Kind::kSquares;
    out.count_ = int64_t{greatest} + 1;
    out.distance_ = distance;
    return out;
  }
  out.ranks_ = MakeScratch<int32_t>(pixels);
  out.falling_ = true;
  TRINE_ASSIGN_OR_RETURN(
      out.count_, RankFloats(context, DType::kFloat32, reinterpret_cast<const uint8_t*>(distance),
                             region, pixels, out.ranks_.data()));
  return out;
}

void FloodRelief::Read(int64_t begin, int64_t n, uint32_t* levels) const {
  const uint32_t top = static_cast<uint32_t>(count_ - 1);
  switch (kind_) {
    case Kind::kBytes:
      for (int64_t i = 0; i < n; ++i) levels[i] = data_[begin + i];
      return;
    case Kind::kWords:
      for (int64_t i = 0; i < n; ++i) levels[i] = PixelAt<uint16_t>(data_, begin + i);
      return;
    case Kind::kSquares:
      // Outside the region there may be any distance.
      for (int64_t i = 0; i < n; ++i) {
        const float distance = std::min(distance_[begin + i], kFar);
        levels[i] = top - std::min(top, static_cast<uint32_t>(SquareOf(distance)));
      }
      return;
    case Kind::kRanks:
      for (int64_t i = 0; i < n; ++i) {
        const uint32_t rank = static_cast<uint32_t>(ranks_[begin + i]);
        levels[i] = falling_ ? top - rank : rank;
      }
      return;
  }
}

absl::StatusOr<int32_t> GreatestSquare(const Context& context, const float* distance,
                                       const uint8_t* region, int64_t pixels) {
  std::mutex mutex;  // a maximum: the order of the ranges does not matter
  int32_t greatest = 0;
  bool all_exact = true;
  TRINE_RETURN_IF_ERROR(ParallelFor(
      context, static_cast<size_t>(pixels), static_cast<size_t>(kPixelGrain),
      [&](size_t begin, size_t end) {
        int32_t high = 0;
        int32_t wrong = 0;
        for (size_t i = begin; i < end; ++i) {
          // Up to kMostSquare the rounded product is less than a half off. An infinite distance,
          // or one that is too great, is not the root of its square.
          const float bounded = std::min(distance[i], kFar);
          const int32_t square = SquareOf(bounded);
          const int32_t exact = std::sqrt(static_cast<float>(square)) == distance[i] ? 0 : 1;
          const int32_t counts = region[i] != 0 ? -1 : 0;
          wrong |= exact & counts;
          high = std::max(high, square & counts);
        }
        const std::lock_guard<std::mutex> lock(mutex);
        greatest = std::max(greatest, high);
        all_exact = all_exact && wrong == 0;
        return absl::OkStatus();
      }));
  return all_exact && greatest <= kMostSquare ? greatest : -1;
}

}  // namespace trine::segment
