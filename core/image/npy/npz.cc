// NumPy's NPZ files: a zip archive of NPY files (numpy.savez; PKWARE's APPNOTE.TXT 6.3.9). Read by
// the directory at the archive's end.
#include <zlib.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/checked.h"
#include "core/base/strings.h"
#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50, kEntry = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50, kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr size_t kLocalHeaderBytes = 30, kEntryBytes = 46;
constexpr size_t kEndBytes = 22, kEnd64Bytes = 56, kEnd64LocatorBytes = 20;
constexpr uint16_t kStored = 0, kDeflated = 8;

struct Entry {
  std::string_view name;
  bool encrypted = false;
  uint16_t method = kStored;
  uint32_t checksum = 0;
  uint64_t packed_bytes = 0;
  uint64_t bytes = 0;
  uint64_t header_at = 0;  // of the local header
};

struct Directory {
  uint64_t at = 0;
  uint64_t entries = 0;
};

template <typename T>
T At(ByteView bytes, uint64_t at) {
  return LoadLE<T>(bytes.data() + at);
}

bool Holds(ByteView bytes, uint64_t at, uint64_t size) {
  return at <= bytes.size() && bytes.size() - at >= size;
}

absl::Status Broken() { return Corrupt("the NPZ file's directory of arrays is damaged"); }

// Where the directory is: from the record at the end, behind which there is only a comment.
absl::StatusOr<Directory> FindDirectory(ByteView bytes) {
  constexpr size_t kMaxComment = 65535;
  if (bytes.size() < kEndBytes) return Corrupt("the NPZ file ends before its directory");
  const size_t last = bytes.size() - kEndBytes;
  const size_t first = last - std::min(last, kMaxComment);
  size_t end = last + 1;
  for (size_t at = last + 1; at-- > first;) {
    if (At<uint32_t>(bytes, at) == kEnd &&
        at + kEndBytes + At<uint16_t>(bytes, at + 20) == bytes.size()) {
      end = at;
      break;
    }
  }
  if (end > last) return Corrupt("the NPZ file ends before its directory");
  Directory directory = {At<uint32_t>(bytes, end + 16), At<uint16_t>(bytes, end + 10)};
  if (directory.at != UINT32_MAX && directory.entries != UINT16_MAX) return directory;
  // Long archives have a second record in front of it, and a pointer to that.
  if (end < kEnd64LocatorBytes) return Broken();
  const size_t locator = end - kEnd64LocatorBytes;
  if (At<uint32_t>(bytes, locator) != kEnd64Locator) return directory;
  const uint64_t end64 = At<uint64_t>(bytes, locator + 8);
  if (!Holds(bytes, end64, kEnd64Bytes) || At<uint32_t>(bytes, end64) != kEnd64) return Broken();
  return Directory{At<uint64_t>(bytes, end64 + 48), At<uint64_t>(bytes, end64 + 32)};
}

// Replaces the sizes and the offset that do not fit 32 bits by those of the extra field.
bool ReadZip64(ByteView extra, Entry& entry) {
  constexpr uint16_t kZip64 = 1;
  while (extra.size() >= 4) {
    const size_t size = At<uint16_t>(extra, 2);
    if (extra.size() - 4 < size) return false;
    ByteView field = extra.subspan(4, size);
    if (At<uint16_t>(extra, 0) == kZip64) {
      for (uint64_t* value : {&entry.bytes, &entry.packed_bytes, &entry.header_at}) {
        if (*value != UINT32_MAX) continue;
        if (field.size() < 8) return false;
        *value = At<uint64_t>(field, 0);
        field.remove_prefix(8);
      }
      return true;
    }
    extra.remove_prefix(4 + size);
  }
  return true;
}

