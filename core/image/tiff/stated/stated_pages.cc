#include "core/image/tiff/stated/stated_pages.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/polled.h"
#include "core/base/strings.h"
#include "core/image/picture.h"
#include "core/image/tiff/tiff_layout.h"
#include "core/image/tiff/tiff_pages.h"

namespace trine::image::internal {
namespace {

constexpr uint32_t kMetaMorphPlanes = 33629;  // UIC2: some numbers a plane

std::string_view Description(TIFF* tiff) {
  char* text = nullptr;
  return TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &text) == 1 && text != nullptr ? text : "";
}

absl::StatusOr<StatedPages> ReadStated(const Context& context, TIFF* tiff) {
  // Slices of a volume are no pages, and not read.
  uint32_t depth = 1;
  if (TIFFGetField(tiff, TIFFTAG_IMAGEDEPTH, &depth) == 1 && depth > 1) return StatedPages();
  uint32_t planes = 0;
  const void* of_planes = nullptr;
  if (TIFFGetField(tiff, kMetaMorphPlanes, &planes, &of_planes) == 1) {
    return StatedPages{planes, "MetaMorph", true, false};
  }
  uint32_t width = 0, height = 0;
  uint16_t samples = 1;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  return ReadDescription(context, Description(tiff), samples,
                         SaturatingMul(uint64_t{width} * height, samples));
}

struct Extent {
  uint64_t begin = 0, bytes = 0;  // none: 0
};

// Where the page's data lie, if they are the rows one behind the other and nothing else.
absl::StatusOr<Extent> FindRows(const Context& context, TIFF* tiff) {
  uint16_t compression = COMPRESSION_NONE, photometric = PHOTOMETRIC_MINISBLACK;
  uint16_t planar = PLANARCONFIG_CONTIG, samples = 1;
  uint32_t height = 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  if (compression != COMPRESSION_NONE || photometric == PHOTOMETRIC_YCBCR ||
      TIFFIsTiled(tiff) != 0) {
    return Extent();
  }
  Extent extent{TIFFGetStrileOffset(tiff, 0), 0};
  Poller poll(context.cancel, kPollBytes);
  const uint32_t strips = TIFFNumberOfStrips(tiff);
  for (uint32_t i = 0; i < strips; ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(16));
    if (TIFFGetStrileOffset(tiff, i) != SaturatingAdd(extent.begin, extent.bytes)) return Extent();
    extent.bytes = SaturatingAdd(extent.bytes, TIFFGetStrileByteCount(tiff, i));
  }
  const uint64_t planes = planar == PLANARCONFIG_SEPARATE ? samples : 1;
  const uint64_t expected = SaturatingMul(SaturatingMul(TIFFScanlineSize64(tiff), height), planes);
  return extent.bytes == expected ? extent : Extent();
}

}  // namespace

std::string FirstPage::missing(int64_t directories) const {
  const int64_t there = pages(directories);
  if (stated.pages <= there) return "";
  return absl::StrCat("its description (", ToAbsl(stated.by), ") tells of a stack of ",
                      stated.pages, " pictures, of which the file holds ", there,
                      stated.in_other_files ? "; others are said to be in other files" : "");
}

absl::StatusOr<FirstPage> ReadFirstPage(const Context& context, ByteView bytes,
                                        const TiffHeader& header, TIFF* tiff) {
  FirstPage first;
  TRINE_ASSIGN_OR_RETURN(first.stated, ReadStated(context, tiff));
  if (first.stated.pages < 2 || !first.stated.follow) return first;
  TRINE_ASSIGN_OR_RETURN(const Extent extent, FindRows(context, tiff));
  const uint64_t all = SaturatingMul(extent.bytes, static_cast<uint64_t>(first.stated.pages));
  const uint64_t end = SaturatingAdd(extent.begin, all);
  // Each page that is read has the directory read again.
  constexpr uint64_t kDirectoryBytes = 256, kStripBytes = 16;
  const uint64_t again = SaturatingMul(
      static_cast<uint64_t>(first.stated.pages),
      kDirectoryBytes + Description(tiff).size() + kStripBytes * TIFFNumberOfStrips(tiff));
  if (again > MostStripBytes(bytes.size())) return first;
  if (extent.bytes == 0 || end > bytes.size()) return first;
  // What lies where the next pages were to be is none of them.
  TRINE_ASSIGN_OR_RETURN(
      const bool taken,
      DirectoryReachesInto(context, bytes, header, {extent.begin + extent.bytes, end}));
  if (!taken) first.stride_bytes = extent.bytes;
  return first;
}

absl::StatusOr<FirstPage> FindOnlyPage(const Context& context, ByteView bytes,
                                       const TiffHeader& header) {
  TiffWalk walk(context, bytes, header);
  for (int directories = 0; directories < 2; ++directories) {
    const absl::StatusOr<uint64_t> at = walk.Next();
    if (!at.ok()) {
      TRINE_RETURN_IF_ERROR(context.cancel.Check());
      return FirstPage();
    }
    if ((*at == 0) != (directories == 1)) return FirstPage();
  }
  constexpr uint64_t kBaseBytes = uint64_t{32} << 20;  // of directories and strips' offsets
  const TiffFile file(bytes, header, header.first_directory,
                      std::max(context.limits->max_output_bytes, kBaseBytes));
  if (file.handle() == nullptr) return FirstPage();
  return ReadFirstPage(context, bytes, header, file.handle());
}

}  // namespace trine::image::internal
