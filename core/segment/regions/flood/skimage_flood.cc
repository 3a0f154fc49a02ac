// What scikit-image 0.26 does where others leave a choice: all markers have the same age, so that
// those of one level leave the queue in the order of its binary heap. With lines a pixel gets its
// label when it leaves the queue, and may enter it from several neighbours before; one that meets
// another label then is closed for good: it gets no label, and markers on a line keep theirs.
#include <algorithm>
#include <array>

#include "core/segment/regions/flood/age_heap.h"
#include "core/segment/regions/flood/floods.h"
#include "core/segment/regions/grid.h"

namespace trine::segment {
namespace {

class SkimageFlood {
 public:
  SkimageFlood(const Context& context, const FloodInput& input, int32_t* labels)
      : context_(context),
        input_(input),
        labels_(labels),
        row_(input.width + 2),
        neighbors_(NeighborCount(input.connectivity)),
        heap_(context),
        poll_(PixelPoller(context)) {
    for (size_t k = 0; k < neighbors_; ++k) step_[k] = kNeighbors[k].dy * row_ + kNeighbors[k].dx;
  }

  absl::Status Run(FloodRelief* relief) {
    const uint64_t padded = static_cast<uint64_t>(row_) * static_cast<uint64_t>(input_.height + 2);
    TRINE_RETURN_IF_ERROR(context_.Reserve(padded * (sizeof(uint32_t) + sizeof(int32_t))));
    TRINE_ASSIGN_OR_RETURN(level_, MakeFilledScratch(static_cast<int64_t>(padded), kClosed, poll_));
    TRINE_ASSIGN_OR_RETURN(label_,
                           MakeFilledScratch(static_cast<int64_t>(padded), int32_t{0}, poll_));
    TRINE_RETURN_IF_ERROR(Fill(*relief));
    relief->Forget();
    TRINE_RETURN_IF_ERROR(input_.lines ? SpreadWithLines() : Spread());
    return ReadOut();
  }

 private:
  static constexpr uint32_t kClosed = 0xFFFFFFFF;  // as a level: not to be flooded
  static constexpr int64_t kPiece = 16384;

  // Ages are compared as 32 bits with a sign, whatever their number.
  static uint64_t Key(uint32_t level, uint32_t age) {
    return uint64_t{level} << 32 | (age ^ 0x80000000u);
  }

  absl::Status Fill(const FloodRelief& relief) {
    for (int64_t y = 0; y < input_.height; ++y) {
      for (int64_t begin = 0; begin < input_.width; begin += kPiece) {
        const int64_t n = std::min(kPiece, input_.width - begin);
        TRINE_RETURN_IF_ERROR(poll_.Spend(4 * n));
        const int64_t from = y * input_.width + begin;
        const int64_t to = (y + 1) * row_ + 1 + begin;
        relief.Read(from, n, level_.data() + to);
        for (int64_t i = 0; i < n; ++i) {
          label_[static_cast<size_t>(to + i)] = labels_[from + i];
          if (input_.region[from + i] == 0) level_[static_cast<size_t>(to + i)] = kClosed;
          if (labels_[from + i] == 0) continue;
          const uint32_t pixel = static_cast<uint32_t>(to + i);
          TRINE_RETURN_IF_ERROR(heap_.Push({Key(level_[pixel], 0), pixel, pixel}, poll_));
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status Spread() {
    uint32_t age = 0;
    while (!heap_.empty()) {
      TRINE_RETURN_IF_ERROR(poll_.Spend(512));
      const AgeHeap::Item item = heap_.Pop();
      for (size_t k = 0; k < neighbors_; ++k) {
        const uint32_t neighbor = static_cast<uint32_t>(item.pixel + step_[k]);
        if (level_[neighbor] == kClosed || label_[neighbor] != 0) continue;
        label_[neighbor] = label_[item.pixel];
        TRINE_RETURN_IF_ERROR(PushFrom(item, neighbor, ++age));
      }
    }
    return absl::OkStatus();
  }

  absl::Status SpreadWithLines() {
    uint32_t age = 0;
    while (!heap_.empty()) {
      TRINE_RETURN_IF_ERROR(poll_.Spend(512));
      const AgeHeap::Item item = heap_.Pop();
      if (label_[item.pixel] != 0 && item.pixel != item.source) continue;
      if (!MeetsOther(item)) label_[item.pixel] = label_[item.source];
      for (size_t k = 0; k < neighbors_; ++k) {
        const uint32_t neighbor = static_cast<uint32_t>(item.pixel + step_[k]);
        if (level_[neighbor] == kClosed || label_[neighbor] != 0) continue;
        TRINE_RETURN_IF_ERROR(PushFrom(item, neighbor, ++age));
      }
    }
    return absl::OkStatus();
  }

  absl::Status PushFrom(const AgeHeap::Item& item, uint32_t neighbor, uint32_t age) {
    const uint32_t level = std::max(level_[neighbor], static_cast<uint32_t>(item.key >> 32));
    return heap_.Push({Key(level, age), neighbor, item.source}, poll_);
  }

  // Closes the pixel where it does, or was closed before.
  bool MeetsOther(const AgeHeap::Item& item) {
    if (level_[item.pixel] == kClosed) return true;
    for (size_t k = 0; k < neighbors_; ++k) {
      const uint32_t neighbor = static_cast<uint32_t>(item.pixel + step_[k]);
      if (level_[neighbor] == kClosed) continue;
      const int32_t other = label_[neighbor];
      if (other == 0 || other == label_[item.source]) continue;
      level_[item.pixel] = kClosed;
      return true;
    }
    return false;
  }

  absl::Status ReadOut() {
    for (int64_t y = 0; y < input_.height; ++y) {
      for (int64_t begin = 0; begin < input_.width; begin += kPiece) {
        const int64_t n = std::min(kPiece, input_.width - begin);
        TRINE_RETURN_IF_ERROR(poll_.Spend(n));
        const int32_t* const from = label_.data() + (y + 1) * row_ + 1 + begin;
        std::copy(from, from + n, labels_ + y * input_.width + begin);
      }
    }
    return absl::OkStatus();
  }

  const Context& context_;
  const FloodInput& input_;
  int32_t* const labels_;
  const int64_t row_;
  const size_t neighbors_;
  std::array<int64_t, 8> step_{};
  Scratch<uint32_t> level_;
  Scratch<int32_t> label_;
  AgeHeap heap_;
  Poller poll_;
};

}  // namespace

absl::Status FloodAsSkimage(const Context& context, const FloodInput& input, FloodRelief* relief,
                            int32_t* labels) {
  return SkimageFlood(context, input, labels).Run(relief);
}

}  // namespace trine::segment