// Reads the entry at `at` and moves behind it.
absl::StatusOr<Entry> ReadEntry(ByteView bytes, uint64_t& at) {
  if (!Holds(bytes, at, kEntryBytes) || At<uint32_t>(bytes, at) != kEntry) return Broken();
  Entry entry;
  entry.encrypted = (At<uint16_t>(bytes, at + 8) & 1) != 0;
  entry.method = At<uint16_t>(bytes, at + 10);
  entry.checksum = At<uint32_t>(bytes, at + 16);
  entry.packed_bytes = At<uint32_t>(bytes, at + 20);
  entry.bytes = At<uint32_t>(bytes, at + 24);
  entry.header_at = At<uint32_t>(bytes, at + 42);
  const size_t name = At<uint16_t>(bytes, at + 28);
  const size_t extra = At<uint16_t>(bytes, at + 30);
  const size_t comment = At<uint16_t>(bytes, at + 32);
  if (!Holds(bytes, at + kEntryBytes, name + extra + comment)) return Broken();
  entry.name = {reinterpret_cast<const char*>(bytes.data()) + at + kEntryBytes, name};
  if (!ReadZip64(bytes.subspan(at + kEntryBytes + name, extra), entry)) return Broken();
  at += kEntryBytes + name + extra + comment;
  return entry;
}

// The name as it may be shown: without ".npy", only if it is printable, shortened.
std::string Shown(std::string_view name) {
  constexpr size_t kLongest = 32;
  if (absl::EndsWith(ToAbsl(name), ".npy")) name.remove_suffix(4);
  const bool printable =
      std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!printable) return "(a name that is not printable)";
  return absl::StrCat("'", ToAbsl(name.substr(0, kLongest)), name.size() > kLongest ? "..." : "",
                      "'");
}

// The archive's only entry.
absl::StatusOr<Entry> FindArray(const Context& context, ByteView bytes) {
  constexpr size_t kMostShown = 16;
  TRINE_ASSIGN_OR_RETURN(const Directory directory, FindDirectory(bytes));
  if (directory.entries == 0) return Corrupt("the NPZ file holds no array");
  if (directory.entries > bytes.size() / kEntryBytes) return Broken();
  Entry only;
  std::vector<std::string> names;
  uint64_t at = directory.at;
  Poller poll(context.cancel, kPollBytes);
  for (uint64_t i = 0; i < directory.entries && names.size() < kMostShown; ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(64));
    TRINE_ASSIGN_OR_RETURN(only, ReadEntry(bytes, at));
    names.push_back(Shown(only.name));
  }
  if (directory.entries == 1) return only;
  return NotRead(absl::StrCat("an NPZ file of ", directory.entries, " arrays (",
                              absl::StrJoin(names, ", "),
                              names.size() < directory.entries ? ", ..." : "",
                              ") is not read; save the one to use with numpy.save"));
}

// The bytes of the entry in the archive.
absl::StatusOr<ByteView> PackedBytes(ByteView bytes, const Entry& entry) {
  const absl::Status outside = Corrupt("the NPZ file's array leaves the file");
  if (!Holds(bytes, entry.header_at, kLocalHeaderBytes)) return outside;
  if (At<uint32_t>(bytes, entry.header_at) != kLocalHeader) return Broken();
  // Its name and extra field may differ in length from the directory's.
  const uint64_t begin = entry.header_at + kLocalHeaderBytes +
                         At<uint16_t>(bytes, entry.header_at + 26) +
                         At<uint16_t>(bytes, entry.header_at + 28);
  if (!Holds(bytes, begin, entry.packed_bytes)) return outside;
  return bytes.subspan(begin, entry.packed_bytes);
}

// What deflate packed, piece by piece.
class Inflater {
 public:
  explicit Inflater(ByteView packed) : packed_(packed) {
    begun_ = inflateInit2(&stream_, -MAX_WBITS) == Z_OK;
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (begun_) inflateEnd(&stream_);
  }

  // The next out.size() bytes.
  absl::Status Read(const Context& context, MutableByteView out) {
    while (!out.empty()) {
      if (ended_) return Damaged();
      TRINE_ASSIGN_OR_RETURN(const size_t n, Step(context, out.subspan(0, kPiece)));
      out.remove_prefix(n);
    }
    return absl::OkStatus();
  }

  // That there are no more.
  absl::Status End(const Context& context) {
    uint8_t spare = 0;
    while (!ended_) {
      TRINE_ASSIGN_OR_RETURN(const size_t n, Step(context, {&spare, 1}));
      if (n > 0) return Damaged();
    }
    return packed_.empty() && stream_.avail_in == 0 ? absl::OkStatus() : Damaged();
  }

