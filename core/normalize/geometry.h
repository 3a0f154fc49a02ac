// A tensor of any rank and layout as five axes, and its cut into tiles.
//
// In memory order: [outer, axis 0, axis 1, axis 2, inner]. The window slides over the three middle
// axes (of length 1 where a tensor has fewer); elements that differ in `outer` or `inner` never
// meet. Across channels, channels first: [N, 1, 1, C, H*W]; channels last: [N*H*W, 1, 1, C, 1].
// Within a channel, channels first: [N*C, D, H, W, 1]; channels last: [N, D, H, W, C].
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "core/normalize/lrn.h"

namespace trine::normalize {

struct Range {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t size() const { return end - begin; }
  bool operator==(const Range&) const = default;
};

// Taps below and above the centre, for the three window axes.
struct Window {
  std::array<int64_t, 3> lo{};
  std::array<int64_t, 3> hi{};

  // The window of the transposed operator: j is in W(c) exactly when c is in the adjoint's W(j).
  Window Adjoint() const { return {hi, lo}; }
};

// A part of the tensor. A buffer that holds one is dense, in the same order of axes.
struct Box {
  Range outer;
  std::array<Range, 3> axis;
  Range inner;

  size_t elements() const;
  bool operator==(const Box&) const = default;
};

struct Geometry {
  int64_t outer = 1;
  std::array<int64_t, 3> axis{1, 1, 1};
  int64_t inner = 1;
  // Clipped to the axis: taps that are outside wherever the centre is are left out, so that a
  // window may be far larger than the tensor at no cost.
  Window window;

  // Taps of the clipped window.
  double taps() const;
  // `box` with what the window sees around it, clipped to the tensor.
  Box Expand(const Box& box, const Window& by) const;
};

// REQUIRES: a shape of at least one element that Resolve accepted for `resolved`.
Geometry MakeGeometry(const Resolved& resolved, absl::Span<const int64_t> shape);

// The cut of a tensor into tiles that are computed one by one, each small enough for the caches
// and large enough that what neighbours compute twice (the halo) stays below the tile itself.
class Tiling {
 public:
  explicit Tiling(const Geometry& geometry);

  size_t tiles() const { return tiles_; }
  Box tile(size_t i) const;
  // Whether a tile reads what another tile writes (then input and output must not be one memory).
  bool has_halo() const;
  // Elements of a full tile with `halos` times what a window sees beyond it on either side.
  uint64_t reach_elements(int halos) const;

 private:
  void ChooseAcross();
  void ChooseWithin();
  int64_t StepElements(int halos) const;

  Geometry geometry_;
  Geometry step_;  // extents of a full tile
  size_t tiles_ = 0;
};

}  // namespace trine::normalize
