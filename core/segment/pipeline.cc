#include "core/segment/pipeline.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/runtime/part_account.h"
#include "core/segment/gray.h"
#include "core/segment/mask_kernels.h"
#include "core/segment/threshold/gray_histogram.h"
#include "core/segment/threshold/threshold.h"
#include "core/segment/validate.h"

namespace trine::segment {
namespace {

// Masks of fewer pixels stay in the caches until they are sent.
constexpr int64_t kLeastStreamed = int64_t{1} << 20;

// A tensor's storage is aligned for every element type.
template <typename T>
T* MapAt(DType dtype, const Shape& shape, std::optional<Tensor>& map) {
  if (!map) map = Tensor::Zeros(dtype, shape);
  return reinterpret_cast<T*>(map->data.data());
}

// The mask where no step made one yet.
Tensor NewMask(const Inputs& inputs) {
  if (inputs.mask_memory.empty()) return Tensor::Zeros(DType::kUint8, inputs.gray.shape);
  return {DType::kUint8, inputs.gray.shape,
          LongArray<uint8_t>::Over(inputs.mask_memory.data(), inputs.gray.elements())};
}

absl::StatusOr<uint64_t> CountBytes(const State& state, const uint8_t* bytes) {
  std::atomic<uint64_t> set{0};
  TRINE_RETURN_IF_ERROR(state.ForPixels(
      [&](size_t begin, size_t end) { set += CountSet(bytes + begin, end - begin); }));
  return set.load();
}

absl::Status CountForeground(State& state) {
  if (!state.result.mask) return absl::OkStatus();
  uint64_t all = static_cast<uint64_t>(state.gray.pixels());
  if (state.gray.inside != nullptr) {
    TRINE_ASSIGN_OR_RETURN(all, CountBytes(state, state.gray.inside));
  }
  uint64_t set = state.foreground.value_or(0);
  if (!state.foreground) {
    TRINE_ASSIGN_OR_RETURN(set, CountBytes(state, state.result.mask->data.data()));
  }
  state.result.foreground_fraction =
      all == 0 ? 0 : static_cast<double>(set) / static_cast<double>(all);
  return absl::OkStatus();
}

absl::StatusOr<MaskMetrics> MetricsOf(const State& state) {
  std::optional<TensorView> inside;
  if (state.gray.inside != nullptr) {
    inside = TensorView{DType::kUint8,
                        state.inputs.gray.shape,
                        {state.gray.inside, static_cast<size_t>(state.gray.pixels())}};
  }
  return CompareMasks(state.context, state.result.mask->view(), *state.inputs.ground_truth, inside);
}

}  // namespace

State::State(const Context& run_context, const Inputs& run_inputs, const Options& run_options,
             const Picture& picture)
    : context(run_context),
      inputs(run_inputs),
      options(run_options),
      given(picture),
      gray(picture),
      gray_type(run_inputs.gray.dtype) {}

uint8_t* State::Mask() {
  foreground.reset();
  if (!result.mask) {
    result.mask = NewMask(inputs);
    // Memory of the system's is 0 without. Where this is cancelled so is the step.
    if (!inputs.mask_memory.empty()) {
      ForPixels([&](size_t begin, size_t end) {
        std::fill(result.mask->data.data() + begin, result.mask->data.data() + end, uint8_t{0});
      }).IgnoreError();
    }
  }
  return result.mask->data.data();
}
uint8_t* State::MaskToWrite() {
  if (gray.inside != nullptr) {
    result.mask.reset();
    return Mask();
  }
  foreground.reset();
  if (!result.mask) result.mask = NewMask(inputs);
  return result.mask->data.data();
}
int32_t* State::Labels() {
  int32_t* const labels = MapAt<int32_t>(DType::kInt32, inputs.gray.shape, result.labels);
  if (label_runs) {
    PaintLabels(context, label_runs->runs, label_runs->label.data(), labels).IgnoreError();
    label_runs.reset();
  }
  return labels;
}
int32_t* State::LabelsToWrite() {
  label_runs.reset();
  return Labels();
}
float* State::Distance() {
  return MapAt<float>(DType::kFloat32, inputs.gray.shape, result.distance);
}

Tensor State::NewGray() const {
  const DType turned = options.steps[index].GrayAfter(gray_type, options.profile);
  return Tensor::Zeros(turned == gray_type ? gray.dtype : turned, inputs.gray.shape);
}
void State::SetGray(Tensor pixels) {
  changed_gray_ = std::move(pixels);
  gray.data = changed_gray_.data.data();
  if (changed_gray_.dtype == gray.dtype) return;
  gray.dtype = gray_type = changed_gray_.dtype;
  gray.origin = 0;
  gray.whole = false;
}

std::string State::Field() const { return StepField(index); }
std::string State::Field(std::string_view parameter) const {
  return StepField(index, options.steps[index]) + "." + std::string(parameter);
}

bool State::AreLabelsRead() const {
  const auto reads = [](const Step& step) {
    return ((step.spec().needs | step.spec().uses) & kLabels) != 0;
  };
  return options.labels || std::any_of(options.steps.begin() + static_cast<int64_t>(index),
                                       options.steps.end(), reads);
}

absl::Status State::ApplyThreshold(bool with_labels) {
  const std::vector<double>& thresholds = result.threshold->thresholds;
  if (with_labels) {
    result.label_count = static_cast<int64_t>(thresholds.size());
    result.lowest_label = 0;
  }
  if (!result.mask) result.mask = NewMask(inputs);
  const bool is_read = index + 1 < options.steps.size();
  TRINE_ASSIGN_OR_RETURN(
      foreground,
      ApplyThresholds(
          context, gray, thresholds,
          {.invert = options.invert, .streamed = !is_read && gray.pixels() >= kLeastStreamed},
          result.mask->data.data(), with_labels && AreLabelsRead() ? LabelsToWrite() : nullptr));
  if (with_labels && !options.invert && foreground == uint64_t{0}) result.label_count = 0;
  return absl::OkStatus();
}

absl::Status State::ForPixels(absl::FunctionRef<void(size_t begin, size_t end)> body) const {
  return ParallelFor(context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
                     [&](size_t begin, size_t end) {
                       body(begin, end);
                       return absl::OkStatus();
                     });
}

absl::StatusOr<Result> RunPipeline(const Context& context, const Inputs& inputs,
                                   const Options& options) {
  const uint64_t need =
      MemoryOf(context, inputs.gray.shape[0], inputs.gray.shape[1], inputs.gray.dtype, options)
          .total();
  TRINE_RETURN_IF_ERROR(context.Reserve(need));
  PartAccount account(context.memory);
  account.SetBeside(need);
  Context of_steps = context;
  of_steps.memory = &account;
  TRINE_ASSIGN_OR_RETURN(const GrayPicture gray, MakeGrayPicture(context, inputs, options));
  State state(of_steps, inputs, options, gray.picture);
  state.result.ignored_pixels = gray.ignored_pixels;
  for (state.index = 0; state.index < options.steps.size(); ++state.index) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    const Step& step = options.steps[state.index];
    if ((step.spec().makes & (kMask | kLabels)) != 0) state.mask_labels = MaskLabels::kNone;
    TRINE_RETURN_IF_ERROR(step.spec().run(state, step.parameters()));
    const uint64_t runs = state.label_runs ? state.label_runs->bytes() : 0;
    account.SetBeside(SaturatingAdd(need, SaturatingAdd(state.result.ListBytes(), runs)));
  }
  if (!options.labels) state.result.labels.reset();
  if (state.label_runs && options.labels) {
    state.Labels();
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
  }
  TRINE_RETURN_IF_ERROR(CountForeground(state));
  if (options.histogram) {
    TRINE_ASSIGN_OR_RETURN(state.result.histogram, HistogramOf(of_steps, state.gray));
  }
  if (options.metrics) {
    TRINE_ASSIGN_OR_RETURN(state.result.metrics, MetricsOf(state));
  }
  for (std::string& warning : UnusedInputs(inputs, options))
    state.result.warnings.push_back(std::move(warning));
  return std::move(state.result);
}

}  // namespace trine::segment
