#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <map>
#include <tuple>

#include "tests/oracle/segment_oracle.h"

namespace trine::oracle {
namespace {

using Cell = std::pair<int, int>;

std::vector<Cell> Neighbors(int y, int x, bool eight) {
  std::vector<Cell> out = {{y - 1, x}, {y, x - 1}, {y, x + 1}, {y + 1, x}};
  if (eight) {
    out.insert(out.end(), {{y - 1, x - 1}, {y - 1, x + 1}, {y + 1, x - 1}, {y + 1, x + 1}});
  }
  return out;
}

// The cells that can be reached from `start` through cells that `may` admits.
std::vector<Cell> Reach(int height, int width, Cell start, bool eight,
                        const std::function<bool(int, int)>& may) {
  Mask seen(height, width);
  std::deque<Cell> queue = {start};
  std::vector<Cell> out;
  seen.at(start.first, start.second) = 1;
  while (!queue.empty()) {
    const auto [y, x] = queue.front();
    queue.pop_front();
    out.push_back({y, x});
    for (const auto& [ny, nx] : Neighbors(y, x, eight)) {
      if (!seen.Has(ny, nx) || seen.at(ny, nx) != 0 || !may(ny, nx)) continue;
      seen.at(ny, nx) = 1;
      queue.push_back({ny, nx});
    }
  }
  return out;
}

}  // namespace

Labels Components(const Mask& mask, bool eight) {
  Labels labels(mask.height, mask.width);
  int32_t next = 0;
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      if (mask.at(y, x) == 0 || labels.at(y, x) != 0) continue;
      ++next;
      for (const auto& [cy, cx] : Reach(mask.height, mask.width, {y, x}, eight,
                                        [&](int a, int b) { return mask.at(a, b) != 0; }))
        labels.at(cy, cx) = next;
    }
  }
  return labels;
}

Mask FillHoles(const Mask& mask, bool eight, int max_area) {
  Mask out = mask;
  Mask background(mask.height, mask.width);
  for (size_t i = 0; i < mask.cells.size(); ++i) background.cells[i] = mask.cells[i] == 0 ? 1 : 0;
  const Labels parts = Components(background, eight);
  std::map<int32_t, std::pair<int, bool>> area_and_open;
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      auto& [area, open] = area_and_open[parts.at(y, x)];
      ++area;
      open |= y == 0 || x == 0 || y + 1 == mask.height || x + 1 == mask.width;
    }
  }
  for (size_t i = 0; i < mask.cells.size(); ++i) {
    if (mask.cells[i] != 0) continue;
    const auto& [area, open] = area_and_open[parts.cells[i]];
    if (!open && (max_area == 0 || area <= max_area)) out.cells[i] = 255;
  }
  return out;
}

Grid<int64_t> SquaredDistance(const Mask& mask) {
  Grid<int64_t> out(mask.height, mask.width, -1);
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      for (int by = 0; by < mask.height; ++by) {
        for (int bx = 0; bx < mask.width; ++bx) {
          if (mask.at(by, bx) != 0) continue;
          const int64_t dy = y - by, dx = x - bx, d = dy * dy + dx * dx;
          if (out.at(y, x) < 0 || d < out.at(y, x)) out.at(y, x) = d;
        }
      }
    }
  }
  return out;
}

