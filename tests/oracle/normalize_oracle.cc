#include "tests/oracle/normalize_oracle.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace trine::oracle {
namespace {

// Flat indices of everything that lies within [-lo, +hi] of `index` along the window's axes.
std::vector<size_t> Neighbours(const Lrn& lrn, const std::vector<int64_t>& shape, size_t index,
                               int64_t lo, int64_t hi) {
  const size_t rank = shape.size();
  const size_t channel = lrn.channels_last ? rank - 1 : 1;
  std::vector<size_t> found{index};
  size_t stride = 1;
  for (size_t axis = rank; axis-- > 0;) {
    const int64_t dim = shape[axis];
    const bool windowed = lrn.within ? axis != 0 && axis != channel : axis == channel;
    if (windowed) {
      const int64_t at = static_cast<int64_t>(index / stride) % dim;
      std::vector<size_t> wider;
      for (const size_t centre : found)
        for (int64_t i = std::max<int64_t>(0, at - lo); i <= std::min(dim - 1, at + hi); ++i)
          wider.push_back(centre - static_cast<size_t>(at) * stride +
                          static_cast<size_t>(i) * stride);
      found = wider;
    }
    stride *= static_cast<size_t>(dim);
  }
  return found;
}

long double Rectified(const Lrn& lrn, double x) {
  return lrn.relu && x <= 0 ? 0.0L : static_cast<long double>(x);
}

std::vector<long double> Bases(const Lrn& lrn, const std::vector<int64_t>& shape,
                               const std::vector<double>& x) {
  std::vector<long double> s(x.size());
  for (size_t c = 0; c < x.size(); ++c) {
    long double sum = 0;
    for (const size_t i : Neighbours(lrn, shape, c, lrn.lo, lrn.hi))
      sum += Rectified(lrn, x[i]) * Rectified(lrn, x[i]);
    s[c] = lrn.k + lrn.a * sum;
  }
  return s;
}

}  // namespace

std::vector<double> LrnForward(const Lrn& lrn, const std::vector<int64_t>& shape,
                               const std::vector<double>& x) {
  const std::vector<long double> s = Bases(lrn, shape, x);
  std::vector<double> y(x.size());
  for (size_t c = 0; c < x.size(); ++c)
    y[c] = static_cast<double>(Rectified(lrn, x[c]) *
                               std::pow(s[c], static_cast<long double>(-lrn.beta)));
  return y;
}

LrnGradients LrnGradient(const Lrn& lrn, const std::vector<int64_t>& shape,
                         const std::vector<double>& x, const std::vector<double>& dy) {
  const std::vector<long double> s = Bases(lrn, shape, x);
  std::vector<long double> power(x.size());
  std::vector<long double> term(x.size());
  for (size_t c = 0; c < x.size(); ++c) {
    power[c] = std::pow(s[c], static_cast<long double>(-lrn.beta));
    term[c] = dy[c] * (Rectified(lrn, x[c]) * power[c]) / s[c];
  }
  LrnGradients out{std::vector<double>(x.size()), std::vector<double>(x.size())};
  for (size_t j = 0; j < x.size(); ++j) {
    long double sum = 0;
    long double magnitude = 0;
    // j is in W(c) = [c - lo, c + hi] exactly when c is in [j - hi, j + lo].
    for (const size_t c : Neighbours(lrn, shape, j, lrn.hi, lrn.lo)) {
      sum += term[c];
      magnitude += std::fabs(term[c]);
    }
    const long double direct = dy[j] * power[j];
    const long double factor = 2.0L * lrn.a * lrn.beta * Rectified(lrn, x[j]);
    const bool blocked = lrn.relu && x[j] <= 0;
    out.dx[j] = blocked ? 0 : static_cast<double>(direct - factor * sum);
    out.magnitude[j] = static_cast<double>(std::fabs(direct) + std::fabs(factor) * magnitude);
  }
  return out;
}

}  // namespace trine::oracle
