#include "tests/oracle/segment_filter_oracle.h"

#include <algorithm>
#include <cmath>

namespace trine::oracle {
namespace {

// Calls visit(value) for the pixels inside of the window.
template <typename Visit>
void ForWindow(const Reals& gray, const Mask& inside, int y, int x, int radius,
               const Visit& visit) {
  for (int dy = -radius; dy <= radius; ++dy) {
    for (int dx = -radius; dx <= radius; ++dx) {
      const int v = std::clamp(y + dy, 0, gray.height - 1);
      const int u = std::clamp(x + dx, 0, gray.width - 1);
      if (inside.at(v, u) != 0) visit(gray.at(v, u));
    }
  }
}

template <typename Value>
Reals ForInside(const Reals& gray, const Mask& inside, const Value& value) {
  Reals out = gray;
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      if (inside.at(y, x) != 0) out.at(y, x) = value(y, x);
    }
  }
  return out;
}

}  // namespace

Reals WeightedMeans(const Reals& gray, const Mask& inside, const std::vector<double>& weights) {
  const int radius = static_cast<int>(weights.size()) - 1;
  const auto weight = [&](int d) {
    return static_cast<long double>(weights[static_cast<size_t>(std::abs(d))]);
  };
  // Along the rows first; then down the columns.
  Grid<long double> sums(gray.height, gray.width), norms(gray.height, gray.width);
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      for (int d = -radius; d <= radius; ++d) {
        const int u = std::clamp(x + d, 0, gray.width - 1);
        if (inside.at(y, u) == 0) continue;
        sums.at(y, x) += weight(d) * static_cast<long double>(gray.at(y, u));
        norms.at(y, x) += weight(d);
      }
    }
  }
  return ForInside(gray, inside, [&](int y, int x) {
    long double sum = 0, norm = 0;
    for (int d = -radius; d <= radius; ++d) {
      const int v = std::clamp(y + d, 0, gray.height - 1);
      sum += weight(d) * sums.at(v, x);
      norm += weight(d) * norms.at(v, x);
    }
    return static_cast<double>(sum / norm);
  });
}

std::vector<double> TrueGaussian(double sigma) {
  std::vector<double> out;
  for (int d = 0; d <= static_cast<int>(std::ceil(9 * sigma)); ++d)
    out.push_back(std::exp(-d * d / (2 * sigma * sigma)));
  return out;
}

Reals Medians(const Reals& gray, const Mask& inside, int radius) {
  return ForInside(gray, inside, [&](int y, int x) {
    std::vector<double> values;
    ForWindow(gray, inside, y, x, radius, [&](double v) { values.push_back(v); });
    std::sort(values.begin(), values.end());
    return values[(values.size() - 1) / 2];
  });
}

Reals DiskOpening(const Reals& gray, const Mask& inside, int radius) {
  const auto for_disk = [&](int y, int x, const auto& visit) {
    for (int v = y - radius; v <= y + radius; ++v) {
      for (int u = x - radius; u <= x + radius; ++u) {
        if (!gray.Has(v, u)) continue;
        if ((v - y) * (v - y) + (u - x) * (u - x) <= radius * radius) visit(v, u);
      }
    }
  };
  Reals eroded(gray.height, gray.width, HUGE_VAL);
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      for_disk(y, x, [&](int v, int u) {
        if (inside.at(v, u) != 0) eroded.at(y, x) = std::min(eroded.at(y, x), gray.at(v, u));
      });
    }
  }
  return ForInside(gray, inside, [&](int y, int x) {
    double most = -HUGE_VAL;
    for_disk(y, x, [&](int v, int u) { most = std::max(most, eroded.at(v, u)); });
    return most;
  });
}

Reals UnderBall(const Reals& gray, const Mask& inside, int radius) {
  return ForInside(gray, inside, [&](int y, int x) {
    long double least = HUGE_VALL;
    for (int v = std::max(0, y - radius); v <= std::min(gray.height - 1, y + radius); ++v) {
      for (int u = std::max(0, x - radius); u <= std::min(gray.width - 1, x + radius); ++u) {
        const int rest = radius * radius - (v - y) * (v - y) - (u - x) * (u - x);
        if (rest < 0 || inside.at(v, u) == 0) continue;
        const long double height = std::sqrt(static_cast<long double>(rest));
        least = std::min(least, static_cast<long double>(gray.at(v, u)) + radius - height);
      }
    }
    return static_cast<double>(least);
  });
}

}  // namespace trine::oracle
