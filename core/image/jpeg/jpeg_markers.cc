#include "core/image/jpeg/jpeg_markers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/image/form.h"
#include "core/image/orientation.h"
#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

enum Marker : uint8_t {
  kTem = 0x01,
  kSof0 = 0xC0,
  kSof2 = 0xC2,
  kDht = 0xC4,
  kJpg = 0xC8,
  kSof9 = 0xC9,
  kSof10 = 0xCA,
  kDac = 0xCC,
  kSof15 = 0xCF,
  kRst0 = 0xD0,
  kRst7 = 0xD7,
  kSoi = 0xD8,
  kEoi = 0xD9,
  kSos = 0xDA,
  kApp0 = 0xE0,
  kApp1 = 0xE1,
  kApp2 = 0xE2,
  kApp13 = 0xED,
  kApp14 = 0xEE,
  kApp15 = 0xEF,
  kCom = 0xFE,
};

bool IsFrame(uint8_t m) { return m >= kSof0 && m <= kSof15 && m != kDht && m != kJpg && m != kDac; }
bool IsRestart(uint8_t m) { return m >= kRst0 && m <= kRst7; }

size_t Uint16(const uint8_t* p) { return static_cast<size_t>(p[0]) << 8 | p[1]; }

struct Walk {
  JpegInfo info;
  bool has_frame = false;
  int scans = 0;
  bool progressive = false;
  uint8_t component_ids[4] = {};
  bool seen[4] = {};
  // Bits that are missing of each coefficient, from the scans (progressive: Al in their headers).
  std::array<std::array<uint8_t, 64>, 4> missing = {};

  Walk() {
    for (auto& component : missing) component.fill(UINT8_MAX);
  }
  bool SeenAll() const {
    return std::all_of(seen, seen + info.components, [](bool s) { return s; });
  }
  bool IsWhole() const {
    if (!has_frame || !SeenAll()) return false;
    return !progressive ||
           std::all_of(missing.begin(), missing.begin() + info.components, [](const auto& bits) {
             return std::all_of(bits.begin(), bits.end(), [](uint8_t b) { return b == 0; });
           });
  }
};

absl::Status ReadFrame(uint8_t marker, ByteView segment, Walk& walk) {
  if (walk.has_frame) return Corrupt("the JPEG file has two frames");
  if (segment.size() < 6) return Corrupt("the JPEG's frame header is too short");
  const bool known = (marker >= kSof0 && marker <= kSof2) || marker == kSof9 || marker == kSof10;
  if (!known) return NotRead("JPEG is read where it is baseline, extended or progressive only");
  if (segment[0] != 8) {
    return NotRead(absl::StrCat("JPEG of ", segment[0], " bits a sample is not read; 8 is"));
  }
  walk.info.height = static_cast<uint32_t>(Uint16(&segment[1]));
  walk.info.width = static_cast<uint32_t>(Uint16(&segment[3]));
  walk.info.components = segment[5];
  if (segment.size() != 6 + 3 * size_t{segment[5]}) {
    return Corrupt("the JPEG's frame header has not the length of its components");
  }
  if (walk.info.components != 1 && walk.info.components != 3 && walk.info.components != 4) {
    return NotRead(absl::StrCat("JPEG of ", segment[5], " components is not read; 1, 3 and 4 are"));
  }
  for (int i = 0; i < walk.info.components; ++i) walk.component_ids[i] = segment[6 + 3 * i];
  walk.has_frame = true;
  walk.progressive = marker == kSof2 || marker == kSof10;
  return absl::OkStatus();
}

absl::Status ReadScan(ByteView segment, Walk& walk) {
  if (!walk.has_frame) return Corrupt("the JPEG's first scan comes before its frame");
  if (++walk.scans > kMaxJpegScans) {
    return LimitExceeded("image", static_cast<uint64_t>(walk.scans), "max_jpeg_scans",
                         kMaxJpegScans);
  }
  if (segment.empty() || segment.size() < 4 + 2 * size_t{segment[0]}) {
    return Corrupt("the JPEG's scan header is too short");
  }
  const uint8_t* band = &segment[1 + 2 * size_t{segment[0]}];  // first, last, bits
  for (size_t i = 0; i < segment[0]; ++i) {
    for (int c = 0; c < walk.info.components; ++c) {
      if (walk.component_ids[c] != segment[1 + 2 * i]) continue;
      walk.seen[c] = true;
      for (size_t k = band[0]; k <= band[1] && k < 64; ++k) walk.missing[c][k] = band[2] & 15;
    }
  }
  return absl::OkStatus();
}

constexpr std::string_view kExif("Exif\0\0", 6), kJfif("JFIF\0", 5);

// What segments say beside the pixels, by their first bytes.
struct Note {
  uint8_t marker;
  std::string_view prefix;
  std::string_view name;  // "": nothing of its own
};
constexpr Note kNotes[] = {
    {kApp0, kJfif, ""},  // but for its resolution and its thumbnail
    {kApp0, {"JFXX\0", 5}, "a thumbnail"},
    {kApp1, kExif, "EXIF"},
    {kApp1, "http://ns.adobe.com/xap/1.0/", "XMP"},
    {kApp1, "http://ns.adobe.com/xmp/extension/", "XMP"},
    {kApp2, {"ICC_PROFILE\0", 12}, "the colour profile"},  // ICC.1:2022, B.4
    {kApp2, {"MPF\0", 4}, "further pictures (MPF)"},
    {kApp13, {"Photoshop 3.0\0", 14}, "Photoshop's data"},
    {kApp14, "Adobe", ""},  // says how the colours are stored
    {kCom, "", "a comment"},
};

