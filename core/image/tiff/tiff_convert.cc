#include "core/image/tiff/tiff_convert.h"

#include <bit>

#include "core/image/palette.h"
#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

// Every `in_step`th sample to every `out_step`th, with the bits of `flip` turned round.
template <typename T>
void CopySamples(const uint8_t* in, size_t count, size_t in_step, uint64_t flip, uint8_t* out,
                 size_t out_step) {
  for (size_t i = 0; i < count; ++i) {
    const T value = LoadLE<T>(in + i * in_step * sizeof(T));
    StoreLE(out + i * out_step * sizeof(T), static_cast<T>(value ^ static_cast<T>(flip)));
  }
}

template <typename T>
void DimSamples(const uint8_t* ink, size_t count, size_t in_step, uint8_t* out) {
  for (size_t i = 0; i < count; ++i) {
    const T not_black = static_cast<T>(~LoadLE<T>(ink + i * in_step * sizeof(T)));
    for (size_t c = 0; c < 3; ++c, out += sizeof(T)) {
      StoreLE(out, DimByBlack(LoadLE<T>(out), not_black));
    }
  }
}

// `count` samples of any number of bits up to 32, most significant first, to little-endian ones.
template <typename T>
void UnpackAny(const uint8_t* packed, size_t count, int bits, uint8_t* out) {
  uint64_t held = 0;  // its lowest `held_bits` are yet to be used
  int held_bits = 0;
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  for (size_t i = 0; i < count; ++i) {
    for (; held_bits < bits; held_bits += 8) held = held << 8 | *packed++;
    held_bits -= bits;
    StoreLE(out + i * sizeof(T), static_cast<T>(held >> held_bits & mask));
  }
}

// libtiff puts samples of three whole bytes into our byte order.
void Unpack24(const uint8_t* packed, size_t count, uint8_t* out) {
  for (size_t i = 0; i < count; ++i, packed += 3, out += 4) {
    StoreLE(out, static_cast<uint32_t>(packed[0] | packed[1] << 8 | packed[2] << 16));
  }
}

void UnpackSamples(const uint8_t* packed, size_t count, int bits, size_t sample_bytes,
                   uint8_t* out) {
  if (bits == 1 || bits == 2 || bits == 4) return UnpackBits(packed, count, bits, out);
  if (bits == 24) return Unpack24(packed, count, out);
  if (sample_bytes == 1) return UnpackAny<uint8_t>(packed, count, bits, out);
  if (sample_bytes == 2) return UnpackAny<uint16_t>(packed, count, bits, out);
  UnpackAny<uint32_t>(packed, count, bits, out);
}

// The bits that turn a sample round: 0 becomes the greatest one, of signed ones the least.
uint64_t FlipOf(const TiffLayout& layout) {
  if (layout.cmyk) return UINT64_MAX;  // ink to light
  if (!layout.invert) return 0;
  return layout.in_words() || layout.is_scaled() ? UINT64_MAX : (uint64_t{1} << layout.bits) - 1;
}

// The bits of a sample of alpha that hides all behind it.
uint64_t OpaqueOf(const TiffLayout& layout) {
  switch (layout.size.dtype) {
    case DType::kFloat16:
      return 0x3C00;
    case DType::kFloat32:
      return std::bit_cast<uint32_t>(1.0f);
    case DType::kFloat64:
      return std::bit_cast<uint64_t>(1.0);
    case DType::kInt8:
    case DType::kInt16:
    case DType::kInt32:
    case DType::kInt64:
      return UINT64_MAX >> (65 - layout.bits);
    default:
      return UINT64_MAX >> (64 - layout.bits);
  }
}

template <typename T>
bool IsAll(const uint8_t* samples, size_t count, size_t step, uint64_t value) {
  for (size_t i = 0; i < count; ++i) {
    if (LoadLE<T>(samples + i * step * sizeof(T)) != static_cast<T>(value)) return false;
  }
  return true;
}

}  // namespace

