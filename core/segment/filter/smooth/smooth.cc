#include "core/segment/filter/smooth/smooth.h"

#include <cstring>
#include <string_view>

#include "core/base/error.h"
#include "core/segment/filter/library.h"
#include "core/segment/filter/smooth/real_rows.h"

namespace trine::segment {
namespace {

constexpr double kDefaultSigma = 2;
constexpr int64_t kDefaultRadius = 2;

auto MeanOf(Profile profile) {
  if (profile == Profile::kSkimage) return SmoothRankMean;
  return profile == Profile::kImagej ? SmoothImagejMean : SmoothMean;
}

}  // namespace

absl::Status CheckSmooth(const StepToCheck& step, const SmoothStep& given) {
  const Profile profile = step.options.profile;
  const bool median = given.method == SmoothMethod::kMedian;
  const bool library = profile == Profile::kSkimage || profile == Profile::kImagej;
  if (library && (median || given.method == SmoothMethod::kMean))
    return CheckLibrary(step, /*takes_floats=*/median && profile == Profile::kSkimage);
  if (profile != Profile::kExact)
    return NotOffered(
        "profile", "smooth has the profiles exact, and skimage and imagej of median and mean only");
  if (given.method == SmoothMethod::kBinomial && given.radius > kMostBinomialRadius)
    return InvalidField(step.Field("radius"), given.radius, "at most 500 for binomial");
  return absl::OkStatus();
}

absl::Status RunSmooth(State& state, const SmoothStep& given) {
  TRINE_RETURN_IF_ERROR(CheckAllCount(state));
  const Context& context = state.context;
  const Picture& gray = state.gray;
  Tensor pixels = state.NewGray();
  uint8_t* const out = pixels.data.data();
  const int64_t radius = given.radius == 0 ? kDefaultRadius : given.radius;
  absl::Status status;
  switch (given.method) {
    case SmoothMethod::kGaussian:
      status = SmoothGaussian(context, gray, given.sigma.value_or(kDefaultSigma), out);
      break;
    case SmoothMethod::kMedian:
      status = state.options.profile == Profile::kImagej
                   ? SmoothImagejMedian(context, gray, radius, out)
                   : SmoothMedian(context, gray, radius, out);
      break;
    case SmoothMethod::kMean:
      status = MeanOf(state.options.profile)(context, gray, radius, out);
      break;
    case SmoothMethod::kBinomial:
      status = SmoothBinomial(context, gray, radius, out);
      break;
  }
  TRINE_RETURN_IF_ERROR(status);
  state.SetGray(std::move(pixels));
  return absl::OkStatus();
}

}  // namespace trine::segment
