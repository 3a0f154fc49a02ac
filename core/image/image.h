// Pictures and arrays in files: PNG, JPEG, TIFF, BMP, PNM (with PAM and PFM), WebP, NPY and NPZ in;
// PNG, TIFF, PNM and NPY out.
//
// There are two ways in. ReadPicture gives all that a file's pixels are, for who is to keep them.
// DecodeImage gives gray or colour to compute with: what follows is about it.
//
// A decoded picture is a tensor [H,W] (gray, bilevel) or [H,W,3] (colour) of uint8 or uint16, of
// float32 from PFM, and from TIFF of any dtype of a tensor but bfloat16 and bool. Formats are
// recognised by their content. Alpha is dropped, palettes become colour (or gray where every entry
// is gray), EXIF orientation is applied (JPEG, TIFF, WebP, PNG's eXIf). Bilevel pictures become 0
// and 255, black 0. 16-bit samples keep their values; so does PNM (PAM) with a maxval that is
// neither 255 nor 65535, and TIFF of 3, 5, 6, 7 and 9 to 31 bits a sample; 1, 2 and 4 bit gray
// scales to 255. Where 0 is white in a TIFF, integers are turned round (signed ones too: -1 - v).
// CMYK becomes RGB without its colour profile: round((max - ink) * (max - black) / max) a channel.
// YCbCr becomes RGB by the coefficients and the reference levels that the file states, each chroma
// sample standing for its whole block, in libtiff's arithmetic; JPEG's YCbCr by libjpeg-turbo's.
// Sizes are checked against the limits before anything is allocated, rows are at most
// kMaxImageWidth pixels, and cancellation is polled between rows (between strips or tiles where a
// library unpacks one in one go). Errors: INVALID_ARGUMENT with reason CORRUPT_IMAGE for a broken
// file (truncated, failed checksum of pixels, impossible values: never one that is partly gray),
// UNIMPLEMENTED for a format or variant that is not read, RESOURCE_EXHAUSTED beyond a limit; the
// field is "image", "page", "tensor..." or "format". Thread safety: all functions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/picture_form.h"
#include "core/base/tensor.h"
#include "core/runtime/context.h"

