// Whether a file's pixels are those that it was made of.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/image/image.h"
#include "core/image/tiff/tiff_pages.h"

namespace trine::image {
namespace {

using std::string_view_literals::operator""sv;

bool HasAt(ByteView bytes, size_t at, std::string_view text) {
  return at <= bytes.size() && text.size() <= bytes.size() - at &&
         std::equal(text.begin(), text.end(), bytes.begin() + static_cast<ptrdiff_t>(at),
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

// The first pixels in the container say it, those of an animation within their frame.
bool IsLossyWebp(ByteView bytes) {
  constexpr size_t kRiffHeader = 12, kChunkHeader = 8, kFrameHeader = 16;
  for (size_t at = kRiffHeader; at < bytes.size() && bytes.size() - at >= kChunkHeader;) {
    if (HasAt(bytes, at, "VP8 ")) return true;
    if (HasAt(bytes, at, "VP8L")) return false;
    const size_t size = HasAt(bytes, at, "ANMF") ? kFrameHeader : LoadLE<uint32_t>(&bytes[at + 4]);
    at += kChunkHeader + size + size % 2;
  }
  return false;
}

// Strips and tiles are WebP files, of the one kind or the other.
bool HoldsLossyWebp(ByteView bytes) {
  const auto is_in = [&](std::string_view text) {
    return std::search(bytes.begin(), bytes.end(), text.begin(), text.end()) != bytes.end();
  };
  return is_in("WEBPVP8 "sv) || is_in("WEBPVP8X"sv);
}

bool IsLossyTiff(const Context& context, ByteView bytes, int64_t page) {
  constexpr uint64_t kCompression = 259, kOldJpeg = 6, kJpeg = 7, kWebp = 50001;
  const auto header = internal::ReadTiffHeader(bytes);
  if (!header.ok()) return false;
  const auto at = internal::FindTiffPage(context, bytes, *header, page);
  if (!at.ok()) return false;
  for (const internal::TiffEntry& entry : internal::ReadTiffEntries(bytes, *header, *at)) {
    if (entry.tag != kCompression) continue;
    if (entry.number == kWebp) return HoldsLossyWebp(bytes);
    return entry.number == kOldJpeg || entry.number == kJpeg;
  }
  return false;
}

}  // namespace

bool IsLossy(const Context& context, ByteView bytes, int64_t page) {
  const std::optional<Format> format = RecognizeFormat(bytes);
  if (format == Format::kWebp) return IsLossyWebp(bytes);
  if (format == Format::kTiff) return IsLossyTiff(context, bytes, page);
  return format == Format::kJpeg;
}

}  // namespace trine::image
