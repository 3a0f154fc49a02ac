// Whether a file's pixels are those that it was made of.
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/image/image.h"
#include "core/image/tiff/tiff_pages.h"

namespace trine::image {
namespace {

std::string_view TextOf(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The first pixels in the container say it, those of an animation within their frame.
bool IsLossyWebp(ByteView bytes) {
  constexpr size_t kRiffHeader = 12, kChunkHeader = 8, kFrameHeader = 16;
  for (size_t at = kRiffHeader; at < bytes.size() && bytes.size() - at >= kChunkHeader;) {
    const std::string_view name = TextOf(bytes).substr(at, 4);
    if (name == "VP8 ") return true;
    if (name == "VP8L") return false;
    const size_t size = name == "ANMF" ? kFrameHeader : LoadLE<uint32_t>(&bytes[at + 4]);
    at += kChunkHeader + size + size % 2;
  }
  return false;
}

// Strips and tiles are WebP files, all of one kind: the first one tells. A file without any is
// searched to its end, with polls.
bool HoldsLossyWebp(const Context& context, ByteView bytes) {
  constexpr std::string_view kBegin = "WEBPVP8";
  constexpr size_t kPiece = size_t{1} << 20;
  const std::string_view text = TextOf(bytes);
  for (size_t at = 0; at < text.size() && context.cancel.Check().ok();) {
    const size_t found = text.substr(at, kPiece + kBegin.size() - 1).find(kBegin);
    if (found == std::string_view::npos) {
      at += kPiece;
      continue;
    }
    at += found + kBegin.size();
    const std::string_view kind = text.substr(at, 1);
    if (kind == "L") return false;
    if (kind == " " || kind == "X") return true;
  }
  return false;
}

bool IsLossyTiff(const Context& context, ByteView bytes, int64_t page) {
  constexpr uint64_t kCompression = 259, kOldJpeg = 6, kJpeg = 7, kWebp = 50001;
  const auto header = internal::ReadTiffHeader(bytes);
  if (!header.ok()) return false;
  const auto at = internal::FindTiffPage(context, bytes, *header, page);
  if (!at.ok()) return false;
  for (const internal::TiffEntry& entry : internal::ReadTiffEntries(bytes, *header, *at)) {
    if (entry.tag != kCompression) continue;
    if (entry.number == kWebp) return HoldsLossyWebp(context, bytes);
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
