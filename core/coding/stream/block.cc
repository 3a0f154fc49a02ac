#include "core/coding/stream/block.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/long_array.h"
#include "core/base/strings.h"
#include "core/coding/models/adaptive/adaptive_model.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/format.h"
#include "core/coding/models/static/frequencies.h"
#include "core/coding/container/polled.h"
#include "core/coding/models/select_model.h"
#include "core/coding/models/static/static_model.h"
#include "core/coding/models/table/table_model.h"
#include "core/coding/container/bytes_io.h"

namespace trine::coding {
namespace {

using format::Mode;

// The shortest of the periods 1, 2, 4 and 8 with which `raw` repeats itself; 0 for none.
absl::StatusOr<size_t> ConstantPeriod(ByteView raw, const CancelToken& cancel) {
  for (size_t period : {1, 2, 4, 8}) {
    if (raw.size() <= period) break;
    bool equal = true;
    TRINE_RETURN_IF_ERROR(InPieces(raw.size() - period, cancel, [&](size_t i, size_t n) {
      equal = equal && std::memcmp(raw.data() + i, raw.data() + i + period, n) == 0;
    }));
    if (equal) return period;
  }
  return raw.size() == 1 ? 1 : 0;
}

absl::StatusOr<Histogram> Count(ByteView raw, const CancelToken& cancel) {
  Histogram counts{};
  TRINE_RETURN_IF_ERROR(InPieces(
      raw.size(), cancel, [&](size_t i, size_t n) { CountBytes(raw.subspan(i, n), counts); }));
  return counts;
}

// The part of the stream's index for the symbols of `bytes` raw bytes at `raw_offset`; nullopt
// where the block does not begin and end between two symbols, or lies beside the index.
std::optional<TableIndex> IndexOf(const BlockPlan& plan, uint64_t raw_offset, uint64_t bytes) {
  const size_t step = plan.symbol_bytes();
  if (step == 0 || raw_offset % step != 0 || bytes % step != 0) return std::nullopt;
  const uint64_t begin = raw_offset / step;
  const uint64_t n = bytes / step;
  if (begin > plan.table_index.size() || n > plan.table_index.size() - begin) return std::nullopt;
  return TableIndex{plan.table_index.subspan(static_cast<size_t>(begin), static_cast<size_t>(n)),
                    begin};
}

absl::StatusOr<Payload> EncodeWithTables(const Context& context, const BlockPlan& plan,
                                         ByteView raw, uint64_t raw_offset, bool constant,
                                         EncodedBlock* block) {
  // There: the encoder cuts blocks between symbols and has compared the lengths.
  const TableIndex index = *IndexOf(plan, raw_offset, raw.size());
  TRINE_ASSIGN_OR_RETURN(
      const std::vector<uint16_t> ranks,
      IndexedRanksOf(plan.tables, index, raw, plan.symbol_bytes(), raw_offset, context.cancel));
  block->model = Model::kTable;
  block->order = format::kIndexedTables;
  block->symbols = ranks.size();
  std::vector<size_t> first;  // of each table in `counts`
  size_t symbols = 0;
  for (const TableRef& ref : plan.tables) {
    first.push_back(symbols);
    symbols += ref.table->size();
  }
  block->counts.assign(symbols, 0);
  TRINE_RETURN_IF_ERROR(InPieces(ranks.size(), context.cancel, [&](size_t i, size_t n) {
    for (size_t k = i; k < i + n; ++k) ++block->counts[first[index.tables[k]] + ranks[k]];
  }));
  for (size_t t = 0; t < first.size(); ++t) {
    const FrequencyDictionary& table = *plan.tables[t].table;
    for (size_t r = 0; r < table.size(); ++r) {
      const uint64_t count = block->counts[first[t] + r];
      if (count != 0) block->ideal_bits += static_cast<double>(count) * table.ideal_bits(r);
    }
  }
  if (constant) return Payload{};
  return EncodeIndexed(plan.tables, index, ranks, raw.size(), context.cancel);
}

absl::StatusOr<Payload> EncodeWithTable(const Context& context, const BlockPlan& plan, ByteView raw,
                                        uint64_t raw_offset, bool constant, EncodedBlock* block) {
  if (plan.tables.size() > 1) {
    return EncodeWithTables(context, plan, raw, raw_offset, constant, block);
  }
  const FrequencyDictionary& dictionary = *plan.tables[0].table;
  block->model = Model::kTable;
  block->counts.assign(dictionary.size(), 0);
  std::vector<uint16_t> ranks;
  bool counted = false;
  if (dictionary.is_bytes_narrow()) {
    TRINE_ASSIGN_OR_RETURN(const Histogram bytes, Count(raw, context.cancel));
    counted = true;
    for (uint32_t v = 0; v < 256 && counted; ++v) {
      if (bytes[v] == 0) continue;
      const size_t rank = dictionary.Rank(v);
      counted = rank != dictionary.size();
      if (counted) block->counts[rank] = bytes[v];
    }
    block->symbols = raw.size();
  }
  if (!counted) {  // of bytes: for the place of the one that is not known
    TRINE_ASSIGN_OR_RETURN(
        ranks, RanksOf(dictionary, raw, plan.element_bytes, raw_offset, context.cancel));
    block->symbols = ranks.size();
    TRINE_RETURN_IF_ERROR(InPieces(ranks.size(), context.cancel, [&](size_t i, size_t n) {
      for (size_t k = i; k < i + n; ++k) ++block->counts[ranks[k]];
    }));
  }
  for (size_t r = 0; r < dictionary.size(); ++r) {
    block->ideal_bits += static_cast<double>(block->counts[r]) * dictionary.ideal_bits(r);
  }
  if (constant) return Payload{};
  return counted ? EncodeTableBytes(dictionary, raw, block->counts, context.cancel)
                 : EncodeTable(dictionary, ranks, raw.size(), context.cancel);
}

absl::StatusOr<Payload> EncodeBytes(const Context& context, const BlockPlan& plan, ByteView raw,
                                    bool constant, EncodedBlock* block) {
  TRINE_ASSIGN_OR_RETURN(const Histogram counts, Count(raw, context.cancel));
  block->symbols = raw.size();
  block->counts.assign(counts.begin(), counts.end());
  block->model = plan.model == Model::kAuto ? Model::kStatic : plan.model;
  block->order = plan.model == Model::kAuto ? 0 : plan.order;
  if (constant) return Payload{};
  TRINE_ASSIGN_OR_RETURN(ChosenPayload chosen, EncodeWithModel(context, {plan.model, plan.order},
                                                               plan.effort, raw, counts));
  block->model = chosen.choice.model;
  block->order = chosen.choice.order;
  return std::move(chosen.payload);
}

absl::Status DecodeWithTables(const Context& context, const BlockPlan& plan, const BlockHead& head,
                              ByteView payload, MutableByteView raw) {
  if (plan.tables.empty()) {
    return Corrupt(kNoBlock, kNoOffset, "the block wants a table and the header has none");
  }
  if ((head.variant == format::kIndexedTables) != (plan.tables.size() > 1)) {
    return Corrupt(kNoBlock, kNoOffset, "the block's variant does not fit the number of tables");
  }
  if (plan.tables.size() == 1) {
    return DecodeTable(*plan.tables[0].table, payload, plan.element_bytes, raw, context.cancel);
  }
  const size_t step = plan.symbol_bytes();
  if (step != 1 && step != 2 && step != 4) {
    return Corrupt(kNoBlock, kNoOffset,
                   "the content's elements are not integers of 1, 2 or 4 bytes");
  }
  const std::optional<TableIndex> index = IndexOf(plan, head.raw_offset, raw.size());
  if (!index.has_value()) {
    return Corrupt(kNoBlock, kNoOffset, "the block does not begin and end between two symbols");
  }
  return DecodeIndexed(plan.tables, *index, payload, step, head.checksum, raw, context.cancel);
}

absl::Status DecodePayload(const Context& context, const BlockPlan& plan, const BlockHead& head,
                           ByteView payload, MutableByteView raw) {
  if (head.mode == Mode::kStored) {
    return CopyPolled(payload, context.cancel, raw.data());
  }
  if (head.mode == Mode::kConstant) {
    // Copies what is there behind itself, doubling.
    size_t done = payload.size();
    std::memcpy(raw.data(), payload.data(), done);
    while (done < raw.size()) {
      TRINE_RETURN_IF_ERROR(context.cancel.Check());
      const size_t step = std::min({done, raw.size() - done, kPollBytes});
      std::memcpy(raw.data() + done, raw.data(), step);
      done += step;
    }
    return absl::OkStatus();
  }
  switch (static_cast<Model>(head.model)) {
    case Model::kStatic:
      if (head.variant > format::kMaxStaticOrder) break;
      return head.variant == 0 ? DecodeStatic(payload, raw, context.cancel)
                               : DecodeStaticOrder1(payload, raw, *context.limits, context.cancel);
    case Model::kAdaptive:
      if (head.variant > format::kMaxOrder) break;
      return DecodeAdaptive(payload, head.variant, raw, *context.limits, context.cancel);
    case Model::kTable:
      if (head.variant > format::kIndexedTables) break;
      return DecodeWithTables(context, plan, head, payload, raw);
    default:
      break;
  }
  return NotOffered("data", ToStd(absl::StrCat("model ", head.model, " with variant ", head.variant,
                                               " is not known to this reader (block at raw offset ",
                                               head.raw_offset, ")")));
}

// Adds the place to an error of a payload.
absl::Status AtBlock(const absl::Status& status, int64_t block, uint64_t offset) {
  if (status.code() != absl::StatusCode::kDataLoss) return status;
  std::string_view text = ToStd(status.message());
  constexpr std::string_view kPrefix = "corrupt stream: ";
  if (text.substr(0, kPrefix.size()) == kPrefix) text.remove_prefix(kPrefix.size());
  return Corrupt(block, offset, text);
}

// The same for a block whose number may be unknown: then its raw offset says which it is.
absl::Status AtBlock(const absl::Status& status, const BlockHead& head, int64_t block,
                     uint64_t offset) {
  if (block >= 0 || status.code() != absl::StatusCode::kDataLoss) {
    return AtBlock(status, block, offset);
  }
  const absl::Status placed(status.code(), absl::StrCat(status.message(), " (block at raw offset ",
                                                        head.raw_offset, ")"));
  return AtBlock(placed, block, offset);
}

}  // namespace

absl::StatusOr<EncodedBlock> EncodeBlock(const Context& context, const BlockPlan& plan,
                                         ByteView raw, uint64_t raw_offset) {
  EncodedBlock block;
  block.head.raw_offset = raw_offset;
  block.head.raw_bytes = raw.size();
  TRINE_ASSIGN_OR_RETURN(block.head.checksum, ChecksumPolled(raw, context.cancel));
  TRINE_ASSIGN_OR_RETURN(const size_t period, ConstantPeriod(raw, context.cancel));
  Payload payload;
  if (plan.model == Model::kTable) {
    TRINE_ASSIGN_OR_RETURN(payload,
                           EncodeWithTable(context, plan, raw, raw_offset, period != 0, &block));
  } else {
    TRINE_ASSIGN_OR_RETURN(payload, EncodeBytes(context, plan, raw, period != 0, &block));
  }
  if (period != 0) {
    block.head.mode = Mode::kConstant;
    AppendView(raw.subspan(0, period), &block.payload);
    block.side_bytes = period;
  } else if (payload.fits) {
    block.head.mode = Mode::kModel;
    block.head.model = static_cast<uint8_t>(block.model);
    block.head.variant = static_cast<uint8_t>(block.order);
    block.payload = std::move(payload.bytes);
    block.side_bytes = payload.side_bytes;
  } else {
    block.head.mode = Mode::kStored;
    TRINE_RETURN_IF_ERROR(AppendPolled(raw, context.cancel, &block.payload));
  }
  block.head.coded_bytes = block.payload.size();
  block.head.side_bytes = block.side_bytes;
  return block;
}

absl::Status DecodeBlock(const Context& context, const BlockPlan& plan, const BlockHead& head,
                         ByteView payload, int64_t block, uint64_t offset, MutableByteView raw) {
  TRINE_RETURN_IF_ERROR(
      AtBlock(DecodePayload(context, plan, head, payload, raw), head, block, offset));
  TRINE_ASSIGN_OR_RETURN(const uint64_t checksum, ChecksumPolled(raw, context.cancel));
  if (checksum == head.checksum) return absl::OkStatus();
  return AtBlock(Corrupt(kNoBlock, kNoOffset, "the checksum of the block's raw bytes differs"),
                 head, block, offset);
}

absl::Status DecodeBlockPart(const Context& context, const BlockPlan& plan, const BlockHead& head,
                             ByteView payload, int64_t block, uint64_t offset,
                             const ByteRange& part, MutableByteView out) {
  if (part.length == head.raw_bytes) {
    return DecodeBlock(context, plan, head, payload, block, offset, out);
  }
  auto whole = LongArray<uint8_t>::ForOverwrite(static_cast<size_t>(head.raw_bytes));
  TRINE_RETURN_IF_ERROR(
      DecodeBlock(context, plan, head, payload, block, offset, absl::MakeSpan(whole)));
  return CopyPolled(ByteView(whole).subspan(static_cast<size_t>(part.offset), out.size()),
                    context.cancel, out.data());
}

absl::Status CheckNoTableIndex(const BlockPlan& plan) {
  if (plan.tables.size() < 2) return absl::OkStatus();
  return NotOffered("data", ToStd(absl::StrCat("the stream has ", plan.tables.size(),
                                               " tables, whose index is given to Decode only")));
}

absl::StatusOr<BlockPlan> PlanOf(const Header& header, const Limits& limits, uint64_t offset) {
  BlockPlan plan;
  plan.model = static_cast<Model>(header.model);
  plan.element_bytes = ElementBytes(header.content);
  const auto corrupt = [&](std::string_view text) { return Corrupt(kNoBlock, offset, text); };
  if (plan.model == Model::kStatic && !header.params.empty() && header.minor == 0) {
    return corrupt("the header's model has parameters that it does not take");
  }
  if (plan.model == Model::kAdaptive) {
    // Another order than those known is a model to come, which only its blocks' decoder refuses.
    if (header.params.empty()) return corrupt("the header's model has no order");
    plan.order = static_cast<uint8_t>(header.params[0]);
    if (plan.order <= format::kMaxOrder && header.params.size() != 1) {
      return corrupt("the header's model has parameters that it does not take");
    }
  }
  if (plan.model == Model::kTable) {
    absl::StatusOr<std::vector<TableRef>> tables = ParseTableParams(ViewOf(header.params), limits);
    if (!tables.ok()) return AtBlock(tables.status(), -1, offset);
    plan.tables = *std::move(tables);
  }
  return plan;
}

}  // namespace trine::coding
