#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "core/base/strings.h"
#include "core/image/image.h"

namespace trine::image {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array<std::pair<std::string_view, Format>, 7> kSignatures = {{
    {"\x89PNG\r\n\x1A\n"sv, Format::kPng},
    {"\xFF\xD8\xFF"sv, Format::kJpeg},
    {"II*\0"sv, Format::kTiff},
    {"MM\0*"sv, Format::kTiff},
    {"II+\0"sv, Format::kTiff},  // BigTIFF
    {"MM\0+"sv, Format::kTiff},
    {"\x93NUMPY"sv, Format::kNpy},
}};

constexpr std::array<std::pair<std::string_view, Format>, 12> kExtensions = {{
    {"png", Format::kPng},
    {"jpg", Format::kJpeg},
    {"jpeg", Format::kJpeg},
    {"tif", Format::kTiff},
    {"tiff", Format::kTiff},
    {"bmp", Format::kBmp},
    {"dib", Format::kBmp},
    {"pgm", Format::kPnm},
    {"ppm", Format::kPnm},
    {"pbm", Format::kPnm},
    {"pnm", Format::kPnm},
    {"npy", Format::kNpy},
}};

// "BM" alone begins many a text: the size of the second header must be one that exists.
bool IsBmp(ByteView bytes) {
  if (bytes.size() < 2 || bytes[0] != 'B' || bytes[1] != 'M') return false;
  if (bytes.size() < 18) return true;
  const uint32_t header = LoadLE<uint32_t>(bytes.data() + 14);
  return header >= 12 && header <= 256;
}

// 'P', a digit from 1 to 6, and what may end a token.
bool IsPnm(ByteView bytes) {
  if (bytes.size() < 3 || bytes[0] != 'P' || bytes[1] < '1' || bytes[1] > '6') return false;
  return absl::ascii_isspace(bytes[2]) || bytes[2] == '#';
}

}  // namespace

std::optional<Format> RecognizeFormat(ByteView bytes) {
  for (const auto& [signature, format] : kSignatures) {
    if (bytes.size() >= signature.size() &&
        std::equal(signature.begin(), signature.end(), bytes.begin(),
                   [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; })) {
      return format;
    }
  }
  if (IsBmp(bytes)) return Format::kBmp;
  if (IsPnm(bytes)) return Format::kPnm;
  return std::nullopt;
}

std::string_view FormatName(Format format) {
  switch (format) {
    case Format::kPng:
      return "PNG";
    case Format::kJpeg:
      return "JPEG";
    case Format::kTiff:
      return "TIFF";
    case Format::kBmp:
      return "BMP";
    case Format::kPnm:
      return "PNM";
    case Format::kNpy:
      return "NPY";
  }
  return "unknown";
}

std::optional<Format> FormatOfExtension(std::string_view file_name) {
  const size_t slash = file_name.find_last_of("/\\");
  if (slash != std::string_view::npos) file_name.remove_prefix(slash + 1);
  const size_t dot = file_name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view extension = file_name.substr(dot + 1);
  for (const auto& [name, format] : kExtensions) {
    if (absl::EqualsIgnoreCase(ToAbsl(extension), ToAbsl(name))) return format;
  }
  return std::nullopt;
}

}  // namespace trine::image
