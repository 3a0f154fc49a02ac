#include "core/segment/regions/watershed.h"

#include <algorithm>

#include "core/segment/histogram.h"
#include "core/segment/regions/grid.h"

namespace trine::segment {
namespace {

constexpr int32_t kEnd = -1;
constexpr int32_t kLine = -1;  // for a level: that of a pixel that has entered the queue is over

// One queue a level, all linked through `next`. A pixel enters once, and never below the level
// that is being emptied, so that queues by level serve in the order of (level, age).
class BucketQueue {
 public:
  absl::Status Reserve(int32_t levels, int64_t pixels, Poller& poll) {
    TRINE_ASSIGN_OR_RETURN(head_, MakeFilledScratch<int32_t>(levels, kEnd, poll));
    TRINE_ASSIGN_OR_RETURN(tail_, MakeFilledScratch<int32_t>(levels, kEnd, poll));
    next_ = MakeScratch<int32_t>(pixels);
    levels_ = levels;
    return absl::OkStatus();
  }

  void Push(int32_t level, int32_t pixel) {
    level = std::max(level, current_);
    int32_t& tail = tail_[level];
    next_[pixel] = kEnd;
    (tail == kEnd ? head_[level] : next_[tail]) = pixel;
    tail = pixel;
  }

  enum class Popped { kPixel, kNothingYet, kEmpty };

  // The next pixel; kNothingYet after a bounded number of empty levels, for the caller to poll.
  Popped Pop(int32_t& pixel) {
    const int32_t stop = static_cast<int32_t>(std::min<int64_t>(levels_, current_ + kPixelGrain));
    while (head_[current_] == kEnd) {
      if (current_ + 1 >= stop) {
        if (stop == levels_) return Popped::kEmpty;
        ++current_;
        return Popped::kNothingYet;
      }
      ++current_;
    }
    pixel = head_[current_];
    head_[current_] = next_[pixel];
    if (head_[current_] == kEnd) tail_[current_] = kEnd;
    return Popped::kPixel;
  }

 private:
  Scratch<int32_t> head_, tail_, next_;
  int32_t levels_ = 0;
  int32_t current_ = 0;
};

}  // namespace

absl::StatusOr<Levelled> LevelsOfGray(const Context& context, const Picture& gray,
                                      const uint8_t* region) {
  Levelled out{MakeScratch<int32_t>(gray.pixels()), 0};
  if (IsFloat(gray.dtype)) {
    TRINE_ASSIGN_OR_RETURN(out.count, RankFloats(context, gray.dtype, gray.data, region,
                                                 gray.pixels(), out.level.data()));
    return out;
  }
  const bool bytes = gray.dtype == DType::kUint8;
  out.count = bytes ? 256 : 65536;
  absl::Status status =
      ParallelFor(context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
                  [&](size_t begin, size_t end) {
                    for (size_t p = begin; p < end; ++p) {
                      const int64_t i = static_cast<int64_t>(p);
                      out.level[p] = bytes ? gray.data[i] : PixelAt<uint16_t>(gray.data, i);
                    }
                    return absl::OkStatus();
                  });
  TRINE_RETURN_IF_ERROR(status);
  return out;
}

absl::StatusOr<Levelled> LevelsOfDistance(const Context& context, const float* distance,
                                          const uint8_t* region, int64_t pixels) {
  Levelled out{MakeScratch<int32_t>(pixels), 0};
  TRINE_ASSIGN_OR_RETURN(
      out.count, RankFloats(context, DType::kFloat32, reinterpret_cast<const uint8_t*>(distance),
                            region, pixels, out.level.data()));
  absl::Status status =
      ParallelFor(context, static_cast<size_t>(pixels), static_cast<size_t>(kPixelGrain),
                  [&](size_t begin, size_t end) {
                    for (size_t i = begin; i < end; ++i)
                      out.level[i] = out.count - 1 - out.level[i];
                    return absl::OkStatus();
                  });
  TRINE_RETURN_IF_ERROR(status);
  return out;
}

absl::Status Flood(const Context& context, const uint8_t* region, int64_t height, int64_t width,
                   Connectivity connectivity, bool lines, Levelled* relief, int32_t* labels) {
  const int64_t pixels = height * width;
  Poller poll = PixelPoller(context);
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    if (region[i] == 0) labels[i] = 0;
  }
  if (relief->count == 0) return absl::OkStatus();  // an empty region
  int32_t* const level = relief->level.data();
  BucketQueue queue;
  TRINE_RETURN_IF_ERROR(queue.Reserve(relief->count, pixels, poll));
  const auto meets_other = [&](int64_t pixel, int32_t label, int64_t before) {
    bool meets = false;
    ForEachNeighbor(pixel, height, width, connectivity, [&](int64_t neighbor) {
      const int32_t other = labels[neighbor];
      meets |= neighbor < before && other != 0 && other != label;
    });
    return meets;
  };
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 4096));
    if (labels[i] == 0) continue;
    // Markers are labelled in raster order: only pixels before this one were labelled earlier.
    queue.Push(level[i], static_cast<int32_t>(i));
    if (lines && meets_other(i, labels[i], i)) level[i] = kLine;
  }
  int32_t pixel = 0;
  while (true) {
    const BucketQueue::Popped popped = queue.Pop(pixel);
    if (popped == BucketQueue::Popped::kEmpty) break;
    if (popped == BucketQueue::Popped::kNothingYet) {
      TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
      continue;
    }
    TRINE_RETURN_IF_ERROR(poll.Spend(lines ? 64 : 32));
    const int32_t label = labels[pixel];
    ForEachNeighbor(pixel, height, width, connectivity, [&](int64_t neighbor) {
      if (region[neighbor] == 0 || labels[neighbor] != 0) return;
      queue.Push(level[neighbor], static_cast<int32_t>(neighbor));
      if (lines && meets_other(neighbor, label, pixels)) level[neighbor] = kLine;
      labels[neighbor] = label;
    });
  }
  for (int64_t i = 0; i < pixels && lines; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    if (level[i] == kLine) labels[i] = 0;
  }
  return absl::OkStatus();
}

}  // namespace trine::segment
