// The inputs of a segmentation after validation, and small helpers that every step uses.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/dtype.h"
#include "core/base/error.h"
#include "core/base/long_array.h"
#include "core/base/polled.h"
#include "core/runtime/context.h"
#include "core/runtime/thread_pool.h"
#include "core/segment/segment.h"

namespace trine::segment {

// Pixels of one picture, whatever the limits say: indices and areas fit int32 with room for a
// border around the picture, and the exact comparisons of Otsu's criterion are sized for it.
inline constexpr int64_t kMaxPixels = int64_t{1} << 30;

// A dense picture [height, width] of uint8, uint16, float32 or float64 at any address, as gray.h
// makes it. Does not own.
struct Picture {
  int64_t height = 0;
  int64_t width = 0;
  DType dtype = DType::kUint8;
  const uint8_t* data = nullptr;
  const uint8_t* inside = nullptr;  // [height, width], 0 where a pixel belongs to nothing; or null
  int64_t origin = 0;               // of integers: the gray value that a stored 0 stands for
  bool whole = false;               // float64 that were given as integers
  bool leaves_out = false;          // of `inside`: pixels that are not finite

  int64_t pixels() const { return height * width; }
  bool Contains(int64_t i) const { return inside == nullptr || inside[i] != 0; }
};

template <typename T>
T PixelAt(const uint8_t* data, int64_t index) {
  return LoadLE<T>(data + index * static_cast<int64_t>(sizeof(T)));
}

// Calls body(T{}) for the pixel type of `dtype`: uint8_t, uint16_t, float or double.
template <typename Body>
auto WithPixelType(DType dtype, const Body& body) {
  switch (dtype) {
    case DType::kUint8:
      return body(uint8_t{});
    case DType::kUint16:
      return body(uint16_t{});
    case DType::kFloat32:
      return body(float{});
    default:
      return body(double{});
  }
}

// Items of a parallel range over pixels, and units of work between two polls of a sequential loop:
// below 2 ms at some nanoseconds an item.
inline constexpr int64_t kPixelGrain = int64_t{1} << 17;

// A Poller in units of pixels that take about a nanosecond each.
inline Poller PixelPoller(const Context& context) {
  return {context.cancel, static_cast<uint64_t>(kPixelGrain)};
}

// Memory that the caller overwrites before reading: a vector would fill it first, without polls.
template <typename T>
using Scratch = LongArray<T>;

template <typename T>
Scratch<T> MakeScratch(int64_t count) {
  return Scratch<T>::ForOverwrite(static_cast<size_t>(count));
}

// Filling it with `value`, with polls.
template <typename T>
absl::Status FillPolled(T value, Poller& poll, Scratch<T>* out) {
  const int64_t count = static_cast<int64_t>(out->size());
  for (int64_t begin = 0; begin < count; begin += kPixelGrain) {
    const int64_t end = std::min(count, begin + kPixelGrain);
    TRINE_RETURN_IF_ERROR(poll.Spend(end - begin));
    std::fill(out->data() + begin, out->data() + end, value);
  }
  return absl::OkStatus();
}
template <typename T>
absl::StatusOr<Scratch<T>> MakeFilledScratch(int64_t count, T value, Poller& poll) {
  Scratch<T> out = MakeScratch<T>(count);
  TRINE_RETURN_IF_ERROR(FillPolled(value, poll, &out));
  return out;
}

// Rows of a range so that it holds about kPixelGrain pixels.
inline size_t RowGrain(int64_t width) {
  return static_cast<size_t>(std::max<int64_t>(1, kPixelGrain / std::max<int64_t>(width, 1)));
}

}  // namespace trine::segment
