// JPEG in, by libjpeg-turbo. Errors leave libjpeg by longjmp: the functions between setjmp and the
// jump hold no object with a destructor.
#include <cstddef>
#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>
#include <jerror.h>

#include <algorithm>
#include <climits>
#include <csetjmp>

#include "absl/strings/str_cat.h"
#include "core/image/form.h"
#include "core/image/jpeg/jpeg_markers.h"
#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

struct Decoder {
  jpeg_decompress_struct info{};  // first: libjpeg's pointers to it are pointers to the whole
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  jpeg_source_mgr source{};
  std::jmp_buf jump;
  const CancelToken* cancel = nullptr;
  bool stopped = false;
  bool has_stray_bytes = false;  // before markers, where there should be none

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { jpeg_destroy_decompress(&info); }
};

static_assert(offsetof(Decoder, info) == 0);
Decoder& DecoderOf(j_common_ptr info) { return *reinterpret_cast<Decoder*>(info); }

[[noreturn]] void OnError(j_common_ptr info) { std::longjmp(DecoderOf(info).jump, 1); }

// A warning means that libjpeg made pixels up, but for those about harmless oddities.
void OnMessage(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
      return;
    case JWRN_EXTRANEOUS_DATA:
      DecoderOf(info).has_stray_bytes = true;
      return;
    default:
      OnError(info);
  }
}

void OutputMessage(j_common_ptr) {}

// Called once a row of blocks, in every scan.
void OnProgress(j_common_ptr info) {
  Decoder& decoder = DecoderOf(info);
  const bool too_many = decoder.info.input_scan_number > kMaxJpegScans;
  decoder.stopped = decoder.cancel->ShouldStop();
  if (decoder.stopped || too_many) OnError(info);
}

// The source: all bytes at once, and then an EOI, as often as libjpeg asks. Where it comes too
// early for the pixels, the entropy decoder says so.
void NothingToDo(j_decompress_ptr) {}
boolean GiveEnd(j_decompress_ptr info) {
  static constexpr JOCTET kEnd[] = {0xFF, JPEG_EOI};
  info->src->next_input_byte = kEnd;
  info->src->bytes_in_buffer = sizeof(kEnd);
  return TRUE;
}
void Skip(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  const size_t n = static_cast<size_t>(count);
  if (n >= info->src->bytes_in_buffer) {
    GiveEnd(info);
    return;
  }
  info->src->next_input_byte += n;
  info->src->bytes_in_buffer -= n;
}

// False when libjpeg refuses the header. `bytes` are those of the picture, with or without EOI.
bool Begin(Decoder& decoder, ByteView bytes, long max_memory) {
  decoder.info.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = OnError;
  decoder.errors.emit_message = OnMessage;
  decoder.errors.output_message = OutputMessage;
  if (setjmp(decoder.jump) != 0) return false;
  jpeg_create_decompress(&decoder.info);
  decoder.info.mem->max_memory_to_use = max_memory;
  decoder.info.progress = &decoder.progress;
  decoder.progress.progress_monitor = OnProgress;
  decoder.source.init_source = NothingToDo;
  decoder.source.fill_input_buffer = GiveEnd;
  decoder.source.skip_input_data = Skip;
  decoder.source.resync_to_restart = jpeg_resync_to_restart;
  decoder.source.term_source = NothingToDo;
  decoder.source.next_input_byte = bytes.data();
  decoder.source.bytes_in_buffer = bytes.size();
  decoder.info.src = &decoder.source;
  return jpeg_read_header(&decoder.info, TRUE) == JPEG_HEADER_OK;
}

// Reads all scans of a progressive file. The integer transform, so that results do not depend on
// the machine.
bool Start(Decoder& decoder, J_COLOR_SPACE out) {
  if (setjmp(decoder.jump) != 0) return false;
  decoder.info.out_color_space = out;
  decoder.info.dct_method = JDCT_ISLOW;
  return jpeg_start_decompress(&decoder.info) == TRUE;
}

bool ReadRow(Decoder& decoder, uint8_t* row) {
  if (setjmp(decoder.jump) != 0) return false;
  JSAMPROW rows[] = {row};
  return jpeg_read_scanlines(&decoder.info, rows, 1) == 1;
}

bool End(Decoder& decoder) {
  if (setjmp(decoder.jump) != 0) return false;
  return jpeg_finish_decompress(&decoder.info) == TRUE;
}

