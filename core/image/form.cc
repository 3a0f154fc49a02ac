#include "core/image/form.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/checked.h"
#include "core/image/orientation.h"

namespace trine::image::internal {
namespace {

constexpr size_t kMostNotKept = 16;  // that are named

}  // namespace

absl::Status PageNeeded(std::string_view text) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {.reason = "INVALID_FIELD", .field = "page", .value = "absent"}, text);
}

PictureForm PlainForm(size_t channels, DType dtype, int bits) {
  PictureForm form;
  form.color = channels == 3 ? PictureColor::kRgb : PictureColor::kGray;
  form.bit_depth = bits != 0 ? bits : 8 * static_cast<int>(DTypeSize(dtype));
  return form;
}

PictureForm PaletteForm(const Palette& palette, int bits, ByteView alpha) {
  PictureForm form{PictureColor::kPalette, bits, alpha.empty() ? 3 : 4, ""};
  for (size_t i = 0; i < palette.size; ++i) {
    form.table.append(palette.rgb[i].begin(), palette.rgb[i].end());
    if (!alpha.empty()) form.table.push_back(static_cast<char>(i < alpha.size() ? alpha[i] : 255));
  }
  return form;
}

absl::StatusOr<Picture> FinishPicture(const Context& context, const ReaderOptions& options,
                                      Picture picture, int orientation) {
  TRINE_ASSIGN_OR_RETURN(picture.samples,
                         ApplyOrientation(context, std::move(picture.samples), orientation));
  if (options.wanted != Wanted::kWhole) return picture;
  if (orientation > 1 && orientation <= 8) {
    picture.warnings.push_back(
        absl::StrCat("turned upright, as its orientation (", orientation, ") says"));
  }
  if (picture.form.is_packed()) TRINE_RETURN_IF_ERROR(PackPicture(context, picture.samples));
  return picture;
}

void AddNotKept(std::string name, std::vector<std::string>& parts) {
  if (parts.size() > kMostNotKept || std::find(parts.begin(), parts.end(), name) != parts.end()) {
    return;
  }
  parts.push_back(std::move(name));
}

std::string JoinNotKept(const std::vector<std::string>& parts) {
  const auto end = parts.begin() + static_cast<ptrdiff_t>(std::min(parts.size(), kMostNotKept));
  return absl::StrCat(absl::StrJoin(parts.begin(), end, ", "),
                      parts.size() > kMostNotKept ? ", ..." : "");
}

void NoteNotKept(const std::vector<std::string>& parts, Picture& picture) {
  if (parts.empty()) return;
  picture.warnings.push_back(absl::StrCat("not kept: ", JoinNotKept(parts)));
}

void NoteTrailer(uint64_t bytes, Picture& picture) {
  if (bytes == 0) return;
  picture.warnings.push_back(absl::StrCat("not kept: ", bytes, " bytes after the picture"));
}

absl::Status PackPicture(const Context& context, Tensor& samples) {
  const size_t height = static_cast<size_t>(samples.shape[0]);
  const size_t row_samples = samples.data.size() / height;
  const size_t row_bytes = CeilDiv(row_samples, 8);
  TRINE_RETURN_IF_ERROR(context.Reserve(samples.data.size() + height * row_bytes));
  LongArray<uint8_t> packed = LongArray<uint8_t>::Zeros(height * row_bytes);
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(row_samples));
    PackBits(samples.data.data() + y * row_samples, row_samples, /*invert=*/false,
             packed.data() + y * row_bytes);
  }
  samples.data = std::move(packed);
  return absl::OkStatus();
}

bool NumbersFit(ByteView numbers, size_t entries) {
  if (entries > UINT8_MAX) return true;
  return std::all_of(numbers.begin(), numbers.end(), [&](uint8_t v) { return v < entries; });
}

bool SamplesFit(const PictureForm& form, DType dtype, ByteView row) {
  const bool palette = form.color == PictureColor::kPalette;
  if (form.is_packed()) {
    const auto is_zero = [](uint8_t v) { return v == 0; };
    return !palette || form.entries() > 1 || std::all_of(row.begin(), row.end(), is_zero);
  }
  if (palette) return NumbersFit(row, form.entries());
  if (dtype == DType::kUint8) return NumbersFit(row, size_t{1} << form.bit_depth);
  if (dtype != DType::kUint16 || form.bit_depth == 16) return true;
  for (size_t i = 0; i < row.size(); i += 2) {
    if (LoadLE<uint16_t>(&row[i]) >> form.bit_depth != 0) return false;
  }
  return true;
}

absl::Status BeyondForm() {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {.reason = "CORRUPT_IMAGE", .field = "picture"},
                   "a sample is beyond the bits or the palette that the picture is said to have");
}

uint16_t WideEntryPart(const PictureForm& form, size_t i, size_t part) {
  const uint8_t* entry = AsBytes(form.table).data() + i * static_cast<size_t>(form.entry_bytes);
  if (form.entry_bytes == 6) return part == 3 ? UINT16_MAX : LoadLE<uint16_t>(entry + 2 * part);
  if (form.entry_bytes == 3 && part == 3) return UINT16_MAX;
  return static_cast<uint16_t>(257 * entry[part]);
}

uint8_t EntryPart(const PictureForm& form, size_t i, size_t part) {
  return static_cast<uint8_t>(WideEntryPart(form, i, part) >> 8);
}

bool IsTableNarrow(const PictureForm& form) {
  if (form.entry_bytes != 6) return true;
  bool repeated = true, zeros = true;
  for (size_t i = 0; i < form.entries(); ++i) {
    for (size_t part = 0; part < 3; ++part) {
      const uint16_t value = WideEntryPart(form, i, part);
      repeated = repeated && (value & 0xFF) == value >> 8;
      zeros = zeros && (value & 0xFF) == 0;
    }
  }
  return repeated || zeros;
}

}  // namespace trine::image::internal
