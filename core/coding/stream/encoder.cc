// StreamEncoder and Encode. Raw bytes are cut into blocks from the front, whatever the pieces in
// which they arrive; a batch of blocks is coded in parallel, and each is written as soon as those
// before it are.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/coding/coding.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/index.h"
#include "core/coding/container/polled.h"
#include "core/coding/models/model_list.h"
#include "core/coding/models/select_model.h"
#include "core/coding/models/table/dictionary.h"
#include "core/coding/models/table/table_params.h"
#include "core/coding/stats.h"
#include "core/coding/stream/batch.h"
#include "core/coding/stream/block.h"
#include "core/coding/stream/encode_plan.h"
#include "core/coding/stream/in_order.h"
#include "core/runtime/thread_pool.h"

namespace trine::coding {
namespace {

constexpr size_t kMaxHeadBytes = 64;  // of a block
constexpr size_t kAhead = 1;          // bytes after a block that may say where it ends
// Batches of an input that is there as a whole: threads wait for each other only after so many, and
// lists of short blocks stay short.
constexpr uint64_t kBatchesAtOnce = 32;

class Encoder final : public StreamEncoder {
 public:
  Encoder(const Context& context, const Content& content, BlockPlan plan, uint64_t block_bytes,
          bool full_statistics)
      : context_(context), plan_(std::move(plan)), cut_(block_bytes) {
    if (full_statistics) pairs_.emplace();
    header_.params = ModelParams(plan_);
    header_.content = content;
    header_.raw_bytes = ContentBytes(content);
    header_.block_bytes = block_bytes;
    if (plan_.tables.empty()) {
      counts_.assign(256, 0);
      return;
    }
    cut_ -= cut_ % SymbolBytes(plan_);
    size_t symbols = 0;
    for (const TableRef& ref : plan_.tables) {
      symbols += ref.table->size();
      stats_.table_ids.push_back(ref.id);
    }
    counts_.assign(symbols, 0);
  }

  absl::Status Write(ByteView raw, std::string* out) override {
    TRINE_RETURN_IF_ERROR(BeginCall());
    if (header_.raw_bytes.has_value() && raw.size() > *header_.raw_bytes - taken_) {
      return Fail(WrongLength(taken_ + raw.size(), "at least "));
    }
    taken_ += raw.size();
    return Fail(Consume(raw, out));
  }

  absl::Status Finish(std::string* out, EncodeStats* stats) override {
    TRINE_RETURN_IF_ERROR(BeginCall());
    if (header_.raw_bytes.has_value() && taken_ != *header_.raw_bytes) {
      return Fail(WrongLength(taken_, ""));
    }
    TRINE_RETURN_IF_ERROR(CodeRest(pending_, out, stats));
    pending_ = {};
    most_pending_ = 0;
    return absl::OkStatus();
  }

  uint64_t copied_bytes() const override { return copied_bytes_; }
  uint64_t HeldBytes() const override {
    return TouchedMemory(most_pending_, pending_.capacity()) + header_.params.capacity() +
           index_.capacity() * sizeof(IndexEntry) + counts_.size() * sizeof(counts_[0]) +
           (pairs_.has_value() ? pairs_->HeldBytes() : 0) + HeldTableBytes(plan_);
  }

  // Write and Finish of all the bytes at once, without a copy of them.
  absl::Status EncodeWhole(ByteView raw, std::string* out, EncodeStats* stats) {
    if (header_.raw_bytes.has_value() && raw.size() != *header_.raw_bytes) {
      return WrongLength(raw.size(), raw.size() > *header_.raw_bytes ? "at least " : "");
    }
    if (plan_.tables.size() > 1 && plan_.table_index.size() != raw.size() / SymbolBytes(plan_)) {
      return InvalidField("table_index", ToStd(absl::StrCat(plan_.table_index.size(), " bytes")),
                          absl::StrCat("must have a byte for each of the ",
                                       raw.size() / SymbolBytes(plan_), " symbols"));
    }
    // What is not touched costs nothing.
    const uint64_t blocks = raw.size() / header_.block_bytes + 2;
    ReserveLong(static_cast<size_t>(raw.size() + blocks * 2 * kMaxHeadBytes), out);
    const uint64_t at_once = kBatchesAtOnce * BatchBytes(context_, header_.block_bytes);
    while (raw.size() > at_once) {
      TRINE_ASSIGN_OR_RETURN(
          const size_t done,
          CodeBlocks(raw.subspan(0, static_cast<size_t>(at_once) + kAhead), false, out));
      raw.remove_prefix(done);
    }
    return CodeRest(raw, out, stats);
  }

