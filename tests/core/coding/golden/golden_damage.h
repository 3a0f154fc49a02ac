// Damaged golden streams, with checksums as they were, put right for the container, or put right
// down to the raw bytes, so that what decodes to other bytes is valid.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/coding/container/checksum.h"
#include "core/coding/container/index.h"
#include "core/coding/models/table/table_params.h"
#include "core/coding/stream/block.h"
#include "tests/core/coding/golden/golden_cases.h"
#include "tests/core/coding/golden/golden_files.h"
#include "tests/core/coding/hostile/mend_checksums.h"

namespace trine::coding {

// One of the streams in a file.
struct GoldenStream {
  std::string coded;
  size_t index_begin = 0;  // its part of the file's table index
  size_t index_bytes = 0;
};

// Bytes of the stream in front. REQUIRES: a valid one.
inline size_t StreamBytes(ByteView coded) {
  Header header;
  size_t at = ParseHeader(coded, 0, &header)->consumed;
  if (header.is_compact) return at + static_cast<size_t>(header.compact_block.coded_bytes);
  BlockHead head;
  for (uint64_t raw_offset = 0;; raw_offset = head.raw_offset + head.raw_bytes) {
    at += ParseBlockHead(coded.subspan(at), header, raw_offset, 0, at, &head)->consumed;
    if (head.is_end()) break;
    at += static_cast<size_t>(head.coded_bytes);
  }
  if (!header.has_index()) return at;
  IndexEntry entry;
  for (uint64_t i = 0; i < head.block_count; ++i) {
    at += ParseIndexEntry(coded.subspan(at), header.block_bytes, 0, at, &entry)->consumed;
  }
  return at + format::kTrailerBytes;
}

// How the symbols of a stream are coded; nullopt where its header does not say so.
inline std::optional<BlockPlan> PlanOfStream(const Header& header,
                                             const std::vector<TablePtr>& tables,
                                             ByteView table_index) {
  auto plan = PlanOf(header, DefaultLimits(), 0);
  std::set<uint64_t> found;
  if (!plan.ok() || !FindTables(tables, &plan->tables, &found).ok()) return std::nullopt;
  plan->table_index = table_index;
  return *std::move(plan);
}

inline std::vector<GoldenStream> SplitStreams(const GoldenFile& file) {
  std::vector<GoldenStream> streams;
  size_t index_begin = 0;
  for (ByteView left = AsBytes(file.coded); !left.empty();) {
    GoldenStream stream;
    stream.coded = AsString(left.subspan(0, StreamBytes(left)));
    left.remove_prefix(stream.coded.size());
    Header header;
    ParseHeader(ViewOf(stream.coded), 0, &header).IgnoreError();
    const auto plan = PlanOfStream(header, file.tables, {});
    stream.index_begin = index_begin;
    if (plan.has_value() && plan->tables.size() > 1) {
      const auto info = Inspect({}, ViewOf(stream.coded));
      stream.index_bytes = static_cast<size_t>(info->raw_bytes) / SymbolBytes(*plan);
    }
    index_begin += stream.index_bytes;
    streams.push_back(std::move(stream));
  }
  return streams;
}

// A byte changed, bytes left out or doubled, or the end cut off; half of the time near the front,
// where long streams have what is not symbols.
inline std::string Damage(std::string bytes, Lcg& random) {
  const size_t front = std::min<size_t>(bytes.size(), 120);
  const size_t at = random.Next() % (random.Next() % 2 == 0 ? bytes.size() : front);
  switch (random.Next() % 8) {
    case 0:
      bytes.erase(at, 1 + random.Next() % 3);
      break;
    case 1:
      bytes.insert(at, bytes.substr(at, 1 + random.Next() % 3));
      break;
    case 2:
      bytes.resize(at);
      break;
    default:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 + random.Next() % 255));
  }
  return bytes;
}

