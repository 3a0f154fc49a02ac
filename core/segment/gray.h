// The picture that steps see, from a tensor of any dtype.
//
// What is stored stands for the given values exactly:
//   uint8, bool, uint16, float32, float64   as they are
//   int8, int16                             unsigned of the same width, 128 and 32768 above
//   float16, bfloat16                       float32
//   int32, uint32, int64, uint64            uint16 above the lowest value where they span no more
//                                           than that, else float64
// Thresholds, means and everything else that is told are in the given values: Picture::origin is
// what a stored 0 stands for.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/long_array.h"
#include "core/base/tensor.h"
#include "core/segment/picture.h"
#include "core/segment/segment.h"

namespace trine::segment {

struct GrayPicture {
  Picture picture;
  Tensor stored;              // where the values are not as they came
  LongArray<uint8_t> inside;  // where pixels are ignored
  int64_t ignored_pixels = 0;
};

// The picture, and which pixels count. Memory is the caller's to reserve (GrayBytes).
// INVALID_ARGUMENT naming "gray[y][x]", a pixel inside: a value that is not finite where
// options.nan_policy refuses it, one of int64 or uint64 that float64 cannot hold, or one of float64
// beyond 2^400; naming "gray" where no float64 value reaches 2^-400 and not all are 0.
absl::StatusOr<GrayPicture> MakeGrayPicture(const Context& context, const Inputs& inputs,
                                            const Options& options);

// Memory of a GrayPicture a pixel, beside the tensor itself [bytes].
uint64_t GrayBytes(DType dtype, NanPolicy policy);

// Of a pixel as it is stored [bytes], at most.
uint64_t StoredBytes(DType dtype);

// The lowest and the highest value inside, as given; both 0 where nothing is inside. REQUIRES:
// values inside are finite.
struct ValueRange {
  double low = 0, high = 0;
};
absl::StatusOr<ValueRange> RangeOf(const Context& context, const Picture& gray);

}  // namespace trine::segment
