#include "core/segment/document/steps/masked_threshold.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/segment/document/ink.h"

namespace trine::segment {
namespace {

constexpr int64_t kDefaultWindow = 15;
constexpr int32_t kNone = -1;  // nothing is so dark that it needs no marks

int64_t WindowOf(const MaskedThresholdStep& step) {
  return step.window == 0 ? kDefaultWindow : step.window;
}

}  // namespace

absl::Status CheckMaskedThreshold(const StepToCheck& step, const MaskedThresholdStep& given) {
  if (step.options.profile != Profile::kExact)
    return NotOffered("profile", "masked_threshold has the profile exact only");
  const DType dtype = step.gray_type;
  if (IsFloat(dtype) || DTypeSize(dtype) > 2)
    return NotOffered("gray.dtype", "masked_threshold takes pictures of 8 and 16 bits");
  const int64_t window = WindowOf(given);
  if (given.least > window * window)
    return InvalidField(step.Field("least"), given.least,
                        absl::StrCat("at most the ", window * window, " pixels of the window"));
  return absl::OkStatus();
}

absl::Status RunMaskedThreshold(State& state, const MaskedThresholdStep& given) {
  const Context& context = state.context;
  const Picture& gray = state.gray;
  const int64_t window = WindowOf(given);
  const Likeness likeness{window, given.least == 0 ? (window + 1) / 2 : given.least, given.k,
                          state.options.invert};
  uint8_t* const mask = state.Mask();
  Scratch<uint8_t> marked = MakeScratch<uint8_t>(gray.pixels());
  TRINE_RETURN_IF_ERROR(state.ForPixels([&](size_t begin, size_t end) {
    std::copy(mask + begin, mask + end, marked.data() + begin);
  }));
  const Page page{gray.height, gray.width, gray.data, gray.inside};
  if (gray.dtype == DType::kUint8)
    return MarkLike<uint8_t>(context, page, gray.data, marked.data(), likeness, kNone, mask);
  return MarkLike<uint16_t>(context, page, gray.data, marked.data(), likeness, kNone, mask);
}

}  // namespace trine::segment