 private:
  static constexpr size_t kPiece = size_t{256} << 10;

  static absl::Status Damaged() {
    return Corrupt("the NPZ file's deflated array is damaged or ends too early");
  }

  // Some of the next bytes: how many.
  absl::StatusOr<size_t> Step(const Context& context, MutableByteView out) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    if (!begun_) {
      return MakeError(absl::StatusCode::kResourceExhausted,
                       {.reason = "LIMIT_EXCEEDED", .field = "image"},
                       "the NPZ file could not be unpacked: no memory");
    }
    if (stream_.avail_in == 0) {
      const ByteView piece = packed_.subspan(0, kPiece);
      stream_.next_in = const_cast<Bytef*>(piece.data());  // zlib does not write to it
      stream_.avail_in = static_cast<uInt>(piece.size());
      packed_.remove_prefix(piece.size());
    }
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END) return Damaged();
    ended_ = result == Z_STREAM_END;
    return out.size() - stream_.avail_out;
  }

  ByteView packed_;
  z_stream stream_{};
  bool begun_ = false;
  bool ended_ = false;
};

absl::Status CheckChecksum(const Context& context, ByteView array, uint32_t expected) {
  constexpr size_t kBlock = size_t{1} << 20;
  uLong sum = crc32(0, nullptr, 0);
  for (size_t at = 0; at < array.size(); at += kBlock) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    const ByteView block = array.subspan(at, kBlock);
    sum = crc32(sum, block.data(), static_cast<uInt>(block.size()));
  }
  return sum == expected ? absl::OkStatus()
                         : Corrupt("the NPZ file's checksum does not fit its array");
}

}  // namespace

absl::StatusOr<Tensor> DecodeNpz(const Context& context, ByteView bytes,
                                 std::vector<std::string>* warnings) {
  TRINE_ASSIGN_OR_RETURN(const Entry entry, FindArray(context, bytes));
  if (entry.encrypted) return NotRead("an encrypted NPZ file is not read");
  if (entry.method != kStored && entry.method != kDeflated) {
    return NotRead(absl::StrCat("zip's method ", entry.method,
                                " is not read; stored and deflated arrays are"));
  }
  TRINE_ASSIGN_OR_RETURN(const ByteView packed, PackedBytes(bytes, entry));
  const uint64_t most = context.limits->max_output_bytes;
  if (entry.bytes > SaturatingAdd(most, kMaxNpyHeaderBytes)) {
    return LimitExceeded("image", entry.bytes, "max_output_bytes", most);
  }
  if (entry.method == kStored) {
    if (entry.bytes != packed.size()) return Broken();
    TRINE_RETURN_IF_ERROR(CheckedNpyHeader(packed, packed.size(), *context.limits).status());
    TRINE_RETURN_IF_ERROR(CheckChecksum(context, packed, entry.checksum));
    return DecodeNpyFile(context, packed, warnings);
  }
  // Deflate codes at most 258 bytes in two bits.
  constexpr uint64_t kMaxRatio = 1032;
  if (entry.bytes / kMaxRatio > packed.size()) return Broken();
  // What the array's own header claims is compared before the rest is unpacked.
  Inflater inflater(packed);
  std::vector<uint8_t> start(std::min(entry.bytes, kMaxNpyHeaderBytes));
  TRINE_RETURN_IF_ERROR(inflater.Read(context, absl::MakeSpan(start)));
  TRINE_RETURN_IF_ERROR(CheckedNpyHeader(start, entry.bytes, *context.limits).status());
  // The unpacked file, and the array that is made of it.
  TRINE_RETURN_IF_ERROR(context.Reserve(2 * entry.bytes));
  LongArray<uint8_t> file = LongArray<uint8_t>::ForOverwrite(entry.bytes);
  std::copy(start.begin(), start.end(), file.data());
  TRINE_RETURN_IF_ERROR(inflater.Read(context, absl::MakeSpan(file).subspan(start.size())));
  TRINE_RETURN_IF_ERROR(inflater.End(context));
  TRINE_RETURN_IF_ERROR(CheckChecksum(context, file, entry.checksum));
  return DecodeNpyFile(context, file, warnings);
}

}  // namespace trine::image::internal
