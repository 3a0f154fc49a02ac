// How a label map compares with the right one, its ground truth: objects found, partitions.
//
// Thread safety: all functions. Results do not depend on the number of threads.
#pragma once

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/tensor.h"
#include "core/runtime/context.h"

namespace trine::segment {

// The thresholds of IoU at which objects are matched: .50, .55, ..., .95.
inline constexpr size_t kIouThresholds = 10;
inline double IouThreshold(size_t i) { return (50 + 5 * static_cast<double>(i)) / 100; }

// Objects are the labels but 0. Of the two maps' objects those match whose intersection over union
// is above a threshold: from .5 on an object has at most one that it matches.
struct LabelMetrics {
  int64_t objects = 0, true_objects = 0;
  std::array<int64_t, kIouThresholds> matches{};
  // At IoU .5: 2 matches / (objects + true objects), matches / objects, matches / true objects; 1
  // where the divisor is 0.
  double f1 = 0, precision = 0, recall = 0;
  // matches / (objects + true objects - matches) at each threshold, and their mean; 1 where the
  // divisor is 0.
  std::array<double, kIouThresholds> average_precisions{};
  double mean_average_precision = 0;
  double mean_matched_iou = 0;  // of the matches at .5; 0 without one
  // Of what is not 0 in either map: 2 |both| / (|one| + |other|), |both| / |either|; 1 without any.
  double dice = 0, iou = 0;
  // Variation of information [bits] (Meila 2005): what of the map is unknown to who knows the
  // truth, which grows with objects that are split, and the other way round, which grows with
  // merged ones. The background counts as a label. scikit-image's variation_of_information(truth,
  // map).
  double vi_split = 0, vi_merge = 0;
  // Part of the pairs of pixels that both maps have in one label, or in two; 1 of one pixel. The
  // background counts as a label.
  double rand_index = 0;
  // 1 - F of the pairs of pixels of true objects that a map has in one label (Arganda-Carreras and
  // others 2015): scikit-image's adapted_rand_error(truth, map); 0 where there is no such pair.
  double adapted_rand_error = 0;
  // True objects in which more than one object lies with more than half of its pixels, and objects
  // in which more than one true object does.
  int64_t splits = 0, merges = 0;
};

// Both are [H,W] of integers from 0 to 2147483647. INVALID_ARGUMENT naming "labels" or
// "ground_truth" for another type, a value out of that range (with its pixel), another shape or no
// pixels. Memory: 8 bytes a pixel, and 256 for each pair of labels that meet, reserved with the
// context as they are found.
absl::StatusOr<LabelMetrics> CompareLabels(const Context& context, const TensorView& labels,
                                           const TensorView& ground_truth);

}  // namespace trine::segment
