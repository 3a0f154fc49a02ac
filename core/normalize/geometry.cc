#include "core/normalize/geometry.h"

#include <algorithm>

namespace trine::normalize {
namespace {

// Elements of a tile when nothing forces it to be larger: three float buffers stay within a
// second-level cache, and a tile takes tens of microseconds.
constexpr int64_t kTileElements = 16384;
// Columns of a strip: whole cache lines, and few pages touched a byte (256 bytes of float32).
constexpr int64_t kStripColumns = 64;
constexpr int64_t kNarrowStripColumns = 16;
// Rows up to which a strip keeps all channels.
constexpr int64_t kWholeRows = 1024;

int64_t Product(absl::Span<const int64_t> dims) {
  int64_t product = 1;
  for (int64_t dim : dims) product *= dim;
  return product;
}

int64_t Steps(int64_t extent, int64_t step) { return (extent + step - 1) / step; }

Range Cut(int64_t index, int64_t step, int64_t extent) {
  return {index * step, std::min(extent, (index + 1) * step)};
}

}  // namespace

size_t Box::elements() const {
  return static_cast<size_t>(outer.size() * axis[0].size() * axis[1].size() * axis[2].size() *
                             inner.size());
}

double Geometry::taps() const {
  double taps = 1;
  for (int i = 0; i < 3; ++i) taps *= static_cast<double>(window.lo[i] + window.hi[i] + 1);
  return taps;
}

Box Geometry::Expand(const Box& box, const Window& by) const {
  Box out = box;
  for (int i = 0; i < 3; ++i) {
    out.axis[i].begin = std::max<int64_t>(0, box.axis[i].begin - by.lo[i]);
    out.axis[i].end = std::min(axis[i], box.axis[i].end + by.hi[i]);
  }
  return out;
}

Geometry MakeGeometry(const Resolved& resolved, absl::Span<const int64_t> shape) {
  const size_t rank = shape.size();
  const bool hwc = resolved.layout == Layout::kHwc;
  const bool channels_last = hwc || resolved.layout == Layout::kChannelsLast;
  const int64_t batch = hwc ? 1 : shape[0];
  const int64_t channels = channels_last ? shape[rank - 1] : shape[1];
  absl::Span<const int64_t> spatial = hwc             ? shape.subspan(0, 2)
                                      : channels_last ? shape.subspan(1, rank - 2)
                                                      : shape.subspan(2);
  Geometry g;
  size_t first_axis = 2;  // the first that the window slides over
  if (resolved.mode == Mode::kAcrossChannels) {
    g.outer = channels_last ? batch * Product(spatial) : batch;
    g.axis[2] = channels;
    g.inner = channels_last ? 1 : Product(spatial);
  } else {
    g.outer = channels_last ? batch : batch * channels;
    first_axis = 3 - spatial.size();
    std::copy(spatial.begin(), spatial.end(), g.axis.begin() + static_cast<int>(first_axis));
    g.inner = channels_last ? channels : 1;
  }
  for (size_t i = first_axis; i < 3; ++i) {
    g.window.lo[i] = std::min(resolved.lo, g.axis[i] - 1);
    g.window.hi[i] = std::min(resolved.hi, g.axis[i] - 1);
  }
  return g;
}

Tiling::Tiling(const Geometry& geometry) : geometry_(geometry), step_(geometry) {
  if (geometry.axis[0] == 1 && geometry.axis[1] == 1)
    ChooseAcross();
  else
    ChooseWithin();
  // Several small ones together, so that a tile is worth its scheduling.
  step_.outer = 1;
  step_.outer = std::clamp<int64_t>(kTileElements / StepElements(0), 1, geometry.outer);
  tiles_ =
      static_cast<size_t>(Steps(geometry.outer, step_.outer) * Steps(geometry.inner, step_.inner));
  for (int i = 0; i < 3; ++i) tiles_ *= static_cast<size_t>(Steps(geometry.axis[i], step_.axis[i]));
}

// One window axis: all of it if it is not too long, times a strip of columns.
void Tiling::ChooseAcross() {
  const int64_t length = geometry_.axis[2];
  const int64_t taps = geometry_.window.lo[2] + geometry_.window.hi[2] + 1;
  const int64_t block = std::max(geometry_.inner == 1 ? kTileElements : kWholeRows, 2 * taps);
  const int64_t rows = length <= 2 * block ? length : block;
  const int64_t narrowest = rows <= kWholeRows ? kStripColumns : kNarrowStripColumns;
  int64_t columns = std::max(kTileElements / rows, narrowest);
  columns -= columns % kNarrowStripColumns;
  step_.axis[2] = rows;
  step_.inner = std::min(columns, geometry_.inner);
}

// Two or three window axes: whole planes if they are small; else halved, the outermost axis first,
// as long as a tile stays larger than its halo.
void Tiling::ChooseWithin() {
  const int64_t plane = Product(geometry_.axis);
  step_.outer = 1;
  step_.inner = std::min(geometry_.inner, std::max(kTileElements / plane, kNarrowStripColumns));
  for (int i = 0; i < 3; ++i) {
    const int64_t taps = geometry_.window.lo[i] + geometry_.window.hi[i] + 1;
    while (StepElements(1) > 4 * kTileElements && step_.axis[i] > 4 * taps)
      step_.axis[i] = (step_.axis[i] + 1) / 2;
  }
}

uint64_t Tiling::reach_elements(int halos) const {
  return static_cast<uint64_t>(StepElements(halos));
}

int64_t Tiling::StepElements(int halos) const {
  int64_t elements = step_.outer * step_.inner;
  for (int i = 0; i < 3; ++i) {
    const int64_t halo = halos * (geometry_.window.lo[i] + geometry_.window.hi[i]);
    elements *= std::min(geometry_.axis[i], step_.axis[i] + halo);
  }
  return elements;
}

Box Tiling::tile(size_t i) const {
  int64_t rest = static_cast<int64_t>(i);
  const auto next = [&rest](int64_t extent, int64_t step) {
    const int64_t steps = Steps(extent, step);
    const Range range = Cut(rest % steps, step, extent);
    rest /= steps;
    return range;
  };
  Box box;
  box.inner = next(geometry_.inner, step_.inner);
  for (int a = 2; a >= 0; --a) box.axis[a] = next(geometry_.axis[a], step_.axis[a]);
  box.outer = next(geometry_.outer, step_.outer);
  return box;
}

bool Tiling::has_halo() const { return step_.axis != geometry_.axis; }

}  // namespace trine::normalize
