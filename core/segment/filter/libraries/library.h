// What the filters share that give another library's pixels to the bit: OpenCV's (profile OPENCV,
// 4.6 and 5.0 alike), scikit-image 0.26's (SKIMAGE), ImageJ 1.52's (IMAGEJ).
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/error.h"
#include "core/segment/pipeline.h"
#include "core/segment/validate.h"

namespace trine::segment {

// Types of pictures, to be joined by |.
inline constexpr unsigned kBytes = 1, kWords = 2, kSingles = 4, kDoubles = 8;
inline constexpr unsigned kIntegers = kBytes | kWords, kEveryType = kIntegers | kSingles | kDoubles;

// A method of a step that a profile has, up to a radius of pictures of these types.
struct LibraryMethod {
  Profile profile;
  uint8_t method;
  unsigned types;
  int64_t most_radius = std::numeric_limits<int64_t>::max();
};

template <typename Method>
constexpr LibraryMethod Has(Profile profile, Method method, unsigned types,
                            int64_t most_radius = std::numeric_limits<int64_t>::max()) {
  return {profile, static_cast<uint8_t>(method), types, most_radius};
}

// UNIMPLEMENTED where none of the methods is the profile's (EXACT has all, of every type), takes
// the picture's type, or where there is a mask: those filters have none. INVALID_ARGUMENT of a
// radius above the method's. `name` is the method's in messages.
absl::Status CheckLibrary(const StepToCheck& step, uint8_t method, std::string_view name,
                          absl::Span<const LibraryMethod> methods, int64_t radius = 0);

// The same of what is known when the picture is: values that are not finite, and in profile IMAGEJ
// float32 whose sums in float32 would not be.
absl::Status CheckValues(const State& state);

}  // namespace trine::segment
