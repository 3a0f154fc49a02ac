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
#include "core/segment/metrics.h"
#include "core/segment/parameters/document.h"   // IWYU pragma: export
#include "core/segment/parameters/filter.h"     // IWYU pragma: export
#include "core/segment/parameters/local.h"      // IWYU pragma: export
#include "core/segment/parameters/regions.h"    // IWYU pragma: export
#include "core/segment/parameters/threshold.h"  // IWYU pragma: export
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
constexpr unsigned ProfileBit(Profile profile) { return 1U << static_cast<unsigned>(profile); }
inline constexpr unsigned kEveryProfile =
    ProfileBit(Profile::kOpencv) | ProfileBit(Profile::kSkimage) | ProfileBit(Profile::kImagej) |
    ProfileBit(Profile::kMatlab);

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
  bool histogram = false;  // Result::histogram
  bool metrics = false;    // Result::metrics; Inputs::ground_truth must be given
  bool labels = true;      // Result::labels, where a step made them
};

struct Inputs {
  // [H,W] of any dtype; 1 to 2^30 pixels, whatever the limits say. core/segment/gray.h says how the
  // types are computed with; what comes out is in the values that went in. Integers of 64 bits must
  // be ones that float64 holds, float64 at most 2^400 from 0.
  TensorView gray;
  // [H,W] uint8 or bool: pixels that are 0 belong to nothing: not in a histogram, never foreground.
  std::optional<TensorView> mask;
  std::optional<TensorView> markers;  // [H,W] of integers, from -2^31 (SKIMAGE; else 0) to 2^31 - 1
  // [H,W] uint8 or bool: the right mask, foreground where it is not 0. For Options::metrics.
  std::optional<TensorView> ground_truth;
  // H W bytes for Result::mask, of any contents; empty: it has memory of its own. Memory that was
  // used before saves the page faults of fresh one. Must outlive the Result.
  MutableByteView mask_memory;
  bool is_weighed = false;  // gray was made of colours by the profile's weights
};

struct ClassStats {
  double weight = 0;  // fraction of the pixels
  double mean = 0;    // gray value; 0 for an empty class
};

struct ThresholdResult {
  std::vector<double> thresholds;  // ascending, in gray values
  // Otsu: the lowest and highest threshold that reach the exact maximum (the "plateau"); where the
  // profile's is none of them or comes from bins (SKIMAGE floats, MATLAB 16 bits) that one twice.
  // One or more fixed thresholds: the first. Multi-Otsu: 0.
  double plateau_low = 0;
  double plateau_high = 0;
  // Variance between classes over total variance, 0 to 1; 0 for a constant picture.
  double separability = 0;
  std::vector<ClassStats> classes;  // one more than thresholds
};

// What a method of all_thresholds found.
struct MethodThreshold {
  std::string_view name;            // as in the protocol: "otsu", "max_entropy"
  std::optional<double> threshold;  // in gray values
  std::string none;                 // why there is none
};

// What a local threshold was computed with, after profile and defaults.
struct LocalThresholdResult {
  LocalMethod method = LocalMethod::kSauvola;
  int64_t window = 0;
  // 0 where the method does not have it.
  double offset = 0;
  double k = 0;
  double r = 0;
  double sigma = 0;
  double p = 0, q = 0;
  double contrast = 0;
  double level = 0;  // kBernsen: the middle of the range, of windows of less contrast
  LocalBorder border = LocalBorder::kClip;
};

// A region's outline and convex hull, by the definitions of scikit-image's regionprops.
struct RegionShape {
  double perimeter = 0;          // through the centres of border pixels, 4 neighbours [pixels]
  double perimeter_crofton = 0;  // from crossings in four directions [pixels]
  double circularity = 0;        // 4 pi area / perimeter^2; 0 without a perimeter
  int64_t euler_number = 0;      // 8-connected parts less holes
  int64_t area_convex = 0;       // of the hull [pixels]
  double solidity = 0;           // area over area_convex
  double feret_max = 0;          // largest distance of two points of the hull's outline [pixels]
};

