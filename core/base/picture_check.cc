#include "core/base/picture_check.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/base/tensor.h"

namespace trine {
namespace {

bool IsDepthRight(int bits, DType dtype) {
  switch (dtype) {
    case DType::kUint8:
      return bits >= 1 && bits <= 8;
    case DType::kUint16:
      return bits >= 9 && bits <= 16;
    case DType::kBool:
      return false;
    default:
      return bits == 8 * static_cast<int>(DTypeSize(dtype));
  }
}

PictureFault TableFault(const PictureForm& form, DType dtype) {
  const int bytes = form.entry_bytes;
  const std::string entry = absl::StrCat(bytes);
  const std::string table = absl::StrCat(form.table.size(), " bytes long");
  if (bytes == 0) {
    if (!form.table.empty()) return {"table", table, "a table of entries of no bytes is not empty"};
    if (form.color == PictureColor::kPalette) return {"table", "", "a palette has no entries"};
    return {};
  }
  if (bytes < 0 || form.table.empty() || form.table.size() % static_cast<size_t>(bytes) != 0) {
    return {bytes < 0 ? "entry_bytes" : "table", bytes < 0 ? entry : table,
            absl::StrCat(form.table.size(), " bytes are not a table of entries of ", bytes)};
  }
  if (form.color == PictureColor::kPalette) {
    if (bytes != 3 && bytes != 4 && bytes != 6) {
      return {"entry_bytes", entry,
              absl::StrCat("a palette's entries have 3, 4 or 6 bytes, not ", bytes)};
    }
    const size_t most = size_t{1} << form.bit_depth;
    if (form.entries() <= most) return {};
    return {"table", table,
            absl::StrCat("a palette of ", form.bit_depth, " bits has at most ", most,
                         " entries, not ", form.entries())};
  }
  const int expected = form.color == PictureColor::kGray  ? 2
                       : form.color == PictureColor::kRgb ? 6
                                                          : 0;
  const bool small = dtype == DType::kUint8 || dtype == DType::kUint16;
  if (bytes == expected && form.entries() == 1 && small) return {};
  const bool is_size = expected != 0 && bytes != expected;
  return {is_size ? "entry_bytes" : "table", is_size ? entry : table,
          "a transparent value is one entry of 2 bytes of gray or 6 of RGB, of 16 bits at most"};
}

}  // namespace

PictureFault FindPictureFault(const PictureForm& form, DType dtype,
                              absl::Span<const int64_t> shape) {
  const int color = static_cast<int>(form.color);
  if (color < kMinPictureColor || color > kMaxPictureColor) {
    return {"color", absl::StrCat(color),
            absl::StrCat("colour ", color, " of a picture is not known")};
  }
  if (!IsDepthRight(form.bit_depth, dtype)) {
    return {"bit_depth", absl::StrCat(form.bit_depth),
            absl::StrCat("a picture of ", ToAbsl(DTypeName(dtype)), " has no samples of ",
                         form.bit_depth, " bits")};
  }
  if (form.color == PictureColor::kPalette && dtype != DType::kUint8) {
    return {"dtype", std::string(DTypeName(dtype)),
            absl::StrCat("a palette's numbers are uint8, not ", ToAbsl(DTypeName(dtype)))};
  }
  if (!PictureGridOf(form.color, shape).has_value()) {
    return {"shape", ShapeToString(shape),
            absl::StrCat("the shape ", ShapeToString(shape), " is not that of a picture in ",
                         ToAbsl(PictureColorName(form.color)))};
  }
  return TableFault(form, dtype);
}

absl::Status CheckPictureForm(const PictureForm& form, DType dtype, absl::Span<const int64_t> shape,
                              std::string_view field) {
  const PictureFault fault = FindPictureFault(form, dtype, shape);
  if (fault.text.empty()) return absl::OkStatus();
  return InvalidField(absl::StrCat(ToAbsl(field), ".", ToAbsl(fault.part)), fault.value,
                      fault.text);
}

}  // namespace trine
