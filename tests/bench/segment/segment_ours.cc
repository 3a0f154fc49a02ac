#include "tests/bench/segment/segment_ours.h"

#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "core/segment/gray.h"
#include "core/segment/pipeline.h"

namespace trine::bench {

namespace {

// A map in the memory of another, which must outlive it.
Tensor Over(Tensor& memory) {
  return {memory.dtype, memory.shape,
          LongArray<uint8_t>::Over(memory.data.data(), memory.data.size())};
}

}  // namespace

Ours::Ours(const Case& row, const Tensor& picture, const Pictures& pictures,
           std::vector<segment::Step> steps)
    : name_(row.name),
      form_(row.form),
      label_image_(row.label_image),
      given_mask_(row.mask.empty() ? nullptr : &pictures.Named(row.mask)) {
  inputs_.gray = picture.view();
  if (row.markers) inputs_.markers = pictures.markers.view();
  options_.steps = std::move(steps);
  Keep();
}

void Ours::Keep() {
  const auto map = [&](DType dtype) {
    return std::make_shared<Tensor>(Tensor::Zeros(dtype, inputs_.gray.shape));
  };
  mask_ = map(DType::kUint8);
  inputs_.mask_memory = absl::MakeSpan(mask_->data);
  unsigned made = 0;
  for (const segment::Step& step : options_.steps) made |= step.spec().makes;
  labels_ = (made & segment::kLabels) != 0 ? map(DType::kInt32) : nullptr;
  distance_ = (made & segment::kDistance) != 0 ? map(DType::kFloat32) : nullptr;
}

Ours Ours::WithOwnMemory() const {
  Ours out = *this;
  out.Keep();
  return out;
}

double Ours::RunSteps(const Context& context, Clock clock, segment::Result* result) const {
  const auto ok = [&](const absl::Status& status) {
    if (!status.ok()) Die(name_ + ": " + status.ToString());
  };
  const absl::StatusOr<segment::GrayPicture> gray =
      segment::MakeGrayPicture(context, inputs_, options_);
  ok(gray.status());
  std::optional<segment::State> state(std::in_place, context, inputs_, options_, gray->picture);
  std::memcpy(state->Mask(), given_mask_->data.data(), given_mask_->data.size());
  if (labels_ != nullptr) state->result.labels = Over(*labels_);
  if (distance_ != nullptr) state->result.distance = Over(*distance_);
  return Timed(clock, [&] {
    for (state->index = 0; state->index < options_.steps.size(); ++state->index) {
      const segment::Step& step = options_.steps[state->index];
      ok(step.spec().run(*state, step.parameters()));
    }
    if (labels_ != nullptr && (label_image_ || result != nullptr)) state->Labels();
    if (result != nullptr) *result = std::move(state->result);
    state.reset();
  })();
}

segment::Result Ours::Run(const Context& context) const {
  if (given_mask_ != nullptr) {
    segment::Result result;
    RunSteps(context, Clock::kThisThread, &result);
    return result;
  }
  absl::StatusOr<segment::Result> result = segment::Segment(context, inputs_, options_);
  if (!result.ok()) Die(name_ + ": " + result.status().ToString());
  return *std::move(result);
}

Output Ours::CompareWith(const Context& context) const {
  Ours with_mask = *this;
  if (form_ == Form::kForeground && (options_.steps.back().spec().makes & segment::kMask) == 0)
    with_mask.options_.steps.push_back(segment::ThresholdStep{{128.0}});
  return OutputOf(with_mask.Run(context), form_);
}

Contender Ours::Named(std::string name, const Context& context, Clock clock) const {
  if (given_mask_ != nullptr) {
    return {std::move(name), "",
            [this, context, clock] { return RunSteps(context, clock, nullptr); }};
  }
  return {std::move(name), "", Timed(clock, [this, context] { Run(context); })};
}

uint64_t Ours::BytesMoved(const Context& context) const {
  const segment::Result result = Run(context);
  uint64_t bytes = given_mask_ != nullptr ? given_mask_->data.size() : inputs_.gray.data.size();
  for (const auto* map : {&result.mask, &result.labels, &result.distance})
    if (*map && (given_mask_ == nullptr || map != &result.mask)) bytes += (*map)->data.size();
  return bytes;
}

bool IsSame(const segment::Result& a, const segment::Result& b) {
  const auto same = [](const std::optional<Tensor>& x, const std::optional<Tensor>& y) {
    return x.has_value() == y.has_value() && (!x || x->data == y->data);
  };
  return same(a.mask, b.mask) && same(a.labels, b.labels) && same(a.distance, b.distance) &&
         a.foreground_fraction == b.foreground_fraction &&
         OutputOf(a, Form::kMeasures) == OutputOf(b, Form::kMeasures) &&
         OutputOf(a, Form::kContours) == OutputOf(b, Form::kContours);
}

}  // namespace trine::bench
