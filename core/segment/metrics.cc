#include "core/segment/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/segment/picture.h"

namespace trine::segment {
namespace {

// A distance, the ridge that it leads to, and the pixels in the order of their distances.
constexpr uint64_t kBytesAPixel = 3 * sizeof(int32_t);

struct Masks {
  int64_t height = 0, width = 0;
  const uint8_t* mask = nullptr;
  const uint8_t* truth = nullptr;
  const uint8_t* inside = nullptr;  // or null

  int64_t pixels() const { return height * width; }
  bool Counts(int64_t i) const { return inside == nullptr || inside[i] != 0; }
};

// Calls use(index, dy, dx) for the pixels at most `reach` away that the picture has.
template <typename Use>
void ForAround(const Masks& masks, int64_t y, int64_t x, int64_t reach, const Use& use) {
  for (int64_t dy = -std::min(reach, y); dy <= std::min(reach, masks.height - 1 - y); ++dy) {
    for (int64_t dx = -std::min(reach, x); dx <= std::min(reach, masks.width - 1 - x); ++dx)
      use((y + dy) * masks.width + x + dx, dy, dx);
  }
}

// What is summed over the pixels.
struct Sums {
  int64_t tp = 0, fp = 0, fn = 0, tn = 0;
  int64_t near = 0;                // of fp, beside true foreground
  std::array<int64_t, 9> at = {};  // pixels that wrong ones are told from, by squared distance

  void Add(const Sums& other) {
    tp += other.tp;
    fp += other.fp;
    fn += other.fn;
    tn += other.tn;
    near += other.near;
    for (size_t i = 0; i < at.size(); ++i) at[i] += other.at[i];
  }
};

void AddWrong(const Masks& masks, int64_t y, int64_t x, bool is_foreground, Sums* sums) {
  ForAround(masks, y, x, 2, [&](int64_t i, int64_t dy, int64_t dx) {
    if ((masks.truth[i] != 0) != is_foreground) ++sums->at[static_cast<size_t>(dy * dy + dx * dx)];
  });
  if (!is_foreground) return;
  bool is_near = false;
  ForAround(masks, y, x, 1, [&](int64_t i, int64_t, int64_t) { is_near |= masks.truth[i] != 0; });
  sums->near += is_near ? 1 : 0;
}

// A poll costs as much as some pixels.
constexpr int64_t kPixelsAPoll = 4096;

absl::StatusOr<Sums> SumUp(const Context& context, const Masks& masks) {
  Sums all;
  std::mutex mutex;  // counts: the order of the ranges does not matter
  absl::Status status = ParallelFor(
      context, static_cast<size_t>(masks.pixels()), static_cast<size_t>(kPixelGrain),
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        Sums here;
        for (int64_t i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
          if (i % kPixelsAPoll == 0) TRINE_RETURN_IF_ERROR(poll.Spend(16 * kPixelsAPoll));
          if (!masks.Counts(i)) continue;
          const bool set = masks.mask[i] != 0, right = masks.truth[i] != 0;
          ++(set ? (right ? here.tp : here.fp) : (right ? here.fn : here.tn));
          if (set != right) AddWrong(masks, i / masks.width, i % masks.width, set, &here);
        }
        const std::lock_guard<std::mutex> lock(mutex);
        all.Add(here);
        return absl::OkStatus();
      });
  TRINE_RETURN_IF_ERROR(status);
  return all;
}

// Whole blocks of 8 x 8 pixels, or as much of one as the picture has, in which the ground truth has
// both values.
absl::StatusOr<int64_t> CountMixedBlocks(const Context& context, const Masks& masks) {
  constexpr int64_t kSide = 8;
  const int64_t height = std::min(kSide, masks.height), width = std::min(kSide, masks.width);
  Poller poll = PixelPoller(context);
  int64_t count = 0;
  for (int64_t top = 0; top + height <= masks.height; top += height) {
    for (int64_t left = 0; left + width <= masks.width; left += width) {
      TRINE_RETURN_IF_ERROR(poll.Spend(kSide * kSide));
      int64_t set = 0;
      for (int64_t y = top; y < top + height; ++y) {
        for (int64_t x = left; x < left + width; ++x)
          set += masks.truth[y * masks.width + x] != 0 ? 1 : 0;
      }
      count += set > 0 && set < height * width ? 1 : 0;
    }
  }
  return count;
}

// Chessboard distances to the true background, from the neighbours before each pixel and then from
// those behind; kFar where there is none.
constexpr int32_t kFar = std::numeric_limits<int32_t>::max();

absl::StatusOr<Scratch<int32_t>> Distances(const Context& context, const Masks& masks) {
  const int64_t pixels = masks.pixels(), width = masks.width;
  Scratch<int32_t> distance = MakeScratch<int32_t>(pixels);
  Poller poll = PixelPoller(context);
  const auto step = [&](int64_t i, int64_t sign) {
    int32_t least = kFar;
    ForAround(masks, i / width, i % width, 1, [&](int64_t j, int64_t, int64_t) {
      if (sign * (j - i) < 0) least = std::min(least, distance[static_cast<size_t>(j)]);
    });
    return least == kFar ? kFar : least + 1;
  };
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % kPixelsAPoll == 0) TRINE_RETURN_IF_ERROR(poll.Spend(16 * kPixelsAPoll));
    distance[static_cast<size_t>(i)] = masks.truth[i] == 0 ? 0 : step(i, 1);
  }
  for (int64_t i = pixels - 1; i >= 0; --i) {
    if (i % kPixelsAPoll == 0) TRINE_RETURN_IF_ERROR(poll.Spend(16 * kPixelsAPoll));
    int32_t& here = distance[static_cast<size_t>(i)];
    here = std::min(here, step(i, -1));
  }
  return distance;
}

