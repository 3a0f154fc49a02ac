#include "core/coding/models/table/indexed_table.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/coder/interleaved.h"
#include "core/coding/coder/lane_count.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/container/polled.h"
#include "core/coding/models/table/table_model.h"

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

template <class Coder>
absl::StatusOr<bool> EncodeLanes(const std::vector<TableRef>& tables, ByteView index,
                                 const std::vector<uint16_t>& ranks, int lanes_log2,
                                 uint64_t max_bytes, const CancelToken& cancel, std::string* out) {
  const auto part = [&](uint64_t i) {
    const FrequencyDictionary& table = *tables[index[i]].table;
    return SymbolPartOf{table.frequencies()[ranks[i]], table.total_bits()};
  };
  return EncodeInterleaved<Coder>(lanes_log2, ranks.size(), part, max_bytes, cancel, out);
}

template <class Coder>
absl::Status DecodeLanes(const std::vector<TableRef>& tables, ByteView index, int lanes_log2,
                         ByteView in, const Element& symbol, uint8_t* raw,
                         const CancelToken& cancel) {
  const ElementValues values(symbol);
  bool all_fit = true;
  TRINE_RETURN_IF_ERROR(DecodeInterleaved<Coder>(
      lanes_log2, index.size(), in, [&](uint64_t i) { return SlotTable(*tables[index[i]].table); },
      [&](uint64_t i, uint32_t rank) {
        const int64_t value = tables[index[i]].table->value(rank);
        all_fit &= values.Hold(value);
        StoreElement(raw + i * symbol.bytes, symbol.bytes, value);
      },
      cancel));
  return CheckElements(all_fit);
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
                                                     const Element& symbol, uint64_t raw_offset,
                                                     const CancelToken& cancel) {
  std::vector<uint16_t> ranks;
  ranks.reserve(index.tables.size());
  for (size_t i = 0; i < index.tables.size(); ++i) {
    if (i % kPollSymbols == 0) TRINE_RETURN_IF_ERROR(cancel.Check());
    const FrequencyDictionary& table = *tables[index.tables[i]].table;
    const int64_t value = LoadElement(raw.data() + i * symbol.bytes, symbol);
    const size_t rank = table.Rank(value);
    if (rank == table.size()) {
      return InvalidField("data", ToStd(absl::StrCat(value)),
                          absl::StrCat("the symbol at byte ", raw_offset + i * symbol.bytes, " ",
                                       ToAbsl(WhyNotCoded(table, value)), " table ",
                                       index.tables[i], ", its index's"));
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
                           ByteView payload, const Element& symbol, uint64_t raw_checksum,
                           MutableByteView raw, const CancelToken& cancel) {
  ByteReader in(payload);
  const int lanes_log2 = in.Byte();
  const uint64_t n = in.Varint();
  const auto check = in.Fixed<uint32_t>();
  if (in.failed() || lanes_log2 > format::kMaxLanesLog2) {
    return Corrupt("the payload's parameters are malformed");
  }
  if (n != index.tables.size() || n * symbol.bytes != raw.size()) {
    return Corrupt("the number of symbols does not fit the block's raw length");
  }
  TRINE_RETURN_IF_ERROR(CheckTableIndex(index, tables.size(), cancel));
  TRINE_ASSIGN_OR_RETURN(const uint32_t actual, CheckOf(index.tables, cancel));
  const ByteView lanes = payload.subspan(in.position());
  const absl::Status status = Wide(tables)
                                  ? DecodeLanes<WideCoder>(tables, index.tables, lanes_log2, lanes,
                                                           symbol, raw.data(), cancel)
                                  : DecodeLanes<NarrowCoder>(tables, index.tables, lanes_log2,
                                                             lanes, symbol, raw.data(), cancel);
  if (actual == check) return status;
  TRINE_RETURN_IF_ERROR(cancel.Check());
  if (status.ok()) {
    TRINE_ASSIGN_OR_RETURN(const uint64_t checksum, ChecksumPolled(raw, cancel));
    if (checksum == raw_checksum) return Corrupt("the check of the index differs");
  }
  return InvalidField("table_index",
                      ToStd(absl::StrCat("bytes ", index.begin, " to ", index.begin + n - 1)),
                      "must be the index that the symbols were coded with");
}

}  // namespace trine::coding
