#include "core/coding/models/table/table_block.h"

#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/container/format.h"
#include "core/coding/container/polled.h"
#include "core/coding/models/table/dictionary.h"
#include "core/coding/models/table/indexed_table.h"
#include "core/coding/models/table/table_model.h"
#include "core/coding/models/table/table_params.h"

namespace trine::coding {
namespace {

// The part of the stream's index for the symbols of `bytes` raw bytes at `raw_offset`; nullopt
// where the block does not begin and end between two symbols, or lies beside the index.
std::optional<TableIndex> IndexOf(const BlockPlan& plan, uint64_t raw_offset, uint64_t bytes) {
  const size_t step = SymbolBytes(plan);
  if (step == 0 || raw_offset % step != 0 || bytes % step != 0) return std::nullopt;
  const uint64_t begin = raw_offset / step;
  const uint64_t n = bytes / step;
  if (begin > plan.table_index.size() || n > plan.table_index.size() - begin) return std::nullopt;
  return TableIndex{plan.table_index.subspan(static_cast<size_t>(begin), static_cast<size_t>(n)),
                    begin};
}

absl::StatusOr<Payload> EncodeWithTables(const Context& context, const BlockPlan& plan,
                                         const RawBlock& block, BlockSymbols* out) {
  const ByteView raw = block.raw;
  // There: the encoder cuts blocks between symbols and has compared the lengths.
  const TableIndex index = *IndexOf(plan, block.raw_offset, raw.size());
  TRINE_ASSIGN_OR_RETURN(const std::vector<uint16_t> ranks,
                         IndexedRanksOf(plan.tables, index, raw, SymbolElement(plan),
                                        block.raw_offset, context.cancel));
  out->variant = format::kIndexedTables;
  out->symbols = ranks.size();
  std::vector<size_t> first;  // of each table in `counts`
  size_t symbols = 0;
  for (const TableRef& ref : plan.tables) {
    first.push_back(symbols);
    symbols += ref.table->size();
  }
  out->counts.assign(symbols, 0);
  TRINE_RETURN_IF_ERROR(InPieces(ranks.size(), context.cancel, [&](size_t i, size_t n) {
    for (size_t k = i; k < i + n; ++k) ++out->counts[first[index.tables[k]] + ranks[k]];
  }));
  for (size_t t = 0; t < first.size(); ++t) {
    const FrequencyDictionary& table = *plan.tables[t].table;
    for (size_t r = 0; r < table.size(); ++r) {
      const uint64_t count = out->counts[first[t] + r];
      if (count != 0) out->ideal_bits += static_cast<double>(count) * table.ideal_bits(r);
    }
  }
  if (block.is_constant) return Payload{};
  return EncodeIndexed(plan.tables, index, ranks, raw.size(), context.cancel);
}

// The counts of `raw` by rank; false where the dictionary lacks a byte.
absl::StatusOr<bool> CountRanks(const FrequencyDictionary& dictionary, ByteView raw,
                                const CancelToken& cancel, std::vector<uint64_t>* counts) {
  TRINE_ASSIGN_OR_RETURN(const Histogram bytes, CountBytesPolled(raw, cancel));
  for (uint32_t v = 0; v < 256; ++v) {
    if (bytes[v] == 0) continue;
    const size_t rank = dictionary.Rank(v);
    if (rank == dictionary.size()) return false;
    (*counts)[rank] = bytes[v];
  }
  return true;
}

}  // namespace

absl::StatusOr<Payload> EncodeTableBlock(const Context& context, const BlockPlan& plan,
                                         const RawBlock& block, BlockSymbols* out) {
  if (plan.tables.size() > 1) return EncodeWithTables(context, plan, block, out);
  const FrequencyDictionary& dictionary = *plan.tables[0].table;
  out->counts.assign(dictionary.size(), 0);
  out->symbols = block.raw.size();
  std::vector<uint16_t> ranks;
  bool counted = false;
  if (dictionary.is_bytes_narrow()) {
    TRINE_ASSIGN_OR_RETURN(counted,
                           CountRanks(dictionary, block.raw, context.cancel, &out->counts));
  }
  if (!counted) {  // of bytes: for the place of the one that is not known
    TRINE_ASSIGN_OR_RETURN(
        ranks, RanksOf(dictionary, block.raw, plan.element, block.raw_offset, context.cancel));
    out->symbols = ranks.size();
    TRINE_RETURN_IF_ERROR(InPieces(ranks.size(), context.cancel, [&](size_t i, size_t n) {
      for (size_t k = i; k < i + n; ++k) ++out->counts[ranks[k]];
    }));
  }
  for (size_t r = 0; r < dictionary.size(); ++r) {
    out->ideal_bits += static_cast<double>(out->counts[r]) * dictionary.ideal_bits(r);
  }
  if (block.is_constant) return Payload{};
  return counted ? EncodeTableBytes(dictionary, block.raw, out->counts, context.cancel)
                 : EncodeTable(dictionary, ranks, block.raw.size(), context.cancel);
}

absl::Status DecodeTableBlock(const Context& context, const BlockPlan& plan,
                              const CodedBlock& block, MutableByteView raw) {
  if (plan.tables.empty()) {
    return Corrupt("the block wants a table and the header has none");
  }
  if ((block.variant == format::kIndexedTables) != (plan.tables.size() > 1)) {
    return Corrupt("the block's variant does not fit the number of tables");
  }
  if (plan.tables.size() == 1) {
    return DecodeTable(*plan.tables[0].table, block.payload, plan.element, raw, context.cancel);
  }
  const Element symbol = SymbolElement(plan);
  TRINE_RETURN_IF_ERROR(CheckSymbolElement(symbol));
  const std::optional<TableIndex> index = IndexOf(plan, block.raw_offset, raw.size());
  if (!index.has_value()) {
    return Corrupt("the block does not begin and end between two symbols");
  }
  return DecodeIndexed(plan.tables, *index, block.payload, symbol, block.checksum, raw,
                       context.cancel);
}

void AppendPlanTables(const BlockPlan& plan, std::string* out) {
  AppendTableParams(plan.tables, out);
}

absl::Status ParsePlanTables(const HeaderParams& params, const Limits& limits, BlockPlan* plan) {
  TRINE_ASSIGN_OR_RETURN(plan->tables, ParseTableParams(params.bytes, limits));
  return absl::OkStatus();
}

}  // namespace trine::coding
