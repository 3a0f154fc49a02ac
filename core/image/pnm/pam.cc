// Netpbm's portable arbitrary maps, P7 (netpbm.sourceforge.net/doc/pam.html).
#include <algorithm>
#include <bit>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/checked.h"
#include "core/base/strings.h"
#include "core/image/form.h"
#include "core/image/pnm/netpbm.h"

namespace trine::image::internal {
namespace {

struct Header {
  uint64_t width = 0, height = 0, depth = 0, maxval = 0;
  std::string tuple_type;
  size_t raster_at = 0;
  bool has_comment = false;
};

std::string_view Trim(std::string_view s) {
  while (!s.empty() && IsSpace(static_cast<uint8_t>(s.front()))) s.remove_prefix(1);
  while (!s.empty() && IsSpace(static_cast<uint8_t>(s.back()))) s.remove_suffix(1);
  return s;
}

// One line of the header that is neither empty nor a comment.
absl::Status ReadLine(std::string_view line, Header& header) {
  const size_t blank = std::min(line.find_first_of(" \t\v\f\r"), line.size());
  const std::string_view name = line.substr(0, blank), value = Trim(line.substr(blank));
  if (name == "TUPLTYPE") {
    constexpr size_t kLongest = 64;
    absl::StrAppend(&header.tuple_type, header.tuple_type.empty() ? "" : " ",
                    ToAbsl(value.substr(0, kLongest)));
    header.tuple_type.resize(std::min(header.tuple_type.size(), kLongest));
    return absl::OkStatus();
  }
  const std::pair<std::string_view, uint64_t*> numbers[] = {{"WIDTH", &header.width},
                                                            {"HEIGHT", &header.height},
                                                            {"DEPTH", &header.depth},
                                                            {"MAXVAL", &header.maxval}};
  for (const auto& [key, number] : numbers) {
    if (name != key) continue;
    uint32_t parsed = 0;
    if (*number != 0 || !absl::SimpleAtoi(ToAbsl(value), &parsed) || parsed == 0) {
      return Corrupt(
          absl::StrCat("the PAM header has not one ", ToAbsl(key), " from 1 to 4294967295"));
    }
    *number = parsed;
    return absl::OkStatus();
  }
  return Corrupt("the PAM header holds a line that PAM does not know");
}

absl::Status CheckNumbers(const Header& header) {
  std::vector<const char*> missing;
  for (const auto& [name, number] : {std::pair{"WIDTH", header.width},
                                     {"HEIGHT", header.height},
                                     {"DEPTH", header.depth},
                                     {"MAXVAL", header.maxval}}) {
    if (number == 0) missing.push_back(name);
  }
  if (!missing.empty()) {
    return Corrupt(absl::StrCat("the PAM header has no ", absl::StrJoin(missing, ", ")));
  }
  if (header.maxval <= 65535) return absl::OkStatus();
  return Corrupt(absl::StrCat("the PAM header's MAXVAL is ", header.maxval, ", above 65535"));
}

absl::StatusOr<Header> ReadHeader(const Context& context, ByteView bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Header header;
  Poller poll(context.cancel, kPollBytes);
  for (size_t at = 3; at < text.size();) {
    const size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    TRINE_RETURN_IF_ERROR(poll.Spend(16 + end - at));
    const std::string_view line = Trim(text.substr(at, end - at));
    at = end + 1;
    header.has_comment = header.has_comment || (!line.empty() && line.front() == '#');
    if (line.empty() || line.front() == '#') continue;
    if (line == "ENDHDR") {
      header.raster_at = at;
      TRINE_RETURN_IF_ERROR(CheckNumbers(header));
      return header;
    }
    TRINE_RETURN_IF_ERROR(ReadLine(line, header));
  }
  return Corrupt("the PAM header does not end in ENDHDR");
}

// The tuple types that PAM defines.
struct TupleType {
  std::string_view name;
  uint64_t depth;
  bool has_alpha;
};
constexpr TupleType kTupleTypes[] = {{"BLACKANDWHITE", 1, false}, {"BLACKANDWHITE_ALPHA", 2, true},
                                     {"GRAYSCALE", 1, false},     {"GRAYSCALE_ALPHA", 2, true},
                                     {"RGB", 3, false},           {"RGB_ALPHA", 4, true}};

const TupleType* FindTupleType(const Header& header) {
  const auto* const found =
      std::find_if(std::begin(kTupleTypes), std::end(kTupleTypes),
                   [&](const TupleType& t) { return t.name == header.tuple_type; });
  return found == std::end(kTupleTypes) ? nullptr : found;
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// How many of the samples of a pixel are its gray or colour: 1 or 3. What follows them is alpha.
absl::StatusOr<uint64_t> ColourSamples(const Header& header) {
  const TupleType* const type = FindTupleType(header);
  const bool may_have_alpha = header.tuple_type.empty() || (type != nullptr && type->has_alpha);
  if (header.depth == 1 || header.depth == 3) return header.depth;
  if (header.depth == 2 && may_have_alpha) return 1;
  if (header.depth == 4 && may_have_alpha) return 3;
  const bool named = IsPrintable(header.tuple_type) && !header.tuple_type.empty();
  return NotRead(absl::StrCat("PAM of ", header.depth, " samples a pixel",
                              named ? absl::StrCat(" and type ", header.tuple_type) : "",
                              " is not read; gray and RGB are, each with or without alpha"));
}

// Says what samples were taken for whose type is not one of PAM's, or not one of so many samples.
void WarnOfTupleType(const ReaderOptions& options, const Header& header) {
  constexpr std::string_view kTaken[] = {"gray", "gray and alpha", "RGB", "RGB and alpha"};
  const TupleType* const type = FindTupleType(header);
  if (header.tuple_type.empty() || (type != nullptr && type->depth == header.depth)) return;
  Warn(options, absl::StrCat("its TUPLTYPE ",
                             IsPrintable(header.tuple_type) ? header.tuple_type : "(unprintable)",
                             type == nullptr ? " is none of PAM's" : " is one of another DEPTH",
                             ", and was taken as ", ToAbsl(kTaken[header.depth - 1]), " (DEPTH ",
                             header.depth, ")"));
}

// The form of who keeps all samples of a pixel, and what of them is not kept.
void SetForm(const Header& header, const PictureSize& size, Picture& picture) {
  constexpr PictureColor kColors[] = {PictureColor::kGray, PictureColor::kGrayAlpha,
                                      PictureColor::kRgb, PictureColor::kRgba};
  const int bits = static_cast<int>(std::bit_width(header.maxval));
  const bool fits = header.maxval == (uint64_t{1} << bits) - 1;
  picture.form = PlainForm(size.channels == 1 ? 1 : 3, size.dtype, fits ? bits : 0);
  picture.form.color = kColors[size.channels - 1];
  NoteHeader(fits ? 0 : header.maxval, header.has_comment, picture);
}

}  // namespace

absl::StatusOr<Picture> ReadPam(const Context& context, ByteView bytes,
                                const ReaderOptions& options) {
  TRINE_ASSIGN_OR_RETURN(const Header header, ReadHeader(context, bytes));
  TRINE_ASSIGN_OR_RETURN(uint64_t channels, ColourSamples(header));
  const bool whole = options.wanted == Wanted::kWhole;
  if (whole) channels = header.depth;
  const bool wide = header.maxval > 255;
  TRINE_ASSIGN_OR_RETURN(const PictureSize size,
                         CheckPictureSize(context, options, header.width, header.height, channels,
                                          wide ? DType::kUint16 : DType::kUint8));
  const size_t sample_bytes = wide ? 2 : 1;
  const size_t pixel_bytes = header.depth * sample_bytes;
  const size_t row_bytes = size.width * pixel_bytes;
  const ByteView raster = bytes.subspan(header.raster_at);
  const uint64_t needed = CheckedMul(row_bytes, size.height).value_or(UINT64_MAX);
  if (raster.size() < needed) return RasterTruncated(Format::kPam, needed, raster.size());
  // Black is 0 here, unlike in PBM.
  const bool bits = options.wanted == Wanted::kPlain && header.maxval == 1 &&
                    absl::StartsWith(header.tuple_type, "BLACKANDWHITE");
  const bool drops_alpha = channels < header.depth;
  bool is_clear = false;
  PictureRows rows(size);
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < size.height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(row_bytes));
    const uint8_t* in = raster.data() + y * row_bytes;
    uint8_t* out = rows.Append();
    for (size_t x = 0; x < size.width; ++x, in += pixel_bytes) {
      if (drops_alpha) {
        is_clear |= (wide ? LoadBe16(in + 2 * channels) : in[channels]) != header.maxval;
      }
      for (size_t c = 0; c < channels; ++c, out += sample_bytes) {
        const uint16_t value = wide ? LoadBe16(in + 2 * c) : in[c];
        if (value > header.maxval) return BeyondMaxval(header.maxval);
        if (wide) {
          StoreLE(out, value);
        } else {
          *out = static_cast<uint8_t>(bits ? 255 * value : value);
        }
      }
    }
  }
  WarnOfTupleType(options, header);
  WarnOfAlpha(options, is_clear);
  WarnBehindRaster(options, Format::kPam, raster.subspan(needed));
  Picture picture;
  if (whole) SetForm(header, size, picture);
  picture.samples = std::move(rows).Take();
  return FinishPicture(context, options, std::move(picture), 1);
}

}  // namespace trine::image::internal
