// Segmentation: an ordered list of steps over one gray picture.
//
// The state that steps read and write: the gray picture (given), the mask (uint8 0 or 255), the
// label map (int32, 0 is background), the distance map (float32), the threshold result, regions and
// contours. A step that needs what no step before it made is INVALID_ARGUMENT naming
// "steps[i]". The structs below are the parameters of the steps; steps.h lists the steps. Labels
// and masks are decided by integers or by correctly rounded operations only: the same on every
// machine and with any number of threads.
//
// Coordinates are (y, x) from the top left; boxes are half open. Thread safety: all functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/dtype.h"
#include "core/base/long_array.h"
#include "core/base/tensor.h"
#include "core/runtime/context.h"
#include "core/segment/step.h"

namespace trine::segment {

// Whose conventions hold where libraries differ (ties, constant pictures, bins, rounding).
// Numbers equal those of the proto enums, here and below.
enum class Profile : uint8_t {
  kExact = 1,    // rational arithmetic, the lowest of equal thresholds
  kOpencv = 2,   // 4.x: 8 and 16 bit only
  kSkimage = 3,  // 0.19: histogram of one bin a value, 256 bins for floats
  kImagej = 4,   // 8 and 16 bits; the highest of equal thresholds
  kMatlab = 5,   // the mean of equal thresholds
};

enum class Connectivity : uint8_t { k4 = 1, k8 = 2 };
absl::Span<const std::string_view> NamesOf(Connectivity);  // for rows of steps.h; also below

// Otsu 1979: the threshold t that maximises the variance between {v <= t} and {v > t}. Sets the
// threshold result and the mask (v > t). A constant picture's threshold is its value (EXACT,
// SKIMAGE, IMAGEJ of 16 bits), 0 (OPENCV, MATLAB) or 254 (IMAGEJ). Floats and wide integers: EXACT
// takes the lower of the two distinct values that it parts, SKIMAGE of floats the centre of one of
// 256 bins. OPENCV and IMAGEJ take uint8 and uint16, MATLAB also int16, SKIMAGE integers that span
// 65536 values at most; what a profile does not take is UNIMPLEMENTED.
struct OtsuStep {};

// Otsu's criterion for `classes` classes, 2 to 16, by dynamic programming (Liao et al. 2001). Sets
// the threshold result, the label map (class 0 to classes-1) and the mask (class > 0). Among equal
// optima the lexicographically smallest tuple. With `invert` the mask is class 0. Profiles: EXACT,
// and SKIMAGE up to 5 classes and 256 bins (with its weight of the first bin); others are
// UNIMPLEMENTED. More classes than distinct values: INVALID_ARGUMENT naming the step's classes.
struct MultiOtsuStep {
  int classes = 3;
};

// Fixed thresholds, strictly increasing, finite, 1 to 15. Sets the same as the above.
struct ThresholdStep {
  std::vector<double> thresholds;
};

enum class LocalMethod : uint8_t { kMean = 1, kGaussian = 2, kSauvola = 3 };
absl::Span<const std::string_view> NamesOf(LocalMethod);

// v > T(y, x) with T from a square window around the pixel: the mean minus offset, the Gaussian
// mean minus offset, or Sauvola's mean * (1 + k * (deviation / r - 1)). EXACT clips the window at
// the border; OPENCV replicates the border, SKIMAGE mirrors it. Sets the mask.
// Pixels outside Inputs::mask do not count in EXACT's windows.
// core/segment/threshold/local_threshold.h says which combinations of method, profile and dtype are
// offered; the others are UNIMPLEMENTED. A parameter that the method does not have is
// INVALID_ARGUMENT.
struct LocalThresholdStep {
  LocalMethod method = LocalMethod::kSauvola;
  int64_t window = 0;       // odd, 3 to 65535; 0: 51 (SKIMAGE's Sauvola 15)
  double offset = 0;        // kMean, kGaussian; in gray values
  std::optional<double> k;  // kSauvola; default 0.2
  // kSauvola; default half the range of the dtype: 128 and 32768 of 8 and 16 bits; of wider
  // integers and of floats half that of the picture's values, 0.5 where all are equal. SKIMAGE:
  // half (max - min) of the dtype, 1 of floats.
  std::optional<double> r;
  std::optional<double> sigma;  // kGaussian; default (window - 1) / 6, OPENCV its own formula
};

// Swaps foreground and background of the mask (inside the picture's mask, where there is one).
struct InvertStep {};

// Fills holes of the mask: background that does not reach the border through background
// neighbours. With max_area > 0 only holes of at most so many pixels. Pixels outside Inputs::mask
// are background that is neither filled nor counted.
struct FillHolesStep {
  Connectivity connectivity = Connectivity::k4;  // of the background
  int64_t max_area = 0;
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

// Border following with hierarchy (Suzuki, Abe 1985) over the mask: 8-connected outer borders and
// hole borders, in OpenCV's order (RETR_TREE, CHAIN_APPROX_NONE). Sets the contours.
struct ContoursStep {};

// Measures each label of the label map. Sets the regions.
struct MeasureStep {};

// Values of the picture that are not finite. Outside Inputs::mask they never count.
enum class NanPolicy : uint8_t {
  kRefuse = 1,  // INVALID_ARGUMENT naming "gray[y][x]"
  kIgnore = 2,  // as if the mask were 0 there
};

struct Options {
  Profile profile = Profile::kExact;
  // Thresholding steps mark v <= t (dark objects) instead of v > t.
  bool invert = false;
  std::vector<Step> steps;  // rows of steps.h; at least 1, at most limits.max_segment_steps
  NanPolicy nan_policy = NanPolicy::kRefuse;
};

struct Inputs {
  // [H,W] of any dtype; 1 to 2^30 pixels, whatever the limits say. core/segment/gray.h says how the
  // types are computed with; what comes out is in the values that went in. Integers of 64 bits must
  // be ones that float64 holds, float64 at most 2^400 from 0.
  TensorView gray;
  // [H,W] uint8 or bool: pixels that are 0 belong to nothing: not in a histogram, never foreground.
  std::optional<TensorView> mask;
  std::optional<TensorView> markers;  // [H,W] of integers, from -2^31 (SKIMAGE; else 0) to 2^31 - 1
};

struct ClassStats {
  double weight = 0;  // fraction of the pixels
  double mean = 0;    // gray value; 0 for an empty class
};

struct ThresholdResult {
  std::vector<double> thresholds;  // ascending, in gray values
  // Otsu: the lowest and highest threshold that reach the exact maximum (the "plateau"), whatever
  // the profile; of a constant picture its value twice. One or more fixed thresholds: the first.
  // Multi-Otsu: 0.
  double plateau_low = 0;
  double plateau_high = 0;
  // Variance between classes over total variance, 0 to 1; 0 for a constant picture.
  double separability = 0;
  std::vector<ClassStats> classes;  // one more than thresholds
};

// What a local threshold was computed with, after profile and defaults.
struct LocalThresholdResult {
  LocalMethod method = LocalMethod::kSauvola;
  int64_t window = 0;
  double offset = 0;  // kMean, kGaussian
  double k = 0;       // kSauvola
  double r = 0;       // kSauvola
  double sigma = 0;   // kGaussian
};

struct Region {
  int64_t label = 0;
  int64_t area = 0;                                    // [pixels]
  int64_t min_y = 0, min_x = 0, max_y = 0, max_x = 0;  // half open
  double centroid_y = 0, centroid_x = 0;
  double mean_intensity = 0;
};

struct Point {
  int32_t y = 0, x = 0;
};

// Indices into the list of contours, -1 for none; as OpenCV's hierarchy.
struct Contour {
  absl::Span<const Point> points;  // every border pixel in order; closed. Of the list
  bool is_hole = false;
  int64_t next = -1, previous = -1, child = -1, parent = -1;
};

// All contours in one piece of memory: a picture can have millions, and as many vectors take longer
// to free than a cancelled request may go on.
class ContourList {
 public:
  ContourList() = default;
  // `list` refers to `points`.
  ContourList(LongArray<Point> points, LongArray<Contour> list)
      : points_(std::move(points)), list_(std::move(list)) {}
  ContourList(ContourList&&) = default;
  ContourList& operator=(ContourList&&) = default;

