// What the samples of a picture mean, where a plain gray or colour tensor does not say it: alpha,
// palettes, samples of few bits, pages. The kernels that read, code and write pictures share it.
//
// The shape of such a picture is [H,W] for one channel and [H,W,C] for several, with a leading D
// for pages: rank and colour together tell them apart. Its bytes are row-major and dense, one
// element a sample, but where a sample has 1 bit: then each row is packed, most significant bit
// first, and padded to whole bytes. Thread safety: as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "core/base/dtype.h"

namespace trine {

// The numbers equal those of the proto enum and of the coded stream's header: never renumber.
enum class PictureColor : uint8_t {
  kGray = 1,               // 0 is black
  kGrayAlpha = 2,          // gray, alpha
  kRgb = 3,                // red, green, blue
  kRgba = 4,               // red, green, blue, alpha
  kPalette = 5,            // a number of an entry of the table
  kGrayPremultiplied = 6,  // gray that was multiplied by alpha, alpha
  kRgbPremultiplied = 7,   // red, green, blue that were multiplied by alpha, alpha
};
inline constexpr int kMinPictureColor = 1;
inline constexpr int kMaxPictureColor = 7;
inline constexpr size_t kMaxPictureEntries = 256;
inline constexpr int kMaxPictureEntryBytes = 6;

struct PictureForm {
  PictureColor color = PictureColor::kGray;
  // Significant bits of a sample, the largest value being all ones: uint8 1 to 8, uint16 9 to 16,
  // other types all that they have.
  int bit_depth = 8;
  // Of a palette the colours, of gray and RGB the one value that is transparent, if there is one;
  // else empty. Entries of so many bytes, one after the other: 3 red, green, blue; 4 those and
  // alpha; 6 red, green, blue of 16 bits, little-endian; 2 gray of 16 bits, little-endian.
  int entry_bytes = 0;
  std::string table;

  bool operator==(const PictureForm&) const = default;
  size_t entries() const {
    return entry_bytes == 0 ? 0 : table.size() / static_cast<size_t>(entry_bytes);
  }
  // Bytes of a number of an entry.
  size_t number_bytes() const { return entry_bytes == 2 || entry_bytes == 6 ? 2 : 1; }
  bool is_packed() const { return bit_depth == 1; }
};

// Channels of a pixel, 1 to 4.
int PictureChannels(PictureColor color);
// "gray", "rgba", "palette", ...: the names that the command line and `--json` use.
std::string_view PictureColorName(PictureColor color);

// A shape as its colour reads it.
struct PictureGrid {
  uint64_t pages = 1;
  uint64_t height = 0;
  uint64_t width = 0;
  uint64_t channels = 1;
  bool is_stack = false;  // has the dimension of pages

  // Of rows of a form, with pages one after the other.
  uint64_t row_bytes(const PictureForm& form, DType dtype) const;
};
// nullopt where the rank or the last dimension does not fit the colour, or a dimension is negative.
std::optional<PictureGrid> PictureGridOf(PictureColor color, absl::Span<const int64_t> shape);

// The simplest of the ways to say what a picture is.
enum class PictureHolder : uint8_t {
  kTensor,  // a gray or RGB tensor, [H,W] or [H,W,3], says all
  kBits,    // bilevel rows [H,W], 1 is white
  kForm,    // its form is needed
};
// REQUIRES: no PictureProblem.
PictureHolder PictureHolderOf(const PictureForm& form, DType dtype,
                              absl::Span<const int64_t> shape);

// What is wrong with a form, alone and together with dtype and shape; empty where nothing is.
std::string PictureProblem(const PictureForm& form, DType dtype, absl::Span<const int64_t> shape);

// Bytes that a picture takes; nullopt where they are 2^62 or more. REQUIRES: no PictureProblem.
std::optional<uint64_t> PictureBytes(const PictureForm& form, DType dtype,
                                     absl::Span<const int64_t> shape);

}  // namespace trine
