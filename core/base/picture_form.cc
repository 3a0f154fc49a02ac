#include "core/base/picture_form.h"

#include "core/base/checked.h"
#include "core/base/picture_check.h"
#include "core/base/tensor.h"

namespace trine {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 62;

}  // namespace

int PictureChannels(PictureColor color) {
  switch (color) {
    case PictureColor::kGray:
    case PictureColor::kPalette:
      return 1;
    case PictureColor::kGrayAlpha:
    case PictureColor::kGrayPremultiplied:
      return 2;
    case PictureColor::kRgb:
      return 3;
    case PictureColor::kRgba:
    case PictureColor::kRgbPremultiplied:
      return 4;
  }
  return 1;
}

std::string_view PictureColorName(PictureColor color) {
  switch (color) {
    case PictureColor::kGray:
      return "gray";
    case PictureColor::kGrayAlpha:
      return "gray-alpha";
    case PictureColor::kRgb:
      return "rgb";
    case PictureColor::kRgba:
      return "rgba";
    case PictureColor::kPalette:
      return "palette";
    case PictureColor::kGrayPremultiplied:
      return "gray-premultiplied";
    case PictureColor::kRgbPremultiplied:
      return "rgb-premultiplied";
  }
  return "unknown";
}

uint64_t PictureGrid::row_bytes(const PictureForm& form, DType dtype) const {
  const uint64_t samples = SaturatingMul(width, channels);
  return form.is_packed() ? CeilDiv(samples, 8) : SaturatingMul(samples, DTypeSize(dtype));
}

std::optional<PictureGrid> PictureGridOf(PictureColor color, absl::Span<const int64_t> shape) {
  const int channels = PictureChannels(color);
  const size_t last = channels == 1 ? 0 : 1;  // dimensions after the width
  if (shape.size() != 2 + last && shape.size() != 3 + last) return std::nullopt;
  for (const int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
  }
  if (last == 1 && shape.back() != channels) return std::nullopt;
  const size_t first = shape.size() - 2 - last;  // of the height
  PictureGrid grid;
  grid.is_stack = first == 1;
  if (grid.is_stack) grid.pages = static_cast<uint64_t>(shape[0]);
  grid.height = static_cast<uint64_t>(shape[first]);
  grid.width = static_cast<uint64_t>(shape[first + 1]);
  grid.channels = static_cast<uint64_t>(channels);
  return grid;
}

PictureHolder PictureHolderOf(const PictureForm& form, DType dtype,
                              absl::Span<const int64_t> shape) {
  const bool gray = form.color == PictureColor::kGray;
  if (!gray && form.color != PictureColor::kRgb) return PictureHolder::kForm;
  const auto grid = PictureGridOf(form.color, shape);
  if (!grid.has_value() || grid->is_stack || !form.table.empty()) return PictureHolder::kForm;
  if (gray && form.is_packed()) return PictureHolder::kBits;
  return form.bit_depth == 8 * static_cast<int>(DTypeSize(dtype)) ? PictureHolder::kTensor
                                                                  : PictureHolder::kForm;
}

std::string PictureProblem(const PictureForm& form, DType dtype, absl::Span<const int64_t> shape) {
  return FindPictureFault(form, dtype, shape).text;
}

std::optional<uint64_t> PictureBytes(const PictureForm& form, DType dtype,
                                     absl::Span<const int64_t> shape) {
  const std::optional<PictureGrid> grid = PictureGridOf(form.color, shape);
  if (!grid.has_value()) return std::nullopt;
  if (grid->pages == 0 || grid->height == 0 || grid->width == 0) return 0;
  const uint64_t bytes =
      SaturatingMul(SaturatingMul(grid->pages, grid->height), grid->row_bytes(form, dtype));
  if (bytes >= kMaxBytes) return std::nullopt;
  return bytes;
}

}  // namespace trine
