#include "core/segment/filter/smooth/smooth.h"

#include <cstring>
#include <string_view>

#include "core/base/error.h"
#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/filter/libraries/library.h"

namespace trine::segment {
namespace {

constexpr double kDefaultSigma = 2;
constexpr int64_t kDefaultRadius = 2;

using enum SmoothMethod;
constexpr LibraryMethod kMethods[] = {
    Has(Profile::kOpencv, kGaussian, kIntegers),
    Has(Profile::kOpencv, kMedian, kBytes, 127),
    Has(Profile::kOpencv, kMedian, kWords | kSingles, 2),
    Has(Profile::kOpencv, kMean, kBytes | kSingles | kDoubles),
    Has(Profile::kOpencv, kMean, kWords, 90),
    Has(Profile::kSkimage, kGaussian, kEveryType),
    Has(Profile::kSkimage, kMedian, kEveryType),
    Has(Profile::kSkimage, kMean, kIntegers),
    Has(Profile::kImagej, kGaussian, kIntegers | kSingles),
    Has(Profile::kImagej, kMedian, kIntegers | kSingles),
    Has(Profile::kImagej, kMean, kIntegers | kSingles),
};

auto GaussianOf(Profile profile) {
  if (profile == Profile::kOpencv) return SmoothOpencvGaussian;
  if (profile == Profile::kSkimage) return SmoothSkimageGaussian;
  return profile == Profile::kImagej ? SmoothImagejGaussian : SmoothGaussian;
}

auto MedianOf(Profile profile) {
  return profile == Profile::kImagej ? SmoothImagejMedian : SmoothMedian;
}

auto MeanOf(Profile profile) {
  if (profile == Profile::kOpencv) return SmoothOpencvMean;
  if (profile == Profile::kSkimage) return SmoothRankMean;
  return profile == Profile::kImagej ? SmoothImagejMean : SmoothMean;
}

int64_t RadiusOf(const SmoothStep& step) { return step.radius == 0 ? kDefaultRadius : step.radius; }

}  // namespace

absl::Status CheckSmooth(const StepToCheck& step, const SmoothStep& given) {
  const std::string_view name = NamesOf(given.method)[static_cast<size_t>(given.method) - 1];
  TRINE_RETURN_IF_ERROR(
      CheckLibrary(step, static_cast<uint8_t>(given.method), name, kMethods, RadiusOf(given)));
  if (given.method == kBinomial && given.radius > kMostBinomialRadius)
    return InvalidField(step.Field("radius"), given.radius, "at most 500 for binomial");
  return absl::OkStatus();
}

absl::Status RunSmooth(State& state, const SmoothStep& given) {
  TRINE_RETURN_IF_ERROR(CheckValues(state));
  const Context& context = state.context;
  const Picture& gray = state.gray;
  Tensor pixels = state.NewGray();
  uint8_t* const out = pixels.data.data();
  const int64_t radius = RadiusOf(given);
  const Profile profile = state.options.profile;
  absl::Status status;
  switch (given.method) {
    case kGaussian:
      status = GaussianOf(profile)(context, gray, given.sigma.value_or(kDefaultSigma), out);
      break;
    case kMedian:
      status = MedianOf(profile)(context, gray, radius, out);
      break;
    case kMean:
      status = MeanOf(profile)(context, gray, radius, out);
      break;
    case kBinomial:
      status = SmoothBinomial(context, gray, radius, out);
      break;
  }
  TRINE_RETURN_IF_ERROR(status);
  state.SetGray(std::move(pixels));
  return absl::OkStatus();
}

}  // namespace trine::segment
