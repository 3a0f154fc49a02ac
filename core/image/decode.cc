#include "absl/strings/str_cat.h"
#include "core/base/strings.h"
#include "core/image/picture.h"
#include "core/image/tiff/stated/stated_pages.h"
#include "core/image/tiff/tiff_pages.h"

namespace trine::image {
namespace {

using internal::ReaderOptions;
using internal::Wanted;

absl::StatusOr<Picture> ReadAs(Format format, const Context& context, ByteView bytes,
                               const ReaderOptions& options) {
  switch (format) {
    case Format::kPng:
      return internal::ReadPng(context, bytes, options);
    case Format::kJpeg:
      return internal::ReadJpeg(context, bytes, options);
    case Format::kTiff:
      return internal::ReadTiff(context, bytes, options);
    case Format::kBmp:
      return internal::ReadBmp(context, bytes, options);
    case Format::kPnm:
      return internal::ReadPnm(context, bytes, options);
    case Format::kPam:
      return internal::ReadPam(context, bytes, options);
    case Format::kPfm:
      return internal::ReadPfm(context, bytes, options);
    case Format::kWebp:
      return internal::ReadWebp(context, bytes, options);
    case Format::kNpy:
    case Format::kNpz:
      break;
  }
  return InvalidField("image", absl::StrCat("an ", ToAbsl(FormatName(format)), " file"),
                      absl::StrCat("it must be a ", PictureFormats(), " file"));
}

absl::StatusOr<Picture> ReadFile(const Context& context, ByteView bytes,
                                 const ReaderOptions& options) {
  TRINE_RETURN_IF_ERROR(context.cancel.Check());
  if (options.page < 0) return InvalidField("page", options.page, "it must be 0 or more");
  const std::optional<Format> format = RecognizeFormat(bytes);
  if (!format.has_value()) {
    const std::string_view known = internal::NameOfUnreadFormat(bytes);
    if (!known.empty()) {
      return internal::NotRead(absl::StrCat(
          std::string_view("AEIOaeio").find(known[0]) != std::string_view::npos ? "an " : "a ",
          ToAbsl(known), " file is not read; ", PictureFormats(), " is"));
    }
    return internal::Corrupt(
        absl::StrCat("its ", bytes.size(), " bytes are not a ", PictureFormats(), " file"));
  }
  // Of those that may be animations their readers say it.
  const bool may_have_more =
      *format == Format::kTiff || *format == Format::kPng || *format == Format::kWebp;
  if (!may_have_more) TRINE_RETURN_IF_ERROR(internal::CheckOnlyPage(options, *format, ""));
  absl::StatusOr<Picture> picture = ReadAs(*format, context, bytes, options);
  // A reader that was stopped within a library may report what it saw then; the reason counts.
  if (!picture.ok()) TRINE_RETURN_IF_ERROR(context.cancel.Check());
  return picture;
}

}  // namespace

absl::StatusOr<Tensor> DecodeImage(const Context& context, ByteView bytes,
                                   const DecodeOptions& options) {
  ReaderOptions reader{options, options.indices ? Wanted::kNumbers : Wanted::kPlain};
  TRINE_ASSIGN_OR_RETURN(Picture picture, ReadFile(context, bytes, reader));
  return std::move(picture.samples);
}

absl::StatusOr<Picture> ReadPicture(const Context& context, ByteView bytes,
                                    const ReadOptions& options) {
  ReaderOptions reader;
  reader.page = options.page.value_or(0);
  reader.all_pages = !options.page.has_value();
  reader.max_bytes = options.max_bytes;
  reader.beside = options.beside;
  reader.wanted = Wanted::kWhole;
  std::vector<std::string> said;
  reader.warnings = &said;
  TRINE_ASSIGN_OR_RETURN(Picture picture, ReadFile(context, bytes, reader));
  picture.warnings.insert(picture.warnings.end(), said.begin(), said.end());
  return picture;
}

absl::StatusOr<int64_t> CountPages(const Context& context, ByteView bytes) {
  if (RecognizeFormat(bytes) != Format::kTiff) return 1;
  TRINE_ASSIGN_OR_RETURN(const internal::TiffHeader header, internal::ReadTiffHeader(bytes));
  const absl::StatusOr<int64_t> directories = internal::CountTiffPages(context, bytes, header);
  if (directories.ok() && *directories != 1) return directories;
  TRINE_ASSIGN_OR_RETURN(const internal::FirstPage first,
                         internal::FindOnlyPage(context, bytes, header));
  return first.present > 1 ? first.present : directories;
}

}  // namespace trine::image
