#include "core/coding/models/table/indexed_table.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/coding/coder/lane_count.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/polled.h"
#include "core/coding/coder/range_coder.h"
#include "core/coding/models/table/table_model.h"
#include "core/coding/container/bytes_io.h"

namespace trine::coding {
namespace {

bool Wide(const std::vector<TableRef>& tables) {
  return std::any_of(tables.begin(), tables.end(),
                     [](const TableRef& ref) { return ref.table->wide(); });
}

absl::StatusOr<uint32_t> CheckOf(ByteView index, const CancelToken& cancel) {
  TRINE_ASSIGN_OR_RETURN(const uint64_t checksum, ChecksumPolled(index, cancel));
  return static_cast<uint32_t>(checksum);
}

// As in coding with one table (interleaved.h), but for the table's change with every symbol.
template <class Coder>
absl::StatusOr<bool> EncodeLanes(const std::vector<TableRef>& tables, ByteView index,
                                 const std::vector<uint16_t>& ranks, int lanes_log2,
                                 uint64_t max_bytes, const CancelToken& cancel, std::string* out) {
  using Range = typename Coder::Range;
  const uint64_t n = ranks.size();
  const uint64_t max_events = std::min<uint64_t>(n, max_bytes / sizeof(typename Coder::Word)) +
                              std::min(n, kPollSymbols) + 1;
  const uint32_t mask = (1u << lanes_log2) - 1;
  RangeEncoder<Coder> coder(1 << lanes_log2, max_events);
  for (uint64_t begin = 0; begin < n; begin += kPollSymbols) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    if (coder.CodedBytes() > max_bytes) return false;
    const uint64_t end = std::min(n, begin + kPollSymbols);
    for (uint64_t i = begin; i < end; ++i) {
      const int l = static_cast<int>(i & mask);
      const FrequencyDictionary& table = *tables[index[i]].table;
      const SymbolFrequency s = table.frequencies()[ranks[i]];
      Range offset, width;
      SymbolPart(coder.lane(l).range, table.total_bits(), s.start, s.freq, &offset, &width);
      coder.lane(l).Narrow(offset, width);
      coder.Renormalise(l);
    }
  }
  if (coder.CodedBytes() > max_bytes) return false;
  TRINE_RETURN_IF_ERROR(coder.Finish(out, cancel));
  return true;
}

template <class Coder>
absl::Status DecodeLanes(const std::vector<TableRef>& tables, ByteView index, int lanes_log2,
                         ByteView in, size_t step, uint8_t* raw, const CancelToken& cancel) {
  using Range = typename Coder::Range;
  RangeDecoder<Coder> coder;
  if (!coder.Start(1 << lanes_log2, in)) {
    return CorruptStream(-1, -1, "the lanes' initial codes are cut off or out of range");
  }
  const uint32_t mask = (1u << lanes_log2) - 1;
  uint32_t bits_of_values = 0;
  for (uint64_t begin = 0; begin < index.size(); begin += kPollSymbols) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    if (coder.missing()) break;
    const uint64_t end = std::min<uint64_t>(index.size(), begin + kPollSymbols);
    for (uint64_t i = begin; i < end; ++i) {
      const int l = static_cast<int>(i & mask);
      auto& lane = coder.lane(l);
      const FrequencyDictionary& table = *tables[index[i]].table;
      const int bits = table.total_bits();
      const Range last_slot = (Range{1} << bits) - 1;
      const Range slot = std::min<Range>(lane.code / (lane.range >> bits), last_slot);
      const uint32_t rank = table.Find(static_cast<uint32_t>(slot));
      const SymbolFrequency s = table.frequencies()[rank];
      Range offset, width;
      SymbolPart(lane.range, bits, s.start, s.freq, &offset, &width);
      lane.Narrow(offset, width);
      coder.Renormalise(l);
      bits_of_values |= table.value(rank);
      StoreElement(raw + i * step, step, table.value(rank));
    }
  }
  if (coder.missing()) return CorruptStream(-1, -1, "the payload ends before its last symbol");
  if (!coder.rest().empty()) return CorruptStream(-1, -1, "the payload goes on behind its symbols");
  if (!coder.AtEnd()) return CorruptStream(-1, -1, "a lane does not end at its number");
  return CheckElements(bits_of_values, step);
}

}  // namespace

absl::Status CheckTableIndex(const TableIndex& index, size_t tables, const CancelToken& cancel) {
  size_t bad = index.tables.size();
  TRINE_RETURN_IF_ERROR(InPieces(index.tables.size(), cancel, [&](size_t begin, size_t n) {
    const ByteView piece = index.tables.subspan(begin, n);
    uint8_t most = 0;
    for (const uint8_t number : piece) most = std::max(most, number);
    if (most < tables || bad != index.tables.size()) return;
    const auto at =
        std::find_if(piece.begin(), piece.end(), [&](uint8_t number) { return number >= tables; });
    bad = begin + static_cast<size_t>(at - piece.begin());
  }));
  if (bad == index.tables.size()) return absl::OkStatus();
  return InvalidField(absl::StrCat("table_index[", index.begin + bad, "]"),
                      static_cast<int64_t>(index.tables[bad]),
                      absl::StrCat("must be below the number of tables, ", tables));
}

