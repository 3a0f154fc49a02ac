// What steps work on, and running them in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/segment/picture.h"
#include "core/segment/regions/runs/runs.h"
#include "core/segment/segment.h"

namespace trine::segment {

// Whether the labels are those of the mask as it is.
enum class MaskLabels : uint8_t {
  kNone,      // there are none, they are classes, or the mask is another since
  kApart,     // regions that are not even diagonal neighbours
  kTouching,  // regions that may be neighbours
};

// The inputs, and the result as far as it is made. Thread safety: one thread at a time, but for
// what the steps do to their own maps.
class State {
 public:
  // All of them must outlive the State. REQUIRES: they were validated.
  State(const Context& context, const Inputs& inputs, const Options& options,
        const Picture& picture);

  const Context& context;
  const Inputs& inputs;
  const Options& options;
  const Picture given;  // as it came: what is measured
  Picture gray;         // as the last step that changed it left it
  DType gray_type;      // of its values: the type that was given, or that a step turned it into
  Result result;
  size_t index = 0;                    // of the step that runs
  std::optional<uint64_t> foreground;  // pixels that are set in the mask, where that is known
  MaskLabels mask_labels = MaskLabels::kNone;
  std::optional<LabelRuns> label_runs;  // the labels, where they are not painted yet

  // [height, width] of zeros where no step made one yet. Whoever asks for the mask may change it.
  uint8_t* Mask();
  // For a step that writes each pixel inside, whatever is there: zeros outside alone.
  uint8_t* MaskToWrite();
  // The same for labels. Those that are known as runs are painted where somebody asks; where this
  // is cancelled so is the step.
  int32_t* Labels();
  int32_t* LabelsToWrite();
  float* Distance();

  // A picture of gray's type, or the one that the step turns it into, every pixel of which is to be
  // written, and its use as gray from then on. REQUIRES: the step's row makes kGray, and pixels
  // outside keep finite values.
  Tensor NewGray() const;
  void SetGray(Tensor pixels);

  // "steps[3]", and "steps[3].multi_otsu.classes".
  std::string Field() const;
  std::string Field(std::string_view parameter) const;

  // The mask, and with `with_labels` the classes as labels, from result.threshold: their map where
  // somebody reads it.
  absl::Status ApplyThreshold(bool with_labels);

  // Calls body(begin, end) for ranges of pixels that cover the picture, in parallel.
  absl::Status ForPixels(absl::FunctionRef<void(size_t begin, size_t end)> body) const;

 private:
  // By a step from this one on, or by the caller.
  bool AreLabelsRead() const;

  Tensor changed_gray_;
};

// Makes the picture, runs the steps and counts the mask's foreground. REQUIRES: everything but the
// pixels' values was validated.
absl::StatusOr<Result> RunPipeline(const Context& context, const Inputs& inputs,
                                   const Options& options);

}  // namespace trine::segment
