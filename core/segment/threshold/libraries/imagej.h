// ImageJ 1.53's AutoThresholder, of a histogram of 256 bins with at least one count: thresholds to
// the bit, from the same operations in the same order, 0 where it finds none. Logarithms are those
// of logarithm.h, where Java's depend on the machine in their last bit. NaN where ImageJ goes round
// for ever. `fraction` is Percentile's (ImageJ: 0.5) and nothing to the others.
//
// Thread safety: all functions.
#pragma once

#include <cstdint>
#include <vector>

namespace trine::segment {

double ImagejLi(const std::vector<uint64_t>& counts, double fraction);
double ImagejYen(const std::vector<uint64_t>& counts, double fraction);
double ImagejTriangle(const std::vector<uint64_t>& counts, double fraction);
double ImagejIsodata(const std::vector<uint64_t>& counts, double fraction);
double ImagejMinimum(const std::vector<uint64_t>& counts, double fraction);
double ImagejMean(const std::vector<uint64_t>& counts, double fraction);
double ImagejMinError(const std::vector<uint64_t>& counts, double fraction);
double ImagejMaxEntropy(const std::vector<uint64_t>& counts, double fraction);
double ImagejHuang(const std::vector<uint64_t>& counts, double fraction);
double ImagejMoments(const std::vector<uint64_t>& counts, double fraction);
double ImagejRenyi(const std::vector<uint64_t>& counts, double fraction);
double ImagejPercentile(const std::vector<uint64_t>& counts, double fraction);

}  // namespace trine::segment