 private:
  // Codes the last bytes, and ends the stream.
  absl::Status CodeRest(ByteView rest, std::string* out, EncodeStats* stats) {
    finished_ = true;
    if (!header_written_ && rest.size() <= format::kMaxWrittenCompact &&
        rest.size() <= header_.block_bytes) {
      TRINE_ASSIGN_OR_RETURN(const bool done, CodeCompact(rest, out, stats));
      if (done) return absl::OkStatus();
    }
    TRINE_RETURN_IF_ERROR(CodeBlocks(rest, /*last=*/true, out).status());
    WriteHeader({}, out);  // where there was no block
    const size_t begin = out->size();
    BlockHead end;
    end.mode = format::Mode::kEnd;
    end.raw_offset = raw_offset_;
    end.block_count = index_.size();
    AppendBlockHead(end, false, out);
    const std::string end_mark = out->substr(begin);
    AppendIndex(index_, ViewOf(end_mark), out);
    coded_bytes_ += out->size() - begin;
    if (stats != nullptr) *stats = Stats();
    return absl::OkStatus();
  }

  // All that there is, in the compact form. False where that would lose something.
  absl::StatusOr<bool> CodeCompact(ByteView raw, std::string* out, EncodeStats* stats) {
    EncodedBlock block;
    block.head.checksum = Checksum(raw);
    block.content.counts.assign(counts_.size(), 0);
    if (!raw.empty()) {
      TRINE_ASSIGN_OR_RETURN(block, EncodeBlock(context_, plan_, raw, 0));
    }
    // Only what the block needs: of ADAPTIVE the order is its variant. But whether there is an
    // index of tables to be given must not depend on what is coded.
    if (block.head.mode != format::Mode::kModel || !FindModel(block.model)->needs_params) {
      if (plan_.tables.size() > 1) return false;
      header_.params.clear();
    }
    TRINE_RETURN_IF_ERROR(CountPairs(raw));
    raw_offset_ = raw.size();
    const size_t begin = out->size();
    AppendCompact(header_, block.head, out);
    *out += block.payload;
    coded_bytes_ = out->size() - begin;
    header_written_ = true;
    if (!raw.empty()) Count(block);
    if (stats != nullptr) *stats = Stats();
    return true;
  }

  absl::Status BeginCall() const {
    if (!finished_) return absl::OkStatus();
    return MakeError(absl::StatusCode::kFailedPrecondition, {.reason = "STREAM_FINISHED"},
                     "the stream was finished or has failed");
  }
  // After an error the stream stays failed.
  absl::Status Fail(absl::Status status) {
    if (!status.ok()) finished_ = true;
    return status;
  }

  absl::Status WrongLength(uint64_t bytes, std::string_view at_least) const {
    return InvalidField("data", ToStd(absl::StrCat(ToAbsl(at_least), bytes, " bytes")),
                        absl::StrCat("the shape ", ShapeToString(header_.content.shape), " takes ",
                                     *header_.raw_bytes, " bytes"));
  }

  absl::Status Consume(ByteView raw, std::string* out) {
    const auto batch = static_cast<size_t>(BatchBytes(context_, header_.block_bytes));
    const size_t room = batch + kAhead;
    // Straight from the caller's bytes where a batch of them is there, else by way of `pending_`.
    while (!raw.empty()) {
      if (pending_.empty() && raw.size() >= batch) {
        TRINE_ASSIGN_OR_RETURN(const size_t done,
                               CodeBlocks(raw.subspan(0, std::min(raw.size(), room)), false, out));
        raw.remove_prefix(done);
        if (done != 0) continue;
      }
      const size_t step = std::min(raw.size(), room - pending_.size());
      ReserveLong(static_cast<size_t>(std::min<uint64_t>(header_.raw_bytes.value_or(room), room)),
                  &pending_);
      TRINE_RETURN_IF_ERROR(AppendPolled(raw.subspan(0, step), context_.cancel, &pending_));
      copied_bytes_ += step;
      most_pending_ = std::max(most_pending_, pending_.size());
      raw.remove_prefix(step);
      if (pending_.size() < batch) break;
      TRINE_ASSIGN_OR_RETURN(const size_t done, CodeBlocks(pending_, false, out));
      pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(done));
    }
    return absl::OkStatus();
  }

