#include "core/coding/container/header.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"

namespace trine::coding {
namespace {

using format::Mode;

// Returns what is wrong; empty when nothing is, or when `in` failed.
std::string ParseForm(ByteReader& in, PictureForm* form) {
  form->color = static_cast<PictureColor>(in.Byte());
  form->bit_depth = in.Byte();
  form->entry_bytes = in.Byte();
  const uint64_t entries = in.Varint();
  if (in.failed()) return "";
  if (entries > kMaxPictureEntries || form->entry_bytes > kMaxPictureEntryBytes ||
      (form->entry_bytes == 0 && entries != 0)) {
    return absl::StrCat("a table of ", entries, " entries of ", form->entry_bytes, " bytes");
  }
  const ByteView table = in.Take(entries * static_cast<uint64_t>(form->entry_bytes));
  form->table.assign(table.begin(), table.end());
  return "";
}

// The same.
std::string ParseContent(ByteReader& in, Content* content) {
  const uint8_t kind = in.Byte();
  if (in.failed()) return "";
  if (kind < 1 || kind > static_cast<uint8_t>(ContentKind::kPicture)) {
    return absl::StrCat("content kind ", kind, " is not known");
  }
  content->kind = static_cast<ContentKind>(kind);
  if (content->kind == ContentKind::kBytes) return "";
  const uint8_t dtype = in.Byte();
  const uint8_t rank = in.Byte();
  if (in.failed()) return "";
  if (dtype < kMinDType || dtype > kMaxDType || rank > format::kMaxRank) {
    return absl::StrCat("dtype ", dtype, " of rank ", rank, " is not known");
  }
  content->dtype = static_cast<DType>(dtype);
  for (int i = 0; i < rank; ++i) {
    const uint64_t dim = in.Varint();
    if (dim >> 62 != 0) return "a dimension is 2^62 or more";
    content->shape.push_back(static_cast<int64_t>(dim));
  }
  if (content->kind == ContentKind::kPicture) {
    std::string problem = ParseForm(in, &content->form);
    if (problem.empty() && !in.failed()) {
      problem = PictureProblem(content->form, content->dtype, content->shape);
    }
    if (!problem.empty() || in.failed()) return problem;
  }
  if (in.failed() || ContentBytes(*content).has_value()) return "";
  return "the shape does not fit its kind or overflows";
}

void AppendContent(const Content& content, std::string* out) {
  out->push_back(static_cast<char>(content.kind));
  if (content.kind == ContentKind::kBytes) return;
  out->push_back(static_cast<char>(content.dtype));
  out->push_back(static_cast<char>(content.shape.size()));
  for (int64_t dim : content.shape) AppendVarint(static_cast<uint64_t>(dim), out);
  if (content.kind != ContentKind::kPicture) return;
  out->push_back(static_cast<char>(content.form.color));
  out->push_back(static_cast<char>(content.form.bit_depth));
  out->push_back(static_cast<char>(content.form.entry_bytes));
  AppendVarint(content.form.entries(), out);
  *out += content.form.table;
}

absl::Status OtherVersion(int major) {
  return NotOffered("data", ToStd(absl::StrCat("the stream has format version ", major,
                                               ", this reader knows version ", format::kMajor)));
}

// The fields of a compact header as they are in the stream.
struct CompactFields {
  std::string problem;  // what is wrong; then nothing else is read
  bool is_short = false;
  uint8_t major = 0;
  Content content;
  uint8_t mode = 0;
  BlockHead block;  // but for its mode
  ByteView params;
  size_t checked_bytes = 0;
  uint32_t check = 0;
};

CompactFields ReadCompact(ByteView in) {
  CompactFields fields;
  ByteReader reader(in.subspan(format::kCompactMagic.size()));
  fields.major = reader.Byte();
  fields.problem = ParseContent(reader, &fields.content);
  if (!fields.problem.empty()) {
    fields.problem = "the header: " + fields.problem;
    return fields;
  }
  fields.block.raw_bytes = reader.Varint();
  fields.mode = reader.Byte();
  fields.block.model = reader.Byte();
  fields.block.variant = reader.Byte();
  const uint64_t param_bytes = reader.Varint();
  if (param_bytes > format::kMaxHeaderFields) {
    fields.problem = "the header's length is out of range";
    return fields;
  }
  fields.params = reader.Take(param_bytes);
  fields.block.coded_bytes = reader.Varint();
  fields.block.side_bytes = reader.Varint();
  fields.block.checksum = reader.Fixed<uint64_t>();
  fields.checked_bytes = format::kCompactMagic.size() + reader.position();
  fields.check = reader.Fixed<uint32_t>();
  fields.is_short = reader.short_of_bytes();
  if (reader.failed() && !fields.is_short) fields.problem = "the header is malformed";
  return fields;
}

bool HasMagic(ByteView in, ByteView magic) {
  return in.size() >= magic.size() && std::equal(magic.begin(), magic.end(), in.begin());
}

absl::StatusOr<Parsed> ParseCompact(ByteView in, uint64_t offset, Header* header) {
  const auto corrupt = [&](std::string_view text) { return Corrupt(kNoBlock, offset, text); };
  if (in.size() == format::kCompactMagic.size()) return Parsed{};
  CompactFields fields = ReadCompact(in);
  if (fields.major != format::kMajor) return OtherVersion(fields.major);
  if (!fields.problem.empty()) return corrupt(fields.problem);
  if (fields.is_short) return Parsed{};
  if (fields.check != static_cast<uint32_t>(Checksum(in.subspan(0, fields.checked_bytes)))) {
    return corrupt("the header's checksum differs");
  }
  *header = Header{};
  header->is_compact = true;
  header->major = fields.major;
  header->content = std::move(fields.content);
  header->compact_block = fields.block;
  BlockHead& block = header->compact_block;
  const uint8_t mode = fields.mode;
  const ByteView params = fields.params;
  // From here on the bytes are what a writer wrote.
  if (mode < 1 || mode > static_cast<uint8_t>(Mode::kModel)) {
    return corrupt("the block's mode is not known");
  }
  block.mode = static_cast<Mode>(mode);
  if (block.raw_bytes == 0) {
    if (block.mode != Mode::kStored || block.coded_bytes != 0 || block.side_bytes != 0 ||
        block.model != 0 || block.variant != 0 || block.checksum != Checksum({})) {
      return corrupt("an empty stream has more than that");
    }
  } else if (const std::string_view wrong = CheckLengths(block, format::kMaxCompactRaw);
             !wrong.empty()) {
    return corrupt(wrong);
  }
  header->raw_bytes = block.raw_bytes;
  header->block_bytes = std::max<uint64_t>(block.raw_bytes, 1);
  header->model = block.mode == Mode::kModel ? block.model : static_cast<uint8_t>(Model::kStatic);
  header->params.assign(params.begin(), params.end());
  if (static_cast<Model>(header->model) == Model::kAdaptive) {
    if (!params.empty() && block.variant <= format::kMaxOrder) {
      return corrupt("the header's model has parameters that it does not take");
    }
    header->params.insert(0, 1, static_cast<char>(block.variant));
  }
  const std::optional<uint64_t> content_bytes = ContentBytes(header->content);
  if (content_bytes.has_value() && *content_bytes != block.raw_bytes) {
    return corrupt("the header's raw length does not fit the content");
  }
  return Parsed{fields.checked_bytes + format::kHeadCheckBytes};
}

}  // namespace

void AppendHeader(const Header& header, std::string* out) {
  std::string fields;
  fields.push_back(static_cast<char>(header.model));
  AppendVarint(header.params.size(), &fields);
  fields += header.params;
  AppendContent(header.content, &fields);
  AppendVarint(header.raw_bytes.has_value() ? *header.raw_bytes + 1 : 0, &fields);
  AppendVarint(header.block_bytes, &fields);

  const size_t begin = out->size();
  AppendView(format::kMagic, out);
  out->push_back(static_cast<char>(header.major));
  out->push_back(static_cast<char>(header.minor));
  out->push_back(static_cast<char>(header.flags));
  AppendVarint(fields.size(), out);
  *out += fields;
  AppendLE(Checksum(ViewOf(*out).subspan(begin)), out);
}

void AppendCompact(const Header& header, const BlockHead& block, std::string* out) {
  const size_t begin = out->size();
  AppendView(format::kCompactMagic, out);
  out->push_back(static_cast<char>(header.major));
  AppendContent(header.content, out);
  AppendVarint(block.raw_bytes, out);
  out->push_back(static_cast<char>(block.mode));
  out->push_back(static_cast<char>(block.model));
  out->push_back(static_cast<char>(block.variant));
  AppendVarint(header.params.size(), out);
  *out += header.params;
  AppendVarint(block.coded_bytes, out);
  AppendVarint(block.side_bytes, out);
  AppendLE(block.checksum, out);
  AppendLE(static_cast<uint32_t>(Checksum(ViewOf(*out).subspan(begin))), out);
}

absl::StatusOr<Parsed> ParseHeader(ByteView in, uint64_t offset, Header* header) {
  if (HasMagic(in, format::kCompactMagic)) return ParseCompact(in, offset, header);
  const size_t known = std::min(in.size(), format::kMagic.size());
  if (!std::equal(in.begin(), in.begin() + known, format::kMagic.begin())) {
    return Corrupt(kNoBlock, offset, "these bytes are not the start of a coded stream");
  }
  if (in.size() < format::kFixedHeaderBytes) return Parsed{};
  *header = Header{};
  header->major = in[8];
  header->minor = in[9];
  header->flags = in[10];
  if (header->major != format::kMajor) return OtherVersion(header->major);
  ByteReader reader(in.subspan(format::kFixedHeaderBytes));
  const uint64_t field_bytes = reader.Varint();
  if (reader.short_of_bytes()) return Parsed{};
  if (reader.failed() || field_bytes > format::kMaxHeaderFields) {
    return Corrupt(kNoBlock, offset, "the header's length is out of range");
  }
  const ByteView field_view = reader.Take(field_bytes);
  const size_t checked = format::kFixedHeaderBytes + reader.position();
  const auto checksum = reader.Fixed<uint64_t>();
  if (reader.failed()) return Parsed{};
  if (checksum != Checksum(in.subspan(0, checked))) {
    return Corrupt(kNoBlock, offset, "the header's checksum differs");
  }
  // From here on the bytes are what a writer wrote.
  const int unknown = header->flags & format::kMustKnowFlags & ~format::kKnownFlags;
  if (unknown != 0) {
    return NotOffered("data", ToStd(absl::StrCat("the stream has flag ", unknown,
                                                 ", which this reader does not know")));
  }
  ByteReader fields(field_view);
  header->model = fields.Byte();
  const ByteView params = fields.Take(fields.Varint());
  header->params.assign(params.begin(), params.end());
  const std::string problem = ParseContent(fields, &header->content);
  if (!problem.empty()) return Corrupt(kNoBlock, offset, "the header: " + problem);
  const uint64_t raw = fields.Varint();
  header->block_bytes = fields.Varint();
  if (fields.failed()) return Corrupt(kNoBlock, offset, "the header's fields are cut off");
  if (raw != 0) header->raw_bytes = raw - 1;
  if (fields.left() != 0 && header->minor <= format::kMinor) {
    return Corrupt(kNoBlock, offset, "the header has bytes after its fields");
  }
  if (header->block_bytes < 1 || header->block_bytes > format::kMaxBlockBytes) {
    return Corrupt(kNoBlock, offset, "the header's block size is out of range");
  }
  const std::optional<uint64_t> content_bytes = ContentBytes(header->content);
  if (raw > format::kMaxStreamBytes ||
      (content_bytes.has_value() && header->raw_bytes != content_bytes)) {
    return Corrupt(kNoBlock, offset, "the header's raw length does not fit the content");
  }
  return Parsed{checked + format::kChecksumBytes};
}

HeaderExtent FindHeaderExtent(ByteView in) {
  if (HasMagic(in, format::kCompactMagic)) {
    const CompactFields fields = ReadCompact(in);
    if (fields.major != format::kMajor || !fields.problem.empty()) return {};
    return {fields.is_short ? 0 : fields.checked_bytes, fields.is_short};
  }
  if (!HasMagic(in, format::kMagic)) return {};
  if (in.size() < format::kFixedHeaderBytes) return {0, true};
  if (in[format::kMagic.size()] != format::kMajor) return {};
  ByteReader reader(in.subspan(format::kFixedHeaderBytes));
  const uint64_t field_bytes = reader.Varint();
  if (reader.short_of_bytes()) return {0, true};
  if (reader.failed() || field_bytes > format::kMaxHeaderFields) return {};
  reader.Take(field_bytes);
  const size_t checked = format::kFixedHeaderBytes + reader.position();
  reader.Fixed<uint64_t>();
  if (reader.failed()) return {0, true};
  return {checked, false};
}

bool IsHeaderSound(ByteView in, const HeaderExtent& extent) {
  const uint64_t sum = Checksum(in.subspan(0, extent.checked_bytes));
  const uint8_t* const stored = in.data() + extent.checked_bytes;
  return HasMagic(in, format::kCompactMagic)
             ? LoadLE<uint32_t>(stored) == static_cast<uint32_t>(sum)
             : LoadLE<uint64_t>(stored) == sum;
}

bool HasElements(const Content& content) {
  switch (content.kind) {
    case ContentKind::kBytes:
    case ContentKind::kBits:
      return false;
    case ContentKind::kPicture:
      return !content.form.is_packed();
    default:
      return true;
  }
}

size_t ElementBytes(const Content& content) {
  return HasElements(content) ? DTypeSize(content.dtype) : 1;
}

std::optional<uint64_t> ContentBytes(const Content& content) {
  if (content.kind == ContentKind::kBytes) return std::nullopt;
  const Shape& shape = content.shape;
  const size_t rank = shape.size();
  if (content.kind == ContentKind::kImage && rank != 2 && rank != 3) return std::nullopt;
  if (content.kind == ContentKind::kPicture) {
    if (!PictureProblem(content.form, content.dtype, shape).empty()) return std::nullopt;
    return PictureBytes(content.form, content.dtype, shape);
  }
  if (content.kind == ContentKind::kBits) {
    if (rank != 2) return std::nullopt;
    const auto bytes =
        CheckedMul(static_cast<uint64_t>(shape[0]), CeilDiv(static_cast<uint64_t>(shape[1]), 8));
    return bytes.has_value() && *bytes < format::kMaxStreamBytes ? bytes : std::nullopt;
  }
  uint64_t bytes = ElementBytes(content);
  bool zero = false;
  for (int64_t dim : shape) {
    if (dim == 0) zero = true;
  }
  if (zero) return 0;
  for (int64_t dim : shape) {
    const auto next = CheckedMul(bytes, static_cast<uint64_t>(dim));
    if (!next.has_value() || *next >= format::kMaxStreamBytes) return std::nullopt;
    bytes = *next;
  }
  return bytes;
}

}  // namespace trine::coding
