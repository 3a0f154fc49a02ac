#include "core/image/png/png_chunks.h"

#include <zlib.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/image/form.h"
#include "core/image/orientation.h"
#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

constexpr uint32_t kIhdr = PngChunkType("IHDR");
constexpr uint32_t kPlte = PngChunkType("PLTE");
constexpr uint32_t kIdat = PngChunkType("IDAT");
constexpr uint32_t kIend = PngChunkType("IEND");
constexpr uint32_t kExif = PngChunkType("eXIf");
constexpr uint32_t kTrns = PngChunkType("tRNS");
constexpr uint32_t kActl = PngChunkType("acTL");
constexpr uint32_t kHist = PngChunkType("hIST");
constexpr size_t kIhdrBytes = 13;

// The fifth bit of the first letter.
bool IsAncillary(uint32_t type) { return (type & 0x20000000u) != 0; }

// One letter only in each byte; else the file is out of step.
bool IsType(const uint8_t* p) {
  return std::all_of(p, p + 4, [](uint8_t c) { return absl::ascii_isalpha(c); });
}

struct Chunk {
  uint32_t type = 0;
  ByteView data;
  ByteView checked;  // type and data, which the checksum covers
  uint32_t checksum = 0;
};

// Whether the file ends within the chunk that `rest` begins with.
bool IsCut(ByteView rest) {
  if (rest.size() < kPngChunkOverhead) return true;
  const uint32_t length = PngUint32(rest.data());
  return length <= INT32_MAX && IsType(&rest[4]) && rest.size() - kPngChunkOverhead < length;
}

bool BeginsWithIdat(ByteView rest) { return rest.size() >= 8 && PngUint32(&rest[4]) == kIdat; }

absl::StatusOr<Chunk> ReadChunk(ByteView rest) {
  if (IsCut(rest)) return Corrupt("the PNG file ends before its IEND chunk");
  const uint32_t length = PngUint32(rest.data());
  if (length > INT32_MAX || !IsType(&rest[4])) return Corrupt("a PNG chunk's header is broken");
  return Chunk{PngUint32(&rest[4]), rest.subspan(8, length), rest.subspan(4, 4 + size_t{length}),
               PngUint32(&rest[8 + size_t{length}])};
}

absl::StatusOr<bool> IsChecksumRight(const Context& context, const Chunk& chunk) {
  uLong sum = crc32(0, nullptr, 0);
  constexpr size_t kBlock = size_t{1} << 20;
  for (size_t at = 0; at < chunk.checked.size(); at += kBlock) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    const ByteView block = chunk.checked.subspan(at, kBlock);
    sum = crc32(sum, block.data(), static_cast<uInt>(block.size()));
  }
  return sum == chunk.checksum;
}

std::string NameOf(const Chunk& chunk) {
  std::string name;
  for (int shift = 24; shift >= 0; shift -= 8) {
    name.push_back(static_cast<char>(chunk.type >> shift));
  }
  return name;
}

absl::Status CheckChecksum(const Context& context, const Chunk& chunk) {
  TRINE_ASSIGN_OR_RETURN(const bool right, IsChecksumRight(context, chunk));
  if (right) return absl::OkStatus();
  return Corrupt(absl::StrCat("the checksum of the PNG's ", NameOf(chunk), " chunk is wrong"));
}

// The five colour types and their bit depths (table 11.1).
bool IsColorTypeValid(int color_type, int bit_depth) {
  switch (color_type) {
    case 0:
      return bit_depth == 1 || bit_depth == 2 || bit_depth == 4 || bit_depth == 8 ||
             bit_depth == 16;
    case 3:
      return bit_depth == 1 || bit_depth == 2 || bit_depth == 4 || bit_depth == 8;
    case 2:
    case 4:
    case 6:
      return bit_depth == 8 || bit_depth == 16;
    default:
      return false;
  }
}

absl::Status ReadIhdr(const Context& context, const Chunk& chunk, PngInfo& info) {
  if (chunk.type != kIhdr || chunk.data.size() != kIhdrBytes) {
    return Corrupt("the PNG file does not begin with an IHDR chunk of 13 bytes");
  }
  TRINE_RETURN_IF_ERROR(CheckChecksum(context, chunk));
  const uint8_t* d = chunk.data.data();
  info.width = PngUint32(d);
  info.height = PngUint32(d + 4);
  info.bit_depth = d[8];
  info.color_type = d[9];
  info.interlaced = d[12] == 1;
  if (info.width > INT32_MAX || info.height > INT32_MAX ||
      !IsColorTypeValid(info.color_type, info.bit_depth) || d[10] != 0 || d[11] != 0 || d[12] > 1) {
    return Corrupt("the PNG's IHDR chunk holds values that PNG does not know");
  }
  return absl::OkStatus();
}

