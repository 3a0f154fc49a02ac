#include <algorithm>

#include "core/segment/regions/flood/floods.h"
#include "core/segment/regions/grid.h"

namespace trine::segment {
namespace {

constexpr int32_t kEnd = -1;
constexpr int32_t kLine = -1;  // for a level: that of a pixel that has entered the queue is over

// One queue a level, all linked through `next`. A pixel enters once, and never below the level
// that is being emptied, so that queues by level serve in the order of (level, age).
class LinkedQueues {
 public:
  absl::Status Allocate(int64_t levels, int64_t pixels, Poller& poll) {
    TRINE_ASSIGN_OR_RETURN(head_, MakeFilledScratch<int32_t>(levels, kEnd, poll));
    TRINE_ASSIGN_OR_RETURN(tail_, MakeFilledScratch<int32_t>(levels, kEnd, poll));
    next_ = MakeScratch<int32_t>(pixels);
    levels_ = static_cast<int32_t>(levels);
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

absl::Status FloodPixels(const Context& context, const FloodInput& input, FloodRelief* relief,
                         int32_t* labels) {
  const int64_t pixels = input.pixels(), height = input.height, width = input.width;
  Poller poll = PixelPoller(context);
  Scratch<uint32_t> levels = MakeScratch<uint32_t>(pixels);
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, static_cast<size_t>(pixels), static_cast<size_t>(kPixelGrain),
                  [&](size_t begin, size_t end) {
                    relief->Read(static_cast<int64_t>(begin), static_cast<int64_t>(end - begin),
                                 levels.data() + begin);
                    return absl::OkStatus();
                  }));
  int32_t* const level = reinterpret_cast<int32_t*>(levels.data());
  relief->Forget();
  LinkedQueues queue;
  TRINE_RETURN_IF_ERROR(queue.Allocate(relief->count(), pixels, poll));
  const auto meets_other = [&](int64_t pixel, int32_t label) {
    bool meets = false;
    ForEachNeighbor(pixel, height, width, input.connectivity, [&](int64_t neighbor) {
      const int32_t other = labels[neighbor];
      meets |= other != 0 && other != label;
    });
    return meets;
  };
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 4096));
    if (labels[i] == 0) continue;
    queue.Push(level[i], static_cast<int32_t>(i));
    if (input.lines && MeetsEarlierMarker(input, labels, i)) level[i] = kLine;
  }
  int32_t pixel = 0;
  while (true) {
    const LinkedQueues::Popped popped = queue.Pop(pixel);
    if (popped == LinkedQueues::Popped::kEmpty) break;
    if (popped == LinkedQueues::Popped::kNothingYet) {
      TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
      continue;
    }
    TRINE_RETURN_IF_ERROR(poll.Spend(input.lines ? 64 : 32));
    const int32_t label = labels[pixel];
    ForEachNeighbor(pixel, height, width, input.connectivity, [&](int64_t neighbor) {
      if (input.region[neighbor] == 0 || labels[neighbor] != 0) return;
      queue.Push(level[neighbor], static_cast<int32_t>(neighbor));
      if (input.lines && meets_other(neighbor, label)) level[neighbor] = kLine;
      labels[neighbor] = label;
    });
  }
  for (int64_t i = 0; i < pixels && input.lines; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    if (level[i] == kLine) labels[i] = 0;
  }
  return absl::OkStatus();
}

}  // namespace trine::segment
