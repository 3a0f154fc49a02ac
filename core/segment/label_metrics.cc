#include "core/segment/label_metrics.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/base/checked.h"
#include "core/base/element_type.h"
#include "core/base/error.h"
#include "core/segment/int128.h"
#include "core/segment/picture.h"

namespace trine::segment {
namespace {

// Pixels that have both labels.
struct Overlap {
  int32_t label = 0, truth = 0;
  int64_t pixels = 0;
};

absl::StatusOr<Scratch<int32_t>> LabelsOf(const Context& context, std::string_view field,
                                          const TensorView& map) {
  if (map.shape.size() != 2)
    return InvalidField(field, ShapeToString(map.shape), "must be [height, width]");
  if (map.elements() == 0) return InvalidField(field, ShapeToString(map.shape), "must have pixels");
  if (IsFloat(map.dtype)) return InvalidField(field, DTypeName(map.dtype), "labels are integers");
  const int64_t pixels = static_cast<int64_t>(map.elements()), width = map.shape[1];
  Scratch<int32_t> out = MakeScratch<int32_t>(pixels);
  Poller poll = PixelPoller(context);
  const absl::Status read = WithElementType(map.dtype, [&](auto type) -> absl::Status {
    using T = decltype(type);
    for (int64_t i = 0; i < pixels; ++i) {
      if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
      const T value = LoadLE<T>(map.data.data() + i * static_cast<int64_t>(sizeof(T)));
      if constexpr (std::is_integral_v<T>) {
        if (!std::in_range<int32_t>(value) || value < 0) {
          return InvalidField(std::string(field) + "[" + std::to_string(i / width) + "][" +
                                  std::to_string(i % width) + "]",
                              std::to_string(value), "labels are from 0 to 2147483647");
        }
        // Of int8 too: these are numbers, no characters.
        out[static_cast<size_t>(i)] =
            static_cast<int32_t>(value);  // NOLINT(bugprone-signed-char-misuse)
      } else {
        out[static_cast<size_t>(i)] = static_cast<float>(value) != 0 ? 1 : 0;
      }
    }
    return absl::OkStatus();
  });
  TRINE_RETURN_IF_ERROR(read);
  return out;
}

// All pairs that meet, by ascending label and truth: the order of sums is that of the labels.
absl::StatusOr<std::vector<Overlap>> OverlapsOf(const Context& context, uint64_t reserved,
                                                const Scratch<int32_t>& labels,
                                                const Scratch<int32_t>& truth) {
  // A slot of the table at half its room, its copy as it grows, the list, and slots of the tables
  // of labels, which are fewer.
  constexpr uint64_t kPairBytes = 256;
  constexpr size_t kAhead = size_t{1} << 14;
  absl::flat_hash_map<uint64_t, int64_t> counts;
  size_t room = 0;
  Poller poll = PixelPoller(context);
  for (size_t i = 0; i < labels.size();) {
    const size_t begin = i;
    while (i < labels.size() && labels[i] == labels[begin] && truth[i] == truth[begin] &&
           i - begin < size_t{kPixelGrain})
      ++i;
    TRINE_RETURN_IF_ERROR(poll.Spend(16 + i - begin));
    if (counts.size() == room) {
      room += kAhead;
      TRINE_RETURN_IF_ERROR(context.Reserve(reserved + room * kPairBytes));
    }
    const uint64_t key =
        uint64_t{static_cast<uint32_t>(labels[begin])} << 32 | static_cast<uint32_t>(truth[begin]);
    counts[key] += static_cast<int64_t>(i - begin);
  }
  std::vector<Overlap> out;
  out.reserve(counts.size());
  for (const auto& [key, pixels] : counts)
    out.push_back(
        {static_cast<int32_t>(key >> 32), static_cast<int32_t>(key & 0x7fffffff), pixels});
  std::sort(out.begin(), out.end(), [](const Overlap& a, const Overlap& b) {
    return a.label != b.label ? a.label < b.label : a.truth < b.truth;
  });
  return out;
}

using Areas = absl::flat_hash_map<int32_t, int64_t>;

double Ratio(double dividend, double divisor, double without) {
  return divisor == 0 ? without : dividend / divisor;
}

void SetMatches(const std::vector<Overlap>& overlaps, const Areas& areas, const Areas& truths,
                LabelMetrics& out) {
  out.objects = static_cast<int64_t>(areas.size()) - (areas.contains(0) ? 1 : 0);
  out.true_objects = static_cast<int64_t>(truths.size()) - (truths.contains(0) ? 1 : 0);
  absl::flat_hash_map<int32_t, int> parts, wholes;  // of a true object, and in an object
  double matched = 0;
  for (const Overlap& overlap : overlaps) {
    if (overlap.label == 0 || overlap.truth == 0) continue;
    const int64_t area = areas.at(overlap.label), truth = truths.at(overlap.truth);
    const int64_t either = area + truth - overlap.pixels;
    // Thresholds are twentieths: compared in integers.
    for (size_t i = 0; i < kIouThresholds; ++i)
      out.matches[i] += 20 * overlap.pixels > static_cast<int64_t>(10 + i) * either ? 1 : 0;
    if (2 * overlap.pixels > either)
      matched += static_cast<double>(overlap.pixels) / static_cast<double>(either);
    if (2 * overlap.pixels > area) ++parts[overlap.truth];
    if (2 * overlap.pixels > truth) ++wholes[overlap.label];
  }
  for (const auto& [label, count] : parts) out.splits += count > 1 ? 1 : 0;
  for (const auto& [label, count] : wholes) out.merges += count > 1 ? 1 : 0;
  const double objects = static_cast<double>(out.objects);
  const double truth = static_cast<double>(out.true_objects);
  const double hits = static_cast<double>(out.matches[0]);
  out.f1 = Ratio(2 * hits, objects + truth, 1);
  out.precision = Ratio(hits, objects, 1);
  out.recall = Ratio(hits, truth, 1);
  out.mean_matched_iou = Ratio(matched, hits, 0);
  for (size_t i = 0; i < kIouThresholds; ++i) {
    const double found = static_cast<double>(out.matches[i]);
    out.average_precisions[i] = Ratio(found, objects + truth - found, 1);
    out.mean_average_precision += out.average_precisions[i] / kIouThresholds;
  }
}

void SetPixels(const std::vector<Overlap>& overlaps, const Areas& areas, const Areas& truths,
               int64_t pixels, LabelMetrics& out) {
  const auto zero_of = [](const Areas& of) {
    const auto found = of.find(0);
    return found == of.end() ? int64_t{0} : found->second;
  };
  const int64_t one = pixels - zero_of(areas), other = pixels - zero_of(truths);
  int64_t neither = 0;
  for (const Overlap& overlap : overlaps)
    if (overlap.label == 0 && overlap.truth == 0) neither = overlap.pixels;
  const int64_t either = pixels - neither, both = one + other - either;
  out.dice = Ratio(2 * static_cast<double>(both), static_cast<double>(one + other), 1);
  out.iou = Ratio(static_cast<double>(both), static_cast<double>(either), 1);
}

// Ordered pairs of different pixels among n: exact, whatever the order of a table is.
Int128 Pairs(int64_t n) { return Int128{n} * (n - 1); }

void SetPartitions(const std::vector<Overlap>& overlaps, const Areas& areas, const Areas& truths,
                   int64_t pixels, LabelMetrics& out) {
  const double n = static_cast<double>(pixels);
  // That both maps have in one label, the map, the truth; then where the truth is not 0.
  Int128 both = 0, of_map = 0, of_truth = 0, inside_both = 0, inside_map = 0, inside_truth = 0;
  Areas inside;  // pixels of a label where the truth is not 0
  for (const Overlap& overlap : overlaps) {
    const double part = static_cast<double>(overlap.pixels);
    const double truth = static_cast<double>(truths.at(overlap.truth));
    const double area = static_cast<double>(areas.at(overlap.label));
    out.vi_split += part / n * std::log2(truth / part);
    out.vi_merge += part / n * std::log2(area / part);
    both += Pairs(overlap.pixels);
    if (overlap.truth == 0) continue;
    inside_both += Pairs(overlap.pixels);
    inside[overlap.label] += overlap.pixels;
  }
  for (const auto& [label, area] : areas) of_map += Pairs(area);
  for (const auto& [label, area] : inside) inside_map += Pairs(area);
  for (const auto& [label, area] : truths) {
    of_truth += Pairs(area);
    inside_truth += label == 0 ? 0 : Pairs(area);
  }
  out.rand_index = 1 - Ratio(static_cast<double>(of_map + of_truth - 2 * both),
                             static_cast<double>(Pairs(pixels)), 0);
  out.adapted_rand_error = 1 - Ratio(static_cast<double>(2 * inside_both),
                                     static_cast<double>(inside_map + inside_truth), 1);
}

}  // namespace

absl::StatusOr<LabelMetrics> CompareLabels(const Context& context, const TensorView& labels,
                                           const TensorView& ground_truth) {
  const uint64_t reserved = SaturatingMul(labels.elements() + ground_truth.elements(), 4);
  TRINE_RETURN_IF_ERROR(context.Reserve(reserved));
  TRINE_ASSIGN_OR_RETURN(const Scratch<int32_t> map, LabelsOf(context, "labels", labels));
  TRINE_ASSIGN_OR_RETURN(const Scratch<int32_t> truth,
                         LabelsOf(context, "ground_truth", ground_truth));
  if (labels.shape != ground_truth.shape)
    return InvalidField("ground_truth", ShapeToString(ground_truth.shape),
                        "must have the labels' shape, " + ShapeToString(labels.shape));
  TRINE_ASSIGN_OR_RETURN(const std::vector<Overlap> overlaps,
                         OverlapsOf(context, reserved, map, truth));
  Areas areas, truths;
  for (const Overlap& overlap : overlaps) {
    areas[overlap.label] += overlap.pixels;
    truths[overlap.truth] += overlap.pixels;
  }
  const int64_t pixels = static_cast<int64_t>(map.size());
  LabelMetrics out;
  SetMatches(overlaps, areas, truths, out);
  SetPixels(overlaps, areas, truths, pixels, out);
  SetPartitions(overlaps, areas, truths, pixels, out);
  return out;
}

}  // namespace trine::segment
