#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <vector>

#include "tests/oracle/segment_oracle.h"

namespace trine::oracle {
namespace {

// Where a window finds index i of n; nothing beyond a border that clips.
std::optional<int> Found(int i, int n, char border) {
  while (i < 0 || i >= n) {
    if (border == 'c') return std::nullopt;
    if (border == 'e') return std::clamp(i, 0, n - 1);  // the edge again
    if (border == 'm' && n == 1) return 0;              // mirrored at the edge's middle
    if (border == 'm') i = i < 0 ? -i : 2 * (n - 1) - i;
    if (border == 'r') i = i < 0 ? -1 - i : 2 * n - 1 - i;  // mirrored behind the edge
  }
  return i;
}

std::vector<int64_t> Window(const Grid<uint16_t>& gray, const Mask& inside, int y, int x,
                            int window, char border) {
  std::vector<int64_t> values;
  for (int v = y - window / 2; v <= y + window / 2; ++v) {
    for (int u = x - window / 2; u <= x + window / 2; ++u) {
      const auto row = Found(v, gray.height, border), column = Found(u, gray.width, border);
      if (row && column && inside.at(*row, *column) != 0) values.push_back(gray.at(*row, *column));
    }
  }
  return values;
}

struct Moments {
  double mean, deviation, low, high;
};
Moments MomentsOf(const std::vector<int64_t>& values) {
  int64_t sum = 0, square = 0;
  for (const int64_t value : values) {
    sum += value;
    square += value * value;
  }
  const int64_t n = static_cast<int64_t>(values.size());
  return {static_cast<double>(sum) / static_cast<double>(n),
          std::sqrt(static_cast<double>(n * square - sum * sum)) / static_cast<double>(n),
          static_cast<double>(*std::min_element(values.begin(), values.end())),
          static_cast<double>(*std::max_element(values.begin(), values.end()))};
}

int Otsu(const std::vector<int64_t>& levels) {
  std::vector<uint64_t> counts(256, 0);
  for (const int64_t level : levels) ++counts[static_cast<size_t>(level)];
  if (std::all_of(levels.begin(), levels.end(), [&](int64_t v) { return v == levels[0]; }))
    return static_cast<int>(levels[0]);
  return OtsuPlateau(counts).first;
}

// Dark cells of `light` that no path of dark cells leads to one that is `sharp` become light.
Mask WithoutUnsupported(const Mask& light, const Mask& inside, const Mask& sharp) {
  Mask dark = light;
  for (size_t i = 0; i < dark.cells.size(); ++i)
    dark.cells[i] = light.cells[i] == 0 && inside.cells[i] != 0 ? 255 : 0;
  const Labels labels = Components(dark, true);
  std::map<int, bool> supported;
  for (size_t i = 0; i < dark.cells.size(); ++i) {
    if (labels.cells[i] != 0 && sharp.cells[i] != 0) supported[labels.cells[i]] = true;
  }
  Mask out = light;
  for (size_t i = 0; i < dark.cells.size(); ++i) {
    if (labels.cells[i] != 0 && !supported[labels.cells[i]]) out.cells[i] = 255;
  }
  return out;
}

Mask SharpOf(const Grid<uint16_t>& gray, const Mask& inside) {
  Grid<uint16_t> contrast(gray.height, gray.width);
  std::vector<int64_t> all;
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      if (inside.at(y, x) == 0) continue;
      const Moments m = MomentsOf(Window(gray, inside, y, x, 3, 'c'));
      contrast.at(y, x) =
          static_cast<uint16_t>(255.0 * ((m.high - m.low) / (0.0001 + m.high + m.low)));
      all.push_back(contrast.at(y, x));
    }
  }
  Mask sharp(gray.height, gray.width);
  for (size_t i = 0; i < sharp.cells.size() && !all.empty(); ++i)
    sharp.cells[i] = inside.cells[i] != 0 && contrast.cells[i] > Otsu(all) ? 255 : 0;
  return sharp;
}

}  // namespace

Mask LocalByRule(const Grid<uint16_t>& gray, const Mask& inside, const LocalRule& rule) {
  const std::string& method = rule.method;
  double low = 1e9, largest = 0;
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      if (inside.at(y, x) == 0) continue;
      low = std::min<double>(low, gray.at(y, x));
      if (method != "wolf") continue;
      const auto values = Window(gray, inside, y, x, rule.window, rule.border);
      largest = std::max(largest, MomentsOf(values).deviation);
    }
  }
  const double k = rule.k, r = rule.r;
  Mask out(gray.height, gray.width);
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      if (inside.at(y, x) == 0) continue;
      const auto values = Window(gray, inside, y, x, rule.window, rule.border);
      const Moments w = MomentsOf(values);
      const double value = gray.at(y, x), m = w.mean, s = w.deviation;
      bool above = false;
      if (method == "mean") above = value > m;
      if (method == "sauvola" || method == "isauvola")
        above = value > m * (1.0 + k * (s / r - 1.0));
      if (method == "niblack") above = value > m + k * s;
      if (method == "wolf")
        above = value > m - k * (1.0 - (largest > 0 ? s / largest : 0.0)) * (m - low);
      if (method == "nick") above = value > m + k * std::sqrt(s * s + m * m);
      if (method == "wan") above = value > (w.high + m) / 2.0 * (1.0 + k * (s / r - 1.0));
      if (method == "bradley") above = value > m * (1.0 - k);
      if (method == "phansalkar")
        above = value > m * (1.0 + rule.p * std::exp(-std::max(rule.q * m / (2.0 * r), 0.0)) +
                             k * (s / r - 1.0));
      if (method == "bernsen")
        above = w.high - w.low < rule.contrast ? (w.low + w.high) / 2 >= rule.level
                                               : value > (w.low + w.high) / 2;
      if (method == "contrast") above = std::abs(w.high - value) <= std::abs(value - w.low);
      if (method == "local_otsu") above = value > Otsu(values);
      out.at(y, x) = above ? 255 : 0;
    }
  }
  if (method == "isauvola") return WithoutUnsupported(out, inside, SharpOf(gray, inside));
  return out;
}

}  // namespace trine::oracle
