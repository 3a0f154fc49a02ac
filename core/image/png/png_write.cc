// PNG out, by libpng. Errors leave libpng by longjmp: the functions between setjmp and the jump
// hold no object with a destructor.
#include <png.h>

#include <csetjmp>
#include <functional>
#include <new>

#include "core/base/checked.h"
#include "core/image/form.h"
#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

void WriteBytes(png_structp png, png_bytep bytes, size_t size) {
  bool full = false;
  try {
    static_cast<std::string*>(png_get_io_ptr(png))
        ->append(reinterpret_cast<const char*>(bytes), size);
  } catch (const std::bad_alloc&) {
    full = true;  // no exception may cross libpng's frames
  }
  if (full) png_error(png, "memory");
}

void Flush(png_structp) {}
[[noreturn]] void OnError(png_structp png, png_const_charp) { png_longjmp(png, 1); }
void OnWarning(png_structp, png_const_charp) {}

struct Writer {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string out;

  Writer() = default;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { png_destroy_write_struct(&png, &info); }
};

// Plain data: it lives where a jump may pass.
struct Header {
  uint32_t width = 0;
  uint32_t height = 0;
  int bit_depth = 8;
  int color_type = PNG_COLOR_TYPE_GRAY;
  int level = 6;
  bool pack = false;  // rows hold a byte for each sample of fewer bits
  int colors = 0;     // of the palette
  int alphas = 0;     // of its first entries
  png_color palette[PNG_MAX_PALETTE_LENGTH] = {};
  png_byte alpha[PNG_MAX_PALETTE_LENGTH] = {};
  bool has_transparent = false;
  png_color_16 transparent = {};
};

bool Begin(Writer& writer, const Header& header) {
  writer.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, OnError, OnWarning);
  if (writer.png == nullptr) return false;
  if (setjmp(png_jmpbuf(writer.png)) != 0) return false;
  writer.info = png_create_info_struct(writer.png);
  if (writer.info == nullptr) return false;
  png_set_write_fn(writer.png, &writer.out, WriteBytes, Flush);
  png_set_user_limits(writer.png, kMaxImageWidth, PNG_UINT_31_MAX);
  png_set_IHDR(writer.png, writer.info, header.width, header.height, header.bit_depth,
               header.color_type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (header.colors > 0) png_set_PLTE(writer.png, writer.info, header.palette, header.colors);
  if (header.alphas > 0) {
    png_set_tRNS(writer.png, writer.info, header.alpha, header.alphas, nullptr);
  }
  if (header.has_transparent) {
    png_set_tRNS(writer.png, writer.info, nullptr, 0, &header.transparent);
  }
  png_set_compression_level(writer.png, header.level);
  png_write_info(writer.png, writer.info);
  if (header.bit_depth == 16) png_set_swap(writer.png);
  if (header.pack) png_set_packing(writer.png);
  return true;
}

bool WriteRow(Writer& writer, const uint8_t* row) {
  if (setjmp(png_jmpbuf(writer.png)) != 0) return false;
  png_write_row(writer.png, row);
  return true;
}

bool End(Writer& writer) {
  if (setjmp(png_jmpbuf(writer.png)) != 0) return false;
  png_write_end(writer.png, nullptr);
  return true;
}

absl::Status CheckHeight(int64_t height, std::string_view field) {
  if (height <= INT32_MAX) return absl::OkStatus();
  return InvalidField(field, height, "PNG holds at most 2147483647 rows");
}

// A file of rows of `row_bytes`, which `row_at` gives one by one.
absl::StatusOr<std::string> WriteFile(
    const Context& context, const Header& header, size_t row_bytes,
    const std::function<absl::StatusOr<const uint8_t*>(size_t)>& row_at) {
  const absl::Status failed = MakeError(absl::StatusCode::kResourceExhausted,
                                        {.reason = "LIMIT_EXCEEDED", .field = "tensor"},
                                        "the PNG file could not be written: no memory");
  Writer writer;
  ReserveLong(MostFileBytes(row_bytes * header.height), &writer.out);
  if (!Begin(writer, header)) return failed;
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < header.height; ++y) {
    // Deflate is some ten times slower than what kPollBytes is meant for.
    TRINE_RETURN_IF_ERROR(poll.Spend(10 * row_bytes));
    TRINE_ASSIGN_OR_RETURN(const uint8_t* const row, row_at(y));
    if (!WriteRow(writer, row)) return failed;
  }
  if (!End(writer)) return failed;
  return std::move(writer.out);
}

