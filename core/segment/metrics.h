// How a mask compares with the right one, its ground truth.
//
// Thread safety: all functions. Results do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "core/base/tensor.h"
#include "core/runtime/context.h"

namespace trine::segment {

// Positives are foreground: what is not 0. True positives are foreground of both, false ones of the
// mask alone, false negatives of the ground truth alone.
struct MaskMetrics {
  int64_t true_positives = 0, false_positives = 0, false_negatives = 0, true_negatives = 0;
  // Percent: 100 tp / (tp + fp), 100 tp / (tp + fn) and 200 tp / (2 tp + fp + fn); 100 where the
  // divisor is 0.
  double precision = 0, recall = 0, f_measure = 0;
  // The same with weights, after the idea of Ntirogiannis, Gatos and Pratikakis (2013) and not with
  // their program's figures. A pixel of the true foreground weighs d / R^2, so that a piece across
  // a stroke weighs about 1 however broad it is and its middle most: d is its chessboard distance
  // to the true background (1 beside it), R the largest d that is reached from it by stepping from
  // pixels to any of their 8 neighbours of larger d. All weigh 1 where there is no background. A
  // false positive with true foreground among its 8 neighbours weighs 1/2: borders are known to a
  // pixel only.
  double pseudo_precision = 0, pseudo_recall = 0, pseudo_f_measure = 0;
  // 10 log10(pixels / wrong pixels) [dB], infinite where none is wrong.
  double psnr = 0;
  // Distance reciprocal distortion (Lu, Kot, Shi 2004): each wrong pixel costs the sum of the
  // weights of those of the 5 x 5 pixels around it that the ground truth has otherwise than the
  // mask has the wrong one; weights are 1 / distance, 0 in the middle, 1 in sum; pixels beyond the
  // border cost nothing. Divided by the number of blocks of 8 x 8 pixels from the top left in which
  // the ground truth has both values: whole ones, as doxa counts them, or of smaller pictures what
  // there is of one. 0 where nothing is wrong, infinite where something is and there is no such
  // block.
  double drd = 0;
  // 2 tp / (2 tp + fp + fn) and tp / (tp + fp + fn), 0 to 1; 1 where the divisor is 0.
  double dice = 0, iou = 0;
};

// Both are [H,W] of uint8 or bool, and so is `inside`, where it is given: pixels that are 0 there
// count for nothing, but are what the ground truth says for the distances, neighbours and blocks of
// others. INVALID_ARGUMENT naming "mask", "ground_truth" or "inside" for another shape or type, or
// pictures without pixels. Memory is reserved with the context (MetricsBytes).
absl::StatusOr<MaskMetrics> CompareMasks(const Context& context, const TensorView& mask,
                                         const TensorView& ground_truth,
                                         const std::optional<TensorView>& inside = std::nullopt);

// Working memory for so many pixels [bytes].
uint64_t MetricsBytes(uint64_t pixels);

}  // namespace trine::segment
