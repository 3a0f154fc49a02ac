// DOCUMENT by its definitions, a map a stage, every window summed anew.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <vector>

#include "tests/oracle/segment_oracle.h"

namespace trine::oracle {
namespace {

using Values = Grid<int64_t>;

int64_t Nearest(const Values& map, int y, int x) {
  return map.at(std::clamp(y, 0, map.height - 1), std::clamp(x, 0, map.width - 1));
}

// use(y, x) for the pixels of the map at most `reach` away.
template <typename T, typename Use>
void Around(const Grid<T>& map, int y, int x, int reach, const Use& use) {
  for (int v = y - reach; v <= y + reach; ++v) {
    for (int u = x - reach; u <= x + reach; ++u) {
      if (map.Has(v, u)) use(v, u);
    }
  }
}

template <typename Make>
Values Made(int height, int width, const Make& make) {
  Values out(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) out.at(y, x) = make(y, x);
  }
  return out;
}

// 0 where no pixel is inside.
Values BlockMeans(const Values& gray, const Mask& inside) {
  return Made((gray.height + 3) / 4, (gray.width + 3) / 4, [&](int y, int x) -> int64_t {
    int64_t sum = 0, count = 0;
    for (int i = 0; i < 16; ++i) {
      const int v = std::min(4 * y + i / 4, gray.height - 1);
      const int u = std::min(4 * x + i % 4, gray.width - 1);
      if (inside.at(v, u) == 0) continue;
      sum += gray.at(v, u);
      ++count;
    }
    if (count == 0) return 0;
    return std::max<int64_t>(1, static_cast<int64_t>(std::floor(
                                    static_cast<double>(sum) / static_cast<double>(count) + 0.5)));
  });
}

bool IsInkDark(const Values& means) {
  double all = 0;  // integers far below 2^53 on the pictures of the tests
  for (int y = 0; y < means.height; ++y) {
    for (int x = 0; x < means.width; ++x) {
      int64_t sum = 0, count = 0;
      Around(means, y, x, 7, [&](int v, int u) {
        sum += means.at(v, u);
        count += means.at(v, u) != 0 ? 1 : 0;
      });
      if (means.at(y, x) == 0) continue;
      const double apart = std::trunc(256.0 * static_cast<double>(means.at(y, x) * count - sum) /
                                      static_cast<double>(count));
      all += apart * apart * apart;
    }
  }
  return all <= 0;
}

Values Closing(const Values& means) {
  const Values largest = Made(means.height, means.width, [&](int y, int x) {
    int64_t most = 0;
    Around(means, y, x, 7, [&](int v, int u) { most = std::max(most, means.at(v, u)); });
    return most;
  });
  return Made(means.height, means.width, [&](int y, int x) {
    int64_t least = 256;
    Around(largest, y, x, 7, [&](int v, int u) {
      if (largest.at(v, u) != 0) least = std::min(least, largest.at(v, u));
    });
    return least == 256 ? int64_t{0} : least;
  });
}

// gray / paper, the paper 64 times interpolated.
Values Divided(const Values& gray, const Mask& inside, const Values& paper) {
  return Made(gray.height, gray.width, [&](int y, int x) -> int64_t {
    if (inside.at(y, x) == 0) return 255;
    const int above = static_cast<int>(std::floor((2 * y - 3) / 8.0));
    const int left = static_cast<int>(std::floor((2 * x - 3) / 8.0));
    const int down = 2 * y - 3 - 8 * above, across = 2 * x - 3 - 8 * left;
    const int64_t here =
        (Nearest(paper, above, left) * (8 - across) + Nearest(paper, above, left + 1) * across) *
            (8 - down) +
        (Nearest(paper, above + 1, left) * (8 - across) +
         Nearest(paper, above + 1, left + 1) * across) *
            down;
    return std::min<int64_t>(255, 255 * 64 * gray.at(y, x) / std::max<int64_t>(64, here));
  });
}

// -1 where all values are the same.
int Split(const std::vector<uint64_t>& counts) {
  const auto used = std::count_if(counts.begin(), counts.end(), [](uint64_t n) { return n > 0; });
  return used < 2 ? -1 : OtsuPlateau(counts).first;
}

// How many dark pixels in a row there are around (y, x) in the direction (dy, dx) and its opposite.
int64_t RunThrough(const Values& flat, int split, int y, int x, int dy, int dx) {
  int64_t run = 1;
  for (const int sign : {-1, 1}) {
    for (int n = 1;; ++n) {
      const int at_y = y + sign * n * dy, at_x = x + sign * n * dx;
      if (at_y < 0 || at_y >= flat.height || at_x < 0 || at_x >= flat.width) break;
      if (flat.at(at_y, at_x) > split) break;
      ++run;
    }
  }
  return run;
}

int64_t StrokeWidth(const Values& flat, int split) {
  std::map<int64_t, int64_t> pixels;
  for (int y = 0; y < flat.height; ++y) {
    for (int x = 0; x < flat.width; ++x) {
      if (flat.at(y, x) > split) continue;
      const int64_t width =
          std::min(RunThrough(flat, split, y, x, 0, 1), RunThrough(flat, split, y, x, 1, 0));
      if (width >= 2 && width <= 59) ++pixels[width];
    }
  }
  int64_t best = 2;
  for (const auto& [width, count] : pixels) {
    if (count > pixels[best]) best = width;
  }
  return best;
}

Values Doubled(const Values& map) {
  static constexpr int kWeights[2][4] = {{-9, 67, 225, -27}, {-27, 225, 67, -9}};
  return Made(2 * map.height, 2 * map.width, [&](int y, int x) {
    int64_t sum = 0;
    for (int i = 0; i < 4; ++i) {
      for (int j = 0; j < 4; ++j) {
        sum += kWeights[y % 2][i] * kWeights[x % 2][j] *
               Nearest(map, y / 2 - 2 + y % 2 + i, x / 2 - 2 + x % 2 + j);
      }
    }
    return std::clamp<int64_t>(
        static_cast<int64_t>(std::floor(static_cast<double>(sum) / 65536 + 0.5)), 0, 255);
  });
}

Values Smooth(const Values& map) {
  return Made(map.height, map.width, [&](int y, int x) {
    int64_t sum = 8;
    for (int i = -1; i <= 1; ++i) {
      for (int j = -1; j <= 1; ++j)
        sum += (2 - std::abs(i)) * (2 - std::abs(j)) * Nearest(map, y + i, x + j);
    }
    return sum / 16;
  });
}

int64_t SlopeX(const Values& map, int y, int x) {
  int64_t sum = 0;
  for (int i = -1; i <= 1; ++i)
    sum += (2 - std::abs(i)) * (Nearest(map, y + i, x + 1) - Nearest(map, y + i, x - 1));
  return sum;
}
int64_t SlopeY(const Values& map, int y, int x) {
  int64_t sum = 0;
  for (int j = -1; j <= 1; ++j)
    sum += (2 - std::abs(j)) * (Nearest(map, y + 1, x + j) - Nearest(map, y - 1, x + j));
  return sum;
}

Mask Edges(const Values& smooth, const Mask& inside) {
  const Values square = Made(smooth.height, smooth.width, [&](int y, int x) {
    bool counts = true;
    Around(inside, y, x, 2, [&](int v, int u) { counts = counts && inside.at(v, u) != 0; });
    const int64_t dx = SlopeX(smooth, y, x), dy = SlopeY(smooth, y, x);
    return counts ? dx * dx + dy * dy : int64_t{0};
  });
  std::vector<uint64_t> lengths(256);
  for (int y = 0; y < smooth.height; ++y) {
    for (int x = 0; x < smooth.width; ++x) {
      if (inside.at(y, x) == 0) continue;
      ++lengths[static_cast<size_t>(
          std::min(255.0, std::floor(std::sqrt(static_cast<double>(square.at(y, x))) / 4)))];
    }
  }
  int split = Split(lengths);
  if (split < 0) split = 255;
  const auto at = [&](int y, int x) { return square.Has(y, x) ? square.at(y, x) : int64_t{0}; };
  const auto is_above = [&](int y, int x, double threshold) {
    return static_cast<double>(25 * at(y, x)) > threshold * threshold;
  };
  Mask ridges(smooth.height, smooth.width);
  for (int y = 0; y < smooth.height; ++y) {
    for (int x = 0; x < smooth.width; ++x) {
      const int64_t here = at(y, x), dx = SlopeX(smooth, y, x), dy = SlopeY(smooth, y, x);
      const int64_t across = std::abs(dx), down = std::abs(dy);
      bool is_ridge = false;
      if (32768 * down < 13573 * across) {
        is_ridge = here > at(y, x - 1) && here >= at(y, x + 1);
      } else if (32768 * down > (13573 + 65536) * across) {
        is_ridge = here > at(y - 1, x) && here >= at(y + 1, x);
      } else if ((dx < 0) == (dy < 0)) {
        is_ridge = here > at(y - 1, x - 1) && here > at(y + 1, x + 1);
      } else {
        is_ridge = here > at(y - 1, x + 1) && here > at(y + 1, x - 1);
      }
      ridges.at(y, x) = is_ridge && is_above(y, x, 14.0 * split) ? 255 : 0;
    }
  }
  const Labels lines = Components(ridges, true);
  std::set<int32_t> strong;
  for (int y = 0; y < smooth.height; ++y) {
    for (int x = 0; x < smooth.width; ++x) {
      if (lines.at(y, x) != 0 && is_above(y, x, 28.0 * split)) strong.insert(lines.at(y, x));
    }
  }
  for (size_t i = 0; i < ridges.cells.size(); ++i) {
    if (strong.count(lines.cells[i]) == 0) ridges.cells[i] = 0;
  }
  return ridges;
}

Mask Strokes(const Values& flat, const Mask& inside, int split, int64_t stroke, bool twice) {
  const Values once = Smooth(flat);
  const Mask edges = Edges(twice ? Smooth(once) : once, inside);
  const int window = static_cast<int>(std::max<int64_t>(9, 2 * stroke + 1));
  Mask ink(flat.height, flat.width);
  for (int y = 0; y < flat.height; ++y) {
    for (int x = 0; x < flat.width; ++x) {
      int64_t count = 0, sum = 0, squares = 0;
      Around(flat, y, x, window / 2, [&](int v, int u) {
        if (edges.at(v, u) == 0) return;
        ++count;
        sum += flat.at(v, u);
        squares += flat.at(v, u) * flat.at(v, u);
      });
      const int64_t above = flat.at(y, x) * count - sum;
      const bool is_near =
          2 * count >= window && (above <= 0 || 4 * above * above <= squares * count - sum * sum);
      if (inside.at(y, x) != 0 && (is_near || flat.at(y, x) <= 4 * split / 5)) ink.at(y, x) = 255;
    }
  }
  Mask voted(flat.height, flat.width);
  for (int y = 0; y < flat.height; ++y) {
    for (int x = 0; x < flat.width; ++x) {
      int votes = 0;
      for (int i = 0; i < 9; ++i) {
        votes += ink.at(std::clamp(y + i / 3 - 1, 0, flat.height - 1),
                        std::clamp(x + i % 3 - 1, 0, flat.width - 1)) != 0
                     ? 1
                     : 0;
      }
      voted.at(y, x) = votes >= 5 && inside.at(y, x) != 0 ? 255 : 0;
    }
  }
  const Labels parts = Components(voted, true);
  std::map<int32_t, int64_t> area, dark;
  for (size_t i = 0; i < parts.cells.size(); ++i) {
    ++area[parts.cells[i]];
    dark[parts.cells[i]] += flat.cells[i] <= split ? 1 : 0;
  }
  for (size_t i = 0; i < parts.cells.size(); ++i) {
    const int32_t part = parts.cells[i];
    if (2 * area[part] < stroke * stroke || 5 * dark[part] < area[part]) voted.cells[i] = 0;
  }
  return voted;
}

void ClearBleedThrough(const Values& flat, Mask* mask) {
  struct Sums {
    double area = 0, contrast = 0, edge_slope = 0, edge_contrast = 0;
  };
  const Values smooth = Smooth(flat);
  const Labels parts = Components(*mask, true);
  std::map<int32_t, Sums> sums;
  for (int y = 0; y < flat.height; ++y) {
    for (int x = 0; x < flat.width; ++x) {
      if (parts.at(y, x) == 0) continue;
      Sums& part = sums[parts.at(y, x)];
      ++part.area;
      part.contrast += static_cast<double>(255 - flat.at(y, x));
      bool is_border = false;
      Around(*mask, y, x, 1, [&](int v, int u) { is_border |= mask->at(v, u) == 0; });
      if (!is_border) continue;
      int64_t darkest = 255;
      Around(flat, y, x, 2, [&](int v, int u) { darkest = std::min(darkest, flat.at(v, u)); });
      const int64_t dx = SlopeX(smooth, y, x), dy = SlopeY(smooth, y, x);
      part.edge_slope += std::floor(std::sqrt(static_cast<double>(dx * dx + dy * dy)));
      part.edge_contrast += static_cast<double>(255 - darkest);
    }
  }
  Sums all;
  double weighted = 0;
  for (const auto& [label, part] : sums) {
    all.contrast += part.contrast;
    all.edge_slope += part.edge_slope;
    all.edge_contrast += part.edge_contrast;
    weighted += std::floor(part.contrast * part.contrast / part.area);
  }
  if (weighted == 0 || all.edge_contrast == 0) return;
  const double least = 0.4 * ((weighted / all.contrast) * (all.edge_slope / all.edge_contrast));
  for (size_t i = 0; i < parts.cells.size(); ++i) {
    if (parts.cells[i] == 0) continue;
    const Sums& part = sums[parts.cells[i]];
    const bool stays =
        part.edge_contrast == 0
            ? part.contrast > 0
            : (part.contrast / part.area) * (part.edge_slope / part.edge_contrast) >= least;
    if (!stays) mask->cells[i] = 0;
  }
}

}  // namespace

