// What the readers and writers of this folder share; not part of the public contract.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/polled.h"
#include "core/base/tensor.h"
#include "core/image/image.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

// INVALID_ARGUMENT, reason CORRUPT_IMAGE, field "image".
inline absl::Status Corrupt(std::string_view text) { return CorruptImage("image", text); }
// UNIMPLEMENTED, field "image".
inline absl::Status NotRead(std::string_view text) { return NotOffered("image", text); }

// What of a file a reader is to give.
enum class Wanted : uint8_t {
  kPlain,    // gray or RGB, as DecodeImage says
  kNumbers,  // the same, but the numbers of the file: of a palette, of few bits, where 0 is white
  kWhole,    // samples as they are in the file, and their form, as ReadPicture says
};

struct ReaderOptions : DecodeOptions {
  Wanted wanted = Wanted::kPlain;
  bool all_pages = false;  // of a file of several; `page` is not used then
};
// Adds to the caller's warnings, where he wants any.
void Warn(const DecodeOptions& options, std::string_view text);
// INVALID_ARGUMENT, field "page": another page than the only one that is read of a file of
// `format`, which is what `animation` says, "an animation of 3 frames", where that is not empty.
absl::Status CheckOnlyPage(const DecodeOptions& options, Format format, std::string_view animation);
// Warns, where the whole is not wanted, of transparency that a file `has` beside gray or colour:
// that a pixel is anything but opaque.
void WarnOfAlpha(const ReaderOptions& options, bool has);
// The same of `count` samples a pixel that are not said to be transparency, where there are any.
void WarnOfSamples(const ReaderOptions& options, size_t count);
// Warns of `count` bytes that follow the picture, where there are any.
void WarnOfTrailer(const DecodeOptions& options, std::string_view format, uint64_t count);

// Ink to light, as far as that goes without a colour profile: a channel that is not covered by its
// ink, dimmed by the black ink. `T` is an unsigned type of up to 16 bits.
template <typename T>
T DimByBlack(T light, T not_black) {
  constexpr uint64_t kMax = std::numeric_limits<T>::max();
  return static_cast<T>((uint64_t{light} * not_black + kMax / 2) / kMax);
}
inline constexpr char kCmykWarning[] = "CMYK was turned into RGB without its colour profile";

// [height,width] or [height,width,channels] of a picture, checked against every limit.
struct PictureSize {
  size_t width = 0;
  size_t height = 0;
  size_t channels = 1;
  DType dtype = DType::kUint8;

  size_t row_bytes() const { return width * channels * DTypeSize(dtype); }
  size_t bytes() const { return height * row_bytes(); }
  Shape shape() const;
};

// Checks what a header claims, before anything is allocated for it. CORRUPT_IMAGE when a side is
// 0; RESOURCE_EXHAUSTED naming max_image_pixels, max_image_width, max_elements or max_output_bytes
// beyond a limit.
absl::StatusOr<PictureSize> CheckPictureSize(const Context& context, const DecodeOptions& options,
                                             uint64_t width, uint64_t height, uint64_t channels,
                                             DType dtype);

// The bound of a decoded picture's bytes.
uint64_t MaxPictureBytes(const Context& context, const DecodeOptions& options);

// A picture that comes into being row by row. Its memory is touched only as far as rows arrive: a
// short file that claims a large picture costs address space, not pages.
class PictureRows {
 public:
  explicit PictureRows(const PictureSize& size)
      : size_(size), data_(LongArray<uint8_t>::Zeros(size.bytes())) {}

  // The next `rows` rows, zeros. REQUIRES: they are within the picture.
  uint8_t* Append(size_t rows = 1) {
    uint8_t* const begin = data_.data() + used_;
    used_ += rows * size_.row_bytes();
    assert(used_ <= data_.size());
    return begin;
  }
  // REQUIRES: all rows were appended.
  Tensor Take() && { return {size_.dtype, size_.shape(), std::move(data_)}; }

 private:
  PictureSize size_;
  LongArray<uint8_t> data_;
  size_t used_ = 0;
};

// Bytes of pixels between two polls, however short the rows are. The slowest loop here, plain PNM,
// reads about 100 MB/s: 0.3 ms.
inline constexpr size_t kPollBytes = 32768;

