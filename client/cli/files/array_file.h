// Arrays in .npy files and pictures, as normalization reads and writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/files/input_file.h"
#include "core/base/tensor.h"
#include "core/image/image.h"

namespace trine::cli {

// A picture from a file's bytes, [H,W] or [H,W,3]. What is odd about it, or left out, is added to
// `warnings`; so is, of a file of several pages of which none is named, that the first was taken,
// and `others`, how to get at the others.
absl::StatusOr<Tensor> LoadPicture(ByteView bytes, std::optional<int64_t> page,
                                   std::string_view others, std::vector<std::string>* warnings);

// The same of a label map: the numbers in the file (DecodeOptions::indices).
absl::StatusOr<Tensor> LoadLabels(ByteView bytes, std::optional<int64_t> page,
                                  std::string_view others, std::vector<std::string>* warnings);

struct LoadedArray {
  Tensor tensor;
  bool is_picture = false;  // then [H,W,C], also for gray
  DType file_dtype = DType::kUint8;
  std::vector<std::string> warnings;  // of what was odd, or left out
};

// What a file's elements are sent as: integers of up to 16 bits and bool as float32 (exactly), what
// is a float as it is. INPUT for wider integers, and for a scale but 1 of other floats than float32
// and float64.
absl::StatusOr<DType> SentDType(DType file_dtype, double scale);

// Integers of up to 16 bits, or bools, as float32; out.size() is four bytes an element.
void IntegersToFloat32(DType dtype, ByteView in, MutableByteView out);

// Multiplies elements that SentDType allows to scale.
absl::Status ScaleElements(DType dtype, double scale, MutableByteView data);

// Reads all of `file`; its elements become what SentDType says, times `scale`. Of a file of several
// pages the one that is named, or else the first, which is said with `others`, as of LoadPicture.
// USAGE for the page of an array.
absl::StatusOr<LoadedArray> LoadArray(InputFile* file, std::optional<int64_t> page,
                                      std::string_view others, double scale);

struct SavedArray {
  std::string bytes;                  // of the file
  double output_scale = 1;            // what the values were multiplied by for an integer format
  std::vector<std::string> warnings;  // of values that the format does not hold, with their count
};

// Whether that file can hold an array of this dtype and shape; the data are not looked at. USAGE
// where a picture's name is given for what is not float32 [H,W,1], [H,W,3] or [H,W], and of
// CheckPnmName. REQUIRES: CheckArrayName.
absl::Status CheckArrayFits(const std::string& path, const TensorView& head);

// The file that `path`'s extension asks for: .npy, or a picture: .tif with gray float32 as it is,
// else 16-bit integers, value * output_scale with the largest value at 65535, infinite ones there
// too, and NaN and negative ones at 0, which is warned of. Names without an extension get .npy.
// Errors of CheckArrayFits. REQUIRES: CheckArrayName.
absl::StatusOr<SavedArray> SaveArray(const TensorView& tensor, const std::string& path);

// USAGE for a name whose extension asks for something that is not written.
absl::Status CheckArrayName(const std::string& path);

// True where SaveArray would write .npy.
bool IsNpyName(const std::string& path);

}  // namespace trine::cli
