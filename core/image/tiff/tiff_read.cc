// TIFF in, by libtiff.
#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/strings.h"
#include "core/image/form.h"
#include "core/image/picture.h"
#include "core/image/tiff/stated/stated_pages.h"
#include "core/image/tiff/tiff_codecs.h"
#include "core/image/tiff/tiff_convert.h"
#include "core/image/tiff/tiff_handle.h"
#include "core/image/tiff/tiff_layout.h"
#include "core/image/tiff/tiff_notes.h"
#include "core/image/tiff/tiff_pages.h"
#include "core/image/tiff/tiff_ycbcr.h"

namespace trine::image::internal {
namespace {

absl::Status Damaged() { return Corrupt("the TIFF's pixels are damaged or end too early"); }

// Whether a plane is one of alpha that is left out: that it is damaged does not matter.
bool IsUnwanted(const TiffLayout& layout, size_t plane) {
  return layout.planar && plane >= layout.wanted();
}

// What a page's pixels are, and whether alpha that is left out of them is anything but opaque.
struct Samples {
  Tensor picture;
  bool is_clear = false;
};

absl::StatusOr<Samples> ReadRows(const Context& context, TiffFile& file, const TiffLayout& layout) {
  const PictureSize& size = layout.size;
  PictureRows rows(size);
  std::vector<uint8_t> packed(layout.packed_bytes(size.width));
  TiffConverter converter(layout, size.width);
  uint8_t* first = nullptr;
  for (size_t plane = 0; plane < layout.planes(); ++plane) {
    for (size_t y = 0; y < size.height; ++y) {
      // A row may cost a strip, however short it is.
      TRINE_RETURN_IF_ERROR(context.cancel.Check());
      if (TIFFReadScanline(file.handle(), packed.data(), static_cast<uint32_t>(y),
                           static_cast<uint16_t>(plane)) != 1 ||
          file.has_messages()) {
        if (IsUnwanted(layout, plane)) return Samples{std::move(rows).Take(), true};
        return Damaged();
      }
      // Rows do not move as others are appended.
      uint8_t* row = plane == 0 ? rows.Append() : first + y * size.row_bytes();
      if (first == nullptr) first = row;
      if (!converter.Convert(packed.data(), size.width, plane, row)) return Damaged();
    }
  }
  return Samples{std::move(rows).Take(), converter.is_clear()};
}

absl::StatusOr<Samples> ReadTiles(const Context& context, TiffFile& file,
                                  const TiffLayout& layout) {
  const PictureSize& size = layout.size;
  const size_t row_bytes = layout.packed_bytes(layout.tile_width);
  const size_t pixel_bytes = size.row_bytes() / size.width;
  std::vector<uint8_t> packed(row_bytes * layout.tile_height);
  TiffConverter converter(layout, layout.tile_width);
  Tensor picture{size.dtype, size.shape(), {}};
  for (size_t plane = 0; plane < layout.planes(); ++plane) {
    for (size_t y0 = 0; y0 < size.height; y0 += layout.tile_height) {
      for (size_t x0 = 0; x0 < size.width; x0 += layout.tile_width) {
        TRINE_RETURN_IF_ERROR(context.cancel.Check());
        if (TIFFReadTile(file.handle(), packed.data(), static_cast<uint32_t>(x0),
                         static_cast<uint32_t>(y0), 0, static_cast<uint16_t>(plane)) < 0 ||
            file.has_messages()) {
          if (IsUnwanted(layout, plane)) return Samples{std::move(picture), true};
          return Damaged();
        }
        // Only now: a file without a first tile costs nothing.
        if (picture.data.empty()) picture.data = LongArray<uint8_t>::Zeros(size.bytes());
        const size_t width = std::min(layout.tile_width, size.width - x0);
        for (size_t y = y0; y < std::min(size.height, y0 + layout.tile_height); ++y) {
          uint8_t* out = picture.data.data() + y * size.row_bytes() + x0 * pixel_bytes;
          if (!converter.Convert(packed.data() + (y - y0) * row_bytes, width, plane, out)) {
            return Damaged();
          }
        }
      }
    }
  }
  return Samples{std::move(picture), converter.is_clear()};
}

absl::StatusOr<Samples> ReadSamples(const Context& context, TiffFile& file,
                                    const TiffLayout& layout) {
  if (layout.ycbcr) {
    TRINE_ASSIGN_OR_RETURN(Tensor picture, ReadYcbcr(context, file, layout));
    return Samples{std::move(picture), !layout.alphas.empty()};
  }
  return layout.tiled ? ReadTiles(context, file, layout) : ReadRows(context, file, layout);
}

// Warns of pages that the first page tells of and a file of so many directories has not.
absl::Status WarnOfMissing(const Context& context, ByteView bytes, const TiffHeader& header,
                           const ReaderOptions& options, const FirstPage& first,
                           int64_t directories) {
  TRINE_ASSIGN_OR_RETURN(const std::string missing,
                         MissingPages(context, bytes, header, first, directories));
  if (!missing.empty()) Warn(options, missing);
  return absl::OkStatus();
}

// Where a page is: its data lie `shift` bytes behind those that the directory names.
struct Place {
  uint64_t directory = 0;
  uint64_t shift = 0;
};

// Of page `page`, from 0.
absl::StatusOr<Place> FindPlace(const Context& context, ByteView bytes, const TiffHeader& header,
                                const ReaderOptions& options) {
  const int64_t page = options.page;
  if (page > 0) {
    TRINE_ASSIGN_OR_RETURN(const FirstPage first, FindOnlyPage(context, bytes, header));
    if (page < first.pages(1)) {
      TRINE_RETURN_IF_ERROR(WarnOfMissing(context, bytes, header, options, first, 1));
      return Place{header.first_directory, static_cast<uint64_t>(page) * first.stride_bytes};
    }
    if (first.pages(1) > 1) {
      return InvalidField("page", page,
                          absl::StrCat("the TIFF file has ", first.pages(1), " pages, from 0"));
    }
  }
  TRINE_ASSIGN_OR_RETURN(const uint64_t directory, FindTiffPage(context, bytes, header, page));
  return Place{directory, 0};
}

// libtiff's handle and what it says of one page.
struct Page {
  TiffFile file;
  TiffLayout layout;
};

absl::StatusOr<std::unique_ptr<Page>> OpenPage(const Context& context, ByteView bytes,
                                               const TiffHeader& header, const Place& place,
                                               const ReaderOptions& options) {
  // libtiff allocates for directories, strips' offsets and one strip or tile at a time.
  constexpr uint64_t kBaseBytes = uint64_t{32} << 20;
  const uint64_t most = std::max(MaxPictureBytes(context, options), kBaseBytes);
  TRINE_RETURN_IF_ERROR(ReserveTiffDirectory(context, bytes, header, place.directory));
  std::unique_ptr<Page> page(new Page{{bytes, header, place.directory, most}, {}});
  if (page->file.handle() == nullptr) {
    return Corrupt("the TIFF's header or directory is damaged");
  }
  TRINE_ASSIGN_OR_RETURN(page->layout, ReadTiffLayout(context, options, bytes.size(), page->file));
  page->file.Shift(place.shift);
  return page;
}

// The page upright, and packed where its form is.
// `held` bytes of other pages are there already.
absl::StatusOr<Picture> ReadPage(const Context& context, ByteView bytes,
                                 const ReaderOptions& options, uint64_t held, Page& page) {
  // Unknown tags and the like were reported so far; from here on every message is about pixels.
  page.file.ClearMessages();
  Picture picture;
  picture.form = page.layout.form;
  NoteNotKept(page.layout.not_kept, picture);
  TRINE_RETURN_IF_ERROR(ReserveTiffCodec(context, bytes, page.layout, held, page.file.handle()));
  TRINE_ASSIGN_OR_RETURN(Samples samples, ReadSamples(context, page.file, page.layout));
  picture.samples = std::move(samples.picture);
  if (page.layout.cmyk) Warn(options, kCmykWarning);
  if (page.layout.sub_pictures.has_value() && options.wanted != Wanted::kWhole) {
    Warn(options, absl::StrCat(NameTiffSubPictures(*page.layout.sub_pictures),
                               page.layout.sub_pictures == 1 ? " was" : " were", " not read"));
  }
  if (options.wanted != Wanted::kWhole) {
    const std::string no_data = TiffNoData(page.file.handle());
    if (!no_data.empty()) {
      Warn(options, absl::StrCat("its value of no data (GDAL_NODATA ", no_data,
                                 ") was not applied: such pixels count as all others"));
    }
  }
  WarnOfAlpha(options, samples.is_clear);
  WarnOfSamples(options, page.layout.others);
  return FinishPicture(context, options, std::move(picture), page.layout.orientation);
}

Shape UprightShape(const TiffLayout& layout) {
  Shape shape = layout.size.shape();
  if (layout.orientation >= 5 && layout.orientation <= 8) std::swap(shape[0], shape[1]);
  return shape;
}

// "uint8 10x12, gray of 8 bits".
std::string Describe(const TiffLayout& layout) {
  return absl::StrCat(ToAbsl(DTypeName(layout.size.dtype)), " ",
                      ShapeToString(UprightShape(layout)), ", ",
                      ToAbsl(PictureColorName(layout.form.color)), " of ", layout.form.bit_depth,
                      layout.form.bit_depth == 1 ? " bit" : " bits");
}

// An error with the page that it is about, where that is not the first.
absl::Status OfPage(const absl::Status& status, int64_t page) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (page == 0 || !detail.has_value()) return status;
  return MakeError(status.code(), *detail,
                   absl::StrCat("page ", page, ": ", TextWithoutField(status, *detail)));
}

// What all pages of a file have in common, before any is unpacked.
struct Stack {
  std::vector<uint64_t> directories;
  // Pages that follow the one directory's, and from one of them to the next [bytes].
  size_t following = 0;
  uint64_t stride_bytes = 0;
  Shape shape;  // of a page
  PictureForm form;
  DType dtype = DType::kUint8;
  uint64_t page_bytes = 0;
  std::vector<std::string> not_kept;  // of any page