  size_t size() const { return list_.size(); }
  bool empty() const { return list_.empty(); }
  uint64_t bytes() const { return points_.size() * sizeof(Point) + size() * sizeof(Contour); }
  const Contour& operator[](size_t i) const { return list_[i]; }
  const Contour* begin() const { return list_.begin(); }
  const Contour* end() const { return list_.end(); }

 private:
  LongArray<Point> points_;
  LongArray<Contour> list_;
};

// Members are absent (or empty) unless a step made them.
struct Result {
  std::optional<ThresholdResult> threshold;
  std::optional<LocalThresholdResult> local_threshold;  // of the last such step
  std::optional<Tensor> mask;                           // uint8 [H,W], 0 or 255
  std::optional<Tensor> labels;                         // int32 [H,W]
  int64_t label_count = 0;                              // highest label
  int64_t lowest_label = 0;                             // of those below 0
  std::optional<Tensor> distance;                       // float32 [H,W]
  double foreground_fraction = 0;  // of the mask, over the pixels inside Inputs::mask
  std::vector<Region> regions;     // by label, labels without pixels left out
  ContourList contours;
  int64_t ignored_pixels = 0;         // inside Inputs::mask, not finite (NanPolicy::kIgnore)
  std::vector<std::string> warnings;  // sentences: what was given and cannot have been meant so

  // At most so many different labels are on the map.
  uint64_t LabelSpan() const { return static_cast<uint64_t>(label_count - lowest_label); }
  // Memory of the lists, whose lengths the pixels' values decide.
  uint64_t ListBytes() const { return regions.size() * sizeof(Region) + contours.bytes(); }
};

// Everything but the pixels' values is validated before anything is allocated. RESOURCE_EXHAUSTED
// for more steps, pixels, bytes or regions than context.limits allow. Memory is reserved with the
// context before it is allocated (MemoryOf).
absl::StatusOr<Result> Segment(const Context& context, const Inputs& inputs,
                               const Options& options);

// Memory that a segmentation needs, known from its steps before anything is allocated.
struct MemoryNeed {
  uint64_t maps = 0;     // mask, labels and distance until the result goes; the picture's own copy
  uint64_t working = 0;  // of the step that needs most of it

  uint64_t total() const;
};

// What Segment reserves for `options` on a picture [height,width] of `dtype`, at most UINT64_MAX.
// What depends on the pixels' values (regions, contours) comes on top, as it is found. REQUIRES:
// height and width are not negative.
MemoryNeed MemoryOf(const Context& context, int64_t height, int64_t width, DType dtype,
                    const Options& options);

std::string_view ProfileName(Profile profile);  // "exact", "opencv", ...
std::optional<Profile> ParseProfile(std::string_view name);

}  // namespace trine::segment
