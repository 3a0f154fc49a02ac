#include "core/coding/container/index.h"

#include <xxhash.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/coding/container/bytes_io.h"

namespace trine::coding {
namespace {

using format::Mode;

absl::Status Corrupt(int64_t block, uint64_t offset, std::string_view text) {
  return CorruptStream(block, static_cast<int64_t>(offset), text);
}

// The fields of a head as they stand in a stream that is not an excerpt.
std::string HeadFields(const BlockHead& head) {
  std::string out(1, static_cast<char>(head.mode));
  if (head.is_end()) {
    AppendVarint(head.raw_offset, &out);
    AppendVarint(head.block_count, &out);
  } else {
    out.push_back(static_cast<char>(head.model));
    out.push_back(static_cast<char>(head.variant));
    AppendVarint(head.raw_bytes, &out);
    AppendVarint(head.coded_bytes, &out);
    AppendVarint(head.side_bytes, &out);
    AppendLE(head.checksum, &out);
  }
  return out;
}

// The checksum covers the raw offset too: a block at another place is noticed. `fields`: those of
// the head behind its mode, as in HeadFields. Without memory: a search tries many.
uint32_t HeadCheck(uint64_t raw_offset, Mode mode, ByteView fields) {
  constexpr size_t kBefore = sizeof(raw_offset) + 1;
  std::array<uint8_t, kBefore + format::kMaxBlockHead> bytes;
  StoreLE(bytes.data(), raw_offset);
  bytes[kBefore - 1] = static_cast<uint8_t>(mode);
  std::copy(fields.begin(), fields.end(), bytes.begin() + kBefore);
  return static_cast<uint32_t>(Checksum(ByteView(bytes).subspan(0, kBefore + fields.size())));
}

// Of a block's head in a stream that is not an excerpt.
uint64_t HeadBytes(const BlockHead& head) {
  return 3 + VarintBytes(head.raw_bytes) + VarintBytes(head.coded_bytes) +
         VarintBytes(head.side_bytes) + format::kChecksumBytes + format::kHeadCheckBytes;
}

// Returns what is wrong; empty when nothing is, or when `in` failed.
std::string ParseContent(ByteReader& in, Content* content) {
  const uint8_t kind = in.Byte();
  if (in.failed()) return "";
  if (kind < 1 || kind > static_cast<uint8_t>(ContentKind::kBits)) {
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
  if (in.failed() || ContentBytes(*content).has_value()) return "";
  return "the shape does not fit its kind or overflows";
}

void AppendContent(const Content& content, std::string* out) {
  out->push_back(static_cast<char>(content.kind));
  if (content.kind == ContentKind::kBytes) return;
  out->push_back(static_cast<char>(content.dtype));
  out->push_back(static_cast<char>(content.shape.size()));
  for (int64_t dim : content.shape) AppendVarint(static_cast<uint64_t>(dim), out);
}

absl::Status OtherVersion(int major) {
  return NotOffered("data", ToStd(absl::StrCat("the stream has format version ", major,
                                               ", this reader knows version ", format::kMajor)));
}

// What is wrong with the lengths of a block of at most `max_raw` bytes; empty where nothing is.
std::string_view CheckLengths(const BlockHead& head, uint64_t max_raw) {
  if (head.raw_bytes < 1 || head.raw_bytes > max_raw) {
    return "the block's raw length is out of range";
  }
  const bool model = head.mode == Mode::kModel;
  if (!model && (head.model != 0 || head.variant != 0)) {
    return "a block without a model names one";
  }
  const uint64_t coded = head.coded_bytes;
  if ((head.mode == Mode::kStored && coded != head.raw_bytes) ||
      (head.mode == Mode::kConstant &&
       (coded < 1 || coded > std::min(head.raw_bytes, format::kMaxConstantPeriod))) ||
      (model && coded >= head.raw_bytes)) {
    return "the block's coded length does not fit its mode";
  }
  const uint64_t most_side = head.mode == Mode::kStored ? 0 : coded;
  if (head.side_bytes > most_side || (head.mode == Mode::kConstant && head.side_bytes != coded)) {
    return "the block's side information does not fit its mode";
  }
  return "";
}

absl::StatusOr<Parsed> ParseCompact(ByteView in, uint64_t offset, Header* header) {
  const auto corrupt = [&](std::string_view text) { return Corrupt(-1, offset, text); };
  *header = Header{};
  header->is_compact = true;
  BlockHead& block = header->compact_block;
  ByteReader reader(in.subspan(format::kCompactMagic.size()));
  header->major = reader.Byte();
  if (reader.failed()) return Parsed{};
  if (header->major != format::kMajor) return OtherVersion(header->major);
  const std::string problem = ParseContent(reader, &header->content);
  if (!problem.empty()) return corrupt("the header: " + problem);
  block.raw_bytes = reader.Varint();
  const uint8_t mode = reader.Byte();
  block.model = reader.Byte();
  block.variant = reader.Byte();
  const uint64_t param_bytes = reader.Varint();
  if (param_bytes > format::kMaxHeaderFields) return corrupt("the header's length is out of range");
  const ByteView params = reader.Take(param_bytes);
  block.coded_bytes = reader.Varint();
  block.side_bytes = reader.Varint();
  block.checksum = reader.Fixed<uint64_t>();
  const size_t checked = format::kCompactMagic.size() + reader.position();
  const auto check = reader.Fixed<uint32_t>();
  if (reader.short_of_bytes()) return Parsed{};
  if (reader.failed()) return corrupt("the header is malformed");
  if (check != static_cast<uint32_t>(Checksum(in.subspan(0, checked)))) {
    return corrupt("the header's checksum differs");
  }
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
  return Parsed{checked + format::kHeadCheckBytes};
}

}  // namespace

uint64_t Checksum(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

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
  if (in.size() >= format::kCompactMagic.size() &&
      std::equal(format::kCompactMagic.begin(), format::kCompactMagic.end(), in.begin())) {
    return ParseCompact(in, offset, header);
  }
  const size_t known = std::min(in.size(), format::kMagic.size());
  if (!std::equal(in.begin(), in.begin() + known, format::kMagic.begin())) {
    return Corrupt(-1, offset, "these bytes are not the start of a coded stream");
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
    return Corrupt(-1, offset, "the header's length is out of range");
  }
  const ByteView field_view = reader.Take(field_bytes);
  const size_t checked = format::kFixedHeaderBytes + reader.position();
  const auto checksum = reader.Fixed<uint64_t>();
  if (reader.failed()) return Parsed{};
  if (checksum != Checksum(in.subspan(0, checked))) {
    return Corrupt(-1, offset, "the header's checksum differs");
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
  if (!problem.empty()) return Corrupt(-1, offset, "the header: " + problem);
  const uint64_t raw = fields.Varint();
  header->block_bytes = fields.Varint();
  if (fields.failed()) return Corrupt(-1, offset, "the header's fields are cut off");
  if (raw != 0) header->raw_bytes = raw - 1;
  if (fields.left() != 0 && header->minor <= format::kMinor) {
    return Corrupt(-1, offset, "the header has bytes behind its fields");
  }
  if (header->block_bytes < 1 || header->block_bytes > format::kMaxBlockBytes) {
    return Corrupt(-1, offset, "the header's block size is out of range");
  }
  const std::optional<uint64_t> content_bytes = ContentBytes(header->content);
  if (raw > format::kMaxStreamBytes ||
      (content_bytes.has_value() && header->raw_bytes != content_bytes)) {
    return Corrupt(-1, offset, "the header's raw length does not fit the content");
  }
  return Parsed{checked + format::kChecksumBytes};
}

void AppendBlockHead(const BlockHead& head, bool in_excerpt, std::string* out) {
  const std::string fields = HeadFields(head);
  out->push_back(fields[0]);
  if (in_excerpt && !head.is_end()) AppendVarint(head.raw_offset, out);
  out->append(fields, 1);
  AppendLE(HeadCheck(head.raw_offset, head.mode, ViewOf(fields).subspan(1)), out);
}

TriedHead TryBlockHead(ByteView in, const Header& header, uint64_t raw_offset, BlockHead* head) {
  const auto wrong = [](std::string_view text) { return TriedHead{text, {}}; };
  ByteReader reader(in.subspan(0, std::min(in.size(), format::kMaxBlockHead)));
  *head = BlockHead{};
  const uint8_t mode = reader.Byte();
  if (mode > static_cast<uint8_t>(Mode::kModel)) return wrong("the block's mode is not known");
  head->mode = static_cast<Mode>(mode);
  size_t fields_at = reader.position();
  if (head->is_end()) {
    head->raw_offset = reader.Varint();
    head->block_count = reader.Varint();
  } else {
    head->raw_offset = header.is_excerpt() ? reader.Varint() : raw_offset;
    fields_at = reader.position();
    head->model = reader.Byte();
    head->variant = reader.Byte();
    head->raw_bytes = reader.Varint();
    head->coded_bytes = reader.Varint();
    head->side_bytes = reader.Varint();
    head->checksum = reader.Fixed<uint64_t>();
  }
  const size_t check_at = reader.position();
  const auto check = reader.Fixed<uint32_t>();
  if (reader.failed()) {
    if (reader.short_of_bytes() && in.size() < format::kMaxBlockHead) return {};
    return wrong("the block's head is malformed");
  }
  // Varints have one form: these bytes are what a writer would write.
  const ByteView fields = in.subspan(fields_at, check_at - fields_at);
  if (check != HeadCheck(head->raw_offset, head->mode, fields)) {
    return wrong("the checksum of the block's head differs");
  }
  if (head->is_end()) {
    if (!header.is_excerpt() && head->raw_offset != raw_offset) {
      return wrong("the raw length in the end mark is not that of the blocks");
    }
    return {{}, Parsed{reader.position()}};
  }
  if (head->raw_offset > format::kMaxStreamBytes) {
    return wrong("the block's raw length is out of range");
  }
  const std::string_view lengths = CheckLengths(*head, header.block_bytes);
  if (!lengths.empty()) return wrong(lengths);
  return {{}, Parsed{reader.position()}};
}

absl::StatusOr<Parsed> ParseBlockHead(ByteView in, const Header& header, uint64_t raw_offset,
                                      int64_t block, uint64_t offset, BlockHead* head) {
  const TriedHead tried = TryBlockHead(in, header, raw_offset, head);
  if (!tried.wrong.empty()) return Corrupt(block, offset, tried.wrong);
  return tried.parsed;
}

IndexEntry EntryOf(const BlockHead& head) {
  return {
      head.mode,      head.model, head.variant, head.raw_bytes, HeadBytes(head) + head.coded_bytes,
      head.side_bytes};
}

std::optional<uint64_t> PayloadBytes(const IndexEntry& entry) {
  BlockHead head{.raw_bytes = entry.raw_bytes, .side_bytes = entry.side_bytes};
  // The head holds the payload's length, which takes one byte here and may take more.
  const uint64_t shortest = HeadBytes(head);
  for (uint64_t more = 0; more < format::kMaxVarintBytes && shortest + more <= entry.coded_bytes;
       ++more) {
    head.coded_bytes = entry.coded_bytes - shortest - more;
    if (HeadBytes(head) == shortest + more) return head.coded_bytes;
  }
  return std::nullopt;
}

void AppendIndexEntry(const IndexEntry& entry, std::string* out) {
  for (uint8_t byte : {static_cast<uint8_t>(entry.mode), entry.model, entry.variant}) {
    out->push_back(static_cast<char>(byte));
  }
  AppendVarint(entry.raw_bytes, out);
  AppendVarint(entry.coded_bytes, out);
  AppendVarint(entry.side_bytes, out);
}

absl::StatusOr<Parsed> ParseIndexEntry(ByteView in, uint64_t block_bytes, int64_t number,
                                       uint64_t offset, IndexEntry* entry) {
  const auto malformed = [&] {
    return Corrupt(number, offset, "the block's entry in the index is malformed");
  };
  ByteReader reader(in.subspan(0, std::min(in.size(), format::kMaxIndexEntry)));
  const uint8_t mode = reader.Byte();
  entry->mode = static_cast<Mode>(mode);
  entry->model = reader.Byte();
  entry->variant = reader.Byte();
  entry->raw_bytes = reader.Varint();
  entry->coded_bytes = reader.Varint();
  entry->side_bytes = reader.Varint();
  if (reader.short_of_bytes() && in.size() < format::kMaxIndexEntry) return Parsed{};
  if (reader.failed() || mode < 1 || mode > static_cast<uint8_t>(Mode::kModel)) {
    return malformed();
  }
  // It must be that of some head, which an excerpt need not hold.
  const std::optional<uint64_t> payload = PayloadBytes(*entry);
  if (!payload.has_value()) return malformed();
  const BlockHead head{.mode = entry->mode,
                       .model = entry->model,
                       .variant = entry->variant,
                       .raw_bytes = entry->raw_bytes,
                       .coded_bytes = *payload,
                       .side_bytes = entry->side_bytes};
  if (!CheckLengths(head, block_bytes).empty()) return malformed();
  return Parsed{reader.position()};
}

void AppendIndex(const std::vector<IndexEntry>& index, ByteView end_mark, std::string* out) {
  std::string tail(end_mark.begin(), end_mark.end());
  for (const IndexEntry& entry : index) AppendIndexEntry(entry, &tail);
  *out += tail.substr(end_mark.size());
  AppendLE(static_cast<uint64_t>(tail.size()), out);
  AppendLE(Checksum(ViewOf(tail)), out);
  AppendView(format::kEndMagic, out);
}

absl::StatusOr<Trailer> ParseTrailer(ByteView in, uint64_t offset) {
  ByteReader reader(in);
  Trailer trailer;
  trailer.tail_bytes = reader.Fixed<uint64_t>();
  trailer.checksum = reader.Fixed<uint64_t>();
  const ByteView magic = reader.Take(format::kEndMagic.size());
  if (reader.failed() || reader.left() != 0 ||
      !std::equal(magic.begin(), magic.end(), format::kEndMagic.begin())) {
    return Corrupt(-1, offset, "the stream does not end with its end mark");
  }
  return trailer;
}

absl::StatusOr<Tail> ParseTail(ByteView in, const Header& header, uint64_t offset) {
  Tail tail;
  if (in.empty() || in[0] != static_cast<uint8_t>(Mode::kEnd)) {
    return Corrupt(-1, offset, "the index does not begin with the end mark");
  }
  ByteReader peek(in.subspan(1));
  const uint64_t raw_bytes = peek.Varint();
  TRINE_ASSIGN_OR_RETURN(const Parsed mark,
                         ParseBlockHead(in, header, raw_bytes, -1, offset, &tail.end));
  if (!mark.complete()) return Corrupt(-1, offset, "the end mark is cut off");
  const size_t mark_bytes = mark.consumed;
  if (!header.has_index()) {
    if (in.size() != mark_bytes) return Corrupt(-1, offset, "bytes stand behind the end mark");
    return tail;
  }
  if (in.size() < mark_bytes + format::kTrailerBytes) {
    return Corrupt(-1, offset, "the index is cut off");
  }
  const size_t tail_bytes = in.size() - format::kTrailerBytes;
  TRINE_ASSIGN_OR_RETURN(const Trailer trailer, ParseTrailer(in.subspan(tail_bytes), offset));
  if (trailer.tail_bytes != tail_bytes || trailer.checksum != Checksum(in.subspan(0, tail_bytes))) {
    return Corrupt(-1, offset, "the checksum of the index differs");
  }
  if (tail.end.block_count > (tail_bytes - mark_bytes) / format::kMinIndexEntry) {
    return Corrupt(-1, offset, "the index has fewer entries than the stream has blocks");
  }
  if (tail.end.block_count > format::kMaxListedBlocks) {
    return LimitExceeded("data", tail.end.block_count, "blocks listed at a time",
                         format::kMaxListedBlocks);
  }
  ByteView entries = in.subspan(mark_bytes, tail_bytes - mark_bytes);
  tail.index.resize(static_cast<size_t>(tail.end.block_count));
  uint64_t raw_sum = 0;  // each is at most 2^30, and there are fewer than 2^32 in memory
  uint64_t coded_sum = 0;
  for (size_t i = 0; i < tail.index.size(); ++i) {
    TRINE_ASSIGN_OR_RETURN(const Parsed parsed,
                           ParseIndexEntry(entries, header.block_bytes, static_cast<int64_t>(i),
                                           offset, &tail.index[i]));
    if (!parsed.complete()) return Corrupt(-1, offset, "the index is cut off");
    entries.remove_prefix(parsed.consumed);
    raw_sum += tail.index[i].raw_bytes;
    coded_sum += tail.index[i].coded_bytes;
  }
  if (!entries.empty()) return Corrupt(-1, offset, "the index goes on behind its last entry");
  if (raw_sum != raw_bytes || coded_sum >> 62 != 0) {
    return Corrupt(-1, offset, "the raw lengths in the index do not add up to the stream's");
  }
  return tail;
}

std::string ModeName(Mode mode, uint8_t model, uint8_t variant) {
  switch (mode) {
    case Mode::kEnd:
      return "end";
    case Mode::kStored:
      return "stored";
    case Mode::kConstant:
      return "constant";
    case Mode::kModel:
      break;
  }
  switch (static_cast<Model>(model)) {
    case Model::kStatic:
      return variant == 0 ? "static" : absl::StrCat("static-", variant);
    case Model::kAdaptive:
      return absl::StrCat("adaptive-", variant);
    case Model::kTable:
      return "table";
    default:
      return absl::StrCat("model-", model);
  }
}

size_t ElementBytes(const Content& content) {
  return content.kind == ContentKind::kBytes || content.kind == ContentKind::kBits
             ? 1
             : DTypeSize(content.dtype);
}

std::optional<uint64_t> ContentBytes(const Content& content) {
  if (content.kind == ContentKind::kBytes) return std::nullopt;
  const Shape& shape = content.shape;
  const size_t rank = shape.size();
  if (content.kind == ContentKind::kImage && rank != 2 && rank != 3) return std::nullopt;
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
