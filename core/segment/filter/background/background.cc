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

absl::Status CheckBackground(const StepToCheck& step, const BackgroundStep& given) {
  if (step.options.profile != Profile::kExact)
    return NotOffered("profile", "background has the profile exact only");
  const bool polynomial = given.method == BackgroundMethod::kPolynomial;
  if (polynomial && given.radius != 0)
    return InvalidField(step.Field("radius"), given.radius, "only for top_hat and rolling_ball");
  if (polynomial && given.light)
    return InvalidField(step.Field("light"), std::string_view("true"),
                        "only for top_hat and rolling_ball");
  if (!polynomial && given.degree != 0)
    return InvalidField(step.Field("degree"), given.degree, "only for polynomial");
  return absl::OkStatus();
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
