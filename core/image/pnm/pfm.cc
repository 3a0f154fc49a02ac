// Portable float maps, PF and Pf (Paul Debevec, pauldebevec.com/Research/HDR/PFM; netpbm's pfm.5).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/strings.h"
#include "core/image/form.h"
#include "core/image/pnm/netpbm.h"

namespace trine::image::internal {
namespace {

struct Header {
  uint32_t width = 0, height = 0;
  float scale = 0;  // below 0: little-endian samples
  size_t raster_at = 0;
};

absl::StatusOr<Header> ReadHeader(ByteView bytes) {
  constexpr size_t kLongestNumber = 64;
  const absl::Status broken = Corrupt("the PFM header is not a width, a height and a scale");
  std::array<std::string_view, 3> numbers;
  size_t at = 2;
  for (std::string_view& number : numbers) {
    const size_t limit = std::min(bytes.size(), at + 2 * kLongestNumber);
    while (at < limit && IsSpace(bytes[at])) ++at;
    const size_t begin = at;
    while (at < limit && !IsSpace(bytes[at])) ++at;
    // The white space that ends a number must be there: one sign of it, then the raster begins.
    if (at == limit || at == begin) return broken;
    number = {reinterpret_cast<const char*>(&bytes[begin]), at - begin};
  }
  Header header;
  header.raster_at = at + 1;
  if (!absl::SimpleAtoi(ToAbsl(numbers[0]), &header.width) ||
      !absl::SimpleAtoi(ToAbsl(numbers[1]), &header.height) ||
      !absl::SimpleAtof(ToAbsl(numbers[2]), &header.scale) || !std::isfinite(header.scale) ||
      header.scale == 0) {
    return broken;
  }
  return header;
}

}  // namespace

absl::StatusOr<Picture> ReadPfm(const Context& context, ByteView bytes,
                                const ReaderOptions& options) {
  TRINE_ASSIGN_OR_RETURN(const Header header, ReadHeader(bytes));
  TRINE_ASSIGN_OR_RETURN(const PictureSize size,
                         CheckPictureSize(context, options, header.width, header.height,
                                          bytes[1] == 'F' ? 3 : 1, DType::kFloat32));
  const ByteView raster = bytes.subspan(header.raster_at);
  if (raster.size() < size.bytes()) {
    return RasterTruncated(Format::kPfm, size.bytes(), raster.size());
  }
  PictureRows rows(size);
  Poller poll(context.cancel, kPollBytes);
  for (size_t y = 0; y < size.height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(size.row_bytes()));
    // The bottom row comes first.
    const uint8_t* in = raster.data() + (size.height - 1 - y) * size.row_bytes();
    uint8_t* out = rows.Append();
    if (header.scale < 0) {
      std::memcpy(out, in, size.row_bytes());
      continue;
    }
    for (size_t i = 0; i < size.row_bytes(); i += 4) {
      for (size_t b = 0; b < 4; ++b) out[i + b] = in[i + 3 - b];
    }
  }
  if (std::fabs(header.scale) != 1) {
    Warn(options, absl::StrCat("the PFM file's scale of ", std::fabs(header.scale),
                               " was not applied to its samples"));
  }
  WarnBehindRaster(options, Format::kPfm, raster.subspan(size.bytes()));
  Picture picture;
  picture.form = PlainForm(size.channels, size.dtype);
  picture.samples = std::move(rows).Take();
  return FinishPicture(context, options, std::move(picture), 1);
}

}  // namespace trine::image::internal
