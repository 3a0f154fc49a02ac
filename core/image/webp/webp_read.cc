// WebP in, by libwebp (RFC 9649).
#include <webp/decode.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/image/form.h"
#include "core/image/orientation.h"
#include "core/image/picture.h"
#include "core/image/webp_memory.h"

namespace trine::image::internal {
namespace {

constexpr size_t kRiffHeader = 12, kChunkHeader = 8;

// What the chunks say beside the pixels.
struct Chunks {
  size_t end = 0;  // of the RIFF container
  int orientation = 1;
  std::vector<std::string> not_kept;  // what else the chunks say
};

std::string_view NameAt(ByteView bytes, size_t at) {
  return {reinterpret_cast<const char*>(bytes.data()) + at, 4};
}

// Walks the container's chunks; whether they are whole is for libwebp to see.
absl::StatusOr<Chunks> WalkChunks(const Context& context, ByteView bytes) {
  Chunks chunks;
  if (bytes.size() < kRiffHeader + kChunkHeader) {
    return Corrupt("the WebP file ends within its header");
  }
  const uint64_t claimed = uint64_t{LoadLE<uint32_t>(&bytes[4])} + 8;
  chunks.end = std::min<uint64_t>(bytes.size(), claimed + claimed % 2);
  Poller poll(context.cancel, kPollBytes);
  for (size_t at = kRiffHeader; chunks.end >= at + kChunkHeader;) {
    TRINE_RETURN_IF_ERROR(poll.Spend(64));
    const size_t size = LoadLE<uint32_t>(&bytes[at + 4]);
    const size_t left = chunks.end - at - kChunkHeader;
    if (NameAt(bytes, at) == "EXIF") {
      constexpr std::string_view kPrefix("Exif\0\0", 6);  // some writers keep JPEG's
      ByteView exif = bytes.subspan(at + kChunkHeader, std::min(size, left));
      if (exif.size() >= kPrefix.size() &&
          std::equal(kPrefix.begin(), kPrefix.end(), exif.begin())) {
        exif.remove_prefix(kPrefix.size());
      }
      chunks.orientation = ParseExifOrientation(exif);
      chunks.not_kept.emplace_back("EXIF");
    }
    if (NameAt(bytes, at) == "ICCP") chunks.not_kept.emplace_back("the colour profile");
    if (NameAt(bytes, at) == "XMP ") chunks.not_kept.emplace_back("XMP");
    if (left < size) break;
    at += kChunkHeader + size + size % 2;
  }
  return chunks;
}

// Decodes into `rgb`, piece by piece so that the work can be stopped between them.
absl::Status DecodePieces(const Context& context, ByteView bytes, const PictureSize& size,
                          uint8_t* rgb) {
  // Pixels between two polls, as far as they are spread evenly over the bytes: a few milliseconds,
  // and many times the 8 rows that libwebp may read again after a piece.
  constexpr uint64_t kPixelsAPiece = 262144;
  constexpr uint64_t kLeastPiece = 256;
  const uint64_t pixels = uint64_t{size.width} * size.height;
  const uint64_t pieces = CeilDiv(pixels, kPixelsAPiece);
  const size_t piece = std::max(kLeastPiece, bytes.size() / pieces);
  const std::unique_ptr<WebPIDecoder, void (*)(WebPIDecoder*)> decoder(
      WebPINewRGB(size.channels == 4 ? MODE_RGBA : MODE_RGB, rgb, size.bytes(),
                  static_cast<int>(size.row_bytes())),
      WebPIDelete);
  VP8StatusCode status = decoder == nullptr ? VP8_STATUS_OUT_OF_MEMORY : VP8_STATUS_SUSPENDED;
  int row = -1;
  size_t step = piece;
  for (size_t end = 0; status == VP8_STATUS_SUSPENDED && end < bytes.size();) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    end = std::min(end + step, bytes.size());
    status = WebPIUpdate(decoder.get(), bytes.data(), end);
    const int before = row;
    WebPIDecGetRGB(decoder.get(), &row, nullptr, nullptr, nullptr);
    // What comes before the first row is read from its beginning with each piece: not too often.
    step = row != before ? piece : std::max(piece, end / 4);
  }
  if (status == VP8_STATUS_OK) return absl::OkStatus();
  if (status != VP8_STATUS_OUT_OF_MEMORY) {
    return Corrupt("the WebP's pixels are damaged or end too early");
  }
  return MakeError(absl::StatusCode::kResourceExhausted,
                   {.reason = "LIMIT_EXCEEDED", .field = "image"},
                   "the WebP file could not be unpacked: no memory");
}

}  // namespace

absl::StatusOr<Picture> ReadWebp(const Context& context, ByteView bytes,
                                 const ReaderOptions& options) {
  TRINE_ASSIGN_OR_RETURN(const Chunks chunks, WalkChunks(context, bytes));
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes.data(), chunks.end, &features) != VP8_STATUS_OK) {
    return Corrupt("the WebP's header is damaged or ends too early");
  }
  if (features.has_animation != 0) return NotRead("an animated WebP file is not read; stills are");
  const bool alpha = features.has_alpha != 0 && options.wanted == Wanted::kWhole;
  TRINE_ASSIGN_OR_RETURN(
      const PictureSize size,
      CheckPictureSize(context, options, static_cast<uint64_t>(features.width),
                       static_cast<uint64_t>(features.height), alpha ? 4 : 3, DType::kUint8));
  TRINE_RETURN_IF_ERROR(context.Reserve(SaturatingAdd(
      size.bytes(), WebpMemory(context.cancel, bytes.first(chunks.end), size.width, size.height))));
  Picture picture;
  picture.form = PlainForm(3, DType::kUint8);
  if (alpha) picture.form.color = PictureColor::kRgba;
  NoteNotKept(chunks.not_kept, picture);
  picture.samples = Tensor::Zeros(DType::kUint8, size.shape());
  TRINE_RETURN_IF_ERROR(
      DecodePieces(context, bytes.first(chunks.end), size, picture.samples.data.data()));
  WarnOfAlpha(options, features.has_alpha != 0);
  WarnOfTrailer(options, "WebP", bytes.size() - chunks.end);
  return FinishPicture(context, options, std::move(picture), chunks.orientation);
}

}  // namespace trine::image::internal
