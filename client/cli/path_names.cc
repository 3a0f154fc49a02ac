#include "client/cli/path_names.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/printable.h"
#include "core/base/strings.h"

namespace trine::cli {
namespace {

// One row an extension.
struct ForeignPicture {
  std::string_view extension;
  std::string_view name;
};

constexpr ForeignPicture kForeignPictures[] = {
    {".gif", "GIF"},       {".jp2", "JPEG 2000"},    {".j2k", "JPEG 2000"},
    {".jpx", "JPEG 2000"}, {".jxl", "JPEG XL"},      {".jxr", "JPEG XR"},
    {".heic", "HEIC"},     {".heif", "HEIF"},        {".avif", "AVIF"},
    {".exr", "OpenEXR"},   {".hdr", "Radiance HDR"}, {".psd", "Photoshop"},
    {".ico", "icon"},      {".qoi", "QOI"},          {".tga", "TGA"},
    {".svg", "SVG"},       {".fits", "FITS"},        {".dcm", "DICOM"},
    {".lsm", "Zeiss LSM"}, {".czi", "Zeiss CZI"},    {".stk", "MetaMorph STK"},
    {".nd2", "Nikon ND2"}, {".svs", "Aperio SVS"},   {".ndpi", "Hamamatsu NDPI"},
    {".scn", "Leica SCN"}, {".lif", "Leica LIF"},    {".mpo", "MPO"},
    {".dng", "DNG"},       {".nef", "Nikon NEF"},    {".cr2", "Canon CR2"},
    {".arw", "Sony ARW"},  {".pcx", "PCX"},
};

// What a Netpbm file of an extension is.
struct PnmKind {
  std::string_view extension;
  std::string_view magic;
  std::string_view name;
};

constexpr PnmKind kPnmKinds[] = {
    {".pbm", "P4", "black and white"},
    {".pgm", "P5", "gray"},
    {".ppm", "P6", "colour"},
};

}  // namespace

std::string DisplayName(const std::string& path) { return path == "-" ? "stdin" : Printable(path); }

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

absl::Status CheckPnmName(const std::string& path, std::string_view file) {
  const PnmKind* named = nullptr;
  const PnmKind* made = nullptr;
  for (const PnmKind& row : kPnmKinds) {
    if (absl::EndsWithIgnoreCase(path, ToAbsl(row.extension))) named = &row;
    if (file.substr(0, row.magic.size()) == row.magic) made = &row;
  }
  if (named == nullptr || made == nullptr || named == made) return absl::OkStatus();
  return UsageError(absl::StrCat("'", path, "': a ", ToAbsl(named->extension), " file holds ",
                                 ToAbsl(named->name), ", and this is ", ToAbsl(made->name),
                                 "; name the output ", ToAbsl(made->extension), " or .pnm"));
}

absl::Status CheckPnmNames(const std::string& path, std::string_view names) {
  for (const PnmKind& row : kPnmKinds) {
    if (!absl::EndsWithIgnoreCase(path, ToAbsl(row.extension))) continue;
    if (absl::StrContains(ToAbsl(names), ToAbsl(row.extension))) break;
    return UsageError(absl::StrCat("'", path, "': a ", ToAbsl(row.extension), " file holds ",
                                   ToAbsl(row.name), ", and this is not; name the output ",
                                   ToAbsl(names)));
  }
  return absl::OkStatus();
}

absl::Status CheckTextName(const std::string& path, std::string_view extension) {
  const std::string name = BaseName(path);
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return absl::OkStatus();
  const std::string end = name.substr(dot);
  for (const std::string_view right : {extension, std::string_view(".txt")}) {
    if (absl::EqualsIgnoreCase(end, ToAbsl(right))) return absl::OkStatus();
  }
  return UsageError(absl::StrCat("'", path, "': name it ", ToAbsl(extension), " or .txt"));
}

bool IsGrayName(std::string_view path) { return absl::EndsWithIgnoreCase(ToAbsl(path), ".pgm"); }

}  // namespace trine::cli
