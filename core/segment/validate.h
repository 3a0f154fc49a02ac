// Everything that can be refused before anything is computed or allocated.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/segment/picture.h"
#include "core/segment/segment.h"

namespace trine::segment {

// Shapes, dtypes and sizes of the inputs against the limits. Does not read their data.
absl::Status ValidateInputs(const Inputs& inputs, const Limits& limits);
// That their data are as long as their shapes say; the picture's values are checked when it is made
// (gray.h).
absl::Status ValidateData(const Inputs& inputs, const Limits& limits);

// A step, and what the steps before it made, for the check of its row.
struct StepToCheck {
  const Inputs& inputs;
  const Options& options;
  unsigned made;    // Maps
  DType gray_type;  // of the picture that the step sees
  size_t index;

  // "steps[3].multi_otsu", and "steps[3].multi_otsu.classes".
  std::string Field() const;
  std::string Field(std::string_view parameter) const;
  // INVALID_ARGUMENT naming "steps[3]" where no step before it made the `maps`.
  absl::Status Needs(unsigned maps) const;
};

// Parameters of each step, and that it finds what it needs. REQUIRES: ValidateInputs, of which it
// reads no data.
absl::Status ValidateSteps(const Inputs& inputs, const Options& options, const Limits& limits);

// Sentences about what was given and no step reads.
std::vector<std::string> UnusedInputs(const Inputs& inputs, const Options& options);

// Markers as int32 labels, 0 where `inside` (or null) is. INVALID_ARGUMENT naming "markers[y][x]"
// above 2^31 - 1, and below 0 (SKIMAGE: -2^31). Where `labels` is null, that refusal alone.
absl::Status ReadMarkers(const Context& context, const TensorView& markers, const uint8_t* inside,
                         Profile profile, int32_t* labels);

// "steps[3]" and "steps[3].watershed".
std::string StepField(size_t i);
std::string StepField(size_t i, const Step& step);

}  // namespace trine::segment
