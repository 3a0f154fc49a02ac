#include "core/segment/document/steps/edges_step.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/runtime/thread_pool.h"
#include "core/segment/document/edges.h"
#include "core/segment/document/gradient.h"
#include "core/segment/gray.h"

namespace trine::segment {
namespace {

// What is one gray level of the 256 that a picture has at least.
absl::StatusOr<double> UnitOf(const State& state) {
  const DType given = state.gray_type;
  if (state.gray.dtype == DType::kUint8) return 1;
  if (!IsFloat(given) && DTypeSize(given) == 2) return 257;
  TRINE_ASSIGN_OR_RETURN(const ValueRange range, RangeOf(state.context, state.gray));
  return range.high > range.low ? (range.high - range.low) / 255 : 1;
}

template <typename T>
absl::Status MarkAs(State& state, const EdgesStep& given) {
  const Context& context = state.context;
  const Picture& gray = state.gray;
  const int64_t threads = static_cast<int64_t>(ThreadsOf(context));
  // Three rows of gradients on each thread.
  TRINE_RETURN_IF_ERROR(context.Reserve(static_cast<uint64_t>(
      threads * 3 * GradientRow<T>::kColumnBytes * (std::min(gray.width, kTileWidth) + 4))));
  const Page page{gray.height, gray.width, gray.data, gray.inside};
  EdgeSquares squares;
  if (given.high) {
    squares = {*given.high / 2 * (*given.high / 2), *given.high * *given.high};
  } else {
    TRINE_ASSIGN_OR_RETURN(const double unit, UnitOf(state));
    TRINE_ASSIGN_OR_RETURN(squares, SquaresOf<T>(context, page, gray.data, unit));
  }
  if (given.low) squares.weak = *given.low * *given.low;
  return MarkEdges<T>(context, page, gray.data, squares, state.Mask());
}

}  // namespace

absl::Status CheckEdges(const StepToCheck& step, const EdgesStep& given) {
  const Profile profile = step.options.profile;
  if (profile != Profile::kExact && profile != Profile::kOpencv)
    return NotOffered("profile", "edges has the profiles exact and opencv");
  if (profile == Profile::kOpencv && step.gray_type != DType::kUint8)
    return NotOffered("gray.dtype", "edges of the opencv profile takes uint8 only");
  if (!given.low || !given.high || *given.low <= *given.high) return absl::OkStatus();
  return InvalidField(step.Field("low"), *given.low,
                      absl::StrCat("must be at most high, ", *given.high));
}

absl::Status RunEdges(State& state, const EdgesStep& given) {
  return WithPixelType(state.gray.dtype,
                       [&](auto type) { return MarkAs<decltype(type)>(state, given); });
}

}  // namespace trine::segment