// The share of the true foreground's weight that the mask has [0, 1]. Distances are summed for each
// ridge as integers, and the ridges in order.
absl::StatusOr<double> PseudoRecall(const Context& context, const Masks& masks) {
  TRINE_ASSIGN_OR_RETURN(const Scratch<int32_t> distance, Distances(context, masks));
  const int64_t pixels = masks.pixels();
  // A foreground without background has no distances; one beside some is at most as far from it as
  // the picture is long.
  const size_t bins = static_cast<size_t>(std::max(masks.height, masks.width)) + 1;
  std::vector<int64_t> start(bins + 1);
  Poller poll = PixelPoller(context);
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % kPixelsAPoll == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * kPixelsAPoll));
    const int32_t here = distance[static_cast<size_t>(i)];
    if (here == kFar) return std::numeric_limits<double>::quiet_NaN();
    ++start[static_cast<size_t>(here) + 1];
  }
  for (size_t bin = 1; bin <= bins; ++bin) start[bin] += start[bin - 1];
  Scratch<int32_t> order = MakeScratch<int32_t>(pixels);
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % kPixelsAPoll == 0) TRINE_RETURN_IF_ERROR(poll.Spend(8 * kPixelsAPoll));
    const size_t bin = static_cast<size_t>(distance[static_cast<size_t>(i)]);
    order[static_cast<size_t>(start[bin]++)] = static_cast<int32_t>(i);
  }
  Scratch<int32_t> ridge = MakeScratch<int32_t>(pixels);
  std::vector<int64_t> found(bins), all(bins);
  for (int64_t at = pixels - 1; at >= 0; --at) {
    if (at % kPixelsAPoll == 0) TRINE_RETURN_IF_ERROR(poll.Spend(32 * kPixelsAPoll));
    const int64_t i = order[static_cast<size_t>(at)];
    const int32_t here = distance[static_cast<size_t>(i)];
    if (here == 0) break;
    int32_t highest = here;
    ForAround(masks, i / masks.width, i % masks.width, 1, [&](int64_t j, int64_t, int64_t) {
      if (distance[static_cast<size_t>(j)] > here)
        highest = std::max(highest, ridge[static_cast<size_t>(j)]);
    });
    ridge[static_cast<size_t>(i)] = highest;
    if (!masks.Counts(i)) continue;
    all[static_cast<size_t>(highest)] += here;
    if (masks.mask[i] != 0) found[static_cast<size_t>(highest)] += here;
  }
  double weight_found = 0, weight = 0;
  for (size_t height = 1; height < bins; ++height) {
    const double square = static_cast<double>(height) * static_cast<double>(height);
    weight_found += static_cast<double>(found[height]) / square;
    weight += static_cast<double>(all[height]) / square;
  }
  return weight == 0 ? 1.0 : weight_found / weight;
}

double Share(double part, double all) { return all == 0 ? 1 : part / all; }

