#include "core/coding/stream/block.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/long_array.h"
#include "core/base/strings.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/format.h"
#include "core/coding/container/polled.h"
#include "core/coding/models/histogram.h"
#include "core/coding/models/model_list.h"
#include "core/coding/models/select_model.h"

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

absl::StatusOr<Payload> EncodeBytes(const Context& context, const BlockPlan& plan, ByteView raw,
                                    bool constant, EncodedBlock* block) {
  TRINE_ASSIGN_OR_RETURN(const Histogram counts, CountBytesPolled(raw, context.cancel));
  block->content.symbols = raw.size();
  block->content.counts.assign(counts.begin(), counts.end());
  ModelChoice choice{plan.model, plan.order};
  Payload payload;
  if (!constant) {
    TRINE_ASSIGN_OR_RETURN(ChosenPayload chosen,
                           EncodeWithModel(context, choice, plan.effort, raw, counts));
    choice = chosen.choice;
    payload = std::move(chosen.payload);
  } else if (plan.model == Model::kAuto) {
    choice = {};
  }
  block->model = choice.model;
  block->content.variant = choice.order;
  return payload;
}

absl::Status DecodePayload(const Context& context, const BlockPlan& plan, const BlockHead& head,
                           ByteView payload, MutableByteView raw) {
  if (head.mode == Mode::kStored) {
    return CopyPolled(payload, context.cancel, raw.data());
  }
  if (head.mode == Mode::kConstant) {
    // Appends a copy of what is there, doubling it each time.
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
  const ModelRow* const row = FindStreamModel(head.model);
  if (row != nullptr && head.variant <= row->max_variant) {
    return row->decode(context, plan, {payload, head.variant, head.raw_offset, head.checksum}, raw);
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
  const ModelRow* const row = FindModel(plan.model);
  if (row->encode != nullptr) {
    block.model = plan.model;
    TRINE_ASSIGN_OR_RETURN(
        payload, row->encode(context, plan, {raw, raw_offset, period != 0}, &block.content));
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
    block.head.variant = static_cast<uint8_t>(block.content.variant);
    block.payload = std::move(payload.bytes);
    block.side_bytes = payload.side_bytes;
  } else {
    block.head.mode = Mode::kStored;
    ReserveLong(raw.size(), &block.payload);  // growing would copy it without polls
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
  return NotOffered("table_index",
                    absl::StrCat("is not given, and the stream has ", plan.tables.size(),
                                 " tables: only with their index is it decoded"));
}

absl::StatusOr<BlockPlan> PlanOf(const Header& header, const Limits& limits, uint64_t offset) {
  BlockPlan plan;
  plan.model = static_cast<Model>(header.model);
  plan.element = ElementOf(header.content);
  const ModelRow* const row = FindStreamModel(header.model);
  if (row == nullptr || row->parse_params == nullptr) return plan;
  const absl::Status status =
      row->parse_params({ViewOf(header.params), header.minor}, limits, &plan);
  if (!status.ok()) return AtBlock(status, -1, offset);
  return plan;
}

std::vector<BlockPlan> PlansWithoutHeader(const std::vector<TablePtr>& tables) {
  BlockPlan plan;
  plan.element.bytes = 0;
  std::vector<BlockPlan> plans;
  for (const TablePtr& table : tables) {
    if (table == nullptr) continue;
    plan.tables = {{TableId(table), false, table}};
    plans.push_back(plan);
  }
  if (plans.empty()) plans.push_back(plan);
  return plans;
}

}  // namespace trine::coding
