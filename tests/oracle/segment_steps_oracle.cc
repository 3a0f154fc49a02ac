// DOCUMENT's stages that are steps of their own, by their definitions.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tests/oracle/segment_steps_oracle.h"

namespace trine::oracle {
namespace {

double Nearest(const Reals& gray, int y, int x) {
  return gray.at(std::clamp(y, 0, gray.height - 1), std::clamp(x, 0, gray.width - 1));
}

struct Slopes {
  double x = 0, y = 0;
};

Slopes SlopesAt(const Reals& gray, int y, int x) {
  Slopes out;
  for (int i = -1; i <= 1; ++i) {
    const double weight = 2 - std::abs(i);
    out.x += weight * (Nearest(gray, y + i, x + 1) - Nearest(gray, y + i, x - 1));
    out.y += weight * (Nearest(gray, y + 1, x + i) - Nearest(gray, y - 1, x + i));
  }
  return out;
}

bool CountsAround(const Mask& inside, int y, int x) {
  for (int v = y - 2; v <= y + 2; ++v) {
    for (int u = x - 2; u <= x + 2; ++u) {
      if (inside.Has(v, u) && inside.at(v, u) == 0) return false;
    }
  }
  return true;
}

}  // namespace

Reals SobelSquares(const Reals& gray, const Mask& inside) {
  Reals out(gray.height, gray.width);
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      const Slopes s = SlopesAt(gray, y, x);
      out.at(y, x) = CountsAround(inside, y, x) ? s.x * s.x + s.y * s.y : 0;
    }
  }
  return out;
}

Mask CannyEdges(const Reals& gray, const Mask& inside, double low, double high) {
  const Reals square = SobelSquares(gray, inside);
  const auto at = [&](int y, int x) { return square.Has(y, x) ? square.at(y, x) : 0.0; };
  Mask ridges(gray.height, gray.width);
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      const Slopes s = SlopesAt(gray, y, x);
      const double here = at(y, x), across = std::fabs(s.x), down = std::fabs(s.y);
      bool is_ridge = false;
      if (32768 * down < 13573 * across) {
        is_ridge = here > at(y, x - 1) && here >= at(y, x + 1);
      } else if (32768 * down > (13573 + 65536) * across) {
        is_ridge = here > at(y - 1, x) && here >= at(y + 1, x);
      } else {
        const int side = (s.x < 0) == (s.y < 0) ? 1 : -1;
        is_ridge = here > at(y - 1, x - side) && here > at(y + 1, x + side);
      }
      ridges.at(y, x) = is_ridge && here > low * low ? 255 : 0;
    }
  }
  const Labels lines = Components(ridges, true);
  std::set<int32_t> strong;
  for (size_t i = 0; i < lines.cells.size(); ++i) {
    if (lines.cells[i] != 0 && square.cells[i] > high * high) strong.insert(lines.cells[i]);
  }
  for (size_t i = 0; i < lines.cells.size(); ++i) {
    if (strong.count(lines.cells[i]) == 0) ridges.cells[i] = 0;
  }
  return ridges;
}

bool IsLikeTheMarked(const Reals& gray, const Mask& marked, int y, int x, const LikeRule& rule) {
  long double count = 0, sum = 0, squares = 0;
  for (int v = y - rule.window / 2; v <= y + rule.window / 2; ++v) {
    for (int u = x - rule.window / 2; u <= x + rule.window / 2; ++u) {
      if (!marked.Has(v, u) || marked.at(v, u) == 0) continue;
      const long double value = gray.at(v, u);
      count += 1;
      sum += value;
      squares += value * value;
    }
  }
  // n (v - m), n s: where both are whole numbers so are their squares.
  const long double off = (rule.dark ? 1 : -1) * (count * gray.at(y, x) - sum);
  const long double spread = std::sqrt(squares * count - sum * sum);
  return count >= rule.least && off <= rule.k * spread;
}

Mask LikeTheMarked(const Reals& gray, const Mask& inside, const Mask& marked,
                   const LikeRule& rule) {
  Mask out(gray.height, gray.width);
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x)
      out.at(y, x) = inside.at(y, x) != 0 && IsLikeTheMarked(gray, marked, y, x, rule) ? 255 : 0;
  }
  return out;
}

Mask KeptByOverlap(const Mask& mask, const Mask& other, double share, bool eight) {
  const Labels parts = Components(mask, eight);
  std::map<int32_t, int> area, marked;
  for (size_t i = 0; i < parts.cells.size(); ++i) {
    ++area[parts.cells[i]];
    marked[parts.cells[i]] += other.cells[i] != 0 ? 1 : 0;
  }
  Mask out(mask.height, mask.width);
  for (size_t i = 0; i < parts.cells.size(); ++i) {
    const int32_t part = parts.cells[i];
    if (part != 0 && marked[part] > 0 && marked[part] >= share * area[part]) out.cells[i] = 255;
  }
  return out;
}

}  // namespace trine::oracle
