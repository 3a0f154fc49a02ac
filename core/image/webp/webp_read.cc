// WebP in, by libwebp (RFC 9649).
#include <webp/decode.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/strings.h"
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
  // Of an animation: its frames, the data of the first, and whether the file ends before the last.
  size_t frames = 0;
  ByteView first_frame;
  bool is_cut = false;
};

// The pixels that are decoded, and where on the canvas: a file of their own.
struct Still {
  ByteView file;
  size_t x = 0, y = 0, width = 0, height = 0;
};

std::string_view NameAt(ByteView bytes, size_t at) {
  return {reinterpret_cast<const char*>(bytes.data()) + at, 4};
}

// What a chunk says beside the pixels (RFC 9649, section 2.7).
struct Note {
  std::string_view chunk;
  const char* name;  // nullptr: of the pixels
};
constexpr Note kNotes[] = {{"VP8X", nullptr}, {"VP8 ", nullptr}, {"VP8L", nullptr},
                           {"ALPH", nullptr}, {"ANIM", nullptr}, {"ANMF", nullptr},
                           {"EXIF", "EXIF"},  {"XMP ", "XMP"},   {"ICCP", "the colour profile"}};

// Adds what is not kept of a chunk; of one that is not known its four letters, or its bytes.
void NoteChunk(std::string_view chunk, std::vector<std::string>& not_kept) {
  const auto* const note = std::find_if(std::begin(kNotes), std::end(kNotes),
                                        [&](const Note& row) { return row.chunk == chunk; });
  if (note != std::end(kNotes)) {
    if (note->name != nullptr) AddNotKept(note->name, not_kept);
    return;
  }
  const absl::string_view text = ToAbsl(chunk);
  if (std::all_of(text.begin(), text.end(), absl::ascii_isalnum)) {
    AddNotKept(absl::StrCat("chunk ", text), not_kept);
  } else if (std::all_of(text.begin(), text.end(), absl::ascii_isprint)) {
    AddNotKept(absl::StrCat("chunk '", text, "'"), not_kept);
  } else {
    AddNotKept(absl::StrCat("chunk 0x", absl::AsciiStrToUpper(absl::BytesToHexString(text))),
               not_kept);
  }
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
    }
    if (NameAt(bytes, at) == "ANMF" && chunks.frames++ == 0) {
      chunks.first_frame = bytes.subspan(at + kChunkHeader, std::min(size, left));
    }
    NoteChunk(NameAt(bytes, at), chunks.not_kept);
    chunks.is_cut = left < size;
    if (chunks.is_cut) break;
    at += kChunkHeader + size + size % 2;
  }
  chunks.is_cut = chunks.is_cut || chunks.end < claimed;
  return chunks;
}

constexpr size_t kFrameHeader = 16;

// Where on a canvas of width x height the first frame of an animation is; its file is the frame's
// chunks (RFC 9649, section 2.7.1.1).
absl::StatusOr<Still> FirstFrame(const Chunks& chunks, size_t width, size_t height) {
  const ByteView frame = chunks.first_frame;
  if (chunks.frames == 0) return Corrupt("the animated WebP file has no frame");
  if (frame.size() < kFrameHeader) return Corrupt("the WebP's first frame is damaged");
  const auto number = [&](size_t at) { return size_t{LoadLE<uint32_t>(&frame[at]) & 0xFFFFFF}; };
  const Still still{frame.subspan(kFrameHeader), 2 * number(0), 2 * number(3), 1 + number(6),
                    1 + number(9)};
  if (still.x + still.width > width || still.y + still.height > height) {
    return Corrupt("the WebP's first frame reaches out of its picture");
  }
  return still;
}

// A file of a frame's chunks.
std::string FileOfFrame(const Still& frame) {
  constexpr size_t kExtendedBytes = 10, kAlphaFlag = 0x10;
  std::string file;
  ReserveLong(kRiffHeader + kChunkHeader + kExtendedBytes + frame.file.size(), &file);
  const auto add = [&](size_t value, size_t bytes) {
    for (; bytes > 0; --bytes, value >>= 8) file.push_back(static_cast<char>(value));
  };
  file.append("RIFF");
  add(4 + kChunkHeader + kExtendedBytes + frame.file.size(), 4);
  file.append("WEBPVP8X");
  add(kExtendedBytes, 4);
  add(kAlphaFlag, 4);
  add(frame.width - 1, 3);
  add(frame.height - 1, 3);
  file.append(reinterpret_cast<const char*>(frame.file.data()), frame.file.size());
  return file;
}