absl::StatusOr<std::vector<uint16_t>> IndexedRanksOf(const std::vector<TableRef>& tables,
                                                     const TableIndex& index, ByteView raw,
                                                     size_t step, uint64_t raw_offset,
                                                     const CancelToken& cancel) {
  std::vector<uint16_t> ranks;
  ranks.reserve(index.tables.size());
  for (size_t i = 0; i < index.tables.size(); ++i) {
    if (i % kPollSymbols == 0) TRINE_RETURN_IF_ERROR(cancel.Check());
    const FrequencyDictionary& table = *tables[index.tables[i]].table;
    const uint32_t value = LoadElement(raw.data() + i * step, step);
    const size_t rank = table.Rank(value);
    if (rank == table.size()) {
      return InvalidField("data", ToStd(absl::StrCat(value)),
                          absl::StrCat("the symbol at byte ", raw_offset + i * step,
                                       " is not in table ", index.tables[i], ", its index's"));
    }
    ranks.push_back(static_cast<uint16_t>(rank));
  }
  return ranks;
}

absl::StatusOr<Payload> EncodeIndexed(const std::vector<TableRef>& tables, const TableIndex& index,
                                      const std::vector<uint16_t>& ranks, uint64_t raw_bytes,
                                      const CancelToken& cancel) {
  Payload payload;
  // About the cost: what the frequencies say of symbols taken evenly. A wide lane costs twice.
  const bool wide = Wide(tables);
  const size_t stride = ranks.size() / 4096 + 1;
  uint64_t cost = 0;
  for (size_t i = 0; i < ranks.size(); i += stride) {
    const FrequencyDictionary& table = *tables[index.tables[i]].table;
    const uint32_t whole = static_cast<uint32_t>(table.total_bits()) << kLog2FractionBits;
    cost += whole - std::min(whole, FixedLog2(table.frequencies()[ranks[i]].freq));
  }
  const uint64_t bytes = ((cost * stride) >> (kLog2FractionBits + 3)) / (wide ? 2 : 1);
  const int lanes_log2 = ChooseLanesLog2(bytes, kMaxTableLanesLog2);
  payload.bytes.push_back(static_cast<char>(lanes_log2));
  AppendVarint(ranks.size(), &payload.bytes);
  TRINE_ASSIGN_OR_RETURN(const uint32_t check, CheckOf(index.tables, cancel));
  AppendLE(check, &payload.bytes);
  payload.side_bytes = payload.bytes.size();
  if (payload.side_bytes >= raw_bytes) return payload;
  const uint64_t max_bytes = raw_bytes - payload.side_bytes - 1;
  absl::StatusOr<bool> fits =
      wide ? EncodeLanes<WideCoder>(tables, index.tables, ranks, lanes_log2, max_bytes, cancel,
                                    &payload.bytes)
           : EncodeLanes<NarrowCoder>(tables, index.tables, ranks, lanes_log2, max_bytes, cancel,
                                      &payload.bytes);
  TRINE_ASSIGN_OR_RETURN(payload.fits, std::move(fits));
  return payload;
}

absl::Status DecodeIndexed(const std::vector<TableRef>& tables, const TableIndex& index,
                           ByteView payload, size_t step, uint64_t raw_checksum,
                           MutableByteView raw, const CancelToken& cancel) {
  ByteReader in(payload);
  const int lanes_log2 = in.Byte();
  const uint64_t n = in.Varint();
  const auto check = in.Fixed<uint32_t>();
  if (in.failed() || lanes_log2 > format::kMaxLanesLog2) {
    return CorruptStream(-1, -1, "the payload's parameters are malformed");
  }
  if (n != index.tables.size() || n * step != raw.size()) {
    return CorruptStream(-1, -1, "the number of symbols does not fit the block's raw length");
  }
  TRINE_RETURN_IF_ERROR(CheckTableIndex(index, tables.size(), cancel));
  TRINE_ASSIGN_OR_RETURN(const uint32_t actual, CheckOf(index.tables, cancel));
  const ByteView lanes = payload.subspan(in.position());
  const absl::Status status = Wide(tables)
                                  ? DecodeLanes<WideCoder>(tables, index.tables, lanes_log2, lanes,
                                                           step, raw.data(), cancel)
                                  : DecodeLanes<NarrowCoder>(tables, index.tables, lanes_log2,
                                                             lanes, step, raw.data(), cancel);
  if (actual == check) return status;
  TRINE_RETURN_IF_ERROR(cancel.Check());
  if (status.ok()) {
    TRINE_ASSIGN_OR_RETURN(const uint64_t checksum, ChecksumPolled(raw, cancel));
    if (checksum == raw_checksum) return CorruptStream(-1, -1, "the check of the index differs");
  }
  return InvalidField("table_index",
                      ToStd(absl::StrCat("bytes ", index.begin, " to ", index.begin + n - 1)),
                      "must be the index that the symbols were coded with");
}

}  // namespace trine::coding