Mask DocumentInk(const Mask& gray, const Mask& inside) {
  Values page =
      Made(gray.height, gray.width, [&](int y, int x) -> int64_t { return gray.at(y, x); });
  Values means = BlockMeans(page, inside);
  if (!IsInkDark(means)) {
    for (int64_t& value : page.cells) value = 255 - value;
    means = BlockMeans(page, inside);
  }
  const Values flat = Divided(page, inside, Closing(means));
  std::vector<uint64_t> counts(256);
  for (size_t i = 0; i < flat.cells.size(); ++i) {
    if (inside.cells[i] != 0) ++counts[static_cast<size_t>(flat.cells[i])];
  }
  const int split = Split(counts);
  if (split < 0) return Mask(gray.height, gray.width);
  const int64_t stroke = StrokeWidth(flat, split);
  Mask mask;
  if (stroke > 20) {
    mask = Strokes(flat, inside, split, stroke, false);
  } else {
    Mask inside_twice(2 * gray.height, 2 * gray.width);
    for (int y = 0; y < inside_twice.height; ++y) {
      for (int x = 0; x < inside_twice.width; ++x) inside_twice.at(y, x) = inside.at(y / 2, x / 2);
    }
    const Mask twice = Strokes(Doubled(flat), inside_twice, split, 2 * stroke, true);
    mask = Mask(gray.height, gray.width);
    for (int y = 0; y < gray.height; ++y) {
      for (int x = 0; x < gray.width; ++x) {
        int set = 0;
        for (int i = 0; i < 4; ++i) set += twice.at(2 * y + i / 2, 2 * x + i % 2) != 0 ? 1 : 0;
        mask.at(y, x) = set >= 2 ? 255 : 0;
      }
    }
  }
  ClearBleedThrough(flat, &mask);
  return mask;
}

}  // namespace trine::oracle