struct Region {
  int64_t label = 0;
  int64_t area = 0;                                    // [pixels]
  int64_t min_y = 0, min_x = 0, max_y = 0, max_x = 0;  // half open
  double centroid_y = 0, centroid_x = 0;
  double mean_intensity = 0;
  double min_intensity = 0, max_intensity = 0;
  double std_intensity = 0;  // population deviation
  // Central second moments over the area, the covariance of the coordinates [pixels^2]: exact sums,
  // rounded twice.
  double moment_yy = 0, moment_xx = 0, moment_yx = 0;
  // Of the ellipse with the same moments: from the y axis to the major one, -pi/2 to pi/2, turning
  // from y to x [rad]; where all directions are alike pi/4 with moment_yx above 0, else -pi/4.
  double orientation = 0;
  double axis_major_length = 0, axis_minor_length = 0;  // [pixels]
  double eccentricity = 0;                              // 0 (circle) to 1
  double extent = 0;                                    // area over that of the box
  double equivalent_diameter = 0;                       // of a circle with the same area [pixels]
  bool touches_border = false;                          // of the picture
  std::optional<RegionShape> shape;                     // where it was asked for
};

struct Point {
  int32_t y = 0, x = 0;
};

// Indices into the list of contours, -1 for none; as OpenCV's hierarchy.
struct Contour {
  absl::Span<const Point> points;  // every border pixel in order; closed. Of the list
  bool is_hole = false;
  int32_t label = 0;  // whose it is; 0 where the mask has no labels
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

// How many pixels have which values, in bins of equal width: bin i counts from low + i * bin_width
// on, below the next one's start. core/segment/threshold/gray_histogram.h says how wide.
struct Histogram {
  double low = 0;        // the lowest value
  double bin_width = 0;  // [gray values]; 0 where all floats are equal
  std::vector<uint64_t> counts;
};

// Members are absent (or empty) unless a step made them.
struct Result {
  std::optional<ThresholdResult> threshold;
  std::optional<LocalThresholdResult> local_threshold;  // of the last such step
  std::vector<MethodThreshold> method_thresholds;       // of all_thresholds
  std::optional<Tensor> mask;                           // uint8 [H,W], 0 or 255; see mask_memory
  std::optional<Tensor> labels;                         // int32 [H,W]; see Options::labels
  int64_t label_count = 0;                              // highest label
  int64_t lowest_label = 0;                             // of those below 0
  std::optional<Tensor> distance;                       // float32 [H,W]
  double foreground_fraction = 0;  // of the mask, over the pixels inside Inputs::mask
  std::vector<Region> regions;     // by label, labels without pixels left out
  ContourList contours;
  std::optional<Histogram> histogram;  // of the picture as the last step left it
  std::optional<MaskMetrics> metrics;  // of the mask, over the pixels that count
  int64_t ignored_pixels = 0;          // inside Inputs::mask, not finite (NanPolicy::kIgnore)
  std::vector<std::string> warnings;   // sentences: what was given and cannot have been meant so

  // At most so many different labels are on the map.
  uint64_t LabelSpan() const { return static_cast<uint64_t>(label_count - lowest_label); }
  // Memory of the lists, whose lengths the pixels' values decide.
  uint64_t ListBytes() const { return regions.size() * sizeof(Region) + contours.bytes(); }
};

// What Segment refuses whatever the pixels are. Reads what the inputs are, shapes and dtypes, not
// their data, which may still be to come.
absl::Status Validate(const Inputs& inputs, const Options& options, const Limits& limits);

// Which pictures are given beside the one that is segmented.
struct Companions {
  bool mask = false;
  bool markers = false;
  bool ground_truth = false;
};
// What Segment refuses of `options` beside such pictures whatever the picture is: what Validate
// refuses of one of every dtype, however many steps there are. The status is that of uint8.
absl::Status ValidateForAny(const Companions& given, const Options& options);

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
