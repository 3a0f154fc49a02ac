#include "core/segment/pipeline.h"

#include <atomic>
#include <utility>

#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/runtime/part_account.h"
#include "core/segment/gray.h"
#include "core/segment/threshold/threshold.h"
#include "core/segment/validate.h"

namespace trine::segment {
namespace {

// A tensor's storage is aligned for every element type.
template <typename T>
T* MapAt(DType dtype, const Shape& shape, std::optional<Tensor>& map) {
  if (!map) map = Tensor::Zeros(dtype, shape);
  return reinterpret_cast<T*>(map->data.data());
}

absl::Status CountForeground(State& state) {
  if (!state.result.mask) return absl::OkStatus();
  const uint8_t* mask = state.result.mask->data.data();
  std::atomic<uint64_t> set{0}, all{0};
  TRINE_RETURN_IF_ERROR(state.ForPixels([&](size_t begin, size_t end) {
    uint64_t foreground = 0, inside = 0;
    for (size_t i = begin; i < end; ++i) {
      foreground += mask[i] != 0 ? 1 : 0;
      inside += state.gray.Contains(static_cast<int64_t>(i)) ? 1 : 0;
    }
    set += foreground;
    all += inside;
  }));
  state.result.foreground_fraction =
      all == 0 ? 0 : static_cast<double>(set.load()) / static_cast<double>(all.load());
  return absl::OkStatus();
}

}  // namespace

State::State(const Context& run_context, const Inputs& run_inputs, const Options& run_options,
             const Picture& picture)
    : context(run_context),
      inputs(run_inputs),
      options(run_options),
      given(picture),
      gray(picture) {}

uint8_t* State::Mask() { return MapAt<uint8_t>(DType::kUint8, inputs.gray.shape, result.mask); }
int32_t* State::Labels() { return MapAt<int32_t>(DType::kInt32, inputs.gray.shape, result.labels); }
float* State::Distance() {
  return MapAt<float>(DType::kFloat32, inputs.gray.shape, result.distance);
}

Tensor State::NewGray() const { return Tensor::Zeros(gray.dtype, inputs.gray.shape); }
void State::SetGray(Tensor pixels) {
  changed_gray_ = std::move(pixels);
  gray.data = changed_gray_.data.data();
}

std::string State::Field() const { return StepField(index); }
std::string State::Field(std::string_view parameter) const {
  return StepField(index, options.steps[index]) + "." + std::string(parameter);
}

absl::Status State::ApplyThreshold(bool with_labels) {
  const std::vector<double>& thresholds = result.threshold->thresholds;
  if (with_labels) {
    result.label_count = static_cast<int64_t>(thresholds.size());
    result.lowest_label = 0;
  }
  return ApplyThresholds(context, gray, thresholds, options.invert, Mask(),
                         with_labels ? Labels() : nullptr);
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
    TRINE_RETURN_IF_ERROR(step.spec().run(state, step.parameters()));
    account.SetBeside(SaturatingAdd(need, state.result.ListBytes()));
  }
  TRINE_RETURN_IF_ERROR(CountForeground(state));
  for (std::string& warning : UnusedInputs(inputs, options))
    state.result.warnings.push_back(std::move(warning));
  return std::move(state.result);
}

}  // namespace trine::segment
