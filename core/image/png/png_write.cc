// PNG out, by libpng. Errors leave libpng by longjmp: the functions between setjmp and the jump
// hold no object with a destructor.
#include <png.h>

#include <csetjmp>
#include <new>

#include "core/base/checked.h"
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

struct Header {
  uint32_t width;
  uint32_t height;
  int bit_depth;
  int color_type;
  int level;
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
  png_set_compression_level(writer.png, header.level);
  png_write_info(writer.png, writer.info);
  if (header.bit_depth == 16) png_set_swap(writer.png);
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

}  // namespace

absl::StatusOr<std::string> EncodePng(const Context& context, const TensorView& picture,
                                      const EncodeOptions& options) {
  if (picture.shape[0] > INT32_MAX) {
    return InvalidField("tensor.shape[0]", picture.shape[0], "PNG holds at most 2147483647 rows");
  }
  const size_t height = static_cast<size_t>(picture.shape[0]);
  const size_t width = static_cast<size_t>(picture.shape[1]);
  const size_t row_bytes = picture.data.size() / height;
  TRINE_ASSIGN_OR_RETURN(const bool bits, WriteAsBits(context, picture, options));
  const bool is_bool = picture.dtype == DType::kBool;
  const Header header = {static_cast<uint32_t>(width), static_cast<uint32_t>(height),
                         bits ? 1 : (picture.dtype == DType::kUint16 ? 16 : 8),
                         picture.shape.size() == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
                         options.png_level};
  const absl::Status failed = MakeError(absl::StatusCode::kResourceExhausted,
                                        {.reason = "LIMIT_EXCEEDED", .field = "tensor"},
                                        "the PNG file could not be written: no memory");
  Writer writer;
  ReserveLong(MostFileBytes(picture), &writer.out);
  if (!Begin(writer, header)) return failed;
  std::vector<uint8_t> row(bits ? CeilDiv(width, 8) : (is_bool ? width : 0));
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < height; ++y) {
    // Deflate is some ten times slower than what kPollBytes is meant for.
    TRINE_RETURN_IF_ERROR(poll.Spend(10 * row_bytes));
    const uint8_t* in = picture.data.data() + y * row_bytes;
    if (bits) {
      PackBits(in, width, /*invert=*/false, row.data());
    } else if (is_bool) {
      for (size_t x = 0; x < width; ++x) row[x] = in[x] != 0 ? 255 : 0;
    }
    if (!WriteRow(writer, row.empty() ? in : row.data())) return failed;
  }
  if (!End(writer)) return failed;
  return std::move(writer.out);
}

}  // namespace trine::image::internal