absl::Status ReadPlte(const Context& context, const Chunk& chunk, PngInfo& info) {
  TRINE_RETURN_IF_ERROR(CheckChecksum(context, chunk));
  const size_t size = chunk.data.size() / 3;
  if (chunk.data.size() % 3 != 0 || size == 0 || size > 256 || info.palette.size != 0) {
    return Corrupt("the PNG's PLTE chunk is not one palette of 1 to 256 colours");
  }
  info.palette.size = size;
  for (size_t i = 0; i < size; ++i) {
    info.palette.rgb[i] = {chunk.data[3 * i], chunk.data[3 * i + 1], chunk.data[3 * i + 2]};
  }
  // A proposal of which colours to show where few can be.
  if (info.color_type != 3) AddNotKept("PLTE", info.not_kept);
  return absl::OkStatus();
}

int ReadExif(ByteView data) {
  // Some writers keep JPEG's prefix.
  constexpr uint8_t kPrefix[] = {'E', 'x', 'i', 'f', 0, 0};
  if (data.size() >= sizeof(kPrefix) &&
      std::equal(std::begin(kPrefix), std::end(kPrefix), data.begin())) {
    data.remove_prefix(sizeof(kPrefix));
  }
  return ParseExifOrientation(data);
}

absl::Status ReadAncillary(const Context& context, const Chunk& chunk, PngInfo& info) {
  TRINE_ASSIGN_OR_RETURN(const bool right, IsChecksumRight(context, chunk));
  if (!right) {
    AddNotKept(NameOf(chunk), info.left_out);
    return absl::OkStatus();
  }
  if (chunk.type == kTrns) info.transparency = chunk.data;
  if (chunk.type == kExif) info.orientation = ReadExif(chunk.data);
  if (chunk.type == kActl) {
    info.is_animated = chunk.data.size() >= 4 && PngUint32(chunk.data.data()) > 1;
  }
  // What is kept: transparency, but of pixels that have their own; how often each number of a
  // palette occurs follows from them.
  const bool kept =
      (chunk.type == kTrns && info.color_type < 4) || (chunk.type == kHist && info.color_type == 3);
  if (!kept) AddNotKept(NameOf(chunk), info.not_kept);
  return absl::OkStatus();
}

}  // namespace

bool IsPngChunkKept(uint32_t type) {
  return type == kIhdr || type == kPlte || type == kIdat || type == kIend;
}

absl::StatusOr<PngInfo> WalkPngChunks(const Context& context, ByteView bytes) {
  PngInfo info;
  ByteView rest = bytes.subspan(kPngSignatureBytes);
  bool first = true, data_begun = false, data_ended = false;
  Poller poll(context.cancel, kPollBytes);
  while (true) {
    TRINE_RETURN_IF_ERROR(poll.Spend(64));
    if (data_begun && IsCut(rest) && !BeginsWithIdat(rest)) break;
    TRINE_ASSIGN_OR_RETURN(const Chunk chunk, ReadChunk(rest));
    rest.remove_prefix(chunk.data.size() + kPngChunkOverhead);
    info.end = bytes.size() - rest.size();
    if (first) {
      TRINE_RETURN_IF_ERROR(ReadIhdr(context, chunk, info));
      first = false;
      continue;
    }
    if (chunk.type == kIdat) {
      if (data_ended) return Corrupt("the PNG's IDAT chunks are not in a row");
      data_begun = true;
      info.idat_bytes += chunk.data.size();
      continue;
    }
    data_ended = data_begun;
    if (chunk.type == kIend) {
      info.has_iend = true;
      TRINE_ASSIGN_OR_RETURN(info.is_iend_right, IsChecksumRight(context, chunk));
      if (!info.is_iend_right) info.end -= chunk.data.size() + kPngChunkOverhead;
      break;
    }
    if (chunk.type == kPlte) {
      if (data_begun) return Corrupt("the PNG's palette comes after its pixels");
      TRINE_RETURN_IF_ERROR(ReadPlte(context, chunk, info));
    } else if (!IsAncillary(chunk.type)) {
      return chunk.type == kIhdr ? Corrupt("the PNG file has two IHDR chunks")
                                 : NotRead("a critical PNG chunk of unknown type is not read");
    } else {
      TRINE_RETURN_IF_ERROR(ReadAncillary(context, chunk, info));
    }
  }
  info.trailer_bytes = rest.size();
  if (!data_begun) return Corrupt("the PNG file holds no IDAT chunk");
  if (info.color_type == 3 && info.palette.size == 0) {
    return Corrupt("the PNG file has no palette for its indexed pixels");
  }
  return info;
}

absl::Status CheckPngPixels(const Context& context, ByteView bytes) {
  ByteView rest = bytes.subspan(kPngSignatureBytes);
  Poller poll(context.cancel, kPollBytes);
  while (!IsCut(rest)) {
    TRINE_RETURN_IF_ERROR(poll.Spend(64));
    TRINE_ASSIGN_OR_RETURN(const Chunk chunk, ReadChunk(rest));
    if (chunk.type == kIend) break;
    if (chunk.type == kIdat) TRINE_RETURN_IF_ERROR(CheckChecksum(context, chunk));
    rest.remove_prefix(chunk.data.size() + kPngChunkOverhead);
  }
  return absl::OkStatus();
}

}  // namespace trine::image::internal
