#include "core/segment/kernels/half_band.h"

#include <cmath>

namespace trine::segment {

std::vector<int16_t> WordWeights(const std::vector<double>& kernel) {
  double norm = kernel[0];
  for (size_t d = 1; d < kernel.size(); ++d) norm += 2 * kernel[d];
  std::vector<int16_t> out(kernel.size());
  // The centre takes what is left.
  int32_t rest = kGaussOne;
  for (size_t d = 1; d < kernel.size(); ++d) {
    out[d] = static_cast<int16_t>(std::floor(kernel[d] / norm * kGaussOne + 0.5));
    rest -= 2 * out[d];
  }
  out[0] = static_cast<int16_t>(rest);
  return out;
}

}  // namespace trine::segment