  // Bytes of the block that begins with raw[0]; 0 when more bytes are needed to know. `begun`: a
  // block went before.
  size_t CutBlock(ByteView raw, bool begun, bool last) const {
    const uint32_t most_back = MostBytesCut(plan_);
    // A whole block may still be all that comes, which takes the compact form; and whether a
    // character of text ends is said by the byte after it.
    const size_t ahead = begun && most_back == 0 ? 0 : kAhead;
    if (raw.size() < cut_ + ahead) return last ? raw.size() : 0;
    size_t end = static_cast<size_t>(cut_);
    for (uint32_t back = 0; back < most_back && (raw[end] & 0xC0) == 0x80; ++back) --end;
    return end;
  }

  // Codes the blocks that are complete in `raw`; returns the bytes that they took.
  absl::StatusOr<size_t> CodeBlocks(ByteView raw, bool last, std::string* out) {
    std::vector<ByteView> blocks;
    size_t taken = 0;
    while (taken < raw.size()) {
      const size_t bytes = CutBlock(raw.subspan(taken), header_written_ || taken != 0, last);
      if (bytes == 0) break;
      blocks.push_back(raw.subspan(taken, bytes));
      taken += bytes;
    }
    TRINE_RETURN_IF_ERROR(CountPairs(raw.subspan(0, taken)));
    // A payload is no longer than its block; a thread that tries several models has two of them.
    const uint64_t at_work = std::min<uint64_t>(ThreadsOf(context_), blocks.size());
    TRINE_RETURN_IF_ERROR(context_.Reserve(HeldBytes() + out->size() + taken + 2 * at_work * cut_));
    ReserveLong(out->size() + taken + (blocks.size() + 1) * kMaxHeadBytes, out);
    std::vector<EncodedBlock> coded(blocks.size());
    const auto append = [&](size_t i) {
      const EncodedBlock block = std::move(coded[i]);
      return AppendBlock(block, out);
    };
    InOrder appended(blocks.size(), append);
    const uint8_t* const base = raw.data();
    const auto encode_some = [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        const uint64_t at = raw_offset_ + static_cast<uint64_t>(blocks[i].data() - base);
        TRINE_ASSIGN_OR_RETURN(coded[i], EncodeBlock(context_, plan_, blocks[i], at));
        TRINE_RETURN_IF_ERROR(appended.Done(i));
      }
      return absl::OkStatus();
    };
    TRINE_RETURN_IF_ERROR(
        ParallelFor(context_, blocks.size(), BlocksPerTask(header_.block_bytes, 1), encode_some));
    raw_offset_ += taken;
    return taken;
  }

  absl::Status AppendBlock(const EncodedBlock& block, std::string* out) {
    WriteHeader({block.model, block.content.variant}, out);
    const size_t begin = out->size();
    AppendBlockHead(block.head, false, out);
    TRINE_RETURN_IF_ERROR(AppendPolled(ViewOf(block.payload), context_.cancel, out));
    coded_bytes_ += out->size() - begin;
    Count(block);
    return absl::OkStatus();
  }

  absl::Status CountPairs(ByteView raw) {
    return pairs_.has_value() ? pairs_->Add(raw, context_.cancel) : absl::OkStatus();
  }

  // Adds a block to the index and the statistics.
  void Count(const EncodedBlock& block) {
    index_.push_back(EntryOf(block.head));
    stats_.symbols += block.content.symbols;
    stats_.side_bits += 8 * block.side_bytes;
    stats_.model_bits += 8 * (block.payload.size() - block.side_bytes);
    stats_.ideal_bits += block.content.ideal_bits;
    for (size_t s = 0; s < counts_.size(); ++s) counts_[s] += block.content.counts[s];
    ++choices_[{block.model, block.content.variant}];
  }

  // AUTO's first block names the stream's model.
  void WriteHeader(const ModelChoice& first, std::string* out) {
    if (header_written_) return;
    header_written_ = true;
    BlockPlan plan = plan_;
    if (plan.model == Model::kAuto) {
      plan.model = first.model;
      plan.order = first.order;
      header_.params = ModelParams(plan);
    }
    header_.model = static_cast<uint8_t>(plan.model);
    const size_t begin = out->size();
    AppendHeader(header_, out);
    coded_bytes_ += out->size() - begin;
  }

