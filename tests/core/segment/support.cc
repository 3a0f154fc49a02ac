#include "tests/core/segment/support.h"

#include "core/base/error.h"

namespace trine::segment {

Mask Drawn(const std::vector<std::string_view>& rows) {
  Mask mask(static_cast<int>(rows.size()), static_cast<int>(rows[0].size()));
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x)
      mask.at(y, x) = rows[static_cast<size_t>(y)][static_cast<size_t>(x)] == '#' ? 255 : 0;
  }
  return mask;
}

std::string Draw(const Mask& mask) {
  std::string out;
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) out += mask.at(y, x) != 0 ? '#' : '.';
    out += '\n';
  }
  return out;
}

absl::StatusOr<Result> RunSteps(const Inputs& inputs, const Options& options) {
  return Segment(Context{}, inputs, options);
}

Mask RandomMask(std::mt19937& random, int height, int width, double density) {
  Mask mask(height, width);
  for (uint8_t& cell : mask.cells)
    cell = static_cast<double>(random() % 1000) < density * 1000 ? 255 : 0;
  return mask;
}

std::string FieldOf(const absl::Status& status) {
  const auto detail = GetErrorDetail(status);
  return detail ? detail->field : "";
}

std::string ReasonOf(const absl::Status& status) {
  const auto detail = GetErrorDetail(status);
  return detail ? detail->reason : "";
}

}  // namespace trine::segment