namespace trine::image {

// Pixels of one row of a picture read or written (NPY apart): libraries work a row at a time, and
// cancellation is polled between rows.
inline constexpr uint64_t kMaxImageWidth = 1'000'000;

enum class Format : uint8_t {
  kPng = 1,
  kJpeg = 2,
  kTiff = 3,
  kBmp = 4,
  kPnm = 5,  // P1 to P6
  kNpy = 6,
  kWebp = 7,
  kPam = 8,  // P7
  kPfm = 9,  // PF and Pf
  kNpz = 10,
};

// What the first bytes say; nullopt for anything else.
std::optional<Format> RecognizeFormat(ByteView bytes);
// "PNG", "JPEG", ...
std::string_view FormatName(Format format);
// The format that a file name's extension asks for (.png, .apng, .jpg, .jpeg, .jpe, .jfif, .tif,
// .tiff, .btf, .tf8, .bmp, .dib, .pgm, .ppm, .pbm, .pnm, .pam, .pfm, .webp, .npy, .npz; case does
// not matter); nullopt for another.
std::optional<Format> FormatOfExtension(std::string_view file_name);
// True where the first bytes are those of NPY or NPZ, which hold arrays (DecodeNpy) in place of
// pictures (DecodeImage).
bool HoldsArray(ByteView bytes);
// Whether a page of a picture's file is coded in a way that changes its values: JPEG, and WebP that
// is not lossless, alone or within a TIFF. False where there is no such page.
bool IsLossy(const Context& context, ByteView bytes, int64_t page = 0);
// True for what EncodeImage writes.
bool IsWritten(Format format);
// "PNG, JPEG, ... or WebP": what DecodeImage reads.
std::string PictureFormats();

struct DecodeOptions {
  int64_t page = 0;  // page of a TIFF, from 0
  // A label map: the numbers that are in the file, whatever they look like. Of a palette picture
  // (PNG, TIFF, BMP) the indices, [H,W] of uint8; gray of few bits is not scaled, nor turned round
  // where 0 is white in a TIFF. Bits of PBM, where 1 is black, are 0 for black and 1 for white.
  bool indices = false;
  // Bound of the decoded picture's bytes; 0: limits->max_output_bytes.
  uint64_t max_bytes = 0;
  // What the caller needs beside a picture of this shape and dtype once it is there [bytes], where
  // it is not empty: reserved with the picture, before anything is unpacked.
  std::function<uint64_t(const Shape&, DType)> beside = {};
  // Where not null: what is odd about a file that was read all the same, a sentence each, is added
  // here (bytes behind the picture, a missing end, chunks of a wrong checksum, a colour profile
  // that was not applied, pictures in SubIFDs that were not read, pages of which the description
  // tells and that are not there, transparency of pixels that are not opaque and samples of no
  // known meaning that were left out).
  std::vector<std::string>* warnings = nullptr;
};

// A picture from a file's bytes (any format but NPY and NPZ).
absl::StatusOr<Tensor> DecodeImage(const Context& context, ByteView bytes,
                                   const DecodeOptions& options = {});

// A picture as its file has it.
struct Picture {
  // [H,W] or [H,W,C], with a D in front of several pages. Where the form has 1 bit a sample, the
  // data are packed rows (core/base/picture_form.h).
  Tensor samples;
  PictureForm form;
  // What was changed or not kept, in words: "turned upright ...", "not kept: ..." with the names of
  // all metadata that were found (no metadata are kept; a resolution of 1 by 1 says nothing).
  std::vector<std::string> warnings;
};

struct ReadOptions {
  // Page of a TIFF, from 0; absent: all of them.
  std::optional<int64_t> page;
  uint64_t max_bytes = 0;                                    // as in DecodeOptions
  std::function<uint64_t(const Shape&, DType)> beside = {};  // as in DecodeOptions
};

// Everything that the pixels of a file are (any format but NPY): alpha and palette stay, samples
// of few bits keep their values and their depth, pages of the same size and type are stacked. Gray
// has 0 for black: TIFF and PBM files that have it the other way round are inverted. EXIF
// orientation is applied, and said. Beside the errors of DecodeImage: UNIMPLEMENTED for pixels that
// this form does not hold (CMYK, extra channels), INVALID_ARGUMENT naming "page" where the pages or
// pictures of a file differ, are an animation, or fewer than its description tells of, and none is
// chosen.
absl::StatusOr<Picture> ReadPicture(const Context& context, ByteView bytes,
                                    const ReadOptions& options = {});

// How many pages a file has: the directories in a TIFF's chain, or, where there is one or the chain
// is broken, the whole pages that follow its data as ImageJ, tifffile and MetaMorph put them; 1 in
// any other format. CORRUPT_IMAGE where the chain leaves the file or runs in a circle and no pages
// follow.
absl::StatusOr<int64_t> CountPages(const Context& context, ByteView bytes);

// An array from an NPY file: versions 1 to 3, both byte orders, C and Fortran order, dtypes of
// core/base/dtype.h (bfloat16 is stored as '<V2'). Converted to row-major little-endian. Or from an
// NPZ file (zip, stored or deflated) that holds one such array; of several, UNIMPLEMENTED with
// their names. Where `warnings` is not null, what is odd is added to it: bytes behind the array,
// and bytes of bool that are neither 0 nor 1, which become 1.
absl::StatusOr<Tensor> DecodeNpy(const Context& context, ByteView bytes,
                                 std::vector<std::string>* warnings = nullptr);
// The two warnings, of a count that is not 0.
std::string BytesBehindArray(uint64_t bytes);
std::string BytesTakenAsTrue(uint64_t bytes);

// Where the data of an NPY file begin, from its first bytes (kMaxNpyHeaderBytes of them always
// suffice); for reading a file piecewise. `header_bytes` of the file hold the header; the data
// follow row-major unless `fortran_order`. CORRUPT_IMAGE where `bytes` end within the header.
// Checks limits.max_rank and max_elements, not max_output_bytes.
struct NpyHeader {
  DType dtype = DType::kUint8;
  Shape shape;
  bool fortran_order = false;
  bool big_endian = false;
  uint64_t header_bytes = 0;
};
absl::StatusOr<NpyHeader> ParseNpyHeader(ByteView bytes, const Limits& limits);
// A longer header is refused: the first so many bytes of any readable file hold the header whole.
inline constexpr uint64_t kMaxNpyHeaderBytes = 65547;
// The header of a version 1 file with this dtype and shape, little-endian, C order.
std::string MakeNpyHeader(DType dtype, absl::Span<const int64_t> shape);

struct EncodeOptions {
  int png_level = 6;  // zlib level, 0 to 9
  // Write a picture of 0 and 255 (or of bool) as one bit a pixel where the format can; PNM writes
  // packed rows as P4, otherwise as P5 with a maxval of 1.
  bool bilevel = true;
};

// Writes a picture. PNG: uint8, uint16, bool; [H,W] or [H,W,3]. PNM: the same, as P4, P5 or P6.
// TIFF: every dtype but bfloat16, of bool [H,W] only. NPY: every tensor. JPEG and BMP are not
// written: UNIMPLEMENTED. A dtype or shape that the format cannot hold is INVALID_ARGUMENT naming
// "tensor".
absl::StatusOr<std::string> EncodeImage(const Context& context, Format format,
                                        const TensorView& picture,
                                        const EncodeOptions& options = {});

// A picture with its form; data as in Picture.
struct PictureView {
  DType dtype = DType::kUint8;
  Shape shape;
  ByteView data;
  PictureForm form;
};

// Why a file of `format` cannot hold a picture of this form and shape, and which can; empty where
// it can. PNG: one page, uint8 or uint16; gray of 1, 2, 4, 8 and 16 bits, palettes of 8 bits an
// entry, alpha that nothing was multiplied by, a transparent value. TIFF: everything but bfloat16,
// a transparent value and alpha in a palette. PNM: one page of gray or RGB, uint8 or uint16. NPY:
// everything but what it has no place for: who writes the numbers there without the palette says
// so. REQUIRES: no PictureProblem.
std::string WritingProblem(Format format, const PictureForm& form, DType dtype,
                           absl::Span<const int64_t> shape);

// Writes a picture as ReadPicture gives it; read again it is the same. INVALID_ARGUMENT naming
// "picture" for a WritingProblem, or for samples beyond the bits or the palette; UNIMPLEMENTED for
// JPEG and BMP. NPY: samples of 1 bit become bool, the form's table is dropped.
absl::StatusOr<std::string> WritePicture(const Context& context, Format format,
                                         const PictureView& picture,
                                         const EncodeOptions& options = {});

// Weights of red, green and blue.
enum class GrayWeights : uint8_t {
  kBt601 = 1,  // round((299 R + 587 G + 114 B) / 1000), ties up
  // 0.2125, 0.7154, 0.0721 (scikit-image 0.19 and 0.26, rgb2gray): integers are scaled to 0..1 in
  // float64. The library's product with the weights differs in the last bit between builds of BLAS:
  // of float64 this is fma(B, 0.0721, fma(R, 0.2125, G * 0.7154)), as OpenBLAS with AVX2 has it but
  // for the last rows of narrow pictures; of float32 the three products added from the left.
  kBt709 = 2,
  kMean = 3,  // round((R + G + B) / 3) (ImageJ unweighted)
  // OpenCV's cvtColor to the bit (4.6.0): (9798 R + 19235 G + 3735 B + 2^14) >> 15; float32 as its
  // fused multiply-add: fma(B, 0.114f, fma(R, 0.299f, G * 0.587f)).
  // The last width % 8 pixels of a row of float32 may differ by a unit in the last place: OpenCV
  // computes them by code that depends on how it was built.
  kOpencvBt601 = 4,
  // MATLAB's rgb2gray: the first row of the inverse of its YIQ matrix, 0.298936021293776,
  // 0.587043074451121, 0.114020904255103, in double; integers are rounded, ties away from 0.
  kMatlabYiq = 5,
};

// The dtype that ToGray makes of colour: of floats float32 where they are narrower, of integers the
// same (kBt709: float64).
DType GrayDType(DType picture, GrayWeights weights);
// UNIMPLEMENTED, field "image.dtype": ToGray makes no gray of colour of this dtype.
absl::Status CheckGrayDType(DType picture, GrayWeights weights);

// [H,W,3] of floats, or of integers of up to 32 bits (kBt709: uint8 and uint16), to [H,W] of
// GrayDType; [H,W] and [H,W,1] of any dtype come back as [H,W], unchanged. UNIMPLEMENTED for colour
// of another dtype.
absl::StatusOr<Tensor> ToGray(const Context& context, const TensorView& picture,
                              GrayWeights weights);
// One channel of [H,W,C] as [H,W].
absl::StatusOr<Tensor> ExtractChannel(const Context& context, const TensorView& picture,
                                      int64_t channel);

}  // namespace trine::image