Labels Watershed(const Grid<double>& relief, const Labels& markers, const Mask& region, bool eight,
                 bool lines) {
  struct Waiting {
    double value;
    int age, y, x;
  };
  Labels labels(relief.height, relief.width);
  Grid<int> labelled_at(relief.height, relief.width);
  std::vector<Waiting> waiting;
  int age = 0;
  for (int y = 0; y < relief.height; ++y) {
    for (int x = 0; x < relief.width; ++x) {
      if (markers.at(y, x) <= 0 || region.at(y, x) == 0) continue;
      labels.at(y, x) = markers.at(y, x);
      labelled_at.at(y, x) = ++age;
      waiting.push_back({relief.at(y, x), age, y, x});
    }
  }
  while (!waiting.empty()) {
    const auto lowest =
        std::min_element(waiting.begin(), waiting.end(), [](const Waiting& a, const Waiting& b) {
          return std::tie(a.value, a.age) < std::tie(b.value, b.age);
        });
    const Waiting from = *lowest;
    waiting.erase(lowest);
    for (const auto& [y, x] : Neighbors(from.y, from.x, eight)) {
      if (!relief.Has(y, x) || region.at(y, x) == 0 || labels.at(y, x) != 0) continue;
      labels.at(y, x) = labels.at(from.y, from.x);
      labelled_at.at(y, x) = ++age;
      waiting.push_back({std::max(relief.at(y, x), from.value), age, y, x});
    }
  }
  if (!lines) return labels;
  Labels out = labels;
  for (int y = 0; y < relief.height; ++y) {
    for (int x = 0; x < relief.width; ++x) {
      for (const auto& [ny, nx] : Neighbors(y, x, eight)) {
        if (!labels.Has(ny, nx) || labels.at(ny, nx) == 0 || labels.at(y, x) == 0) continue;
        if (labels.at(ny, nx) != labels.at(y, x) && labelled_at.at(ny, nx) < labelled_at.at(y, x))
          out.at(y, x) = 0;
      }
    }
  }
  return out;
}

int CountMaxima(const Grid<double>& values, const Mask& region, bool eight, double height) {
  int count = 0;
  Mask done(values.height, values.width);
  for (int y = 0; y < values.height; ++y) {
    for (int x = 0; x < values.width; ++x) {
      if (region.at(y, x) == 0 || done.at(y, x) != 0) continue;
      const double top = values.at(y, x);
      // Lower the level until something higher, or an equal plateau that comes earlier, is reached.
      std::set<double> levels;
      for (size_t i = 0; i < values.cells.size(); ++i) {
        if (region.cells[i] != 0 && values.cells[i] <= top) levels.insert(values.cells[i]);
      }
      bool counts = true;
      for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
        const auto reached = Reach(values.height, values.width, {y, x}, eight, [&](int a, int b) {
          return region.at(a, b) != 0 && values.at(a, b) >= *level;
        });
        if (*level == top) {
          for (const auto& [a, b] : reached) {
            if (values.at(a, b) == top) done.at(a, b) = 1;
          }
        }
        const bool met = std::any_of(reached.begin(), reached.end(), [&](const Cell& cell) {
          const double value = values.at(cell.first, cell.second);
          return value > top || (value == top && cell < Cell{y, x});
        });
        if (!met) continue;
        counts = *level < top && top - *level >= height;
        break;
      }
      count += counts ? 1 : 0;
    }
  }
  return count;
}

std::vector<Border> Borders(const Mask& mask) {
  // With a frame, so that the outside is one part of the background.
  Mask padded(mask.height + 2, mask.width + 2), ground(mask.height + 2, mask.width + 2, 1);
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      padded.at(y + 1, x + 1) = mask.at(y, x);
      ground.at(y + 1, x + 1) = mask.at(y, x) == 0 ? 1 : 0;
    }
  }
  const Labels objects = Components(padded, true), parts = Components(ground, false);
  // What lies left of the first pixel of each in raster order surrounds it.
  std::map<int32_t, int32_t> around_object, around_part;
  std::map<std::pair<int32_t, int32_t>, std::set<Cell>> edges;
  for (int y = 0; y < padded.height; ++y) {
    for (int x = 0; x < padded.width; ++x) {
      const int32_t object = objects.at(y, x), part = parts.at(y, x);
      if (object != 0) around_object.try_emplace(object, x > 0 ? parts.at(y, x - 1) : 0);
      if (part != 0 && x > 0) around_part.try_emplace(part, objects.at(y, x - 1));
      if (object == 0) continue;
      for (const auto& [ny, nx] : Neighbors(y, x, false)) {
        if (parts.at(ny, nx) != 0) edges[{object, parts.at(ny, nx)}].insert({y - 1, x - 1});
      }
    }
  }
  std::vector<Border> out;
  const int32_t outside = parts.at(0, 0);
  for (const auto& [key, points] : edges) {
    const auto& [object, part] = key;
    Border border;
    border.points = points;
    border.hole = around_object[object] != part;
    if (border.hole) {
      border.parent = edges[{object, around_object[object]}];
    } else if (part != outside) {
      border.parent = edges[{around_part[part], part}];
    }
    out.push_back(border);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace trine::oracle
