// Parameters of the steps on the mask and on its regions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/types/span.h"

namespace trine::segment {

enum class Connectivity : uint8_t { k4 = 1, k8 = 2 };
absl::Span<const std::string_view> NamesOf(Connectivity);

// Swaps foreground and background of the mask (inside the picture's mask, where there is one).
struct InvertStep {};

// Fills holes of the mask: background that does not reach the border through background
// neighbours. With max_area > 0 only holes of at most so many pixels. Pixels outside Inputs::mask
// are background that is neither filled nor counted.
struct FillHolesStep {
  Connectivity connectivity = Connectivity::k4;  // of the background
  int64_t max_area = 0;
};

enum class OverlapWith : uint8_t {
  kAuto = 0,     // kMarkers where Inputs has markers, else kGray
  kMarkers = 1,  // Inputs::markers: what is not 0
  kGray = 2,     // the gray picture above a threshold, with Options::invert at or below it
};
absl::Span<const std::string_view> NamesOf(OverlapWith);

// Keeps the components of the mask of which a pixel, and of their area at least a share, overlap
// other pixels.
struct KeepOverlapStep {
  OverlapWith other = OverlapWith::kAuto;
  // kGray: finite; default the threshold that the last step before it found (of several the
  // highest, with Options::invert the lowest).
  std::optional<double> threshold;
  double share = 0;  // 0 to 1
  Connectivity connectivity = Connectivity::k8;
};

// Connected components of the mask; labels 1.. in raster order of each component's first pixel.
// Components smaller than min_area are removed from mask and labels. Sets the label map.
struct ComponentsStep {
  Connectivity connectivity = Connectivity::k8;
  int64_t min_area = 0;
};

// Exact Euclidean distance of each foreground pixel to the nearest background pixel of the mask
// (Felzenszwalb, Huttenlocher 2012), correctly rounded. Outside the picture counts as neither.
// Where there is no background at all the distance is +infinity. Sets the distance map.
struct DistanceStep {};

enum class MarkerSource : uint8_t {
  kAuto = 0,      // kGiven where Inputs has markers, else kDistance
  kGiven = 1,     // Inputs::markers: what is not 0 is a label
  kDistance = 2,  // maxima of the distance map that rise marker_height above their saddles
};
enum class Relief : uint8_t {
  kAuto = 0,      // kDistance with markers from the distance map, else kGray
  kGray = 1,      // the gray picture: basins are dark
  kDistance = 2,  // the negated distance map
};
absl::Span<const std::string_view> NamesOf(MarkerSource);
absl::Span<const std::string_view> NamesOf(Relief);

// Marker-controlled watershed by flooding (Meyer 1994): a queue ordered by (value, age), a pixel's
// value never below its parent's. Floods the mask where one was made, else the whole picture.
// Sets the label map (labels of given markers kept; else 1.. in raster order of the markers' first
// pixels) and the mask.
// Neighbours are taken above, left, right, below, then the diagonals; markers enter the queue in
// raster order. Maxima of the distance use the same connectivity; of equal ones the first in raster
// order is the higher. Markers outside the flooded pixels are dropped. Below 0 they are labels like
// others with SKIMAGE; the other profiles refuse them.
struct WatershedStep {
  MarkerSource markers = MarkerSource::kAuto;
  Relief relief = Relief::kAuto;
  Connectivity connectivity = Connectivity::k4;
  std::optional<double> marker_height;  // kDistance [pixels]; finite, >= 0; default 1
  // Of two neighbours in different basins the one that was flooded later becomes 0; the basins are
  // otherwise the same, and adjacent markers are separated too.
  bool lines = false;
  // Smaller regions become background, and the others are numbered from 1 in raster order of their
  // first pixels; 0: none, and labels stay as they are.
  int64_t min_area = 0;
};

enum class ContoursOf : uint8_t {
  kAuto = 0,    // kLabels where those of the mask as it is may touch (a watershed's, 4-connected
                // components), else kMask, with the labels of 8-connected components
  kMask = 1,    // the mask
  kLabels = 2,  // each label by itself
};
absl::Span<const std::string_view> NamesOf(ContoursOf);

// Border following with hierarchy (Suzuki, Abe 1985) over the mask or each label of the label map:
// 8-connected outer borders and hole borders, in OpenCV's order (RETR_TREE, CHAIN_APPROX_NONE).
// Sets the contours.
struct ContoursStep {
  ContoursOf of = ContoursOf::kAuto;
};

// Measures each label of the label map; intensities are those of the picture as it was given. Sets
// the regions.
struct MeasureStep {
  bool shape = false;  // Region::shape too
};

}  // namespace trine::segment
