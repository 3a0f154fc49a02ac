// What the segmentation tests share: pictures from grids, calls with one thread or many.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/runtime/thread_pool.h"
#include "core/segment/picture.h"
#include "core/segment/segment.h"
#include "tests/core/sanitized.h"
#include "tests/oracle/segment_oracle.h"

namespace trine::segment {

using oracle::Grid;
using oracle::Labels;
using oracle::Mask;

template <typename T>
constexpr DType DTypeOf() {
  if constexpr (std::is_same_v<T, uint8_t>) return DType::kUint8;
  if constexpr (std::is_same_v<T, uint16_t>) return DType::kUint16;
  if constexpr (std::is_same_v<T, uint32_t>) return DType::kUint32;
  if constexpr (std::is_same_v<T, uint64_t>) return DType::kUint64;
  if constexpr (std::is_same_v<T, int8_t>) return DType::kInt8;
  if constexpr (std::is_same_v<T, int16_t>) return DType::kInt16;
  if constexpr (std::is_same_v<T, int32_t>) return DType::kInt32;
  if constexpr (std::is_same_v<T, int64_t>) return DType::kInt64;
  if constexpr (std::is_same_v<T, double>) return DType::kFloat64;
  return DType::kFloat32;
}

// A tensor that starts at an odd address: payloads are not aligned.
template <typename T>
class Unaligned {
 public:
  explicit Unaligned(const Grid<T>& grid) : bytes_(grid.cells.size() * sizeof(T) + 1) {
    if (!grid.cells.empty()) std::memcpy(bytes_.data() + 1, grid.cells.data(), bytes_.size() - 1);
    view_ = {DTypeOf<T>(), {grid.height, grid.width}, ByteView(bytes_).subspan(1)};
  }
  Unaligned(const Unaligned&) = delete;
  const TensorView& view() const { return view_; }

 private:
  std::vector<uint8_t> bytes_;
  TensorView view_;
};

template <typename T>
Picture PictureOf(const Grid<T>& grid) {
  return {grid.height, grid.width, DTypeOf<T>(),
          reinterpret_cast<const uint8_t*>(grid.cells.data()), nullptr};
}

template <typename T>
Grid<T> GridOf(const Tensor& tensor) {
  Grid<T> grid(static_cast<int>(tensor.shape[0]), static_cast<int>(tensor.shape[1]));
  std::memcpy(grid.cells.data(), tensor.data.data(), tensor.data.size());
  return grid;
}

// '#' is 255, everything else 0.
Mask Drawn(const std::vector<std::string_view>& rows);
std::string Draw(const Mask& mask);

// Segments with the defaults of a Context.
absl::StatusOr<Result> RunSteps(const Inputs& inputs, const Options& options);

template <typename T>
absl::StatusOr<Result> RunSteps(const Grid<T>& gray, std::vector<Step> steps,
                                Profile profile = Profile::kExact, bool invert = false,
                                const Mask* inside = nullptr, const Labels* markers = nullptr) {
  const Unaligned<T> picture(gray);
  Inputs inputs;
  inputs.gray = picture.view();
  if (inside != nullptr)
    inputs.mask = TensorView{DType::kUint8, {inside->height, inside->width}, inside->cells};
  std::vector<uint8_t> marker_bytes;
  if (markers != nullptr) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(markers->cells.data());
    marker_bytes.assign(bytes, bytes + markers->cells.size() * sizeof(int32_t));
    inputs.markers = TensorView{DType::kInt32, {markers->height, markers->width}, marker_bytes};
  }
  return RunSteps(inputs, {profile, invert, std::move(steps)});
}

// The mask as a picture and a first step that gives it back.
inline Step MaskStep() { return ThresholdStep{{0.0}}; }

Mask RandomMask(std::mt19937& random, int height, int width, double density);

template <typename T>
Grid<T> RandomGrid(std::mt19937& random, int height, int width, uint32_t low, uint32_t high) {
  Grid<T> grid(height, width);
  for (T& cell : grid.cells) cell = static_cast<T>(low + random() % (high - low + 1));
  return grid;
}

// The field of the error's detail; "" where there is none.
std::string FieldOf(const absl::Status& status);
std::string ReasonOf(const absl::Status& status);

}  // namespace trine::segment
