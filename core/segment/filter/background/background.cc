#include "core/segment/filter/background/background.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/filter/libraries/library.h"

namespace trine::segment {
namespace {

constexpr int64_t kDefaultRadius = 50;
constexpr int64_t kDefaultDegree = 2;

using enum BackgroundMethod;
constexpr LibraryMethod kMethods[] = {
    Has(Profile::kOpencv, kTopHat, kEveryType),
    Has(Profile::kOpencv, kClosing, kEveryType),
    Has(Profile::kSkimage, kTopHat, kEveryType),
    Has(Profile::kSkimage, kClosing, kIntegers),
    Has(Profile::kSkimage, kRollingBall, kEveryType),
    Has(Profile::kImagej, kTopHat, kIntegers | kSingles),
    Has(Profile::kImagej, kClosing, kIntegers | kSingles),
    Has(Profile::kImagej, kRollingBall, kIntegers | kSingles),
};

Window DiskOf(Profile profile, int64_t radius) {
  if (profile == Profile::kOpencv) return Window::OpencvDisk(radius);
  return profile == Profile::kImagej ? Window::ImagejDisk(radius) : Window::Disk(radius);
}

int64_t RadiusOf(const BackgroundStep& step) {
  return step.radius == 0 ? kDefaultRadius : step.radius;
}

bool IsLight(const BackgroundStep& step) { return step.light || step.method == kClosing; }

// What a stored 0 stands for when the background is off.
int64_t OriginAfter(const State& state, const BackgroundStep& step) {
  if (step.method == kPolynomial) return state.gray.origin;
  if (!IsLight(step)) return 0;
  const DType given = state.gray_type;
  if (DTypeSize(given) <= 2) return state.gray.origin;
  if (step.remove == BackgroundRemoval::kDivide) return 0;
  return state.gray.dtype == DType::kUint16 ? -65535 : 0;
}

// What the background becomes where it is divided by, in gray values; 1 of floats needs none.
double WhiteOf(const State& state) {
  const double top = state.gray.dtype == DType::kUint8 ? 255 : 65535;
  const bool narrow = DTypeSize(state.gray_type) <= 2;
  return narrow ? top + static_cast<double>(state.gray.origin) : top;
}

}  // namespace

absl::Status CheckBackground(const StepToCheck& step, const BackgroundStep& given) {
  const Profile profile = step.options.profile;
  const std::string_view name = NamesOf(given.method)[static_cast<size_t>(given.method) - 1];
  TRINE_RETURN_IF_ERROR(CheckLibrary(step, static_cast<uint8_t>(given.method), name, kMethods));
  if (profile != Profile::kExact && given.remove == BackgroundRemoval::kDivide)
    return NotOffered("profile", "divide has the profile exact only");
  if (profile == Profile::kImagej && given.method == kRollingBall) {
    const int64_t shrink = ImagejShrink(RadiusOf(given));
    if (shrink > 1 && step.inputs.gray.shape[1] <= shrink)
      return NotOffered("gray.shape", absl::StrCat("rolling_ball of the profile and radius takes "
                                                   "pictures wider than ",
                                                   shrink, " pixels"));
  }
  // Its inverse of floats is not their negative.
  if (profile == Profile::kSkimage && IsLight(given) && IsFloat(step.gray_type))
    return NotOffered("gray.dtype", "light backgrounds of the profile are of uint8 and uint16");
  if (given.remove == BackgroundRemoval::kDivide && !IsLight(given))
    return InvalidField(step.Field("remove"), "divide",
                        "is of a background brighter than the objects: light, or closing");
  return absl::OkStatus();
}

absl::Status RunBackground(State& state, const BackgroundStep& given) {
  TRINE_RETURN_IF_ERROR(CheckValues(state));
  const Context& context = state.context;
  const Picture& gray = state.gray;
  Tensor pixels = state.NewGray();
  uint8_t* const out = pixels.data.data();
  const int64_t radius = RadiusOf(given);
  const int64_t origin = OriginAfter(state, given);
  const Removal removal{IsLight(given), given.remove == BackgroundRemoval::kDivide, WhiteOf(state),
                        origin};
  absl::Status status;
  switch (given.method) {
    case kTopHat:
    case kClosing:
      status = RemoveTopHat(context, gray, DiskOf(state.options.profile, radius), removal, out);
      break;
    case kRollingBall:
      status = state.options.profile == Profile::kImagej
                   ? RemoveImagejBall(context, gray, radius, removal.light, out)
                   : RemoveBall(context, gray, radius, removal, out);
      break;
    case kPolynomial:
      status =
          SubtractPolynomial(context, gray, given.degree == 0 ? kDefaultDegree : given.degree, out);
      break;
  }
  TRINE_RETURN_IF_ERROR(status);
  state.SetGray(std::move(pixels));
  state.gray.origin = origin;
  return absl::OkStatus();
}

}  // namespace trine::segment