// Adobe's files store 255 - ink.
void CmykToRgb(const uint8_t* cmyk, size_t width, bool stores_light, uint8_t* rgb) {
  for (size_t x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    for (size_t c = 0; c < 3; ++c) {
      const int light = stores_light ? cmyk[c] : 255 - cmyk[c];
      const int not_black = stores_light ? cmyk[3] : 255 - cmyk[3];
      rgb[c] = DimByBlack(static_cast<uint8_t>(light), static_cast<uint8_t>(not_black));
    }
  }
}

// Decodes row by row. A progressive file's coefficients (two bytes a sample, padded to blocks) come
// on top of the picture, within `max_memory`.
absl::StatusOr<Tensor> ReadPixels(const Context& context, Decoder& decoder,
                                  const PictureSize& size) {
  const absl::Status broken = Corrupt("the JPEG's pixels are damaged or end too early");
  const bool cmyk = decoder.info.num_components == 4;
  const J_COLOR_SPACE out = cmyk ? JCS_CMYK : (size.channels == 1 ? JCS_GRAYSCALE : JCS_RGB);
  if (!Start(decoder, out)) {
    if (decoder.errors.msg_code == JERR_NO_BACKING_STORE) {
      return LimitExceeded("image", size.bytes(), "max_output_bytes",
                           static_cast<uint64_t>(decoder.info.mem->max_memory_to_use));
    }
    return broken;
  }
  PictureRows rows(size);
  std::vector<uint8_t> cmyk_row(cmyk ? 4 * size.width : 0);
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < size.height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(size.row_bytes()));
    uint8_t* row = rows.Append();
    if (!ReadRow(decoder, cmyk ? cmyk_row.data() : row)) return broken;
    if (cmyk) CmykToRgb(cmyk_row.data(), size.width, decoder.info.saw_Adobe_marker == TRUE, row);
  }
  if (!End(decoder)) return broken;
  return std::move(rows).Take();
}

}  // namespace

absl::StatusOr<Picture> ReadJpeg(const Context& context, ByteView bytes,
                                 const ReaderOptions& options) {
  TRINE_ASSIGN_OR_RETURN(const JpegInfo info, WalkJpegMarkers(context, bytes));
  if (info.components == 4 && options.wanted == Wanted::kWhole) {
    return NotKept("the inks of a CMYK JPEG are not kept, only turned into RGB");
  }
  const uint64_t channels = info.components == 1 ? 1 : 3;
  TRINE_ASSIGN_OR_RETURN(
      const PictureSize size,
      CheckPictureSize(context, options, info.width, info.height, channels, DType::kUint8));
  Decoder decoder;
  decoder.cancel = &context.cancel;
  // Small pictures need some room for tables and rows whatever their size.
  constexpr uint64_t kBaseBytes = uint64_t{16} << 20;
  const uint64_t bound = std::min<uint64_t>(MaxPictureBytes(context, options), LONG_MAX / 4);
  const uint64_t max_memory = 3 * bound + kBaseBytes;
  if (!Begin(decoder, bytes.first(info.end), static_cast<long>(max_memory))) {
    return Corrupt("the JPEG's header is damaged");
  }
  // What libjpeg sees must be what was checked.
  if (decoder.info.image_width != info.width || decoder.info.image_height != info.height ||
      decoder.info.num_components != info.components) {
    return Corrupt("the JPEG's headers contradict each other");
  }
  if (jpeg_has_multiple_scans(&decoder.info) == TRUE) {
    // Coefficients of two bytes a sample; sides are padded to blocks of 32 pixels at most.
    const uint64_t samples = (uint64_t{info.width} + 32) * (uint64_t{info.height} + 32) *
                             static_cast<uint64_t>(info.components);
    TRINE_RETURN_IF_ERROR(context.Reserve(size.bytes() + 2 * samples));
  }
  Picture picture;
  picture.form = PlainForm(size.channels, size.dtype);
  NoteNotKept(info.not_kept, picture);
  TRINE_ASSIGN_OR_RETURN(picture.samples, ReadPixels(context, decoder, size));
  if (decoder.has_stray_bytes) {
    Warn(options,
         "the JPEG file has stray bytes before a marker, which were passed; its pixels may "
         "be damaged");
  }
  if (!info.has_eoi) Warn(options, "the JPEG file has no end marker; its pixels are whole");
  WarnOfTrailer(options, "JPEG", bytes.size() - info.end - (info.has_eoi ? 2 : 0));
  if (info.components == 4) Warn(options, kCmykWarning);
  return FinishPicture(context, options, std::move(picture), info.orientation);
}

}  // namespace trine::image::internal
