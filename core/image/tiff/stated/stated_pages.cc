#include "core/image/tiff/stated/stated_pages.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/polled.h"
#include "core/base/strings.h"
#include "core/image/picture.h"
#include "core/image/tiff/stated/series.h"
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
    return StatedPages{planes, "MetaMorph", true};
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

std::string BrokenChain(const FirstPage& first, const absl::Status& broken) {
  if (first.stated.pages < 2) return "";
  return absl::StrCat(TextWithoutField(broken, *GetErrorDetail(broken)),
                      first.present > 1 ? "; pages were taken from behind the first's data" : "");
}

std::string UnreadNumber(const FirstPage& first) {
  if (first.stated.unread.empty()) return "";
  return absl::StrCat("its description (", ToAbsl(first.stated.by),
                      ") does not tell how many pictures there are: ", first.stated.unread);
}

absl::StatusOr<std::string> MissingPages(const Context& context, ByteView bytes,
                                         const TiffHeader& header, const FirstPage& first,
                                         int64_t directories) {
  if (directories > 1 && first.stated.by == kTifffile) {
    return MissingOfSeries(context, bytes, header);
  }
  return MissingOf(first.stated, 0, first.pages(directories));
}

absl::StatusOr<FirstPage> ReadFirstPage(const Context& context, ByteView bytes,
                                        const TiffHeader& header, TIFF* tiff) {
  FirstPage first;
  TRINE_ASSIGN_OR_RETURN(first.stated, ReadStated(context, tiff));
  if (first.stated.pages < 2 || !first.stated.follow) return first;
  TRINE_ASSIGN_OR_RETURN(const Extent extent, FindRows(context, tiff));
  if (extent.bytes == 0 || SaturatingAdd(extent.begin, extent.bytes) > bytes.size()) return first;
  // What the directory names is none of them.
  TRINE_ASSIGN_OR_RETURN(const uint64_t end,
                         NextByteOfDirectory(context, bytes, header, extent.begin + extent.bytes));
  const uint64_t present =
      std::min((end - extent.begin) / extent.bytes, static_cast<uint64_t>(first.stated.pages));
  // Each page that is read has the directory read again.
  constexpr uint64_t kDirectoryBytes = 256, kStripBytes = 16;
  const uint64_t again = SaturatingMul(
      present, kDirectoryBytes + Description(tiff).size() + kStripBytes * TIFFNumberOfStrips(tiff));
  if (again > MostStripBytes(bytes.size())) return first;
  first.present = static_cast<int64_t>(present);
  first.stride_bytes = extent.bytes;
  return first;
}

absl::StatusOr<FirstPage> FindOnlyPage(const Context& context, ByteView bytes,
                                       const TiffHeader& header) {
  const absl::StatusOr<int64_t> directories = CountTiffPages(context, bytes, header);
  if (!directories.ok()) TRINE_RETURN_IF_ERROR(context.cancel.Check());
  if (directories.ok() && *directories != 1) return FirstPage();
  constexpr uint64_t kBaseBytes = uint64_t{32} << 20;  // of directories and strips' offsets
  TRINE_RETURN_IF_ERROR(ReserveTiffDirectory(context, bytes, header, header.first_directory));
  const TiffFile file(bytes, header, header.first_directory,
                      std::max(context.limits->max_output_bytes, kBaseBytes));
  if (file.handle() == nullptr) return FirstPage();
  return ReadFirstPage(context, bytes, header, file.handle());
}

}  // namespace trine::image::internal