bool BeginsWith(ByteView segment, std::string_view prefix) {
  return segment.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), segment.begin(),
                    [](char c, uint8_t byte) { return static_cast<uint8_t>(c) == byte; });
}

// Inches or centimetres; without a unit it is the shape of a pixel.
bool StatesResolution(ByteView jfif) {
  constexpr size_t kUnit = 7;
  return jfif.size() > kUnit && jfif[kUnit] != 0;
}

// A small picture of so many pixels across and down (JFIF 1.02, page 5).
bool HasThumbnail(ByteView jfif) {
  constexpr size_t kAcross = 12, kDown = 13;
  return jfif.size() > kDown && jfif[kAcross] != 0 && jfif[kDown] != 0;
}

// What a segment of an application or a comment says.
void ReadNote(uint8_t marker, ByteView segment, JpegInfo& info) {
  if (marker != kCom && (marker < kApp0 || marker > kApp15)) return;
  const auto* const note = std::find_if(std::begin(kNotes), std::end(kNotes), [&](const Note& row) {
    return row.marker == marker && BeginsWith(segment, row.prefix);
  });
  if (note == std::end(kNotes)) {
    AddNotKept(absl::StrCat("APP", marker - kApp0), info.not_kept);
    return;
  }
  if (note->prefix == kJfif) {
    if (StatesResolution(segment)) AddNotKept("the resolution", info.not_kept);
    if (HasThumbnail(segment)) AddNotKept("a thumbnail", info.not_kept);
  }
  if (note->prefix == kExif) {
    info.orientation = ParseExifOrientation(segment.subspan(kExif.size()));
  }
  if (!note->name.empty()) AddNotKept(std::string(note->name), info.not_kept);
}

absl::Status Finish(const Walk& walk) {
  if (walk.scans == 0) return Corrupt("the JPEG file holds no picture");
  if (!walk.SeenAll()) return Corrupt("a component of the JPEG is in none of its scans");
  if (!walk.info.has_eoi && !walk.IsWhole()) {
    return Corrupt("the JPEG's pixels end too early: scans are missing");
  }
  return absl::OkStatus();
}

// Reads the segment of a marker other than EOI; `at`, after the marker, moves behind it.
absl::Status ReadSegment(ByteView bytes, uint8_t marker, size_t& at, Walk& walk) {
  if (marker == kSoi) return Corrupt("a JPEG begins within the JPEG");
  if (bytes.size() - at < 2) return Corrupt("the JPEG file ends within a segment");
  const size_t length = Uint16(&bytes[at]);
  if (length < 2) return Corrupt("a JPEG segment's length is less than 2");
  if (bytes.size() - at < length) return Corrupt("the JPEG file ends within a segment");
  const ByteView segment = bytes.subspan(at + 2, length - 2);
  at += length;
  if (IsFrame(marker)) return ReadFrame(marker, segment, walk);
  if (marker == kSos) return ReadScan(segment, walk);
  ReadNote(marker, segment, walk.info);
  return absl::OkStatus();
}

// The next marker's code, past stuffed bytes, fill bytes, restart markers and stray data; false at
// the end. `at` is then after the marker.
absl::StatusOr<bool> NextMarker(Poller& poll, ByteView bytes, size_t& at, uint8_t& marker) {
  constexpr size_t kBlock = 32768;
  while (at < bytes.size()) {
    const ByteView block = bytes.subspan(at, kBlock);
    TRINE_RETURN_IF_ERROR(poll.Spend(block.size()));
    const void* found = std::memchr(block.data(), 0xFF, block.size());
    if (found == nullptr) {
      at += block.size();
      continue;
    }
    at = static_cast<size_t>(static_cast<const uint8_t*>(found) - bytes.data()) + 1;
    // Fill bytes, as far as a block goes.
    const size_t most = std::min(bytes.size(), at + kBlock);
    while (at < most && bytes[at] == 0xFF) ++at;
    if (at == bytes.size()) break;
    marker = bytes[at];
    if (marker == 0xFF) continue;
    ++at;
    if (marker != 0 && marker != kTem && !IsRestart(marker)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<JpegInfo> WalkJpegMarkers(const Context& context, ByteView bytes) {
  Walk walk;
  Poller poll(context.cancel, kPollBytes);
  size_t at = 2;  // after SOI
  while (true) {
    uint8_t marker = 0;
    TRINE_ASSIGN_OR_RETURN(const bool found, NextMarker(poll, bytes, at, marker));
    walk.info.end = found ? at - 2 : bytes.size();
    walk.info.has_eoi = found && marker == kEoi;
    if (!found || walk.info.has_eoi) break;
    const absl::Status read = ReadSegment(bytes, marker, at, walk);
    // What comes after all the scans is no longer the picture's, whatever it is.
    if (!read.ok() && !absl::IsResourceExhausted(read) && walk.IsWhole()) break;
    TRINE_RETURN_IF_ERROR(read);
  }
  TRINE_RETURN_IF_ERROR(Finish(walk));
  return walk.info;
}

}  // namespace trine::image::internal
