// The parts of a mask, connected over 8 neighbours, with what is counted of each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "core/segment/picture.h"

namespace trine::segment {

// `Counts` is what is counted of a part: it is made of zeros and added to with Add(other). Memory
// of a mask of even sides: 2 bytes a pixel, and a quarter of 4 bytes and the Counts; where a side
// is 1, at most four times that. Thread safety: one thread at a time.
template <typename Counts>
class Parts {
 public:
  // `mask` (any byte but 0 is set) is read by Find and written by Keep.
  Parts(const Context& context, int64_t height, int64_t width, uint8_t* mask)
      : height_(height),
        width_(width),
        mask_(mask),
        poll_(PixelPoller(context)),
        above_(MakeScratch<Run>(RunsARow())),
        here_(MakeScratch<Run>(RunsARow())),
        label_(MakeScratch<int32_t>(height * RunsARow())),
        // Of 2 x 2 pixels at most one begins a run that touches none above.
        parts_(MakeScratch<Part>((height + 1) / 2 * RunsARow())) {}

  // Labels the runs of the mask and joins the labels of those that touch. Calls
  // count(index, counts) for each set pixel in raster order.
  template <typename Count>
  absl::Status Find(const Count& count) {
    for (int64_t y = 0; y < height_; ++y) {
      TRINE_RETURN_IF_ERROR(
          ForRuns(y, [&](int64_t begin, int64_t end) { return Add(count, y, begin, end); }));
      std::swap(above_, here_);
      runs_above_ = runs_;
      runs_ = near_ = 0;
    }
    // Roots are smaller than what hangs on them.
    for (int32_t i = 0; i < count_; ++i) {
      TRINE_RETURN_IF_ERROR(poll_.Spend(4));
      Part& part = parts_[static_cast<size_t>(i)];
      part.root = parts_[static_cast<size_t>(part.root)].root;
      if (part.root != i) parts_[static_cast<size_t>(part.root)].counts.Add(part.counts);
    }
    return absl::OkStatus();
  }

  // Calls use(counts) for each part, in raster order of their first pixels.
  template <typename Use>
  absl::Status ForParts(const Use& use) {
    for (int32_t i = 0; i < count_; ++i) {
      TRINE_RETURN_IF_ERROR(poll_.Spend(4));
      const Part& part = parts_[static_cast<size_t>(i)];
      if (part.root == i) use(part.counts);
    }
    return absl::OkStatus();
  }

  // The mask becomes 255 on the parts for which keeps(counts) is true, 0 elsewhere.
  template <typename Keeps>
  absl::Status Keep(const Keeps& keeps) {
    size_t run = 0;
    for (int64_t y = 0; y < height_; ++y) {
      TRINE_RETURN_IF_ERROR(ForRuns(y, [&](int64_t begin, int64_t end) {
        const Part& part = parts_[static_cast<size_t>(label_[run++])];
        const bool stays = keeps(parts_[static_cast<size_t>(part.root)].counts);
        std::memset(mask_ + y * width_ + begin, stays ? 255 : 0, static_cast<size_t>(end - begin));
        return poll_.Spend((end - begin) / 4);
      }));
    }
    return absl::OkStatus();
  }

 private:
  // Set pixels of a row, columns [begin, end), and the label that they were given.
  struct Run {
    int32_t begin = 0, end = 0, label = 0;
  };
  struct Part {
    int32_t root = 0;
    Counts counts;
  };

  int64_t RunsARow() const { return (width_ + 1) / 2; }

  // Calls use(begin, end) for each run of row y, once its end is known.
  template <typename Use>
  absl::Status ForRuns(int64_t y, const Use& use) {
    const uint8_t* const row = mask_ + y * width_;
    int64_t x = 0;
    while (true) {
      const int64_t from = x;
      // Eight at once where nothing is set.
      while (x < width_ && row[x] == 0)
        x += x + 8 < width_ && LoadLE<uint64_t>(row + x) == 0 ? 8 : 1;
      TRINE_RETURN_IF_ERROR(poll_.Spend(2 + (x - from) / 4));
      if (x == width_) return absl::OkStatus();
      const int64_t begin = x;
      while (x < width_ && row[x] != 0) ++x;
      TRINE_RETURN_IF_ERROR(poll_.Spend(2 + x - begin));
      TRINE_RETURN_IF_ERROR(use(begin, x));
    }
  }

  // The next run of the mask.
  template <typename Count>
  absl::Status Add(const Count& count, int64_t y, int64_t begin, int64_t end) {
    Run run{static_cast<int32_t>(begin), static_cast<int32_t>(end), -1};
    while (near_ < runs_above_ && above_[near_].end < run.begin) ++near_;
    for (size_t i = near_; i < runs_above_ && above_[i].begin <= run.end; ++i)
      run.label = Joined(run.label, above_[i].label);
    if (run.label < 0) run.label = NewPart();
    here_[runs_++] = run;
    label_[labels_++] = run.label;
    Counts counts;
    for (int64_t x = begin; x < end; ++x) {
      if ((x - begin) % 4096 == 0) TRINE_RETURN_IF_ERROR(poll_.Spend(2 * 4096));
      count(y * width_ + x, counts);
    }
    parts_[static_cast<size_t>(run.label)].counts.Add(counts);
    return absl::OkStatus();
  }

  int32_t NewPart() {
    parts_[static_cast<size_t>(count_)] = {count_, Counts()};
    return count_++;
  }
  // The root of both, of which the first may be none yet.
  int32_t Joined(int32_t a, int32_t b) {
    const int32_t root_b = Root(b);
    if (a < 0) return root_b;
    const int32_t root_a = Root(a);
    parts_[static_cast<size_t>(std::max(root_a, root_b))].root = std::min(root_a, root_b);
    return std::min(root_a, root_b);
  }
  int32_t Root(int32_t i) {
    while (parts_[static_cast<size_t>(i)].root != i) {
      int32_t& parent = parts_[static_cast<size_t>(i)].root;
      parent = parts_[static_cast<size_t>(parent)].root;
      i = parent;
    }
    return i;
  }

  int64_t height_, width_;
  uint8_t* mask_;
  Poller poll_;
  Scratch<Run> above_, here_;
  Scratch<int32_t> label_;  // of each run of the mask in raster order
  Scratch<Part> parts_;
  int32_t count_ = 0;
  size_t labels_ = 0, runs_ = 0, runs_above_ = 0;
  size_t near_ = 0;  // the first run above that reaches as far as the next one here
};

// Pixels of a part, and those of them that are marked.
struct PartCounts {
  int32_t area = 0, marked = 0;

  void Add(const PartCounts& other) {
    area += other.area;
    marked += other.marked;
  }
};

}  // namespace trine::segment