  size_t pages() const { return directories.size() + following; }
  Place place(size_t page) const {
    return following == 0 ? Place{directories[page]} : Place{directories[0], page * stride_bytes};
  }
};

absl::Status CheckStackSize(const Context& context, const ReaderOptions& options,
                            const Stack& stack) {
  const uint64_t pages = stack.pages();
  TRINE_ASSIGN_OR_RETURN(const uint64_t elements,
                         CountElements(stack.shape, *context.limits, "image"));
  if (SaturatingMul(pages, elements) > context.limits->max_elements) {
    return LimitExceeded("image", SaturatingMul(pages, elements), "max_elements",
                         context.limits->max_elements);
  }
  const uint64_t bytes = SaturatingMul(pages, stack.page_bytes);
  const uint64_t most = MaxPictureBytes(context, options);
  if (bytes > most) return LimitExceeded("image", bytes, "max_output_bytes", most);
  return absl::OkStatus();
}

// Walks the pages and compares their layouts: which directories there are, of pictures of one kind.
absl::StatusOr<Stack> FindStack(const Context& context, ByteView bytes, const TiffHeader& header,
                                const ReaderOptions& options) {
  Stack stack;
  std::string first;
  uint64_t strip_bytes = 0;
  FirstPage all;
  TiffWalk walk(context, bytes, header);
  while (true) {
    const absl::StatusOr<uint64_t> next = walk.Next();
    if (!next.ok()) {
      TRINE_RETURN_IF_ERROR(context.cancel.Check());
      if (all.present < 2) return next.status();
      Warn(options, BrokenChain(all, next.status()));
      stack.directories.resize(1);
      break;
    }
    const uint64_t directory = *next;
    if (directory == 0) break;
    const auto page = OpenPage(context, bytes, header, {directory}, options);
    if (!page.ok()) return OfPage(page.status(), walk.pages() - 1);
    const TiffLayout& layout = (*page)->layout;
    const Shape shape = UprightShape(layout);
    if (stack.directories.empty()) {
      stack.shape = shape;
      stack.form = layout.form;
      stack.dtype = layout.size.dtype;
      stack.page_bytes = PictureBytes(stack.form, stack.dtype, shape).value_or(UINT64_MAX);
      first = Describe(layout);
      TRINE_ASSIGN_OR_RETURN(all, ReadFirstPage(context, bytes, header, (*page)->file.handle()));
    } else if (shape != stack.shape || layout.size.dtype != stack.dtype ||
               layout.form != stack.form) {
      return PageNeeded(absl::StrCat("the TIFF's pages differ, page 0 (", first, ") and page ",
                                     walk.pages() - 1, " (", Describe(layout),
                                     first == Describe(layout) ? ", another palette" : "",
                                     "): one of them must be chosen"));
    }
    strip_bytes += layout.strip_bytes;
    if (strip_bytes > MostStripBytes(bytes.size())) {
      return Corrupt("the TIFF's pages claim many times the file");
    }
    stack.directories.push_back(directory);
    for (const std::string& part : layout.not_kept) AddNotKept(part, stack.not_kept);
    TRINE_RETURN_IF_ERROR(CheckStackSize(context, options, stack));
  }
  if (stack.directories.empty()) return Corrupt("the TIFF file has no page");
  const auto directories = static_cast<int64_t>(stack.directories.size());
  if (const std::string unread = UnreadNumber(all); !unread.empty()) Warn(options, unread);
  TRINE_ASSIGN_OR_RETURN(const std::string missing,
                         MissingPages(context, bytes, header, all, directories));
  // What is in other files is not this one's to keep.
  if (!missing.empty() && !all.stated.in_other_files) return PageNeeded(missing);
  if (!missing.empty()) Warn(options, missing);
  stack.following = static_cast<size_t>(all.pages(directories) - directories);
  stack.stride_bytes = all.stride_bytes;
  TRINE_RETURN_IF_ERROR(CheckStackSize(context, options, stack));
  return stack;
}

absl::StatusOr<Picture> ReadAllPages(const Context& context, ByteView bytes,
                                     const TiffHeader& header, const ReaderOptions& options) {
  TRINE_ASSIGN_OR_RETURN(const Stack stack, FindStack(context, bytes, header, options));
  const size_t pages = stack.pages();
  ReaderOptions one = options;
  Picture picture;
  uint64_t held = 0;
  if (pages > 1) {
    picture.samples.dtype = stack.dtype;
    picture.samples.shape = stack.shape;
    picture.samples.shape.insert(picture.samples.shape.begin(), static_cast<int64_t>(pages));
    const uint64_t beside = options.beside ? options.beside(picture.samples.shape, stack.dtype) : 0;
    // A page on its way: as it was read, and turned or packed.
    uint64_t page = 2;
    for (const int64_t side : stack.shape) page = SaturatingMul(page, static_cast<uint64_t>(side));
    page = SaturatingMul(page, DTypeSize(stack.dtype));
    const uint64_t whole = SaturatingAdd(SaturatingMul(pages, stack.page_bytes), page);
    TRINE_RETURN_IF_ERROR(context.Reserve(SaturatingAdd(whole, beside)));
    held = whole;
    picture.samples.data = LongArray<uint8_t>::Zeros(pages * stack.page_bytes);
    one.beside = {};
  }
  for (size_t p = 0; p < pages; ++p) {
    TRINE_ASSIGN_OR_RETURN(const std::unique_ptr<Page> page,
                           OpenPage(context, bytes, header, stack.place(p), one));
    absl::StatusOr<Picture> done = ReadPage(context, bytes, one, held, *page);
    if (!done.ok()) return OfPage(done.status(), static_cast<int64_t>(p));
    Picture read = *std::move(done);
    if (pages == 1) return read;
    if (read.samples.data.size() != stack.page_bytes) return Damaged();
    uint8_t* const out = picture.samples.data.data() + p * stack.page_bytes;
    TRINE_RETURN_IF_ERROR(InPieces(
        stack.page_bytes, size_t{1} << 20, context.cancel, [&](size_t begin, size_t length) {
          std::memcpy(out + begin, read.samples.data.data() + begin, length);
        }));
    if (page->layout.orientation > 1 && page->layout.orientation <= 8 && picture.warnings.empty()) {
      picture.warnings.push_back(
          absl::StrCat("page ", p, " and others turned upright, as their ", "orientation says"));
    }
  }
  picture.form = stack.form;
  NoteNotKept(stack.not_kept, picture);
  return picture;
}

// The same of the first page, which is read alone.
absl::Status WarnOfFirst(const Context& context, ByteView bytes, const TiffHeader& header,
                         const ReaderOptions& options, TIFF* tiff) {
  TRINE_ASSIGN_OR_RETURN(const FirstPage first, ReadFirstPage(context, bytes, header, tiff));
  if (first.stated.by.empty()) return absl::OkStatus();
  if (const std::string unread = UnreadNumber(first); !unread.empty()) Warn(options, unread);
  const absl::StatusOr<int64_t> directories = CountTiffPages(context, bytes, header);
  if (!directories.ok()) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    const std::string broken = BrokenChain(first, directories.status());
    if (!broken.empty()) Warn(options, broken);
  }
  return WarnOfMissing(context, bytes, header, options, first, directories.value_or(1));
}

}  // namespace

absl::StatusOr<Picture> ReadTiff(const Context& context, ByteView bytes,
                                 const ReaderOptions& options) {
  TRINE_ASSIGN_OR_RETURN(const TiffHeader header, ReadTiffHeader(bytes));
  if (options.all_pages) return ReadAllPages(context, bytes, header, options);
  TRINE_ASSIGN_OR_RETURN(const Place place, FindPlace(context, bytes, header, options));
  TRINE_ASSIGN_OR_RETURN(const std::unique_ptr<Page> page,
                         OpenPage(context, bytes, header, place, options));
  if (options.page == 0) {
    TRINE_RETURN_IF_ERROR(WarnOfFirst(context, bytes, header, options, page->file.handle()));
  }
  return ReadPage(context, bytes, options, 0, *page);
}

}  // namespace trine::image::internal