// Decodes onto the canvas, piece by piece so that the work can be stopped between them.
absl::Status DecodePieces(const Context& context, const Still& still, const PictureSize& canvas,
                          MutableByteView out) {
  const ByteView bytes = still.file;
  out.remove_prefix(still.y * canvas.row_bytes() + still.x * canvas.channels);
  // Pixels between two polls, as far as they are spread evenly over the bytes: a few milliseconds,
  // and many times the 8 rows that libwebp may read again after a piece.
  constexpr uint64_t kPixelsAPiece = 262144;
  constexpr uint64_t kLeastPiece = 256;
  const uint64_t pixels = uint64_t{still.width} * still.height;
  const uint64_t pieces = CeilDiv(pixels, kPixelsAPiece);
  const size_t piece = std::max(kLeastPiece, bytes.size() / pieces);
  const std::unique_ptr<WebPIDecoder, void (*)(WebPIDecoder*)> decoder(
      WebPINewRGB(canvas.channels == 4 ? MODE_RGBA : MODE_RGB, out.data(), out.size(),
                  static_cast<int>(canvas.row_bytes())),
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

// Colours of pixels with alpha, which is left out; sets whether it is anything but opaque.
absl::StatusOr<Tensor> LeaveAlphaOut(const Context& context, const Tensor& picture,
                                     bool& is_clear) {
  Tensor out{DType::kUint8,
             {picture.shape[0], picture.shape[1], 3},
             LongArray<uint8_t>::ForOverwrite(picture.data.size() / 4 * 3)};
  Poller poll(context.cancel, kPollBytes);
  uint8_t least = UINT8_MAX;
  for (size_t i = 0; i < picture.data.size() / 4; ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4));
    std::copy_n(picture.data.data() + 4 * i, 3, out.data.data() + 3 * i);
    least = std::min(least, picture.data[4 * i + 3]);
  }
  is_clear = least < UINT8_MAX;
  return out;
}

}  // namespace

absl::StatusOr<Picture> ReadWebp(const Context& context, ByteView bytes,
                                 const ReaderOptions& options) {
  TRINE_ASSIGN_OR_RETURN(const Chunks chunks, WalkChunks(context, bytes));
  TRINE_RETURN_IF_ERROR(CheckOnlyPage(
      options, Format::kWebp,
      chunks.frames > 1 ? absl::StrCat("an animation of ", chunks.frames, " frames") : ""));
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes.data(), chunks.end, &features) != VP8_STATUS_OK) {
    return Corrupt("the WebP's header is damaged or ends too early");
  }
  const auto width = static_cast<size_t>(features.width);
  const auto height = static_cast<size_t>(features.height);
  const bool is_animated = features.has_animation != 0;
  if (chunks.frames > 1 && options.all_pages) {
    return PageNeeded(absl::StrCat("the WebP file is an animation of ", chunks.frames,
                                   " frames, of which page 0, the first, is read"));
  }
  Still still{bytes.first(chunks.end), 0, 0, width, height};
  if (is_animated) {
    TRINE_ASSIGN_OR_RETURN(still, FirstFrame(chunks, width, height));
  }
  // What a frame leaves of the canvas is clear.
  bool is_clear = still.width < width || still.height < height;
  const bool whole = options.wanted == Wanted::kWhole;
  const bool alpha = (is_clear || features.has_alpha != 0) && whole;
  TRINE_ASSIGN_OR_RETURN(PictureSize size, CheckPictureSize(context, options, width, height,
                                                            alpha ? 4 : 3, DType::kUint8));
  // Alpha that is left out is looked at.
  const bool looks = !whole && !is_clear && features.has_alpha != 0;
  std::string file;
  uint64_t held = size.bytes();
  if (looks) {
    size.channels = 4;
    held += size.bytes();
  }
  if (is_animated) {
    held = SaturatingAdd(held, still.file.size());
    TRINE_RETURN_IF_ERROR(context.Reserve(held));
    file = FileOfFrame(still);
    still.file = {reinterpret_cast<const uint8_t*>(file.data()), file.size()};
  }
  TRINE_RETURN_IF_ERROR(context.Reserve(
      SaturatingAdd(held, WebpMemory(context.cancel, still.file, still.width, still.height))));
  Picture picture;
  picture.form = PlainForm(3, DType::kUint8);
  if (alpha) picture.form.color = PictureColor::kRgba;
  std::vector<std::string> not_kept = chunks.not_kept;
  if (chunks.frames > 1) {
    AddNotKept(absl::StrCat("frames after the first of ", chunks.frames), not_kept);
  }
  NoteNotKept(not_kept, picture);
  picture.samples = Tensor::Zeros(DType::kUint8, size.shape());
  TRINE_RETURN_IF_ERROR(DecodePieces(context, still, size, absl::MakeSpan(picture.samples.data)));
  if (looks) {
    TRINE_ASSIGN_OR_RETURN(picture.samples, LeaveAlphaOut(context, picture.samples, is_clear));
  }
  if (chunks.frames > 1 && options.wanted != Wanted::kWhole) {
    Warn(options, absl::StrCat("it is an animation of ", chunks.frames,
                               " frames, of which the first was read"));
  }
  if (is_animated && chunks.is_cut) Warn(options, "the WebP file ends before its last frame does");
  WarnOfAlpha(options, is_clear);
  WarnOfTrailer(options, "WebP", bytes.size() - chunks.end);
  return FinishPicture(context, options, std::move(picture), chunks.orientation);
}

}  // namespace trine::image::internal
