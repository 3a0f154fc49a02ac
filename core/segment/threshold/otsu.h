// Otsu's threshold (A Threshold Selection Method from Gray-Level Histograms, 1979), exactly.
//
// The variance between {v <= t} and {v > t} times N^2 is D^2 / (w0 w1) with D = N s0 - w0 S, where
// w0, s0 count and sum the pixels up to t, w1 = N - w0, S sums all. Two cuts are compared by
// cross-multiplication: with N <= 2^30 and values below 2^32, |D| < 2^92 and D^2 w0' w1' < 2^242,
// inside 256 bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/segment/histogram.h"
#include "core/segment/segment.h"

namespace trine::segment {

// Cut c separates levels 0..c from levels c+1...
struct OtsuCuts {
  size_t first = 0;  // the lowest cut that reaches the maximum
  size_t last = 0;   // the highest
};

// The best cuts, exactly. REQUIRES: at least two levels.
absl::StatusOr<OtsuCuts> BestCuts(const Context& context, const Levels& levels);

// UNIMPLEMENTED naming "profile" for one that does not take pictures given as `dtype`.
absl::Status CheckOtsuProfile(Profile profile, DType dtype);

// The threshold by a profile's conventions, with its plateau, class weights, means and
// separability. The plateau is that of the exact criterion where the threshold is of it; else, and
// where the profile has bins of several values (SKIMAGE floats, MATLAB 16 bits), the threshold. A
// constant picture: its value (EXACT, SKIMAGE, IMAGEJ of 16 bits), 0 (OPENCV, MATLAB), 254
// (IMAGEJ). INVALID_ARGUMENT naming "mask" when no pixel is inside; UNIMPLEMENTED naming "profile"
// for SKIMAGE of integers that span more than 65536 values. REQUIRES: CheckOtsuProfile said OK.
absl::StatusOr<ThresholdResult> Otsu(const Context& context, const Picture& gray, Profile profile);

// The same without classes and separability, of the picture's levels, at least one, and counts
// (CountValues; empty of floats).
absl::StatusOr<ThresholdResult> OtsuOf(const Context& context, const Picture& gray, Profile profile,
                                       const Levels& levels, const std::vector<uint64_t>& counts);

// Otsu's criterion with valley emphasis (Ng 2006): the largest (1 - p_t) (P0 m0^2 + P1 m1^2), with
// P and m the shares and means of {v <= t} and {v > t} and p_t the share of the pixels of value t
// itself, over all t; between two values in use some t has p_t = 0. Of floats, and of integers that
// span more than 65536 values, the places of 256 equal bins are the values. In integers; of equal
// ones the lowest value in use; the plateau is that of this criterion.
absl::StatusOr<ThresholdResult> OtsuWithValleyEmphasis(const Context& context, const Picture& gray);

// The highest threshold of the picture's type below the value `next`.
double HighestThreshold(double next, const Picture& gray);

// Fills classes and separability of `result` for its thresholds: 0 where there are no levels.
absl::Status DescribeClasses(const Context& context, const Levels& levels, ThresholdResult& result);

// INVALID_ARGUMENT naming "mask", or "gray" where it is finite nowhere: there is nothing to
// threshold.
absl::Status NoPixelsInside(const Picture& gray);
// UNIMPLEMENTED naming "profile": scikit-image makes 256 bins of a picture of bool.
absl::Status CheckSkimageBins(DType dtype);

}  // namespace trine::segment
