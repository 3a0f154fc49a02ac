// Slow, obvious references for segmentation: rational arithmetic, floods by breadth, direct
// windows.
//
// A Grid is row-major [height][width]. Nothing here shares code with core/segment.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace trine::oracle {

template <typename T>
struct Grid {
  int height = 0, width = 0;
  std::vector<T> cells;

  Grid() = default;
  Grid(int h, int w, T value = T{})
      : height(h), width(w), cells(static_cast<size_t>(h) * static_cast<size_t>(w), value) {}
  T& at(int y, int x) {
    return cells[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
  }
  const T& at(int y, int x) const {
    return cells[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
  }
  bool Has(int y, int x) const { return y >= 0 && y < height && x >= 0 && x < width; }
};

using Mask = Grid<uint8_t>;
using Labels = Grid<int32_t>;

// The lowest and highest threshold of the largest variance between classes, in rationals, over all
// thresholds that leave no class empty. `counts` has a bin a value, at least two in use.
std::pair<int, int> OtsuPlateau(const std::vector<uint64_t>& counts);

// The lexicographically smallest of the best tuples of thresholds, by enumeration in rationals;
// thresholds are values in use.
std::vector<int> MultiOtsuThresholds(const std::vector<uint64_t>& counts, int classes);

// The same for values that need no common scale, ascending, each `counts` times: the indices of the
// values that end a class.
std::vector<size_t> MultiOtsuCuts(const std::vector<double>& values,
                                  const std::vector<uint64_t>& counts, int classes);

// Local thresholds by direct sums over clipped windows of the pixels where `inside` is not 0;
// rational for the mean. Weights (of distance 0, 1, ... on each axis) give a weighted mean.
Mask LocalMean(const Grid<uint16_t>& gray, const Mask& inside, const std::vector<uint64_t>& weights,
               double offset);
Mask LocalSauvola(const Grid<uint16_t>& gray, const Mask& inside, int window, double k, double r);

// DOCUMENT's ink of a page of 8 bits, of which `inside` says what counts.
Mask DocumentInk(const Mask& gray, const Mask& inside);

// Counts of a mask against the true one where `inside` is not 0, and what core/segment/metrics.h
// defines beside them.
struct Comparison {
  int tp = 0, fp = 0, fn = 0, tn = 0;
  double pseudo_precision = 0, pseudo_recall = 0, drd = 0;
};
Comparison Compare(const Mask& mask, const Mask& truth, const Mask& inside);

// The other local methods by direct windows, in the formulas of LocalMethod. Border: clip, edge,
// reflect, mirror.
struct LocalRule {
  std::string method;  // by its name in the protocol
  int window = 3;
  double k = 0, r = 128, p = 2, q = 10, contrast = 15, level = 128;
  char border = 'c';
};
Mask LocalByRule(const Grid<uint16_t>& gray, const Mask& inside, const LocalRule& rule);

// Components of cells that are not 0, labelled in raster order of their first pixels.
Labels Components(const Mask& mask, bool eight);
// The mask with background that cannot reach the border filled, up to max_area if above 0.
Mask FillHoles(const Mask& mask, bool eight, int max_area);
// Squared distance to the nearest 0; -1 where there is none.
Grid<int64_t> SquaredDistance(const Mask& mask);

// Watershed by a list of waiting pixels from which the smallest (value, age) is taken each time.
Labels Watershed(const Grid<double>& relief, const Labels& markers, const Mask& region, bool eight,
                 bool lines);
// How many maxima of `values` in `region` rise at least `height` above every saddle to a higher
// maximum (or to an equal one that comes earlier), found by a flood for each.
int CountMaxima(const Grid<double>& values, const Mask& region, bool eight, double height);

// Each border as a set of (y, x), whether it is a hole's, and the set of its parent (empty: none).
struct Border {
  bool hole = false;
  std::set<std::pair<int, int>> points;
  std::set<std::pair<int, int>> parent;
  friend bool operator<(const Border& a, const Border& b) {
    return std::tie(a.hole, a.points, a.parent) < std::tie(b.hole, b.points, b.parent);
  }
  friend bool operator==(const Border&, const Border&) = default;
};
// The pixels of an 8-connected component next (by an edge) to a 4-connected part of the
// background: the outer border where that part surrounds the component, else a hole border.
std::vector<Border> Borders(const Mask& mask);

}  // namespace trine::oracle