double Drd(const Sums& sums, int64_t mixed_blocks) {
  constexpr std::array<int32_t, 9> kPixelsAt = {0, 4, 4, 0, 4, 8, 0, 0, 4};
  double cost = 0, weights = 0;
  for (size_t square = 1; square < sums.at.size(); ++square) {
    const double reciprocal = 1 / std::sqrt(static_cast<double>(square));
    cost += static_cast<double>(sums.at[square]) * reciprocal;
    weights += kPixelsAt[square] * reciprocal;
  }
  if (sums.fp + sums.fn == 0) return 0;
  if (mixed_blocks == 0) return std::numeric_limits<double>::infinity();
  return cost / weights / static_cast<double>(mixed_blocks);
}

absl::Status CheckMask(const TensorView& mask, const Shape& shape, std::string_view field,
                       const Limits& limits) {
  if (mask.shape.size() != 2 || mask.elements() == 0)
    return InvalidField(field, ShapeToString(mask.shape), "must be [height, width], not empty");
  if (mask.shape != shape)
    return InvalidField(field, ShapeToString(mask.shape),
                        "must be of the mask's size, " + ShapeToString(shape));
  if (mask.dtype != DType::kUint8 && mask.dtype != DType::kBool)
    return InvalidField(field, DTypeName(mask.dtype), "uint8 or bool");
  return ValidateTensor(mask, limits, field);
}

}  // namespace

uint64_t MetricsBytes(uint64_t pixels) { return SaturatingMul(pixels, kBytesAPixel); }

absl::StatusOr<MaskMetrics> CompareMasks(const Context& context, const TensorView& mask,
                                         const TensorView& ground_truth,
                                         const std::optional<TensorView>& inside) {
  const Limits& limits = *context.limits;
  TRINE_RETURN_IF_ERROR(CheckMask(mask, mask.shape, "mask", limits));
  TRINE_RETURN_IF_ERROR(CheckMask(ground_truth, mask.shape, "ground_truth", limits));
  if (inside) TRINE_RETURN_IF_ERROR(CheckMask(*inside, mask.shape, "inside", limits));
  const uint64_t pixels = mask.elements();
  const uint64_t most = std::min(limits.max_image_pixels, static_cast<uint64_t>(kMaxPixels));
  if (pixels > most) return LimitExceeded("mask", pixels, "max_image_pixels", most);
  TRINE_RETURN_IF_ERROR(context.Reserve(MetricsBytes(pixels)));
  const Masks masks{mask.shape[0], mask.shape[1], mask.data.data(), ground_truth.data.data(),
                    inside ? inside->data.data() : nullptr};
  TRINE_ASSIGN_OR_RETURN(const Sums sums, SumUp(context, masks));
  TRINE_ASSIGN_OR_RETURN(const int64_t mixed_blocks, CountMixedBlocks(context, masks));
  TRINE_ASSIGN_OR_RETURN(const double weighted, PseudoRecall(context, masks));

  const double tp = static_cast<double>(sums.tp), fp = static_cast<double>(sums.fp);
  const double fn = static_cast<double>(sums.fn), wrong = fp + fn;
  MaskMetrics out;
  out.true_positives = sums.tp;
  out.false_positives = sums.fp;
  out.false_negatives = sums.fn;
  out.true_negatives = sums.tn;
  out.precision = 100 * Share(tp, tp + fp);
  out.recall = 100 * Share(tp, tp + fn);
  out.dice = Share(2 * tp, 2 * tp + wrong);
  out.f_measure = 100 * out.dice;
  out.iou = Share(tp, tp + wrong);
  out.pseudo_precision = 100 * Share(tp, tp + fp - static_cast<double>(sums.near) / 2);
  out.pseudo_recall = std::isnan(weighted) ? out.recall : 100 * weighted;
  out.pseudo_f_measure = out.pseudo_precision + out.pseudo_recall == 0
                             ? 0
                             : 2 * out.pseudo_precision * out.pseudo_recall /
                                   (out.pseudo_precision + out.pseudo_recall);
  out.psnr = wrong == 0 ? std::numeric_limits<double>::infinity()
                        : 10 * std::log10((tp + wrong + static_cast<double>(sums.tn)) / wrong);
  out.drd = Drd(sums, mixed_blocks);
  return out;
}

}  // namespace trine::segment
