#include "core/image/tiff/tiff_pages.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

// An unsigned number of `size` bytes in the file's byte order; nullopt beyond the end.
std::optional<uint64_t> ReadNumber(ByteView bytes, bool big_endian, uint64_t at, size_t size) {
  if (at > bytes.size() || bytes.size() - at < size) return std::nullopt;
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    value = (value << 8) | bytes[at + (big_endian ? i : size - 1 - i)];
  }
  return value;
}

// How entries of a directory lie in the file [bytes].
struct EntryForm {
  explicit EntryForm(bool big)
      : count_bytes(big ? 8 : 2), bytes(big ? 20 : 12), word(big ? 8 : 4) {}
  size_t count_bytes;  // of the number of entries, before them
  uint64_t bytes;      // of an entry
  size_t word;         // of its count and of its value or offset, its last two parts
};

// Offset of the directory after the one at `at`; 0 after the last; nullopt outside the file.
std::optional<uint64_t> NextDirectory(ByteView bytes, const TiffHeader& header, uint64_t at) {
  const EntryForm form(header.big);
  const auto entries = ReadNumber(bytes, header.big_endian, at, form.count_bytes);
  // The first check keeps the product below from wrapping.
  if (!entries.has_value() || *entries > bytes.size()) return std::nullopt;
  return ReadNumber(bytes, header.big_endian, at + form.count_bytes + *entries * form.bytes,
                    form.word);
}

// Bytes of a file.
struct TiffExtent {
  uint64_t begin = 0, end = 0;
};

// Of one value of a type of TIFF or BigTIFF; of others 8, the most.
uint64_t TypeBytes(uint64_t type) {
  constexpr uint8_t kBytes[] = {8, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
  return type < std::size(kBytes) ? kBytes[type] : 8;
}

// Where the value of an entry is, the directory that it points to begins, or nothing beside the
// entry itself.
TiffExtent BesideEntry(uint64_t tag, uint64_t bytes, uint64_t value, bool big) {
  constexpr uint64_t kSubIfds = 330, kExif = 34665, kGps = 34853;
  if (bytes > (big ? 8 : 4)) return {value, SaturatingAdd(value, bytes)};
  const bool points = tag == kSubIfds || tag == kExif || tag == kGps;
  return points ? TiffExtent{value, SaturatingAdd(value, 1)} : TiffExtent();
}

}  // namespace

absl::StatusOr<TiffHeader> ReadTiffHeader(ByteView bytes) {
  TiffHeader header;
  header.big_endian = !bytes.empty() && bytes[0] == 'M';
  header.big = ReadNumber(bytes, header.big_endian, 2, 2) == 43;
  header.first_directory_at = header.big ? 8 : 4;
  const auto first =
      ReadNumber(bytes, header.big_endian, header.first_directory_at, header.big ? 8 : 4);
  if (!first.has_value()) return Corrupt("the TIFF file ends within its header");
  header.first_directory = *first;
  return header;
}

TiffWalk::TiffWalk(const Context& context, ByteView bytes, const TiffHeader& header)
    : bytes_(bytes), header_(header), poll_(context.cancel, kPollBytes) {}

absl::StatusOr<uint64_t> TiffWalk::Next() {
  TRINE_RETURN_IF_ERROR(poll_.Spend(64));
  if (pages_ == 0) {
    at_ = header_.first_directory;
  } else {
    const auto next = NextDirectory(bytes_, header_, at_);
    const bool is_within =
        next.has_value() && (*next == 0 || NextDirectory(bytes_, header_, *next).has_value());
    if (!is_within) return Corrupt("the TIFF's directories lead out of the file");
    at_ = *next;
  }
  if (at_ == 0) return at_;
  if (at_ == mark_) return Corrupt("the TIFF's directories form a circle");
  if (static_cast<uint64_t>(++pages_) == mark_until_) {
    mark_ = at_;
    mark_until_ *= 2;
  }
  return at_;
}

absl::StatusOr<uint64_t> FindTiffPage(const Context& context, ByteView bytes,
                                      const TiffHeader& header, int64_t page) {
  if (page == 0) return header.first_directory;
  TiffWalk walk(context, bytes, header);
  uint64_t found = 0;
  while (true) {
    TRINE_ASSIGN_OR_RETURN(const uint64_t at, walk.Next());
    if (at == 0) break;
    if (walk.pages() - 1 == page) found = at;
  }
  if (found != 0) return found;
  return InvalidField("page", page,
                      absl::StrCat("the TIFF file has ", walk.pages(), " pages, from 0"));
}

absl::StatusOr<int64_t> CountTiffPages(const Context& context, ByteView bytes,
                                       const TiffHeader& header) {
  TiffWalk walk(context, bytes, header);
  while (true) {
    TRINE_ASSIGN_OR_RETURN(const uint64_t at, walk.Next());
    if (at == 0) return walk.pages();
  }
}

