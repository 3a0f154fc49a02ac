#include "core/image/picture.h"

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/strings.h"

namespace trine::image::internal {

Shape PictureSize::shape() const {
  Shape shape = {static_cast<int64_t>(height), static_cast<int64_t>(width)};
  if (channels != 1) shape.push_back(static_cast<int64_t>(channels));
  return shape;
}

void Warn(const DecodeOptions& options, std::string_view text) {
  if (options.warnings != nullptr) options.warnings->emplace_back(text);
}

absl::Status CheckOnlyPage(const DecodeOptions& options, Format format,
                           std::string_view animation) {
  if (options.page == 0) return absl::OkStatus();
  const absl::string_view name = ToAbsl(FormatName(format));
  return InvalidField("page", options.page,
                      animation.empty()
                          ? absl::StrCat("a ", name, " file has page 0 only")
                          : absl::StrCat("the ", name, " file is ", ToAbsl(animation),
                                         ", of which only page 0, the first, is read"));
}

void WarnOfAlpha(const ReaderOptions& options, bool has) {
  if (has && options.wanted != Wanted::kWhole) Warn(options, "its transparency was left out");
}

void WarnOfSamples(const ReaderOptions& options, size_t count) {
  if (count == 0 || options.wanted == Wanted::kWhole) return;
  Warn(options,
       absl::StrCat(count, count == 1 ? " sample" : " samples", " a pixel beside its colours ",
                    count == 1 ? "was" : "were", " left out"));
}

void WarnOfTrailer(const DecodeOptions& options, std::string_view format, uint64_t count) {
  if (count == 0) return;
  Warn(options, absl::StrCat(count, count == 1 ? " byte" : " bytes", " behind the ", ToAbsl(format),
                             " picture ", count == 1 ? "was" : "were", " not read"));
}

uint64_t MaxPictureBytes(const Context& context, const DecodeOptions& options) {
  return options.max_bytes != 0 ? options.max_bytes : context.limits->max_output_bytes;
}

absl::StatusOr<PictureSize> CheckPictureSize(const Context& context, const DecodeOptions& options,
                                             uint64_t width, uint64_t height, uint64_t channels,
                                             DType dtype) {
  if (width == 0 || height == 0) {
    return Corrupt(absl::StrCat("the picture is ", width, " x ", height, " pixels"));
  }
  if (width > kMaxImageWidth) {
    return LimitExceeded("image", width, "max_image_width", kMaxImageWidth);
  }
  const uint64_t max_pixels = context.limits->max_image_pixels;
  const uint64_t pixels = CheckedMul(width, height).value_or(UINT64_MAX);
  if (pixels > max_pixels) {
    return LimitExceeded("image", pixels, "max_image_pixels", max_pixels);
  }
  const uint64_t elements = CheckedMul(pixels, channels).value_or(UINT64_MAX);
  if (elements > context.limits->max_elements) {
    return LimitExceeded("image", elements, "max_elements", context.limits->max_elements);
  }
  const uint64_t bytes = CheckedMul(elements, DTypeSize(dtype)).value_or(UINT64_MAX);
  const uint64_t max_bytes = MaxPictureBytes(context, options);
  if (bytes > max_bytes) return LimitExceeded("image", bytes, "max_output_bytes", max_bytes);
  // A packed file may be a thousand times smaller.
  const PictureSize size = {width, height, channels, dtype};
  const uint64_t beside = options.beside ? options.beside(size.shape(), dtype) : 0;
  TRINE_RETURN_IF_ERROR(context.Reserve(SaturatingAdd(bytes, beside)));
  return size;
}

void UnpackBits(const uint8_t* packed, size_t count, int bits, uint8_t* out) {
  const int per_byte = 8 / bits;
  const uint8_t mask = static_cast<uint8_t>((1 << bits) - 1);
  for (size_t i = 0; i < count; ++i) {
    const int shift = 8 - bits * (static_cast<int>(i % static_cast<size_t>(per_byte)) + 1);
    out[i] = static_cast<uint8_t>((packed[i / static_cast<size_t>(per_byte)] >> shift) & mask);
  }
}

absl::StatusOr<bool> WriteAsBits(const Context& context, const TensorView& picture,
                                 const EncodeOptions& options) {
  if (!options.bilevel || picture.shape.size() != 2) return false;
  if (picture.dtype == DType::kBool) return true;
  if (picture.dtype != DType::kUint8) return false;
  constexpr size_t kBlock = size_t{1} << 20;
  for (size_t at = 0; at < picture.data.size(); at += kBlock) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    for (const uint8_t v : picture.data.subspan(at, kBlock)) {
      if (v != 0 && v != 255) return false;
    }
  }
  return true;
}

void PackBits(const uint8_t* row, size_t width, bool invert, uint8_t* out) {
  for (size_t x = 0; x < width; x += 8) {
    uint8_t byte = 0;
    for (size_t i = 0; i < 8 && x + i < width; ++i) {
      if ((row[x + i] != 0) != invert) byte = static_cast<uint8_t>(byte | (0x80u >> i));
    }
    out[x / 8] = byte;
  }
}

}  // namespace trine::image::internal
