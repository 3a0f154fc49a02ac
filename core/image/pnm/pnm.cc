// Netpbm's portable anymaps P1 to P6 (netpbm.sourceforge.net/doc/pbm.html, pgm.html, ppm.html).
#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/image/form.h"
#include "core/image/pnm/netpbm.h"

namespace trine::image::internal {
namespace {

bool IsDigit(uint8_t c) { return c >= '0' && c <= '9'; }

// Reads numbers and comments; a comment runs from '#' to the end of its line. When the work is to
// stop, the input seems to end: DecodeImage then answers with the reason for the stop.
class Scanner {
 public:
  Scanner(const Context& context, ByteView bytes) : cancel_(context.cancel), bytes_(bytes) {}

  bool AtEnd() const { return at_ == bytes_.size(); }
  bool has_comment() const { return has_comment_; }
  ByteView rest() const { return bytes_.subspan(at_); }
  void Advance() {
    ++at_;
    if (at_ % 32768 == 0 && cancel_.ShouldStop()) bytes_ = bytes_.first(at_);
  }

  void SkipBlanks() {
    while (!AtEnd()) {
      if (bytes_[at_] == '#') {
        SkipComment();
      } else if (IsSpace(bytes_[at_])) {
        Advance();
      } else {
        return;
      }
    }
  }

  // A decimal number of at most `max`; nullopt where there is none.
  std::optional<uint64_t> Number(uint64_t max) {
    SkipBlanks();
    if (AtEnd() || !IsDigit(bytes_[at_])) return std::nullopt;
    uint64_t value = 0;
    for (; !AtEnd() && IsDigit(bytes_[at_]); Advance()) {
      value = value * 10 + (bytes_[at_] - '0');
      if (value > max) return std::nullopt;
    }
    return value;
  }

  // A digit '0' or '1' of plain PBM, where digits need no space between them.
  std::optional<uint8_t> Bit() {
    SkipBlanks();
    if (AtEnd() || (bytes_[at_] != '0' && bytes_[at_] != '1')) return std::nullopt;
    const uint8_t bit = bytes_[at_] - '0';
    Advance();
    return bit;
  }

  // The next `bytes`; false where there are fewer.
  bool Take(size_t bytes, ByteView& taken) {
    if (rest().size() < bytes) return false;
    taken = rest().first(bytes);
    at_ += bytes;
    return true;
  }

  // The one white space between header and raw raster; a comment's end of line counts as it.
  bool RasterBegins() {
    if (!AtEnd() && bytes_[at_] == '#') SkipComment();
    if (AtEnd() || !IsSpace(bytes_[at_])) return false;
    ++at_;
    return true;
  }

 private:
  void SkipComment() {
    has_comment_ = true;
    while (!AtEnd() && bytes_[at_] != '\n' && bytes_[at_] != '\r') Advance();
  }

