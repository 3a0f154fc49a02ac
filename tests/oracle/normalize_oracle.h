// Slow, obvious reference of local response normalization: for every element, loop over its
// window. Sums and powers in long double, results rounded to double. Shares nothing with core.
#pragma once

#include <cstdint>
#include <vector>

namespace trine::oracle {

struct Lrn {
  bool within = false;         // window over the spatial axes instead of the channels
  bool channels_last = false;  // [N,...,C] instead of [N,C,...]
  int64_t lo = 2;
  int64_t hi = 2;
  double a = 1e-4;
  double beta = 0.75;
  double k = 1;
  bool relu = false;
};

// y for x of `shape` (rank 2 to 5).
std::vector<double> LrnForward(const Lrn& lrn, const std::vector<int64_t>& shape,
                               const std::vector<double>& x);

struct LrnGradients {
  std::vector<double> dx;
  // Sum of the absolute values of the terms that dx adds up: what its error is measured by.
  std::vector<double> magnitude;
};

LrnGradients LrnGradient(const Lrn& lrn, const std::vector<int64_t>& shape,
                         const std::vector<double>& x, const std::vector<double>& dy);

}  // namespace trine::oracle
