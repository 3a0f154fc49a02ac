#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/strings.h"
#include "core/image/picture.h"

namespace trine::image {
namespace {

using std::string_view_literals::operator""sv;

// One row a format.
struct FormatRow {
  Format format;
  std::string_view name;
  bool array;    // not a picture
  bool written;  // by EncodeImage
  std::string_view extensions;
};

constexpr std::array<FormatRow, 10> kFormats = {{
    {Format::kPng, "PNG", false, true, "png apng"},
    {Format::kJpeg, "JPEG", false, false, "jpg jpeg jpe jfif"},
    {Format::kTiff, "TIFF", false, true, "tif tiff btf tf8"},
    {Format::kBmp, "BMP", false, false, "bmp dib"},
    {Format::kPnm, "PNM", false, true, "pgm ppm pbm pnm"},
    {Format::kPam, "PAM", false, false, "pam"},
    {Format::kPfm, "PFM", false, false, "pfm"},
    {Format::kWebp, "WebP", false, false, "webp"},
    {Format::kNpy, "NPY", true, true, "npy"},
    {Format::kNpz, "NPZ", true, false, "npz"},
}};

const FormatRow* RowOf(Format format) {
  const auto* row = std::find_if(kFormats.begin(), kFormats.end(),
                                 [&](const FormatRow& r) { return r.format == format; });
  return row == kFormats.end() ? nullptr : row;
}

constexpr std::array<std::pair<std::string_view, Format>, 9> kSignatures = {{
    {"\x89PNG\r\n\x1A\n"sv, Format::kPng},
    {"\xFF\xD8\xFF"sv, Format::kJpeg},
    {"II*\0"sv, Format::kTiff},
    {"MM\0*"sv, Format::kTiff},
    {"II+\0"sv, Format::kTiff},  // BigTIFF
    {"MM\0+"sv, Format::kTiff},
    {"\x93NUMPY"sv, Format::kNpy},
    {"PK\3\4"sv, Format::kNpz},
    {"PK\5\6"sv, Format::kNpz},  // with nothing in it
}};

// What people also bring and is not read.
struct UnreadFormat {
  size_t at;  // of the signature
  std::string_view signature;
  std::string_view name;
};

constexpr std::array<UnreadFormat, 21> kUnread = {{
    {0, "GIF87a"sv, "GIF"},
    {0, "GIF89a"sv, "GIF"},
    {0, "\0\0\0\x0CjP  \r\n"sv, "JPEG 2000"},
    {0, "\xFF\x4F\xFF\x51"sv, "JPEG 2000"},
    {0, "\0\0\0\x0CJXL \r\n"sv, "JPEG XL"},
    {0, "\xFF\x0A"sv, "JPEG XL"},
    {4, "ftypavif"sv, "AVIF"},
    {4, "ftypavis"sv, "AVIF"},
    {4, "ftyphe"sv, "HEIC"},
    {4, "ftypmif1"sv, "HEIF"},
    {4, "ftypmsf1"sv, "HEIF"},
    {0, "v/1\x01"sv, "OpenEXR"},
    {0, "#?RADIANCE"sv, "Radiance HDR"},
    {0, "8BPS"sv, "Photoshop"},
    {0, "%PDF-"sv, "PDF"},
    {0, "\x89HDF\r\n\x1A\n"sv, "HDF5"},
    {0, "SIMPLE  ="sv, "FITS"},
    {128, "DICM"sv, "DICOM"},
    {0, "\0\0\1\0"sv, "icon"},
    {0, "qoif"sv, "QOI"},
    {0, "II\xBC\1"sv, "JPEG XR"},
}};

bool HasAt(ByteView bytes, size_t at, std::string_view signature) {
  return bytes.size() >= at + signature.size() &&
         std::equal(signature.begin(), signature.end(), bytes.begin() + static_cast<ptrdiff_t>(at),
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

// "BM" alone begins many a text: the size of the second header must be one that exists.
bool IsBmp(ByteView bytes) {
  if (bytes.size() < 2 || bytes[0] != 'B' || bytes[1] != 'M') return false;
  if (bytes.size() < 18) return true;
  const uint32_t header = LoadLE<uint32_t>(bytes.data() + 14);
  return header >= 12 && header <= 256;
}

// 'P', the kind, and what may end a token.
std::optional<Format> RecognizeNetpbm(ByteView bytes) {
  if (bytes.size() < 3 || bytes[0] != 'P') return std::nullopt;
  const uint8_t kind = bytes[1];
  const bool blank = absl::ascii_isspace(bytes[2]);
  if (kind >= '1' && kind <= '6' && (blank || bytes[2] == '#')) return Format::kPnm;
  // "P7 332" is a thumbnail of xv.
  if (kind == '7' && (bytes[2] == '\n' || bytes[2] == '\r')) return Format::kPam;
  if ((kind == 'F' || kind == 'f') && blank) return Format::kPfm;
  return std::nullopt;
}

}  // namespace

std::optional<Format> RecognizeFormat(ByteView bytes) {
  for (const auto& [signature, format] : kSignatures) {
    if (HasAt(bytes, 0, signature)) return format;
  }
  if (HasAt(bytes, 0, "RIFF") && HasAt(bytes, 8, "WEBP")) return Format::kWebp;
  if (IsBmp(bytes)) return Format::kBmp;
  return RecognizeNetpbm(bytes);
}

std::string_view FormatName(Format format) {
  const FormatRow* row = RowOf(format);
  return row == nullptr ? "unknown" : row->name;
}

std::optional<Format> FormatOfExtension(std::string_view file_name) {
  const size_t slash = file_name.find_last_of("/\\");
  if (slash != std::string_view::npos) file_name.remove_prefix(slash + 1);
  const size_t dot = file_name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view extension = file_name.substr(dot + 1);
  for (const FormatRow& row : kFormats) {
    for (const absl::string_view name : absl::StrSplit(ToAbsl(row.extensions), ' ')) {
      if (absl::EqualsIgnoreCase(ToAbsl(extension), name)) return row.format;
    }
  }
  return std::nullopt;
}

bool HoldsArray(ByteView bytes) {
  const std::optional<Format> format = RecognizeFormat(bytes);
  return format.has_value() && RowOf(*format)->array;
}

bool IsWritten(Format format) {
  const FormatRow* row = RowOf(format);
  return row != nullptr && row->written;
}

std::string PictureFormats() {
  std::string out, last;
  for (const FormatRow& row : kFormats) {
    if (row.array) continue;
    if (!last.empty()) absl::StrAppend(&out, out.empty() ? "" : ", ", last);
    last = std::string(row.name);
  }
  return absl::StrCat(out, " or ", last);
}

namespace internal {

std::string_view NameOfUnreadFormat(ByteView bytes) {
  for (const UnreadFormat& row : kUnread) {
    if (HasAt(bytes, row.at, row.signature)) return row.name;
  }
  return "";
}

}  // namespace internal
}  // namespace trine::image
