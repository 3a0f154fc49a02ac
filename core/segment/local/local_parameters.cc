// What the parameters of a local threshold may be and become.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/element_type.h"
#include "core/base/strings.h"
#include "core/segment/gray.h"
#include "core/segment/local/local_methods.h"
#include "core/segment/local/local_threshold.h"

namespace trine::segment {
namespace {

constexpr int64_t kDefaultWindow = 51;
constexpr int64_t kSkimageWindow = 15;  // of Sauvola and Niblack
constexpr double kSkimageNiblack = 0.2;
// Of the range of 8 bits.
constexpr double kBernsenContrast = 15;
// SKIMAGE's Gaussian reaches 4 sigma to each side.
constexpr double kMostSkimageSigma = 16383;

// Half the highest value minus the lowest of a type.
double HalfRange(DType dtype) {
  if (dtype == DType::kBool) return 0.5;
  return WithElementType(dtype, [](auto type) -> double {
    using T = decltype(type);
    if constexpr (std::is_integral_v<T>) {
      return (static_cast<double>(std::numeric_limits<T>::max()) -
              static_cast<double>(std::numeric_limits<T>::min())) /
             2;
    } else {
      return 1;  // skimage's floats reach from -1 to 1
    }
  });
}

double DefaultSauvolaRange(Profile profile, DType dtype, const ValueRange& values) {
  if (profile == Profile::kSkimage) return HalfRange(dtype);
  if (dtype == DType::kBool) return 0.5;
  if (!IsFloat(dtype) && DTypeSize(dtype) <= 2) return std::ceil(HalfRange(dtype));
  const double range = values.high - values.low;
  return range > 0 ? range / 2 : 0.5;
}

std::string Field(std::string_view step, std::string_view name) {
  return std::string(step) + "." + std::string(name);
}

absl::Status CheckOpencv(const LocalThresholdStep& step, DType dtype, std::string_view field) {
  if (dtype != DType::kUint8)
    return NotOffered("profile", "the opencv profile's local thresholds take uint8 pictures only");
  if (step.method != LocalMethod::kMean && step.method != LocalMethod::kGaussian)
    return NotOffered(Field(field, "method"),
                      "of local thresholds the opencv profile has mean and gaussian only");
  if (step.sigma)
    return NotOffered(Field(field, "sigma"), "the opencv profile sets it from the window");
  return absl::OkStatus();
}

absl::Status CheckSkimage(const LocalThresholdStep& step, std::string_view field) {
  if (step.method > LocalMethod::kNiblack)
    return NotOffered(Field(field, "method"),
                      "of local thresholds the skimage profile has mean, gaussian, sauvola and "
                      "niblack only");
  if (!step.sigma || *step.sigma <= kMostSkimageSigma) return absl::OkStatus();
  return InvalidField(Field(field, "sigma"), *step.sigma,
                      "at most 16383 with the skimage profile, whose window follows it");
}

template <typename T>
absl::Status CheckAllFinite(const Context& context, const Picture& gray) {
  return ParallelFor(context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
                     [&](size_t begin, size_t end) -> absl::Status {
                       for (size_t p = begin; p < end; ++p) {
                         const int64_t i = static_cast<int64_t>(p);
                         if (std::isfinite(PixelAt<T>(gray.data, i))) continue;
                         return NotOffered(
                             "profile",
                             absl::StrCat("the skimage profile's windows see pixels outside the "
                                          "mask too, and gray[",
                                          i / gray.width, "][", i % gray.width,
                                          "] is not finite; the exact profile leaves it out"));
                       }
                       return absl::OkStatus();
                     });
}

// What a method does where it is not told otherwise: OpenCV's repeat the border; scikit-image's
// reflect the picture with it, or without it where there is a deviation.
LocalBorder OwnBorder(Profile profile, unsigned takes) {
  if (profile == Profile::kOpencv) return LocalBorder::kReplicate;
  if (profile != Profile::kSkimage) return LocalBorder::kClip;
  return (takes & kTakesK) != 0 ? LocalBorder::kMirror : LocalBorder::kReflect;
}

}  // namespace

absl::Status CheckLocalThreshold(const LocalThresholdStep& step, Profile profile, DType dtype,
                                 std::string_view field) {
  if (profile != Profile::kExact && step.border.has_value())
    return NotOffered(
        Field(field, "border"),
        absl::StrCat("is ", ToAbsl(NamesOf(LocalBorder{})[static_cast<size_t>(*step.border) - 1]),
                     "; the libraries' profiles have borders of their own"));
  switch (profile) {
    case Profile::kExact:
      return absl::OkStatus();
    case Profile::kOpencv:
      return CheckOpencv(step, dtype, field);
    case Profile::kSkimage:
      return CheckSkimage(step, field);
    default:
      return NotOffered("profile", "local thresholds have the profiles exact, opencv and skimage");
  }
}

absl::StatusOr<LocalThresholdResult> ResolveLocalThreshold(const Context& context,
                                                           const Picture& gray,
                                                           const LocalThresholdStep& step,
                                                           Profile profile, DType given,
                                                           std::vector<std::string>* warnings) {
  const bool windows_see_all = profile == Profile::kSkimage && gray.inside != nullptr;
  if (windows_see_all && IsFloat(gray.dtype) && !gray.whole) {
    TRINE_RETURN_IF_ERROR(gray.dtype == DType::kFloat32 ? CheckAllFinite<float>(context, gray)
                                                        : CheckAllFinite<double>(context, gray));
  }
  const unsigned takes = SpecOf(step.method).takes;
  const bool skimage = profile == Profile::kSkimage;
  LocalThresholdResult out;
  out.method = step.method;
  out.border = step.border.value_or(OwnBorder(profile, takes));
  out.offset = step.offset;
  out.window = step.window;
  if (out.window == 0)
    out.window = skimage && (takes & kTakesK) != 0 ? kSkimageWindow : kDefaultWindow;
  if ((takes & kTakesSigma) != 0) {
    const double reach = static_cast<double>(out.window - 1);
    // OpenCV's getGaussianKernel for a sigma of 0.
    out.sigma = profile == Profile::kOpencv ? 0.3 * (reach * 0.5 - 1) + 0.8
                                            : step.sigma.value_or(reach / 6.0);
  }
  if ((takes & kTakesK) != 0) {
    const bool other_sign = skimage && step.method == LocalMethod::kNiblack;
    out.k = step.k.value_or(other_sign ? kSkimageNiblack : SpecOf(step.method).k);
  }
  if ((takes & kTakesPAndQ) != 0) {
    out.p = step.p.value_or(2);
    out.q = step.q.value_or(10);
  }
  if ((takes & (kTakesR | kTakesContrast)) == 0) return out;
  // Stored bytes and words span so much at most: where r fits that, nobody need look at them.
  const double span = gray.dtype == DType::kUint8 ? 255 : 65535;
  const bool fixed = !IsFloat(gray.dtype) && (DTypeSize(given) <= 2 || skimage);
  if ((takes & kTakesR) != 0 && !IsFloat(gray.dtype) && (step.r || fixed)) {
    out.r = step.r.value_or(DefaultSauvolaRange(profile, given, {}));
    if (out.r >= span / 100) return out;
  }
  ValueRange values;
  if ((takes & kTakesR) != 0 || !fixed) {
    TRINE_ASSIGN_OR_RETURN(values, RangeOf(context, gray));
  }
  if ((takes & kTakesContrast) != 0) {
    const double half = DefaultSauvolaRange(profile, given, values);
    const bool is_signed = fixed && given != DType::kBool && gray.origin < 0;
    out.contrast = step.contrast.value_or(kBernsenContrast * half / 128);
    out.level = fixed ? (is_signed ? 0 : half) : (values.low + values.high) / 2;
    return out;
  }
  out.r = step.r.value_or(DefaultSauvolaRange(profile, given, values));
  const double range = values.high - values.low;
  if (out.r < range / 100) {
    warnings->push_back(absl::StrCat(
        "Sauvola's r, ", out.r, ", is less than a hundredth of the range of the picture's values, ",
        range, ": the thresholds lie far from them, and nearly all pixels on one side"));
  }
  return out;
}

}  // namespace trine::segment
