#include "core/image/tiff/tiff_ycbcr.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>

#include "core/base/checked.h"
#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

absl::Status Damaged() { return Corrupt("the TIFF's pixels are damaged or end too early"); }

// libtiff's tables. They lie behind the structure that points to them.
struct Tables {
  TIFFYCbCrToRGB head;
  // One of clamped bytes, five of integers (tif_color.c: TIFFYCbCrToRGBInit).
  alignas(std::max_align_t) uint8_t room[4 * 256 + 5 * 256 * sizeof(int32_t) + 64];
};

absl::StatusOr<std::unique_ptr<Tables>> MakeTables(TIFF* tiff) {
  const absl::Status broken = Corrupt("the TIFF's coefficients of YCbCr are out of range");
  float* luma = nullptr;
  float* reference = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_YCBCRCOEFFICIENTS, &luma);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_REFERENCEBLACKWHITE, &reference);
  if (luma == nullptr || reference == nullptr) return broken;
  // Green's is divided by. Beyond these libtiff's integers overflow.
  const auto is_weight = [](float w) { return w >= 0 && w <= 1; };
  const auto is_level = [](float r) { return std::fabs(r) <= 65536; };
  if (!std::all_of(luma, luma + 3, is_weight) || luma[1] < 1e-3f ||
      !std::all_of(reference, reference + 6, is_level)) {
    return broken;
  }
  // Levels that are close to each other stretch the samples beyond any integer.
  for (int i = 0; i < 6; i += 2) {
    const float range = std::fabs(reference[i + 1] - reference[i]);
    if (range < 1) return broken;
  }
  auto tables = std::make_unique<Tables>();
  if (TIFFYCbCrToRGBInit(&tables->head, luma, reference) < 0) return broken;
  return tables;
}

// Converts rows of blocks: luma_down rows of luma_across luma samples, then Cb and Cr.
class BlockConverter {
 public:
  BlockConverter(const TiffLayout& layout, Tables& tables) : layout_(layout), tables_(tables) {}

  // `blocks` covers `block_width` x `height` pixels, of which `width` columns are in the picture;
  // `out` is the place of the first of them.
  absl::Status Convert(Poller& poll, const uint8_t* blocks, size_t block_width, size_t width,
                       size_t height, uint8_t* out) {
    const size_t across = layout_.luma_across, down = layout_.luma_down;
    const size_t block_bytes = across * down + 2;
    const size_t row_bytes = CeilDiv(block_width, across) * block_bytes;
    for (size_t y = 0; y < height; ++y, out += layout_.size.row_bytes()) {
      TRINE_RETURN_IF_ERROR(poll.Spend(3 * width));
      const uint8_t* row = blocks + y / down * row_bytes;
      for (size_t x = 0; x < width; ++x) {
        const uint8_t* block = row + x / across * block_bytes;
        const uint8_t* chroma = block + across * down;
        uint32_t r = 0, g = 0, b = 0;
        TIFFYCbCrtoRGB(&tables_.head, block[y % down * across + x % across], chroma[0], chroma[1],
                       &r, &g, &b);
        out[3 * x] = static_cast<uint8_t>(r);
        out[3 * x + 1] = static_cast<uint8_t>(g);
        out[3 * x + 2] = static_cast<uint8_t>(b);
      }
    }
    return absl::OkStatus();
  }

 private:
  const TiffLayout& layout_;
  Tables& tables_;
};

}  // namespace

absl::StatusOr<Tensor> ReadYcbcr(const Context& context, TiffFile& file, const TiffLayout& layout) {
  const PictureSize& size = layout.size;
  TIFF* tiff = file.handle();
  TRINE_ASSIGN_OR_RETURN(const std::unique_ptr<Tables> tables, MakeTables(tiff));
  // A strip is a tile as wide as the picture.
  const size_t block_width = layout.tiled ? layout.tile_width : size.width;
  const size_t block_height = layout.tiled ? layout.tile_height : layout.strip_rows;
  const uint64_t most = layout.ycbcr_bytes(block_width, block_height);
  TRINE_RETURN_IF_ERROR(context.Reserve(size.bytes() + most));
  LongArray<uint8_t> blocks = LongArray<uint8_t>::ForOverwrite(most);
  BlockConverter converter(layout, *tables);
  Poller poll(context.cancel, kPollBytes);
  Tensor picture{size.dtype, size.shape(), {}};
  for (size_t y = 0, index = 0; y < size.height; y += block_height) {
    const size_t height = std::min(block_height, size.height - y);
    for (size_t x = 0; x < size.width; x += block_width, ++index) {
      TRINE_RETURN_IF_ERROR(context.cancel.Check());
      const uint32_t i = static_cast<uint32_t>(index);
      // The last strip is shorter, the last tile is not.
      const uint64_t bytes = layout.ycbcr_bytes(block_width, layout.tiled ? block_height : height);
      const auto wanted = static_cast<tmsize_t>(bytes);
      const tmsize_t read = layout.tiled ? TIFFReadEncodedTile(tiff, i, blocks.data(), wanted)
                                         : TIFFReadEncodedStrip(tiff, i, blocks.data(), wanted);
      if (read != wanted || file.has_messages()) return Damaged();
      // Only now: a file without a first strip costs nothing.
      if (picture.data.empty()) picture.data = LongArray<uint8_t>::Zeros(size.bytes());
      TRINE_RETURN_IF_ERROR(converter.Convert(poll, blocks.data(), block_width,
                                              std::min(block_width, size.width - x), height,
                                              picture.data.data() + y * size.row_bytes() + 3 * x));
    }
  }
  return picture;
}

}  // namespace trine::image::internal
