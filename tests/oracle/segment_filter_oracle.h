// Slow, obvious references for the steps that change the gray picture: direct windows of the
// picture continued with its border pixels, of which only those where `inside` is not 0 count.
// Pixels that are not inside keep their values. Nothing here shares code with core/segment.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/oracle/segment_oracle.h"

namespace trine::oracle {

using Reals = Grid<double>;

// Sums with weights of distance 0, 1, ... on each axis over the sum of those weights.
Reals WeightedMeans(const Reals& gray, const Mask& inside, const std::vector<double>& weights);
// Weights of a Gaussian out to 9 sigma.
std::vector<double> TrueGaussian(double sigma);
// Of the square of side 2 radius + 1; of an even number of pixels the lower middle one.
Reals Medians(const Reals& gray, const Mask& inside, int radius);

// The opening by the disk dx^2 + dy^2 <= radius^2; only what is inside the picture is seen.
Reals DiskOpening(const Reals& gray, const Mask& inside, int radius);
// min of v(y + dy, x + dx) + radius - sqrt(radius^2 - dx^2 - dy^2), not rounded, in long double.
Reals UnderBall(const Reals& gray, const Mask& inside, int radius);

}  // namespace trine::oracle
