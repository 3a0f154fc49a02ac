#include "core/normalize/across.h"

#include <algorithm>
#include <memory>
#include <new>

#include "core/base/error.h"
#include "core/normalize/across_kernel.h"
#include "core/normalize/power.h"
#include "core/normalize/scratch.h"
#include "core/normalize/window_sum.h"
#include "core/runtime/thread_pool.h"

namespace trine::normalize {
namespace {

// Rows of squares that the ring keeps stay in the first cache beside what is read and written.
constexpr int64_t kRingElements = 6144;
// Fewer columns or channels than a long vector holds leave most of its lanes empty.
constexpr int64_t kNarrowest = 16;
// A position's squares stay in the first cache.
constexpr int64_t kMostChannelsLast = 4096;
// What a range of positions holds, at least: about 0.1 ms of work, so that the other cores are not
// woken for less.
constexpr int64_t kRangeElements = 131072;

AcrossParameters ParametersOf(const Resolved& resolved, const Geometry& geometry) {
  return {.lo = static_cast<size_t>(geometry.window.lo[2]),
          .hi = static_cast<size_t>(geometry.window.hi[2]),
          .a = resolved.a,
          .k = resolved.k,
          .beta = resolved.beta,
          .rectify = resolved.activation == Activation::kRelu};
}

std::unique_ptr<float[]> Allocate(size_t elements) {
  return std::unique_ptr<float[]>(new (std::nothrow) float[elements]);
}

absl::Status ChannelsFirst(const Context& context, const AcrossParameters& parameters,
                           const Geometry& geometry, const float* x, float* y) {
  const auto taps = static_cast<int64_t>(parameters.lo + parameters.hi + 1);
  const int64_t channels = geometry.axis[2];
  const int64_t widest = std::max<int64_t>(kRingElements / taps, 256);
  const int64_t blocks = (geometry.inner + widest - 1) / widest;
  const int64_t width =
      std::min(geometry.inner, ((geometry.inner + blocks - 1) / blocks + 15) / 16 * 16);
  const auto one = [&](int64_t unit) -> absl::Status {
    const int64_t begin = unit % blocks * width;
    if (begin >= geometry.inner) return absl::OkStatus();
    const int64_t at = unit / blocks * channels * geometry.inner + begin;
    AcrossColumns columns{.x = x + at,
                          .y = y + at,
                          .channels = static_cast<size_t>(channels),
                          .stride = static_cast<size_t>(geometry.inner),
                          .width = static_cast<size_t>(std::min(width, geometry.inner - begin))};
    const auto ring = Allocate(static_cast<size_t>(taps) * ColumnRowElements(columns.width));
    if (ring == nullptr) return Scratch<float>::OutOfMemory();
    columns.ring = ring.get();
    return SweepColumns(parameters, columns, context.cancel) ? absl::OkStatus()
                                                             : context.cancel.Check();
  };
  return ParallelFor(context, static_cast<size_t>(geometry.outer * blocks), 1,
                     [&](size_t begin, size_t end) -> absl::Status {
                       for (size_t i = begin; i < end; ++i)
                         TRINE_RETURN_IF_ERROR(one(static_cast<int64_t>(i)));
                       return absl::OkStatus();
                     });
}

absl::Status ChannelsLast(const Context& context, const AcrossParameters& parameters,
                          const Geometry& geometry, const float* x, float* y) {
  const auto channels = static_cast<size_t>(geometry.axis[2]);
  const size_t grain = std::max<size_t>(kRangeElements / channels, 1);
  return ParallelFor(context, static_cast<size_t>(geometry.outer), grain,
                     [&](size_t begin, size_t end) -> absl::Status {
                       const auto scratch = Allocate(RowScratchElements(parameters, channels));
                       if (scratch == nullptr) return Scratch<float>::OutOfMemory();
                       const AcrossRows rows{.x = x + begin * channels,
                                             .y = y + begin * channels,
                                             .channels = channels,
                                             .positions = end - begin,
                                             .scratch = scratch.get()};
                       return SweepRows(parameters, rows, context.cancel) ? absl::OkStatus()
                                                                          : context.cancel.Check();
                     });
}

}  // namespace

bool AcrossSupports(const Resolved& resolved, const Geometry& geometry, DType dtype) {
  const PowerKind power = ChoosePower(resolved.beta);
  if (dtype != DType::kFloat32 || resolved.mode != Mode::kAcrossChannels ||
      power == PowerKind::kNone || power == PowerKind::kGeneral ||
      geometry.taps() > static_cast<double>(kMaxDirectTaps))
    return false;
  if (geometry.inner == 1)
    return geometry.axis[2] >= kNarrowest && geometry.axis[2] <= kMostChannelsLast;
  return geometry.inner >= kNarrowest;
}

absl::Status AcrossForward(const Context& context, const Resolved& resolved,
                           const Geometry& geometry, const uint8_t* x, uint8_t* y) {
  const AcrossParameters parameters = ParametersOf(resolved, geometry);
  // Read and written as vectors without alignment, or through memcpy.
  const auto* in = reinterpret_cast<const float*>(x);
  auto* out = reinterpret_cast<float*>(y);
  return geometry.inner == 1 ? ChannelsLast(context, parameters, geometry, in, out)
                             : ChannelsFirst(context, parameters, geometry, in, out);
}

}  // namespace trine::normalize
