#include "core/image/tiff/tiff_codecs.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/image/tiff/tiff_dictionary.h"
#include "core/image/webp_memory.h"

namespace trine::image::internal {
namespace {

struct Codec {
  uint16_t id;
  std::string_view name;
  bool whole_strips = false;
};

// Not here: JPEG as TIFF 6.0 had it (6), which TIFF's Technical Note 2 withdrew in 1995; JBIG
// (34661), whose library ends the process where it finds no memory; SGI's LogLuv (34676, 34677),
// whose pixels are CIE's, neither gray nor RGB.
constexpr std::array<Codec, 17> kCodecs = {{
    {COMPRESSION_NONE, "none"},
    {COMPRESSION_PACKBITS, "PackBits"},
    {COMPRESSION_LZW, "LZW"},
    {COMPRESSION_ADOBE_DEFLATE, "Deflate"},
    {COMPRESSION_DEFLATE, "Deflate"},
    {COMPRESSION_CCITTRLE, "CCITT"},
    {COMPRESSION_CCITTRLEW, "CCITT"},
    {COMPRESSION_CCITTFAX3, "CCITT"},
    {COMPRESSION_CCITTFAX4, "CCITT"},
    {COMPRESSION_JPEG, "JPEG"},
    {COMPRESSION_ZSTD, "zstd"},
    {COMPRESSION_LZMA, "LZMA"},
    {COMPRESSION_WEBP, "WebP", true},
    {COMPRESSION_LERC, "LERC", true},
    {COMPRESSION_PIXARLOG, "PixarLog", true},
    {COMPRESSION_THUNDERSCAN, "ThunderScan"},
    {COMPRESSION_NEXT, "NeXT"},
}};

const Codec* Find(uint16_t compression) {
  const auto* codec = std::find_if(kCodecs.begin(), kCodecs.end(),
                                   [&](const Codec& c) { return c.id == compression; });
  return codec == kCodecs.end() ? nullptr : codec;
}

// "none, PackBits, ...": those that this libtiff has.
std::string Names() {
  std::string out, last;
  for (const Codec& codec : kCodecs) {
    if (codec.name == last || TIFFIsCODECConfigured(codec.id) == 0) continue;
    last = std::string(codec.name);
    absl::StrAppend(&out, out.empty() ? "" : ", ", last);
  }
  return out;
}

// The largest number that `of` says of the coded bytes of a strip or tile.
template <typename Of>
absl::StatusOr<uint64_t> Largest(const Context& context, ByteView bytes, const TiffLayout& layout,
                                 TIFF* tiff, Of of) {
  uint64_t largest = 0;
  const uint32_t count = layout.tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
  Poller poll(context.cancel, kPollBytes);
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t at = std::min<uint64_t>(TIFFGetStrileOffset(tiff, i), bytes.size());
    const ByteView coded = bytes.subspan(at, TIFFGetStrileByteCount(tiff, i));
    // A walk steps from block to block.
    TRINE_RETURN_IF_ERROR(poll.Spend(64 + coded.size() / 64));
    largest = std::max(largest, of(coded));
  }
  return largest;
}

// Within what zstd's and xz's own tools write by their presets.
absl::StatusOr<uint64_t> Dictionary(absl::StatusOr<uint64_t> dictionary) {
  constexpr uint64_t kMaxDictionary = uint64_t{128} << 20;
  if (dictionary.ok() && *dictionary > kMaxDictionary) {
    return LimitExceeded("image", *dictionary, "max_tiff_dictionary_bytes", kMaxDictionary);
  }
  return dictionary;
}

}  // namespace

absl::Status CheckTiffCompression(uint16_t compression) {
  if (Find(compression) != nullptr && TIFFIsCODECConfigured(compression) != 0) {
    return absl::OkStatus();
  }
  return NotRead(
      absl::StrCat("TIFF's compression ", compression, " is not read; these are: ", Names()));
}

bool UnpacksWholeStrips(uint16_t compression) {
  const Codec* codec = Find(compression);
  return codec != nullptr && codec->whole_strips;
}

absl::Status ReserveTiffCodec(const Context& context, ByteView bytes, const TiffLayout& layout,
                              uint64_t held, TIFF* tiff) {
  constexpr uint64_t kBase = uint64_t{1} << 20;  // states and tables
  const uint64_t width = layout.tiled ? layout.tile_width : layout.size.width;
  const uint64_t height = layout.tiled ? layout.tile_height : layout.strip_rows;
  const uint64_t unpacked = layout.packed_bytes(width) * height;
  absl::StatusOr<uint64_t> needed = uint64_t{0};
  switch (layout.compression) {
    case COMPRESSION_ZSTD:
      needed = Dictionary(Largest(context, bytes, layout, tiff, ZstdWindow));
      break;
    case COMPRESSION_LZMA:
      needed = Dictionary(Largest(context, bytes, layout, tiff, XzDictionary));
      break;
    case COMPRESSION_WEBP:
      needed = Largest(context, bytes, layout, tiff, [&](ByteView coded) {
        return SaturatingAdd(unpacked, WebpMemory(context.cancel, coded, width, height));
      });
      if (needed.ok() && *needed == UINT64_MAX)
        return Corrupt("a strip of the TIFF is no WebP file");
      break;
    case COMPRESSION_LERC:
    case COMPRESSION_PIXARLOG:
      // The pixels once more or, of LERC, twice: packed by Deflate or zstd within; and its masks.
      needed = 3 * unpacked + 2 * width * height;
      break;
    default:
      return absl::OkStatus();
  }
  TRINE_RETURN_IF_ERROR(needed.status());
  return context.Reserve(SaturatingAdd(held, layout.size.bytes() + kBase + *needed));
}

}  // namespace trine::image::internal