  const CancelToken& cancel_;
  ByteView bytes_;
  size_t at_ = 0;
  bool has_comment_ = false;
};

struct Header {
  bool plain = false;
  bool bitmap = false;
  uint8_t white = 255;  // of a bitmap
  uint64_t maxval = 255;
  PictureSize size;
};

absl::StatusOr<Header> ReadHeader(const Context& context, const DecodeOptions& options,
                                  Scanner& scanner, uint8_t magic) {
  Header header;
  header.plain = magic <= '3';
  header.bitmap = magic == '1' || magic == '4';
  const uint64_t channels = magic == '3' || magic == '6' ? 3 : 1;
  const auto width = scanner.Number(UINT32_MAX);
  if (!width.has_value()) return Corrupt("the PNM header has no valid width");
  const auto height = scanner.Number(UINT32_MAX);
  if (!height.has_value()) return Corrupt("the PNM header has no valid height");
  if (!header.bitmap) {
    const auto maxval = scanner.Number(65535);
    if (!maxval.has_value() || *maxval == 0) {
      return Corrupt("the PNM header has no maxval from 1 to 65535");
    }
    header.maxval = *maxval;
  }
  const DType dtype = header.maxval > 255 ? DType::kUint16 : DType::kUint8;
  TRINE_ASSIGN_OR_RETURN(header.size,
                         CheckPictureSize(context, options, *width, *height, channels, dtype));
  return header;
}

absl::StatusOr<Tensor> ReadPlain(const Header& header, Scanner& scanner) {
  const size_t samples = header.size.bytes() / DTypeSize(header.size.dtype);
  // Digits and the white space between them.
  const size_t least = header.bitmap ? samples : 2 * samples - 1;
  if (scanner.rest().size() < least)
    return RasterTruncated(Format::kPnm, least, scanner.rest().size());
  PictureRows rows(header.size);
  const size_t row_samples = samples / header.size.height;
  for (size_t y = 0; y < header.size.height; ++y) {
    uint8_t* out = rows.Append();
    for (size_t i = 0; i < row_samples; ++i) {
      if (header.bitmap) {
        const auto bit = scanner.Bit();
        if (!bit.has_value()) return Corrupt("the plain PBM raster holds other than 0 and 1");
        out[i] = *bit != 0 ? 0 : header.white;
      } else {
        const auto value = scanner.Number(UINT32_MAX);
        if (!value.has_value()) return Corrupt("the plain PNM raster holds other than numbers");
        if (*value > header.maxval) return BeyondMaxval(header.maxval);
        if (header.maxval > 255) {
          StoreLE(out + 2 * i, static_cast<uint16_t>(*value));
        } else {
          out[i] = static_cast<uint8_t>(*value);
        }
      }
    }
  }
  return std::move(rows).Take();
}

absl::StatusOr<Tensor> ReadRaw(const Context& context, const Header& header, Scanner& scanner) {
  if (!scanner.RasterBegins()) return Corrupt("the PNM header does not end in white space");
  const PictureSize& size = header.size;
  const size_t row_bytes = header.bitmap ? CeilDiv(size.width, 8) : size.row_bytes();
  ByteView raster;
  if (!scanner.Take(row_bytes * size.height, raster)) {
    return RasterTruncated(Format::kPnm, row_bytes * size.height, scanner.rest().size());
  }
  PictureRows rows(size);
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < size.height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(size.row_bytes()));
    const uint8_t* in = raster.data() + y * row_bytes;
    uint8_t* out = rows.Append();
    if (header.bitmap) {
      UnpackBits(in, size.width, 1, out);
      for (size_t x = 0; x < size.width; ++x) out[x] = out[x] != 0 ? 0 : header.white;
    } else if (header.maxval <= 255) {
      std::memcpy(out, in, row_bytes);
      if (std::any_of(in, in + row_bytes, [&](uint8_t v) { return v > header.maxval; })) {
        return BeyondMaxval(header.maxval);
      }
    } else {
      for (size_t i = 0; i < row_bytes; i += 2) {
        const uint16_t value = LoadBe16(in + i);
        if (value > header.maxval) return BeyondMaxval(header.maxval);
        StoreLE(out + i, value);
      }
    }
  }
  return std::move(rows).Take();
}

}  // namespace

namespace {

// Form and warnings of who keeps the picture whole, of which the scanner has read the raster.
absl::StatusOr<Picture> BeginWhole(const Header& header, const Scanner& scanner, bool all_pages) {
  Picture picture;
  // Samples have so many bits where the maxval is one less than a power of two.
  const int bits = header.bitmap ? 1 : std::bit_width(header.maxval);
  const bool fits = header.bitmap || header.maxval == (uint64_t{1} << bits) - 1;
  picture.form = PlainForm(header.size.channels, header.size.dtype, fits ? bits : 0);
  NoteHeader(fits ? 0 : header.maxval, scanner.has_comment(), picture);
  ByteView rest = scanner.rest();
  while (!rest.empty() && IsSpace(rest[0])) rest.remove_prefix(1);
  if (all_pages && rest.size() > 2 && rest[0] == 'P' && rest[1] >= '1' && rest[1] <= '7') {
    return PageNeeded("the PNM file holds more pictures than page 0, its first, which is read");
  }
  NoteTrailer(rest.size(), picture);
  return picture;
}

}  // namespace