  // `counts_` without the difference which of several tables coded a value.
  std::vector<uint64_t> CountsByValue() const {
    if (plan_.tables.size() < 2) return counts_;
    std::vector<std::pair<int64_t, uint64_t>> by_value;
    size_t at = 0;
    for (const TableRef& ref : plan_.tables) {
      for (size_t r = 0; r < ref.table->size(); ++r, ++at) {
        if (counts_[at] != 0) by_value.emplace_back(ref.table->value(r), counts_[at]);
      }
    }
    std::sort(by_value.begin(), by_value.end());
    std::vector<uint64_t> counts;
    for (size_t i = 0; i < by_value.size(); ++i) {
      if (i == 0 || by_value[i].first != by_value[i - 1].first) counts.push_back(0);
      counts.back() += by_value[i].second;
    }
    return counts;
  }

  EncodeStats Stats() const {
    EncodeStats s = stats_;
    s.model = plan_.model;
    s.order = plan_.order;
    if (plan_.model == Model::kAuto) {
      ModelChoice most;
      uint64_t blocks = 0;
      for (const auto& [choice, count] : choices_) {
        if (count <= blocks) continue;
        blocks = count;
        most = {choice.first, choice.second};
      }
      s.model = most.model;
      s.order = most.order;
    }
    s.raw_bytes = raw_offset_;
    s.coded_bytes = coded_bytes_;
    s.blocks = index_.size();
    s.container_bits = 8 * s.coded_bytes - s.model_bits - s.side_bits;
    // TABLE's tables in the header are side information.
    if (!plan_.tables.empty()) {
      s.side_bits += 8 * header_.params.size();
      s.container_bits -= 8 * header_.params.size();
    }
    if (s.symbols == 0) return s;
    const auto n = static_cast<double>(s.symbols);
    const std::vector<uint64_t> counts = CountsByValue();
    s.entropy_bits_per_symbol = EntropyBits(counts) / n;
    s.huffman_bits_per_symbol = static_cast<double>(HuffmanBits(counts)) / n;
    if (pairs_.has_value()) {
      s.order1_entropy_bits_per_byte = pairs_->EntropyBits() / static_cast<double>(s.raw_bytes);
    }
    s.bits_per_symbol = 8 * static_cast<double>(s.coded_bytes) / n;
    return s;
  }

  const Context context_;
  const BlockPlan plan_;
  uint64_t cut_;  // raw bytes at which a block ends, at the latest
  Header header_;
  bool header_written_ = false;
  bool finished_ = false;
  std::vector<uint8_t> pending_;
  uint64_t copied_bytes_ = 0;
  size_t most_pending_ = 0;  // bytes at a time: its memory is kept for those to come
  uint64_t taken_ = 0;
  uint64_t raw_offset_ = 0;  // of what was coded
  uint64_t coded_bytes_ = 0;
  std::vector<IndexEntry> index_;
  std::vector<uint64_t> counts_;
  std::optional<Order1Counts> pairs_;                  // with full_statistics
  std::map<std::pair<Model, int>, uint64_t> choices_;  // blocks by AUTO's choice, with its order
  EncodeStats stats_;
};

absl::StatusOr<std::unique_ptr<Encoder>> MakeEncoder(const Context& context, const Content& content,
                                                     const EncodeOptions& options) {
  TRINE_RETURN_IF_ERROR(ValidateContent(content, *context.limits));
  TRINE_ASSIGN_OR_RETURN(const uint64_t block_bytes, BlockBytesOf(options, *context.limits));
  TRINE_ASSIGN_OR_RETURN(BlockPlan plan, MakePlan(context, content, options));
  return std::make_unique<Encoder>(context, content, std::move(plan), block_bytes,
                                   options.full_statistics);
}

}  // namespace

absl::StatusOr<std::unique_ptr<StreamEncoder>> StreamEncoder::Create(const Context& context,
                                                                     const Content& content,
                                                                     const EncodeOptions& options) {
  if (options.tables.size() > 1) {
    return NotOffered("options.tables",
                      ToStd(absl::StrCat(options.tables.size(),
                                         " tables have an index, which is given to Encode only")));
  }
  return MakeEncoder(context, content, options);
}

absl::StatusOr<std::string> Encode(const Context& context, const Content& content, ByteView raw,
                                   const EncodeOptions& options, EncodeStats* stats) {
  TRINE_ASSIGN_OR_RETURN(const std::unique_ptr<Encoder> encoder,
                         MakeEncoder(context, content, options));
  std::string out;
  TRINE_RETURN_IF_ERROR(encoder->EncodeWhole(raw, &out, stats));
  return out;
}

}  // namespace trine::coding