// Puts the check of ADAPTIVE's parameters right, so that what they say is read.
inline void MendParams(const BlockHead& head, size_t payload, std::string* bytes) {
  if (head.mode != format::Mode::kModel || static_cast<Model>(head.model) != Model::kAdaptive) {
    return;
  }
  if (head.coded_bytes == 0) return;
  const bool drifting = head.variant == 0 && static_cast<uint8_t>((*bytes)[payload]) >> 4 == 1;
  const size_t check = drifting ? 3 : head.variant == 2 ? 5 : 4;
  if (head.coded_bytes <= check) return;
  uint8_t right = format::kParamsCheckSeed;
  for (size_t i = 0; i < check; ++i) right ^= static_cast<uint8_t>((*bytes)[payload + i]);
  (*bytes)[payload + check] = static_cast<char>(right);
}

// Makes the checksum of a block that of what its payload decodes to; false where it is, or where
// nothing comes of the payload.
inline bool MendBlock(const BlockPlan& plan, ByteView payload, BlockHead* head) {
  constexpr uint64_t kMostRaw = 1 << 20;
  if (head->raw_bytes == 0 || head->raw_bytes > kMostRaw) return false;
  std::vector<uint8_t> raw(static_cast<size_t>(head->raw_bytes));
  const absl::Status status = DecodeBlock({}, plan, *head, payload, 0, 0, absl::MakeSpan(raw));
  if (status.message().find("checksum of the block") == absl::string_view::npos) return false;
  head->checksum = Checksum(raw);
  return true;
}

// The same for every block of a stream whose other checksums are right.
inline std::string MendRaw(std::string bytes, const std::vector<TablePtr>& tables,
                           ByteView table_index) {
  Header header;
  const auto parsed = ParseHeader(ViewOf(bytes), 0, &header);
  if (!parsed.ok() || !parsed->complete()) return bytes;
  const auto plan = PlanOfStream(header, tables, table_index);
  if (!plan.has_value()) return bytes;
  size_t at = parsed->consumed;
  std::string right;
  if (header.is_compact) {
    BlockHead head = header.compact_block;
    if (head.coded_bytes > bytes.size() - at) return bytes;
    MendParams(head, at, &bytes);
    const ByteView payload = ViewOf(bytes).subspan(at, static_cast<size_t>(head.coded_bytes));
    if (!MendBlock(*plan, payload, &head)) return bytes;
    // What the parser adds for ADAPTIVE is not in the stream.
    if (static_cast<Model>(header.model) == Model::kAdaptive) header.params.clear();
    AppendCompact(header, head, &right);
    return bytes.replace(0, at, right);
  }
  BlockHead head;
  for (uint64_t raw_offset = 0;; raw_offset = head.raw_offset + head.raw_bytes) {
    const auto block = ParseBlockHead(ViewOf(bytes).subspan(at), header, raw_offset, 0, at, &head);
    if (!block.ok() || !block->complete() || head.is_end()) return bytes;
    const size_t begin = at + block->consumed;
    if (head.coded_bytes > bytes.size() - begin) return bytes;
    MendParams(head, begin, &bytes);
    const ByteView payload = ViewOf(bytes).subspan(begin, static_cast<size_t>(head.coded_bytes));
    if (MendBlock(*plan, payload, &head)) {
      right.clear();
      AppendBlockHead(head, header.is_excerpt(), &right);
      bytes.replace(at, right.size(), right);
    }
    at = begin + payload.size();
  }
}

// A file that is damaged in one of its streams, or in its table index.
inline GoldenFile DamagedFile(const GoldenFile& file, const std::vector<GoldenStream>& streams,
                              Lcg& random) {
  GoldenFile out = file;
  if (!file.table_index.empty() && random.Next() % 8 == 0) {
    out.table_index = Damage(file.table_index, random);
    return out;
  }
  out.coded.clear();
  const size_t damaged = random.Next() % streams.size();
  for (size_t s = 0; s < streams.size(); ++s) {
    if (s != damaged) {
      out.coded += streams[s].coded;
      continue;
    }
    std::string bytes = Damage(streams[s].coded, random);
    const uint32_t how = random.Next() % 4;
    if (how != 0) bytes = MendChecksums(ViewOf(bytes));
    if (how > 1) {
      bytes = MendRaw(
          std::move(bytes), file.tables,
          AsBytes(file.table_index).subspan(streams[s].index_begin, streams[s].index_bytes));
    }
    out.coded += bytes;
  }
  return out;
}

}  // namespace trine::coding