absl::StatusOr<Picture> ReadPnm(const Context& context, ByteView bytes,
                                const ReaderOptions& options) {
  Scanner scanner(context, bytes.subspan(2));
  TRINE_ASSIGN_OR_RETURN(Header header, ReadHeader(context, options, scanner, bytes[1]));
  const bool whole = options.wanted == Wanted::kWhole;
  if (options.wanted != Wanted::kPlain) header.white = 1;
  absl::StatusOr<Tensor> samples =
      header.plain ? ReadPlain(header, scanner) : ReadRaw(context, header, scanner);
  TRINE_RETURN_IF_ERROR(samples.status());
  if (!whole) {
    if (header.plain) scanner.SkipBlanks();
    WarnBehindRaster(options, Format::kPnm, scanner.rest());
  }
  Picture picture;
  if (whole) {
    TRINE_ASSIGN_OR_RETURN(picture, BeginWhole(header, scanner, options.all_pages));
  }
  picture.samples = *std::move(samples);
  return FinishPicture(context, options, std::move(picture), 1);
}

absl::StatusOr<std::string> WritePnm(const Context& context, const PictureView& picture,
                                     const EncodeOptions& options) {
  const PictureForm& form = picture.form;
  const PictureGrid grid = *PictureGridOf(form.color, picture.shape);
  const bool wide = picture.dtype == DType::kUint16;
  const bool bitmap = form.is_packed() && options.bilevel;
  std::vector<uint8_t> flags(form.is_packed() && !bitmap ? grid.width : 0);  // of a row
  const int maxval = (1 << form.bit_depth) - 1;
  std::string out = absl::StrCat(bitmap ? "P4" : (grid.channels == 3 ? "P6" : "P5"), "\n",
                                 grid.width, " ", grid.height, "\n");
  if (!bitmap) absl::StrAppend(&out, maxval, "\n");
  const size_t row_bytes = grid.row_bytes(form, picture.dtype);
  const size_t spare = bitmap ? 8 * row_bytes - grid.width : 0;  // bits, zeros
  const size_t out_bytes = flags.empty() ? row_bytes : flags.size();
  ReserveLong(out.size() + out_bytes * grid.height, &out);
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < grid.height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(out_bytes));
    ByteView row = picture.data.subspan(y * row_bytes, row_bytes);
    if (!SamplesFit(form, picture.dtype, row)) return BeyondForm();
    if (!flags.empty()) {
      UnpackBits(row.data(), flags.size(), 1, flags.data());
      row = flags;
    }
    for (size_t i = 0; i < out_bytes; ++i) {
      // 16 bits are big-endian; 1 is black.
      const uint8_t byte = row[wide ? i ^ 1 : i];
      out.push_back(static_cast<char>(bitmap ? ~byte : byte));
    }
    if (bitmap) out.back() = static_cast<char>(out.back() & (0xFF << spare));
  }
  return out;
}

absl::StatusOr<std::string> EncodePnm(const Context& context, const TensorView& picture,
                                      const EncodeOptions& options) {
  const size_t height = static_cast<size_t>(picture.shape[0]);
  const size_t width = static_cast<size_t>(picture.shape[1]);
  const bool colour = picture.shape.size() == 3;
  const bool is_bool = picture.dtype == DType::kBool;
  TRINE_ASSIGN_OR_RETURN(const bool bitmap, WriteAsBits(context, picture, options));
  const bool wide = picture.dtype == DType::kUint16;
  std::string out = absl::StrCat(bitmap ? "P4" : (colour ? "P6" : "P5"), "\n", width, " ", height,
                                 "\n", bitmap ? "" : (wide ? "65535\n" : "255\n"));
  const size_t in_bytes = picture.data.size() / height;
  const size_t out_bytes = bitmap ? CeilDiv(width, 8) : in_bytes;
  size_t at = out.size();
  ReserveLong(at + out_bytes * height, &out);
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < height; ++y, at += out_bytes) {
    TRINE_RETURN_IF_ERROR(poll.Spend(in_bytes));
    const uint8_t* in = picture.data.data() + y * in_bytes;
    out.resize(at + out_bytes);
    uint8_t* row = reinterpret_cast<uint8_t*>(out.data()) + at;
    if (bitmap) {
      PackBits(in, width, /*invert=*/true, row);
    } else if (wide) {
      for (size_t i = 0; i < in_bytes; i += 2) {
        row[i] = in[i + 1];
        row[i + 1] = in[i];
      }
    } else if (is_bool) {
      for (size_t i = 0; i < in_bytes; ++i) row[i] = in[i] != 0 ? 255 : 0;
    } else {
      std::memcpy(row, in, in_bytes);
    }
  }
  return out;
}

}  // namespace trine::image::internal