TiffConverter::TiffConverter(const TiffLayout& layout, size_t max_width)
    : layout_(layout), sample_bytes_(DTypeSize(layout.size.dtype)), opaque_(OpaqueOf(layout)) {
  if (!layout.in_words()) {
    unpacked_.resize(max_width * layout.samples_together() * sample_bytes_);
  }
}

bool TiffConverter::Convert(const uint8_t* packed, size_t width, size_t plane, uint8_t* out) {
  const size_t step = layout_.samples_together();
  if (!layout_.in_words()) {
    UnpackSamples(packed, width * step, layout_.bits, sample_bytes_, unpacked_.data());
    packed = unpacked_.data();
  }
  LookAtAlpha(packed, width, plane);
  if (layout_.planar && plane >= layout_.wanted()) return true;
  if (layout_.looked_up) return ConvertIndices(packed, width, out);
  constexpr size_t kBlack = 3;
  if (layout_.planar && layout_.cmyk && plane == kBlack) {
    Dim(packed, width, 0, out);
  } else if (layout_.planar) {
    CopyChannel(packed, width, 0, out, plane);
  } else {
    for (size_t c = 0; c < layout_.size.channels; ++c) CopyChannel(packed, width, c, out, c);
    if (layout_.cmyk) Dim(packed, width, kBlack, out);
  }
  return true;
}

void TiffConverter::LookAtAlpha(const uint8_t* samples, size_t width, size_t plane) {
  const size_t step = layout_.samples_together();
  for (const size_t alpha : layout_.alphas) {
    if (is_clear_ || (layout_.planar && alpha != plane)) continue;
    const uint8_t* in = samples + (layout_.planar ? 0 : alpha) * sample_bytes_;
    if (sample_bytes_ == 1) {
      is_clear_ = !IsAll<uint8_t>(in, width, step, opaque_);
    } else if (sample_bytes_ == 2) {
      is_clear_ = !IsAll<uint16_t>(in, width, step, opaque_);
    } else if (sample_bytes_ == 4) {
      is_clear_ = !IsAll<uint32_t>(in, width, step, opaque_);
    } else {
      is_clear_ = !IsAll<uint64_t>(in, width, step, opaque_);
    }
  }
}

bool TiffConverter::ConvertIndices(const uint8_t* samples, size_t width, uint8_t* out) const {
  const size_t step = layout_.samples_together(), channels = layout_.size.channels;
  const bool gray = channels == 1;
  if (step == 1) return LookUp(layout_.palette, samples, width, gray, out);
  for (size_t x = 0; x < width; ++x) {
    if (!LookUp(layout_.palette, samples + x * step, 1, gray, out + x * channels)) return false;
  }
  return true;
}

void TiffConverter::CopyChannel(const uint8_t* samples, size_t width, size_t from, uint8_t* out,
                                size_t to) const {
  const size_t step = layout_.samples_together(), channels = layout_.size.channels;
  const uint8_t* in = samples + from * sample_bytes_;
  const bool is_alpha = to > 0 && !layout_.cmyk;
  const uint64_t flip = is_alpha ? 0 : FlipOf(layout_);
  out += to * sample_bytes_;
  if (layout_.is_scaled()) {
    for (size_t x = 0; x < width; ++x) {
      out[x * channels] = ScaleGray(in[x * step], layout_.bits) ^ static_cast<uint8_t>(flip);
    }
  } else if (sample_bytes_ == 1) {
    CopySamples<uint8_t>(in, width, step, flip, out, channels);
  } else if (sample_bytes_ == 2) {
    CopySamples<uint16_t>(in, width, step, flip, out, channels);
  } else if (sample_bytes_ == 4) {
    CopySamples<uint32_t>(in, width, step, flip, out, channels);
  } else {
    CopySamples<uint64_t>(in, width, step, flip, out, channels);
  }
}

void TiffConverter::Dim(const uint8_t* samples, size_t width, size_t from, uint8_t* out) const {
  const size_t step = layout_.samples_together();
  const uint8_t* ink = samples + from * sample_bytes_;
  if (sample_bytes_ == 1) {
    DimSamples<uint8_t>(ink, width, step, out);
  } else {
    DimSamples<uint16_t>(ink, width, step, out);
  }
}

}  // namespace trine::image::internal
