// Slow, obvious references for edges, masked_threshold and keep_overlap.
#pragma once

#include "tests/oracle/segment_filter_oracle.h"
#include "tests/oracle/segment_oracle.h"

namespace trine::oracle {

// Squares of the lengths of Sobel's gradient, the picture continued with its border pixels; 0 where
// a pixel within two is not inside.
Reals SobelSquares(const Reals& gray, const Mask& inside);

// Canny's edges with thresholds of lengths.
Mask CannyEdges(const Reals& gray, const Mask& inside, double low, double high);

// v >= m - k s of the marked pixels in the window, of dark ones v <= m + k s; at least `least`.
struct LikeRule {
  int window = 3;
  int least = 1;
  double k = 0;
  bool dark = false;
};
bool IsLikeTheMarked(const Reals& gray, const Mask& marked, int y, int x, const LikeRule& rule);
Mask LikeTheMarked(const Reals& gray, const Mask& inside, const Mask& marked, const LikeRule& rule);

// The components of which a pixel and the share of their area are in `other`.
Mask KeptByOverlap(const Mask& mask, const Mask& other, double share, bool eight);

}  // namespace trine::oracle
