#include "core/coding/container/block_head.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "core/coding/coding.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/header.h"

namespace trine::coding {
namespace {

using format::Mode;

// The fields of a head as they are in a stream that is not an excerpt.
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

// Raw offset and mode.
constexpr size_t kCheckedBefore = sizeof(uint64_t) + 1;

// The checksum covers the raw offset too: a block at another place is noticed. `fields`: those of
// the head after its mode, as in HeadFields. Without memory: a search tries many.
uint32_t HeadCheck(uint64_t raw_offset, Mode mode, ByteView fields) {
  std::array<uint8_t, kCheckedBefore + format::kMaxBlockHead> bytes;
  StoreLE(bytes.data(), raw_offset);
  bytes[kCheckedBefore - 1] = static_cast<uint8_t>(mode);
  std::copy(fields.begin(), fields.end(), bytes.begin() + kCheckedBefore);
  return static_cast<uint32_t>(
      Checksum(ByteView(bytes).subspan(0, kCheckedBefore + fields.size())));
}

}  // namespace

uint64_t HeadBytes(const BlockHead& head) {
  return 3 + VarintBytes(head.raw_bytes) + VarintBytes(head.coded_bytes) +
         VarintBytes(head.side_bytes) + format::kChecksumBytes + format::kHeadCheckBytes;
}

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

void AppendBlockHead(const BlockHead& head, bool in_excerpt, std::string* out) {
  const std::string fields = HeadFields(head);
  out->push_back(fields[0]);
  if (in_excerpt && !head.is_end()) AppendVarint(head.raw_offset, out);
  out->append(fields, 1);
  AppendLE(HeadCheck(head.raw_offset, head.mode, ViewOf(fields).subspan(1)), out);
}

TriedHead TryBlockHead(ByteView in, const Header& header, uint64_t raw_offset, BlockHead* head) {
  size_t checked_bytes = 0;
  const auto wrong = [&](std::string_view text) { return TriedHead{text, {}, checked_bytes}; };
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
  checked_bytes = kCheckedBefore + fields.size();
  if (check != HeadCheck(head->raw_offset, head->mode, fields)) {
    return wrong("the checksum of the block's head differs");
  }
  if (head->is_end()) {
    if (!header.is_excerpt() && head->raw_offset != raw_offset) {
      return wrong("the raw length in the end mark is not that of the blocks");
    }
    return {{}, Parsed{reader.position()}, checked_bytes};
  }
  if (head->raw_offset > format::kMaxStreamBytes) {
    return wrong("the block's raw length is out of range");
  }
  const std::string_view lengths = CheckLengths(*head, header.block_bytes);
  if (!lengths.empty()) return wrong(lengths);
  return {{}, Parsed{reader.position()}, checked_bytes};
}

HeadProbe::HeadProbe(ByteView in) {
  ByteReader reader(in.subspan(0, std::min(in.size(), format::kMaxBlockHead)));
  checked_[kBefore - 1] = reader.Byte();
  reader.Take(2);                               // model and variant
  for (int i = 0; i < 3; ++i) reader.Varint();  // raw, coded and side bytes
  reader.Fixed<uint64_t>();
  const size_t end = reader.position();
  check_ = reader.Fixed<uint32_t>();
  if (reader.failed()) return;
  std::copy(in.begin() + 1, in.begin() + end, checked_.begin() + kBefore);
  bytes_ = kBefore + end - 1;
}

bool HeadProbe::FitsAt(uint64_t raw_offset) {
  if (bytes_ == 0) return false;
  StoreLE(checked_.data(), raw_offset);
  return static_cast<uint32_t>(Checksum(ByteView(checked_).subspan(0, bytes_))) == check_;
}

absl::StatusOr<Parsed> ParseBlockHead(ByteView in, const Header& header, uint64_t raw_offset,
                                      int64_t block, uint64_t offset, BlockHead* head) {
  const TriedHead tried = TryBlockHead(in, header, raw_offset, head);
  if (!tried.wrong.empty()) return Corrupt(block, offset, tried.wrong);
  return tried.parsed;
}

}  // namespace trine::coding
