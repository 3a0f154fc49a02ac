// Running what changes the gray picture on grids of any type: on one thread, on several, and on
// each instruction set, which must all give the same.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/core/each_target.h"
#include "tests/core/segment/support.h"
#include "tests/oracle/segment_filter_oracle.h"

namespace trine::segment {

using oracle::Reals;

template <typename T>
Reals RealsOf(const Grid<T>& grid) {
  Reals out(grid.height, grid.width);
  for (size_t i = 0; i < grid.cells.size(); ++i) out.cells[i] = static_cast<double>(grid.cells[i]);
  return out;
}

// As a stored picture has it: halves up.
template <typename T>
Grid<T> Rounded(const Reals& grid) {
  Grid<T> out(grid.height, grid.width);
  for (size_t i = 0; i < grid.cells.size(); ++i) {
    const double value = std::is_integral_v<T> ? std::floor(grid.cells[i] + 0.5) : grid.cells[i];
    out.cells[i] = static_cast<T>(value);
  }
  return out;
}

// What filter(context, picture, out) makes of the picture.
template <typename T, typename Filter>
Grid<T> Filtered(const Grid<T>& grid, const Mask* inside, int64_t targets, const Filter& filter) {
  const Unaligned<T> bytes(grid);
  Picture picture{grid.height, grid.width, DTypeOf<T>(), bytes.view().data.data(), nullptr};
  if (inside != nullptr) picture.inside = inside->cells.data();
  const auto run = [&](const Context& context) {
    Grid<T> out(grid.height, grid.width);
    EXPECT_TRUE(filter(context, picture, reinterpret_cast<uint8_t*>(out.cells.data())).ok());
    return out;
  };
  const Grid<T> alone = run(Context());
  static auto* const pool = new ThreadPool(3);
  Context several;
  several.pool = pool;
  EXPECT_EQ(run(several).cells, alone.cells) << "on three threads";
  for (const int64_t target : TargetsHere(targets)) {
    const OnlyTarget only(target);
    EXPECT_EQ(run(Context()).cells, alone.cells) << "target " << target;
  }
  return alone;
}

inline double MostDifference(const Reals& a, const Reals& b) {
  double most = 0;
  for (size_t i = 0; i < a.cells.size(); ++i)
    most = std::max(most, std::fabs(a.cells[i] - b.cells[i]));
  return most;
}

}  // namespace trine::segment
