#include "client/cli/path_names.h"

#include "absl/strings/match.h"
#include "core/base/strings.h"

namespace trine::cli {
namespace {

// One row an extension.
struct ForeignPicture {
  std::string_view extension;
  std::string_view name;
};

constexpr ForeignPicture kForeignPictures[] = {
    {".gif", "GIF"},     {".jp2", "JPEG 2000"}, {".j2k", "JPEG 2000"},    {".jpx", "JPEG 2000"},
    {".jxl", "JPEG XL"}, {".jxr", "JPEG XR"},   {".heic", "HEIC"},        {".heif", "HEIF"},
    {".avif", "AVIF"},   {".exr", "OpenEXR"},   {".hdr", "Radiance HDR"}, {".psd", "Photoshop"},
    {".ico", "icon"},    {".qoi", "QOI"},       {".tga", "TGA"},          {".svg", "SVG"},
    {".fits", "FITS"},   {".dcm", "DICOM"},
};

}  // namespace

std::string DisplayName(const std::string& path) { return path == "-" ? "stdin" : path; }

std::string BaseName(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string_view ForeignPictureOf(std::string_view path) {
  for (const ForeignPicture& row : kForeignPictures) {
    if (absl::EndsWithIgnoreCase(ToAbsl(path), ToAbsl(row.extension))) return row.name;
  }
  return "";
}

}  // namespace trine::cli
