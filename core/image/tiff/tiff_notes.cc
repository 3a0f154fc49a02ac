#include "core/image/tiff/tiff_notes.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/image/form.h"

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
  // Of a number: what holds without the tag.
  std::optional<uint64_t> normal = {};
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
    {TIFFTAG_PAGENUMBER, "the page's number"},
    {TIFFTAG_SUBFILETYPE, "the kind of page", 0},
    {TIFFTAG_OSUBFILETYPE, "the kind of page", OFILETYPE_IMAGE},
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
    {TIFFTAG_REFERENCEBLACKWHITE, "the reference black and white"},
    {TIFFTAG_GRAYRESPONSEUNIT, "the gray response"},
    {TIFFTAG_GRAYRESPONSECURVE, "the gray response"},
    {TIFFTAG_THRESHHOLDING, "the thresholding", THRESHHOLD_BILEVEL},
    {TIFFTAG_HALFTONEHINTS, "the halftone hints"},
    {TIFFTAG_BADFAXLINES, "the damage of a fax", 0},
    {TIFFTAG_CLEANFAXDATA, "the damage of a fax", CLEANFAXDATA_CLEAN},
    {TIFFTAG_CONSECUTIVEBADFAXLINES, "the damage of a fax", 0},
    {TIFFTAG_INKNAMES, "the names of the inks"},
    {TIFFTAG_DOTRANGE, "the range of dots"},
    {TIFFTAG_TARGETPRINTER, "the target printer"},
    {TIFFTAG_INDEXED, "tag 346", 0},  // that the numbers are those of a palette
    {kModelPixelScale, "GeoTIFF"},
    {kModelTiepoint, "GeoTIFF"},
    {kModelTransformation, "GeoTIFF"},
    {kGeoKeys, "GeoTIFF"},
    {kGeoDoubles, "GeoTIFF"},
    {kGeoTexts, "GeoTIFF"},
    {kGdalMetadata, "GDAL's metadata"},
    {kGdalNoData, "GDAL's value of no data"},
    {TIFFTAG_XRESOLUTION, "the resolution"},  // but where it is 1 by 1
    {TIFFTAG_YRESOLUTION, "the resolution"},
    {TIFFTAG_RESOLUTIONUNIT, nullptr},
    {TIFFTAG_IMAGEWIDTH, nullptr},
    {TIFFTAG_IMAGELENGTH, nullptr},
    {TIFFTAG_BITSPERSAMPLE, nullptr},
    {TIFFTAG_COMPRESSION, nullptr},
    {TIFFTAG_PHOTOMETRIC, nullptr},
    {TIFFTAG_FILLORDER, nullptr},
    {TIFFTAG_STRIPOFFSETS, nullptr},
    {TIFFTAG_ORIENTATION, nullptr},
    {TIFFTAG_SAMPLESPERPIXEL, nullptr},
    {TIFFTAG_ROWSPERSTRIP, nullptr},
    {TIFFTAG_STRIPBYTECOUNTS, nullptr},
    {TIFFTAG_PLANARCONFIG, nullptr},
    {TIFFTAG_GROUP3OPTIONS, nullptr},
    {TIFFTAG_GROUP4OPTIONS, nullptr},
    {TIFFTAG_PREDICTOR, nullptr},
    {TIFFTAG_COLORMAP, nullptr},
    {TIFFTAG_TILEWIDTH, nullptr},
    {TIFFTAG_TILELENGTH, nullptr},
    {TIFFTAG_TILEOFFSETS, nullptr},
    {TIFFTAG_TILEBYTECOUNTS, nullptr},
    {TIFFTAG_SUBIFD, nullptr},
    {TIFFTAG_INKSET, nullptr},
    {TIFFTAG_NUMBEROFINKS, nullptr},
    {TIFFTAG_EXTRASAMPLES, nullptr},
    {TIFFTAG_SAMPLEFORMAT, nullptr},
    {TIFFTAG_JPEGTABLES, nullptr},
    {TIFFTAG_YCBCRCOEFFICIENTS, nullptr},
    {TIFFTAG_YCBCRSUBSAMPLING, nullptr},
    {TIFFTAG_YCBCRPOSITIONING, nullptr},
};

bool HasResolution(TIFF* tiff) {
  float across = 1, down = 1;
  TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &across);
  TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &down);
  return across != 1 || down != 1;
}

bool IsResolution(uint32_t tag) { return tag == TIFFTAG_XRESOLUTION || tag == TIFFTAG_YRESOLUTION; }

}  // namespace

std::optional<size_t> CountTiffSubPictures(const TiffFile& file) {
  uint16_t count = 0;
  const uint64_t* offsets = nullptr;
  if (TIFFGetField(file.handle(), TIFFTAG_SUBIFD, &count, &offsets) == 1) return size_t{count};
  // libtiff passes over a tag that it cannot read.
  const std::vector<TiffEntry> entries = file.Entries();
  const bool damaged = std::any_of(entries.begin(), entries.end(), [](const TiffEntry& entry) {
    return entry.tag == TIFFTAG_SUBIFD;
  });
  return damaged ? std::optional<size_t>(0) : std::nullopt;
}

std::string NameTiffSubPictures(size_t count) {
  if (count == 0) return "pictures in SubIFDs (whose tag is damaged)";
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

void NameTiffMetadata(const TiffFile& file, std::vector<std::string>& names) {
  const std::vector<TiffEntry> entries = file.Entries();
  for (const Row& row : kTags) {
    if (row.name == nullptr || (IsResolution(row.tag) && !HasResolution(file.handle()))) continue;
    const bool said = std::any_of(entries.begin(), entries.end(), [&](const TiffEntry& entry) {
      return entry.tag == row.tag && (!row.normal.has_value() || entry.number != row.normal);
    });
    if (said) AddNotKept(row.name, names);
  }
  for (const TiffEntry& entry : entries) {
    const bool known = std::any_of(std::begin(kTags), std::end(kTags),
                                   [&](const Row& row) { return row.tag == entry.tag; });
    if (!known) AddNotKept(absl::StrCat("tag ", entry.tag), names);
  }
}

}  // namespace trine::image::internal
