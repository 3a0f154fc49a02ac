#include "core/image/tiff/tiff_notes.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace trine::image::internal {
namespace {

// Tags that libtiff has no names for.
enum PrivateTag : uint32_t {
  kModelPixelScale = 33550,
  kModelTiepoint = 33922,
  kModelTransformation = 34264,
  kGeoKeys = 34735,
  kGeoDoubles = 34736,
  kGeoTexts = 34737,
  kGdalMetadata = 42112,
  kGdalNoData = 42113,
};

struct Row {
  uint32_t tag;
  const char* name;  // nullptr: it says how the pixels lie, or is said elsewhere
};

constexpr Row kTags[] = {
    {TIFFTAG_ICCPROFILE, "the colour profile"},
    {TIFFTAG_XMLPACKET, "XMP"},
    {TIFFTAG_EXIFIFD, "EXIF"},
    {TIFFTAG_IMAGEDESCRIPTION, "the description"},
    {TIFFTAG_GPSIFD, "GPS"},
    {TIFFTAG_RICHTIFFIPTC, "IPTC"},
    {TIFFTAG_PHOTOSHOP, "Photoshop's data"},
    {TIFFTAG_DOCUMENTNAME, "the document's name"},
    {TIFFTAG_PAGENAME, "the page's name"},
    {TIFFTAG_MAKE, "the camera"},
    {TIFFTAG_MODEL, "the camera"},
    {TIFFTAG_SOFTWARE, "the software"},
    {TIFFTAG_DATETIME, "the date"},
    {TIFFTAG_ARTIST, "the artist"},
    {TIFFTAG_HOSTCOMPUTER, "the host computer"},
    {TIFFTAG_COPYRIGHT, "the copyright"},
    {TIFFTAG_XPOSITION, "the position"},
    {TIFFTAG_YPOSITION, "the position"},
    {TIFFTAG_MINSAMPLEVALUE, "the range of values"},
    {TIFFTAG_MAXSAMPLEVALUE, "the range of values"},
    {TIFFTAG_SMINSAMPLEVALUE, "the range of values"},
    {TIFFTAG_SMAXSAMPLEVALUE, "the range of values"},
    {TIFFTAG_TRANSFERFUNCTION, "the transfer function"},
    {TIFFTAG_WHITEPOINT, "the white point"},
    {TIFFTAG_PRIMARYCHROMATICITIES, "the primaries"},
    {kModelPixelScale, "GeoTIFF"},
    {kModelTiepoint, "GeoTIFF"},
    {kModelTransformation, "GeoTIFF"},
    {kGeoKeys, "GeoTIFF"},
    {kGeoDoubles, "GeoTIFF"},
    {kGeoTexts, "GeoTIFF"},
    {kGdalMetadata, "GDAL's metadata"},
    {kGdalNoData, "GDAL's value of no data"},
    {TIFFTAG_INKSET, nullptr},
    {TIFFTAG_DOTRANGE, nullptr},
    {TIFFTAG_YCBCRCOEFFICIENTS, nullptr},
    {TIFFTAG_INDEXED, nullptr},
};

// Whether the directory has a tag of any type: libtiff stores up to three parts of it, each a
// number or an address.
bool Has(TIFF* tiff, uint32_t tag) {
  uint64_t parts[3][2] = {};
  return TIFFGetField(tiff, tag, parts[0], parts[1], parts[2]) == 1;
}

bool HasResolution(TIFF* tiff) {
  float across = 1, down = 1;
  TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &across);
  TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &down);
  return across != 1 || down != 1;
}

}  // namespace

size_t CountTiffSubPictures(TIFF* tiff) {
  uint16_t count = 0;
  const uint64_t* offsets = nullptr;
  return TIFFGetField(tiff, TIFFTAG_SUBIFD, &count, &offsets) == 1 ? size_t{count} : 0;
}

std::string NameTiffSubPictures(size_t count) {
  return absl::StrCat(count, count == 1 ? " picture" : " pictures", " in SubIFDs");
}

std::string TiffNoData(TIFF* tiff) {
  constexpr uint32_t kMostBytes = 64;  // more is no number
  const TIFFField* const field = TIFFFindField(tiff, kGdalNoData, TIFF_ASCII);
  // As libtiff gives a tag that it has no name for: with a count in front.
  if (field == nullptr || TIFFFieldPassCount(field) == 0 ||
      TIFFFieldReadCount(field) != TIFF_VARIABLE2) {
    return "";
  }
  uint32_t count = 0;
  const char* text = nullptr;
  if (TIFFGetField(tiff, kGdalNoData, &count, &text) != 1 || text == nullptr) return "";
  std::string value(text, std::min(count, kMostBytes));
  const auto is_visible = [](char c) { return c > ' ' && c <= '~'; };
  value.erase(std::find_if_not(value.begin(), value.end(), is_visible), value.end());
  return value;
}

void NameTiffMetadata(TIFF* tiff, std::vector<std::string>& names) {
  constexpr size_t kMostNames = 32;
  for (const Row& row : kTags) {
    if (row.name == nullptr || !Has(tiff, row.tag)) continue;
    if (names.empty() || names.back() != row.name) names.emplace_back(row.name);
  }
  if (HasResolution(tiff)) names.emplace_back("the resolution");
  const int others = TIFFGetTagListCount(tiff);
  for (int i = 0; i < others && names.size() < kMostNames; ++i) {
    const uint32_t tag = TIFFGetTagListEntry(tiff, i);
    const bool known = std::any_of(std::begin(kTags), std::end(kTags),
                                   [tag](const Row& row) { return row.tag == tag; });
    if (!known) names.push_back(absl::StrCat("tag ", tag));
  }
}

}  // namespace trine::image::internal
