// How masks compare, by the definitions: every distance and every path looked for anew.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>

#include "tests/oracle/segment_oracle.h"

namespace trine::oracle {

Comparison Compare(const Mask& mask, const Mask& truth, const Mask& inside) {
  const int height = mask.height, width = mask.width;
  Comparison out;
  Grid<int> distance(height, width);  // 0: background, -1: there is none
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      int least = -1;
      for (int v = 0; v < height; ++v) {
        for (int u = 0; u < width; ++u) {
          const int apart = std::max(std::abs(v - y), std::abs(u - x));
          if (truth.at(v, u) == 0 && (least < 0 || apart < least)) least = apart;
        }
      }
      distance.at(y, x) = least;
    }
  }
  const std::function<int(int, int)> ridge = [&](int y, int x) {
    int highest = distance.at(y, x);
    for (int v = y - 1; v <= y + 1; ++v) {
      for (int u = x - 1; u <= x + 1; ++u) {
        if (distance.Has(v, u) && distance.at(v, u) > distance.at(y, x))
          highest = std::max(highest, ridge(v, u));
      }
    }
    return highest;
  };
  double weight = 0, weight_found = 0, weight_false = 0, cost = 0, unit = 0;
  for (int i = 0; i < 25; ++i) {
    const double apart = std::hypot(i / 5 - 2, i % 5 - 2);
    if (apart > 0) unit += 1 / apart;
  }
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (inside.at(y, x) == 0) continue;
      const bool set = mask.at(y, x) != 0, right = truth.at(y, x) != 0;
      out.tp += set && right ? 1 : 0;
      out.fp += set && !right ? 1 : 0;
      out.fn += !set && right ? 1 : 0;
      out.tn += !set && !right ? 1 : 0;
      if (right) {
        const double top = distance.at(y, x) < 0 ? 1 : ridge(y, x);
        const double here = distance.at(y, x) < 0 ? 1 : distance.at(y, x) / (top * top);
        weight += here;
        if (set) weight_found += here;
      }
      if (set == right) continue;
      bool is_near = false;
      for (int v = std::max(0, y - 2); v <= std::min(height - 1, y + 2); ++v) {
        for (int u = std::max(0, x - 2); u <= std::min(width - 1, x + 2); ++u) {
          const double apart = std::hypot(v - y, u - x);
          if (apart > 0 && (truth.at(v, u) != 0) != set) cost += 1 / apart / unit;
          if (apart < 1.9 && truth.at(v, u) != 0) is_near = true;
        }
      }
      if (set) weight_false += is_near ? 0.5 : 1;
    }
  }
  int mixed = 0;
  for (int y = 0; y < height; y += 8) {
    for (int x = 0; x < width; x += 8) {
      // Blocks that the border cuts are none, but where nothing else is.
      if ((y + 8 > height && y > 0) || (x + 8 > width && x > 0)) continue;
      bool has[2] = {false, false};
      for (int v = y; v < std::min(height, y + 8); ++v) {
        for (int u = x; u < std::min(width, x + 8); ++u) has[truth.at(v, u) != 0 ? 1 : 0] = true;
      }
      mixed += has[0] && has[1] ? 1 : 0;
    }
  }
  out.pseudo_recall = weight == 0 ? 100 : 100 * weight_found / weight;
  const double all = out.tp + weight_false;
  out.pseudo_precision = all == 0 ? 100 : 100 * out.tp / all;
  out.drd = out.fp + out.fn == 0 ? 0
            : mixed == 0         ? std::numeric_limits<double>::infinity()
                                 : cost / mixed;
  return out;
}

}  // namespace trine::oracle
