// From options to the ordered steps of a segmentation.
#pragma once

#include "absl/status/statusor.h"
#include "client/cli/flags/segment_args.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {

// The steps and options that the flags say, without the pictures and outputs. Adds what an output
// needs: components for label maps, measure for CSV, contours for outlines. Labels and regions are
// those of the mask that the flags make; of a method's own classes, of which there are more than
// two, flags that change the mask alone are refused. USAGE for a flag that does not go with the
// method.
absl::StatusOr<v1::SegmentRequest> MakeSegmentRequest(const SegmentArgs& args);

// True where a step makes a mask. Where none does, MakeSegmentRequest refuses what is of one.
bool MakesMask(const v1::SegmentRequest& request);

// True where a step makes a label map and no later one, nor `invert`, makes the mask another's.
bool LabelsAreOfMask(const v1::SegmentRequest& request);

// True where the largest label is the number of labels: the last step to make them numbers
// components. Of given markers, and of classes, some labels may be on no pixel.
bool CountsLabels(const v1::SegmentRequest& request);

}  // namespace trine::cli