int ColorTypeOf(PictureColor color) {
  switch (color) {
    case PictureColor::kGrayAlpha:
      return PNG_COLOR_TYPE_GRAY_ALPHA;
    case PictureColor::kRgb:
      return PNG_COLOR_TYPE_RGB;
    case PictureColor::kRgba:
      return PNG_COLOR_TYPE_RGB_ALPHA;
    case PictureColor::kPalette:
      return PNG_COLOR_TYPE_PALETTE;
    default:
      return PNG_COLOR_TYPE_GRAY;
  }
}

void SetTable(const PictureForm& form, Header& header) {
  if (form.color == PictureColor::kPalette) {
    header.colors = static_cast<int>(form.entries());
    for (size_t i = 0; i < form.entries(); ++i) {
      header.palette[i] = {EntryPart(form, i, 0), EntryPart(form, i, 1), EntryPart(form, i, 2)};
      header.alpha[i] = EntryPart(form, i, 3);
      if (header.alpha[i] != UINT8_MAX) header.alphas = static_cast<int>(i) + 1;
    }
  } else if (!form.table.empty()) {
    const auto part = [&form](size_t i) { return LoadLE<uint16_t>(&form.table[2 * i]); };
    header.has_transparent = true;
    if (form.entry_bytes == 2) {
      header.transparent.gray = part(0);
    } else {
      header.transparent.red = part(0);
      header.transparent.green = part(1);
      header.transparent.blue = part(2);
    }
  }
}

}  // namespace

absl::StatusOr<std::string> EncodePng(const Context& context, const TensorView& picture,
                                      const EncodeOptions& options) {
  TRINE_RETURN_IF_ERROR(CheckHeight(picture.shape[0], "tensor.shape[0]"));
  const size_t height = static_cast<size_t>(picture.shape[0]);
  const size_t width = static_cast<size_t>(picture.shape[1]);
  const size_t row_bytes = picture.data.size() / height;
  TRINE_ASSIGN_OR_RETURN(const bool bits, WriteAsBits(context, picture, options));
  const bool is_bool = picture.dtype == DType::kBool;
  Header header;
  header.width = static_cast<uint32_t>(width);
  header.height = static_cast<uint32_t>(height);
  header.bit_depth = bits ? 1 : (picture.dtype == DType::kUint16 ? 16 : 8);
  header.color_type = picture.shape.size() == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY;
  header.level = options.png_level;
  std::vector<uint8_t> row(bits ? CeilDiv(width, 8) : (is_bool ? width : 0));
  return WriteFile(context, header, row_bytes, [&](size_t y) -> absl::StatusOr<const uint8_t*> {
    const uint8_t* in = picture.data.data() + y * row_bytes;
    if (bits) {
      PackBits(in, width, /*invert=*/false, row.data());
    } else if (is_bool) {
      for (size_t x = 0; x < width; ++x) row[x] = in[x] != 0 ? 255 : 0;
    }
    return row.empty() ? in : row.data();
  });
}

absl::StatusOr<std::string> WritePng(const Context& context, const PictureView& picture,
                                     const EncodeOptions& options) {
  const PictureGrid grid = *PictureGridOf(picture.form.color, picture.shape);
  TRINE_RETURN_IF_ERROR(CheckHeight(static_cast<int64_t>(grid.height), "picture.shape[0]"));
  Header header;
  header.width = static_cast<uint32_t>(grid.width);
  header.height = static_cast<uint32_t>(grid.height);
  header.bit_depth = picture.form.bit_depth;
  header.color_type = ColorTypeOf(picture.form.color);
  header.level = options.png_level;
  header.pack = picture.form.bit_depth == 2 || picture.form.bit_depth == 4;
  SetTable(picture.form, header);
  const size_t row_bytes = grid.row_bytes(picture.form, picture.dtype);
  return WriteFile(context, header, row_bytes, [&](size_t y) -> absl::StatusOr<const uint8_t*> {
    const ByteView row = picture.data.subspan(y * row_bytes, row_bytes);
    if (!SamplesFit(picture.form, picture.dtype, row)) return BeyondForm();
    return row.data();
  });
}

}  // namespace trine::image::internal
