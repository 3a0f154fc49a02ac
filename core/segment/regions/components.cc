#include "core/segment/regions/components.h"

#include <algorithm>

#include "core/segment/regions/grid.h"

namespace trine::segment {
namespace {

// Labels of one pixel's neighbours that come before it in raster order.
class FirstPass {
 public:
  FirstPass(int64_t width, Connectivity connectivity, int32_t* labels, int32_t* root)
      : width_(width), eight_(connectivity == Connectivity::k8), labels_(labels), root_(root) {}

  // Labels that were given, the background's 0 included.
  int32_t count() const { return count_; }

  int32_t Label(int64_t y, int64_t x) {
    const int32_t* here = labels_ + y * width_ + x;
    int32_t label = x > 0 ? here[-1] : 0;
    if (y > 0) {
      const int32_t* above = here - width_;
      label = Merge(label, *above);
      // A set pixel above is a neighbour of both diagonal ones: they are its component already.
      if (eight_ && *above == 0) {
        if (x > 0) label = Merge(label, above[-1]);
        if (x + 1 < width_) label = Merge(label, above[1]);
      }
    }
    if (label != 0) return label;
    root_[count_] = count_;
    return count_++;
  }

 private:
  int32_t Merge(int32_t a, int32_t b) {
    if (a == 0 || b == 0 || a == b) return std::max(a, b);
    const int32_t ra = FindRoot(root_, a), rb = FindRoot(root_, b);
    root_[std::max(ra, rb)] = std::min(ra, rb);
    return std::min(ra, rb);
  }

  int64_t width_;
  bool eight_;
  int32_t* labels_;
  int32_t* root_;
  int32_t count_ = 1;
};

}  // namespace

absl::StatusOr<Provisional> LabelProvisionally(const Context& context, const uint8_t* mask,
                                               bool foreground, int64_t height, int64_t width,
                                               Connectivity connectivity, int32_t* labels) {
  // Room for the most labels there can be, which costs nothing where it is not touched: an array
  // that grows would be copied without polls. Of two neighbours in a row one at most is fresh.
  Provisional out{MakeScratch<int32_t>(height * ((width + 1) / 2) + 1)};
  out.root[0] = 0;
  FirstPass pass(width, connectivity, labels, out.root.data());
  Poller poll = PixelPoller(context);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t begin = 0; begin < width; begin += kPixelGrain) {
      const int64_t end = std::min(width, begin + kPixelGrain);
      TRINE_RETURN_IF_ERROR(poll.Spend(end - begin));
      for (int64_t x = begin; x < end; ++x) {
        const int64_t i = y * width + x;
        labels[i] = (mask[i] != 0) == foreground ? pass.Label(y, x) : 0;
      }
    }
  }
  out.root.Truncate(static_cast<size_t>(pass.count()));
  // Roots are smaller than what hangs on them: one ascending pass flattens all chains.
  for (size_t label = 1; label < out.root.size(); ++label) {
    if (label % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    out.root[label] = out.root[static_cast<size_t>(out.root[label])];
  }
  return out;
}

absl::StatusOr<int64_t> LabelComponents(const Context& context, int64_t height, int64_t width,
                                        const ComponentsStep& step, std::string_view field,
                                        uint8_t* mask, int32_t* labels) {
  TRINE_ASSIGN_OR_RETURN(
      const Provisional provisional,
      LabelProvisionally(context, mask, true, height, width, step.connectivity, labels));
  const Scratch<int32_t>& root = provisional.root;
  const int64_t pixels = height * width;
  Poller poll = PixelPoller(context);
  Scratch<int32_t> area = Scratch<int32_t>::Zeros(root.size());
  for (int64_t begin = 0; begin < pixels; begin += kPixelGrain) {
    TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
    for (int64_t i = begin; i < std::min(pixels, begin + kPixelGrain); ++i)
      ++area[static_cast<size_t>(root[static_cast<size_t>(labels[i])])];
  }
  // `area` becomes the final label of each root.
  uint64_t count = 0;
  area[0] = 0;
  for (size_t label = 1; label < root.size(); ++label) {
    if (label % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    if (root[label] != static_cast<int32_t>(label)) continue;
    area[label] = area[label] >= step.min_area ? static_cast<int32_t>(++count) : 0;
  }
  if (count > context.limits->max_regions)
    return LimitExceeded(field, count, "max_regions", context.limits->max_regions);
  absl::Status status =
      ParallelFor(context, static_cast<size_t>(pixels), static_cast<size_t>(kPixelGrain),
                  [&](size_t begin, size_t end) {
                    for (size_t i = begin; i < end; ++i) {
                      labels[i] = area[static_cast<size_t>(root[static_cast<size_t>(labels[i])])];
                      mask[i] = labels[i] != 0 ? 255 : 0;
                    }
                    return absl::OkStatus();
                  });
  TRINE_RETURN_IF_ERROR(status);
  return static_cast<int64_t>(count);
}

}  // namespace trine::segment