// `count` samples of 1, 2 or 4 bits, most significant first, to one byte each.
void UnpackBits(const uint8_t* packed, size_t count, int bits, uint8_t* out);
// The value of a `bits`-bit gray sample on the scale of 0 to 255; exact for 1, 2, 4 and 8 bits.
inline uint8_t ScaleGray(uint8_t value, int bits) {
  return static_cast<uint8_t>(value * 255 / ((1 << bits) - 1));
}

// True where the picture is to be written as one bit a pixel: [H,W] of bool, or of uint8 with no
// sample but 0 and 255. Reads the whole picture, polling cancellation.
absl::StatusOr<bool> WriteAsBits(const Context& context, const TensorView& picture,
                                 const EncodeOptions& options);
// Packs `width` samples of one row into bits, most significant first: 1 where the sample is not 0,
// the other way round with `invert`. `out` holds ceil(width / 8) bytes; spare bits are 0.
void PackBits(const uint8_t* row, size_t width, bool invert, uint8_t* out);

// About what a file of the picture takes where nothing of it can be compressed.
inline size_t MostFileBytes(size_t picture_bytes) {
  return picture_bytes + picture_bytes / 256 + 4096;
}

// UNIMPLEMENTED, field "image": pixels that are read but not kept whole.
inline absl::Status NotKept(std::string_view text) { return NotOffered("image", text); }
// INVALID_ARGUMENT, field "page": a file of several pictures of which one must be chosen.
absl::Status PageNeeded(std::string_view text);
// The name of a format that is known and not read, by the first bytes; "" for anything else.
std::string_view NameOfUnreadFormat(ByteView bytes);
// NPY alone; NPZ, whose entry must be NPY: archives within archives have no end.
absl::StatusOr<Tensor> DecodeNpyFile(const Context&, ByteView, std::vector<std::string>* warnings);
// What DecodeNpyFile refuses by the header of a file of `file_bytes` bytes; `start` is its first
// kMaxNpyHeaderBytes, or all of it.
absl::StatusOr<NpyHeader> CheckedNpyHeader(ByteView start, uint64_t file_bytes, const Limits&);
absl::StatusOr<Tensor> DecodeNpz(const Context&, ByteView, std::vector<std::string>* warnings);

// The readers, one a format. Where the whole is wanted they give its form and what is not kept;
// else the form is not looked at.
absl::StatusOr<Picture> ReadPng(const Context&, ByteView, const ReaderOptions&);
absl::StatusOr<Picture> ReadJpeg(const Context&, ByteView, const ReaderOptions&);
absl::StatusOr<Picture> ReadTiff(const Context&, ByteView, const ReaderOptions&);
absl::StatusOr<Picture> ReadBmp(const Context&, ByteView, const ReaderOptions&);
absl::StatusOr<Picture> ReadPnm(const Context&, ByteView, const ReaderOptions&);
absl::StatusOr<Picture> ReadPam(const Context&, ByteView, const ReaderOptions&);
absl::StatusOr<Picture> ReadPfm(const Context&, ByteView, const ReaderOptions&);
absl::StatusOr<Picture> ReadWebp(const Context&, ByteView, const ReaderOptions&);

// The writers, for pictures that the format can hold: WritePicture and EncodeImage checked them.
absl::StatusOr<std::string> WritePng(const Context&, const PictureView&, const EncodeOptions&);
absl::StatusOr<std::string> WriteTiff(const Context&, const PictureView&, const EncodeOptions&);
absl::StatusOr<std::string> WritePnm(const Context&, const PictureView&, const EncodeOptions&);
// Of [H,W] or [H,W,3].
absl::StatusOr<std::string> EncodePng(const Context&, const TensorView&, const EncodeOptions&);
absl::StatusOr<std::string> EncodeTiff(const Context&, const TensorView&, const EncodeOptions&);
absl::StatusOr<std::string> EncodePnm(const Context&, const TensorView&, const EncodeOptions&);
absl::StatusOr<std::string> EncodeNpy(const Context&, const TensorView&);

}  // namespace trine::image::internal