absl::StatusOr<uint64_t> NextByteOfDirectory(const Context& context, ByteView bytes,
                                             const TiffHeader& header, uint64_t begin) {
  uint64_t next = bytes.size();
  const auto spare = [&](const TiffExtent& other) {
    if (other.end > begin) next = std::min(next, std::max(begin, other.begin));
  };
  const auto number = [&](uint64_t at, size_t size) {
    return ReadNumber(bytes, header.big_endian, at, size);
  };
  const EntryForm form(header.big);
  uint64_t at = header.first_directory;
  const auto entries = number(at, form.count_bytes);
  if (!entries.has_value() || *entries > bytes.size()) return begin;
  spare({at, at + form.count_bytes + *entries * form.bytes + form.word});
  at += form.count_bytes;
  Poller poll(context.cancel, kPollBytes);
  for (uint64_t i = 0; i < *entries; ++i, at += form.bytes) {
    TRINE_RETURN_IF_ERROR(poll.Spend(form.bytes));
    const auto tag = number(at, 2), type = number(at + 2, 2), count = number(at + 4, form.word),
               value = number(at + 4 + form.word, form.word);
    if (!value.has_value()) return begin;
    const uint64_t value_bytes = SaturatingMul(TypeBytes(*type), *count);
    spare(BesideEntry(*tag, value_bytes, *value, header.big));
  }
  return next;
}

TiffPageHead ReadTiffPageHead(ByteView bytes, const TiffHeader& header, uint64_t at) {
  constexpr uint64_t kWidth = 256, kHeight = 257, kDescription = 270, kSamples = 277;
  constexpr uint64_t kMostEntries = 32;  // as many as there are up to kSamples, and some
  constexpr uint64_t kMostText = 512;
  const EntryForm form(header.big);
  const auto number = [&](uint64_t where, size_t size) {
    return ReadNumber(bytes, header.big_endian, where, size).value_or(0);
  };
  TiffPageHead head;
  const uint64_t entries = std::min(number(at, form.count_bytes), kMostEntries);
  at += form.count_bytes;
  for (uint64_t i = 0; i < entries; ++i, at += form.bytes) {
    const uint64_t tag = number(at, 2), type = number(at + 2, 2), count = number(at + 4, form.word);
    const uint64_t value_at = at + 4 + form.word;
    const uint64_t value = number(value_at, std::min<size_t>(TypeBytes(type), form.word));
    if (tag == kWidth) head.width = value;
    if (tag == kHeight) head.height = value;
    if (tag == kSamples) head.samples = value;
    if (tag == kDescription) {
      const uint64_t text_at = count > form.word ? number(value_at, form.word) : value_at;
      const ByteView text =
          bytes.subspan(std::min<uint64_t>(text_at, bytes.size()), std::min(count, kMostText));
      head.description = {reinterpret_cast<const char*>(text.data()), text.size()};
    }
    if (tag >= kSamples) break;
  }
  return head;
}

absl::Status ReserveTiffDirectory(const Context& context, ByteView bytes, const TiffHeader& header,
                                  uint64_t at) {
  const EntryForm form(header.big);
  const auto number = [&](uint64_t where, size_t size) {
    return ReadNumber(bytes, header.big_endian, where, size);
  };
  const uint64_t entries = number(at, form.count_bytes).value_or(0);
  if (entries > kMostTiffEntries) {
    return Corrupt(absl::StrCat("a directory of the TIFF has ", entries, " entries; at most ",
                                kMostTiffEntries, " are read"));
  }
  at = SaturatingAdd(at, form.count_bytes);
  uint64_t loaded = 0;
  for (uint64_t i = 0; i < entries; ++i, at += form.bytes) {
    const auto type = number(at + 2, 2), count = number(at + 4, form.word),
               value = number(at + 4 + form.word, form.word);
    if (!value.has_value()) break;
    const uint64_t value_bytes = SaturatingMul(TypeBytes(*type), *count);
    // Beyond the end of the file nothing is kept.
    if (value_bytes > form.word && SaturatingAdd(*value, value_bytes) <= bytes.size())
      loaded = SaturatingAdd(loaded, value_bytes);
  }
  if (loaded > bytes.size()) {
    return Corrupt(absl::StrCat("the values of a directory of the TIFF overlap: ", loaded,
                                " bytes in a file of ", bytes.size()));
  }
  return context.Reserve(2 * loaded);  // once as they are read, once as they are kept
}

std::vector<TiffEntry> ReadTiffEntries(ByteView bytes, const TiffHeader& header, uint64_t at) {
  constexpr uint64_t kByte = 1, kShort = 3, kLong = 4, kLong8 = 16;
  const EntryForm form(header.big);
  const auto number = [&](uint64_t where, size_t size) {
    return ReadNumber(bytes, header.big_endian, where, size);
  };
  std::vector<TiffEntry> found;
  const uint64_t entries = std::min(number(at, form.count_bytes).value_or(0), kMostTiffEntries);
  at = SaturatingAdd(at, form.count_bytes);
  for (uint64_t i = 0; i < entries; ++i, at += form.bytes) {
    const auto tag = number(at, 2), type = number(at + 2, 2), count = number(at + 4, form.word);
    if (!count.has_value()) break;
    TiffEntry entry{*tag};
    const bool whole = *type == kByte || *type == kShort || *type == kLong || *type == kLong8;
    const size_t size = *type == kLong8 ? 8 : TypeBytes(*type);
    if (whole && *count == 1 && size <= form.word) {
      entry.number = number(at + 4 + form.word, size);
    }
    found.push_back(entry);
  }
  return found;
}

void StoreTiffOffset(const TiffHeader& header, uint64_t offset, uint8_t* file_begin) {
  const size_t size = header.big ? 8 : 4;
  for (size_t i = 0; i < size; ++i) {
    const size_t shift = 8 * (header.big_endian ? size - 1 - i : i);
    file_begin[header.first_directory_at + i] = static_cast<uint8_t>(offset >> shift);
  }
}

}  // namespace trine::image::internal
