// Thresholds from the histogram: EXACT's definitions of the methods, and which profile has which.
//
// Every method answers the lowest threshold of those that part the pixels as it says, a gray value
// in use (GLOBAL_MEAN: the mean). Equal optima: the lowest threshold. The methods decide in
// integers wherever their criterion is rational, else in arithmetic of about 100 bits of fixed
// operations (logarithm.h, contest.h): the same on every machine. Let h be the counts of the
// levels, x their places from the lowest on, w0, w1 the pixels of {<= t} and {> t}, N = w0 + w1.
//
// Thread safety: all functions. All poll cancellation.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/segment/histogram.h"
#include "core/segment/segment.h"

namespace trine::segment {

// What the methods share.
struct MethodInput {
  const Context& context;
  const Picture& gray;
  std::vector<uint64_t> counts;  // CountValues; empty of floats and wide integers
  Levels levels;                 // each distinct value
  // The same in equal bins, with `offset` their places and `values` the highest in each: one bin a
  // value of integers that span at most 65536, else 256 from the lowest value to the highest.
  Levels bins;
  double fraction = 0.5;  // PERCENTILE's
};

// REQUIRES: what it refers to outlives it. INVALID_ARGUMENT naming "mask" where no pixel is inside.
absl::StatusOr<MethodInput> MakeMethodInput(const Context& context, const Picture& gray);

// NOT_FOUND: the histogram has no such threshold, and why. Never outside this room.
absl::Status NoThreshold(std::string_view why);

// EXACT. REQUIRES: at least two levels.
using ExactMethod = absl::StatusOr<double> (*)(const MethodInput&);
absl::StatusOr<double> Li(const MethodInput& of);
absl::StatusOr<double> Yen(const MethodInput& of);
absl::StatusOr<double> Triangle(const MethodInput& of);
absl::StatusOr<double> Isodata(const MethodInput& of);
absl::StatusOr<double> Minimum(const MethodInput& of);
absl::StatusOr<double> GlobalMean(const MethodInput& of);
absl::StatusOr<double> MinError(const MethodInput& of);
absl::StatusOr<double> MaxEntropy(const MethodInput& of);
absl::StatusOr<double> Huang(const MethodInput& of);
absl::StatusOr<double> Moments(const MethodInput& of);
absl::StatusOr<double> Renyi(const MethodInput& of);
absl::StatusOr<double> Percentile(const MethodInput& of);

// The index into of.bins that Yen and MaxEntropy find.
absl::StatusOr<size_t> YenCut(const MethodInput& of);
absl::StatusOr<size_t> MaxEntropyCut(const MethodInput& of);

// The counts of all bins, empty ones too.
std::vector<uint64_t> DenseCounts(const Levels& bins);
// The highest value in the bins up to `place`. REQUIRES: place >= 0.
double ValueUpTo(const Levels& bins, uint64_t place);

struct AutoMethodRow {
  AutoMethod method;
  std::string_view name;  // as in the protocol
  ExactMethod exact;
  // As the libraries have it; null: not at all.
  ExactMethod skimage;
  ExactMethod imagej;
  ExactMethod opencv = nullptr;
};

// In the order of their numbers.
absl::Span<const AutoMethodRow> AutoMethods();

}  // namespace trine::segment
