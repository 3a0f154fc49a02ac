#include "core/segment/filter/background/background.h"

#include <utility>

#include "core/base/error.h"

namespace trine::segment {
namespace {

constexpr int64_t kDefaultRadius = 50;
constexpr int64_t kDefaultDegree = 2;

// What a stored 0 stands for when the background is off.
int64_t OriginAfter(const State& state, const BackgroundStep& step) {
  if (step.method == BackgroundMethod::kPolynomial) return state.gray.origin;
  if (!step.light) return 0;
  const DType given = state.inputs.gray.dtype;
  if (DTypeSize(given) <= 2) return state.gray.origin;
  return state.gray.dtype == DType::kUint16 ? -65535 : 0;
}

}  // namespace

absl::Status CheckBackground(const StepToCheck& step, const BackgroundStep&) {
  if (step.options.profile == Profile::kExact) return absl::OkStatus();
  return NotOffered("profile", "background has the profile exact only");
}

absl::Status RunBackground(State& state, const BackgroundStep& given) {
  const Context& context = state.context;
  const Picture& gray = state.gray;
  Tensor pixels = state.NewGray();
  uint8_t* const out = pixels.data.data();
  const int64_t radius = given.radius == 0 ? kDefaultRadius : given.radius;
  absl::Status status;
  switch (given.method) {
    case BackgroundMethod::kTopHat:
      status = SubtractTopHat(context, gray, radius, given.light, out);
      break;
    case BackgroundMethod::kRollingBall:
      status = SubtractBall(context, gray, radius, given.light, out);
      break;
    case BackgroundMethod::kPolynomial:
      status =
          SubtractPolynomial(context, gray, given.degree == 0 ? kDefaultDegree : given.degree, out);
      break;
  }
  TRINE_RETURN_IF_ERROR(status);
  state.SetGray(std::move(pixels));
  state.gray.origin = OriginAfter(state, given);
  return absl::OkStatus();
}

}  // namespace trine::segment
