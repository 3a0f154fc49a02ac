// Taking the background off. Results never depend on threads or machine.
//
// Top hat       the background is the opening by the disk of pixels with dx^2 + dy^2 <= radius^2:
//               the highest gray that such a disk has from below.
// Rolling ball  a ball of that radius [pixels, gray values] under the picture; the background is
//               where its top is when its centre is under the pixel:
//               min of v(y + dy, x + dx) + radius - sqrt(radius^2 - dx^2 - dy^2), rounded down of
//               integers. scikit-image's definition.
// Polynomial    the surface of sums of powers x^i y^j, i + j <= degree, with the least squares from
//               the pixels; what stays is the pixel minus the surface plus the mean of all pixels.
//
// Closing       the top hat's of a light background, the closing by the same disk: paper under ink.
//
// Disk and ball do not see what is beyond the borders. What stays of a dark background is the
// difference, from 0 on. Of a light one (both then work on the negative) it is the difference,
// negative or 0, below the highest value of integers of 8 and 16 bits, below 0 of others. Divided
// it is the quotient by the light background times white: the highest value of integers of 8 and 16
// bits, 65535 of wider ones (of which the quotient is rounded in float64 first), 1 of floats; 0
// where the pixel is not above 0. What is beyond the largest float of the type is that one, with
// its sign.
//
// Profile SKIMAGE of uint8, uint16, float32 and float64 is the same: image - opening by
// morphology.disk (white_tophat), image - restoration.rolling_ball, and of light backgrounds, of
// integers, the inverse of that of the inverse, as that library's pages have it.
// Profile OPENCV of those types has morphologyEx's MORPH_TOPHAT by the MORPH_ELLIPSE of side
// 2 radius + 1 (window.h); of light backgrounds, and by closing, the inverse (of floats the
// negative) of MORPH_BLACKHAT. Profile IMAGEJ of uint8, uint16 and float32 has the top hat by its
// disks, and a rolling ball of its own (filter/libraries/libraries.h).
#pragma once

#include <algorithm>
#include <limits>

#include "absl/status/status.h"
#include "core/segment/filter/window.h"
#include "core/segment/pipeline.h"
#include "core/segment/validate.h"

namespace trine::segment {

inline constexpr int64_t kMostBackgroundRadius = 500;
inline constexpr int64_t kMostDegree = 3;

absl::Status CheckBackground(const StepToCheck& step, const BackgroundStep& given);
absl::Status RunBackground(State& state, const BackgroundStep& given);

// Of floats: `value`, or the nearest finite one of type T.
template <typename T, typename Value>
T Saturated(Value value) {
  constexpr Value kMost = static_cast<Value>(std::numeric_limits<T>::max());
  return static_cast<T>(std::clamp(value, -kMost, kMost));
}

// How a background goes.
struct Removal {
  bool light = false;
  bool divide = false;  // REQUIRES: light
  // Of quotients: what stands for the background, and what a stored 0 stands for.
  double white = 0;
  int64_t origin = 0;
};

// The methods, one file each: `out` gets what stays, as it is stored: of a light background the
// negative (complement of integers) of the difference. REQUIRES: CheckBackground said OK.
absl::Status RemoveTopHat(const Context& context, const Picture& gray, const Window& disk,
                          const Removal& removal, uint8_t* out);
absl::Status RemoveBall(const Context& context, const Picture& gray, int64_t radius,
                        const Removal& removal, uint8_t* out);
absl::Status SubtractPolynomial(const Context& context, const Picture& gray, int64_t degree,
                                uint8_t* out);

}  // namespace trine::segment
