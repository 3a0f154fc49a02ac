// TIFF in, by libtiff.
#include <algorithm>

#include "core/image/orientation.h"
#include "core/image/picture.h"
#include "core/image/tiff/tiff_handle.h"
#include "core/image/tiff/tiff_layout.h"
#include "core/image/tiff/tiff_pages.h"

namespace trine::image::internal {
namespace {

template <typename T>
void CopySamples(const uint8_t* in, size_t count, size_t in_step, bool invert, uint8_t* out,
                 size_t out_step) {
  for (size_t i = 0; i < count; ++i) {
    T value = LoadLE<T>(in + i * in_step * sizeof(T));
    if (invert) value = static_cast<T>(~value);
    StoreLE(out + i * out_step * sizeof(T), value);
  }
}

// Turns packed pixels as libtiff inflates them into pixels of the picture.
class Converter {
 public:
  Converter(const TiffLayout& layout, size_t max_width) : layout_(layout) {
    if (layout.bits < 8) unpacked_.resize(max_width * layout.samples_together());
  }

  // `packed` holds `width` pixels of all samples, or of sample `plane` where planar; `out` is the
  // place of the first of them in the picture. False where an index is beyond the palette.
  bool Convert(const uint8_t* packed, size_t width, size_t plane, uint8_t* out) {
    const size_t step = layout_.samples_together();
    if (layout_.bits < 8) {
      UnpackBits(packed, width * step, layout_.bits, unpacked_.data());
      packed = unpacked_.data();
    }
    if (layout_.indexed) {
      if (step == 1) return LookUp(layout_.palette, packed, width, IsGray(), out);
      for (size_t x = 0; x < width; ++x) {
        if (!LookUp(layout_.palette, packed + x * step, 1, IsGray(), out + x * channels())) {
          return false;
        }
      }
      return true;
    }
    const size_t wanted = layout_.planar ? 1 : channels();
    for (size_t c = 0; c < wanted; ++c) {
      CopyChannel(packed, width, step, c, out, layout_.planar ? plane : c);
    }
    return true;
  }

 private:
  size_t channels() const { return layout_.size.channels; }
  bool IsGray() const { return channels() == 1; }

  void CopyChannel(const uint8_t* packed, size_t width, size_t step, size_t from, uint8_t* out,
                   size_t to) {
    const size_t bytes = DTypeSize(layout_.size.dtype);
    const uint8_t* in = packed + from * bytes;
    out += to * bytes;
    if (layout_.bits < 8) {
      for (size_t x = 0; x < width; ++x) {
        const uint8_t gray = ScaleGray(in[x * step], layout_.bits);
        out[x * channels()] = layout_.invert ? static_cast<uint8_t>(255 - gray) : gray;
      }
    } else if (bytes == 1) {
      CopySamples<uint8_t>(in, width, step, layout_.invert, out, channels());
    } else if (bytes == 2) {
      CopySamples<uint16_t>(in, width, step, layout_.invert, out, channels());
    } else {
      CopySamples<uint32_t>(in, width, step, false, out, channels());
    }
  }

  const TiffLayout& layout_;
  std::vector<uint8_t> unpacked_;
};

absl::Status Damaged() { return Corrupt("the TIFF's pixels are damaged or end too early"); }

absl::StatusOr<Tensor> ReadRows(const Context& context, TiffFile& file, const TiffLayout& layout) {
  const PictureSize& size = layout.size;
  PictureRows rows(size);
  std::vector<uint8_t> packed(layout.packed_bytes(size.width));
  Converter converter(layout, size.width);
  uint8_t* first = nullptr;
  for (size_t plane = 0; plane < (layout.planar ? layout.wanted() : 1); ++plane) {
    for (size_t y = 0; y < size.height; ++y) {
      // A row may cost a strip, however short it is.
      TRINE_RETURN_IF_ERROR(context.cancel.Check());
      if (TIFFReadScanline(file.handle(), packed.data(), static_cast<uint32_t>(y),
                           static_cast<uint16_t>(plane)) != 1 ||
          file.has_messages()) {
        return Damaged();
      }
      // Rows do not move as others are appended.
      uint8_t* row = plane == 0 ? rows.Append() : first + y * size.row_bytes();
      if (first == nullptr) first = row;
      if (!converter.Convert(packed.data(), size.width, plane, row)) return Damaged();
    }
  }
  return std::move(rows).Take();
}

absl::StatusOr<Tensor> ReadTiles(const Context& context, TiffFile& file, const TiffLayout& layout) {
  const PictureSize& size = layout.size;
  const size_t row_bytes = layout.packed_bytes(layout.tile_width);
  const size_t pixel_bytes = size.row_bytes() / size.width;
  std::vector<uint8_t> packed(row_bytes * layout.tile_height);
  Converter converter(layout, layout.tile_width);
  Tensor picture{size.dtype, size.shape(), {}};
  for (size_t plane = 0; plane < (layout.planar ? layout.wanted() : 1); ++plane) {
    for (size_t y0 = 0; y0 < size.height; y0 += layout.tile_height) {
      for (size_t x0 = 0; x0 < size.width; x0 += layout.tile_width) {
        TRINE_RETURN_IF_ERROR(context.cancel.Check());
        if (TIFFReadTile(file.handle(), packed.data(), static_cast<uint32_t>(x0),
                         static_cast<uint32_t>(y0), 0, static_cast<uint16_t>(plane)) < 0 ||
            file.has_messages()) {
          return Damaged();
        }
        // Only now: a file without a first tile costs nothing.
        if (picture.data.empty()) picture.data = LongArray<uint8_t>::Zeros(size.bytes());
        const size_t width = std::min(layout.tile_width, size.width - x0);
        for (size_t y = y0; y < std::min(size.height, y0 + layout.tile_height); ++y) {
          uint8_t* out = picture.data.data() + y * size.row_bytes() + x0 * pixel_bytes;
          if (!converter.Convert(packed.data() + (y - y0) * row_bytes, width, plane, out)) {
            return Damaged();
          }
        }
      }
    }
  }
  return picture;
}

}  // namespace

absl::StatusOr<Tensor> DecodeTiff(const Context& context, ByteView bytes,
                                  const DecodeOptions& options) {
  // libtiff allocates for directories, strips' offsets and one strip or tile at a time.
  constexpr uint64_t kBaseBytes = uint64_t{32} << 20;
  TRINE_ASSIGN_OR_RETURN(const TiffHeader header, ReadTiffHeader(bytes));
  TRINE_ASSIGN_OR_RETURN(const uint64_t directory,
                         FindTiffPage(context, bytes, header, options.page));
  TiffFile file(bytes, header, directory, std::max(MaxPictureBytes(context, options), kBaseBytes));
  if (file.handle() == nullptr) return Corrupt("the TIFF's header or directory is damaged");
  TRINE_ASSIGN_OR_RETURN(const TiffLayout layout,
                         ReadTiffLayout(context, options, bytes.size(), file));
  // Unknown tags and the like were reported so far; from here on every message is about pixels.
  file.ClearMessages();
  TRINE_ASSIGN_OR_RETURN(Tensor picture, layout.tiled ? ReadTiles(context, file, layout)
                                                      : ReadRows(context, file, layout));
  return ApplyOrientation(context, std::move(picture), layout.orientation);
}

}  // namespace trine::image::internal
