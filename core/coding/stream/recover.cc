#include "core/coding/stream/recover.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/long_array.h"
#include "core/base/strings.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/input_buffer.h"
#include "core/coding/container/loose_tail.h"
#include "core/coding/container/polled.h"
#include "core/coding/models/table/table_params.h"
#include "core/coding/stream/block.h"
#include "core/coding/stream/decode_batch.h"
#include "core/coding/stream/head_search.h"
#include "core/coding/stream/loss_log.h"

namespace trine::coding {
namespace {

// One state machine over all that a damaged stream may hold, in one file: its states share their
// fields, and what can be told apart from them is in head_search, decode_batch and loss_log.
class Recoverer final : public StreamRecoverer {
 public:
  Recoverer(const Context& context, const RecoverOptions& options)
      : context_(context),
        options_(options),
        batch_(context),
        losses_(options.skip_lost, options.range) {}

  absl::Status Write(ByteView coded) override {
    TRINE_RETURN_IF_ERROR(failure_);
    return Keep(buffer_.Append(coded, context_.cancel));
  }

  absl::StatusOr<bool> Next(LongArray<uint8_t>* raw) override {
    *raw = {};
    TRINE_RETURN_IF_ERROR(failure_);
    while (true) {
      *raw = ready_.empty() ? losses_.TakeZeros() : ready_.TakeFirst();
      if (!raw->empty()) break;
      absl::StatusOr<bool> more = Step();
      if (!more.ok()) return Keep(more.status());
      if (!*more) break;
    }
    handed_out_ += raw->size();
    if (options_.max_output_bytes != 0 && handed_out_ > options_.max_output_bytes) {
      *raw = {};
      return Keep(
          LimitExceeded("data", handed_out_, "max_output_bytes", options_.max_output_bytes));
    }
    if (batch_.empty()) buffer_.DropTaken();
    return !raw->empty();
  }

  absl::Status Finish() override {
    ended_ = true;
    return failure_;
  }

  const Content* content() const override { return known_ ? &content_ : nullptr; }
  uint64_t streams() const override { return streams_; }
  uint64_t typed_streams() const override { return typed_streams_; }
  Model model() const override { return model_; }
  uint64_t blocks_decoded() const override { return report().blocks_good; }
  const std::set<uint64_t>& tables_used() const override { return tables_used_; }
  const RecoverReport& report() const override { return losses_.report(); }
  uint64_t search_checked_bytes() const override { return search_.checked_bytes(); }
  uint64_t HeldBytes() const override {
    return buffer_.HeldBytes() + ready_.bytes() + batch_.HeldBytes() + losses_.HeldBytes() +
           header_.params.capacity() + HeldTableBytes(plans_[0]);
  }

 private:
  enum class State { kHeader, kBlock, kCompact, kSkip, kSearch, kIndex, kEnd, kDone };

  absl::Status Keep(absl::Status status) {
    failure_ = status;
    return status;
  }
  ByteView rest() const { return buffer_.rest(); }
  uint64_t offset() const { return buffer_.offset(); }

  // At the place that is read now; `block`: that it has a number.
  void AddDamageHere(int64_t block, uint64_t raw_bytes, std::string reason) {
    losses_.AddHere(block, raw_bytes, offset(), std::move(reason));
  }
  int64_t number() const { return static_cast<int64_t>(losses_.blocks()); }

  // The end of what there is; says what is missing: all that the content's shape takes, else
  // `lost_bytes`, which are not filled.
  bool CutOff(std::string_view where, uint64_t lost_bytes = 0) {
    const uint64_t to_come = BytesToCome();
    AddDamageHere(state_ == State::kBlock ? number() : kNoBlock, to_come == 0 ? lost_bytes : 0,
                  absl::StrCat("the stream is cut off", ToAbsl(where)));
    losses_.Lose(to_come);
    state_ = State::kEnd;
    return true;
  }

  // Raw bytes between what came and what the content's shape takes; 0 where it has none, and after
  // the end mark.
  uint64_t BytesToCome() const {
    if (state_ == State::kIndex || only_headers_) return 0;
    const uint64_t raw_bytes = ContentBytes(header_.content).value_or(0);
    return raw_bytes > losses_.raw_offset() ? raw_bytes - losses_.raw_offset() : 0;
  }

  // Compares an end mark with what came before it, as far as that is known.
  void CheckEndMark(const BlockHead& end) {
    const uint64_t blocks = losses_.blocks();
    if (losses_.any()) {
      // It knows of blocks that a search has passed.
      if (end.block_count > blocks) losses_.LoseBlocks(end.block_count - blocks, 0);
      return;
    }
    if (header_.raw_bytes.value_or(end.raw_offset) != end.raw_offset) {
      AddDamageHere(kNoBlock, 0, "the header states another raw length than the end mark");
    } else if (end.block_count != blocks) {
      AddDamageHere(kNoBlock, 0, "the number of blocks in the end mark differs");
    }
  }

  // Takes a part of the stream. False where more input is needed, or at the end.
  absl::StatusOr<bool> Step() {
    TRINE_RETURN_IF_ERROR(context_.cancel.Check());
    if (known_ && state_ != State::kDone && losses_.IsPastRange()) {
      if (!batch_.empty()) return RunBatch();
      losses_.Settle();
      state_ = State::kDone;
    }
    switch (state_) {
      case State::kHeader:
        return TakeHeader();
      case State::kBlock:
        return TakeBlock();
      case State::kCompact:
        return TakePayload(header_.compact_block, 0);
      case State::kSkip:
        return SkipPayload();
      case State::kSearch:
        return Search();
      case State::kIndex:
        return TakeIndex();
      case State::kEnd:
        state_ = State::kDone;
        TRINE_RETURN_IF_ERROR(losses_.End(offset()));
        return true;
      case State::kDone:
        buffer_.Take(rest().size());
        break;
    }
    return false;
  }

  absl::StatusOr<bool> TakeHeader() {
    if (!batch_.empty()) return RunBatch();
    if (rest().empty() && (!ended_ || known_)) {
      if (ended_) state_ = State::kEnd;
      return ended_;
    }
    Header header;
    absl::StatusOr<Parsed> parsed = ParseHeader(rest(), offset(), &header);
    if (parsed.ok() && !parsed->complete()) {
      if (!ended_) return false;
      known_ = true;
      header_ = Header{};
      return CutOff(" in its header");
    }
    BlockPlan plan;
    absl::Status status = parsed.status();
    if (status.ok()) status = MakePlan(header, &plan);
    // The caller can give the table, or the index of several to who takes one: nothing is damaged.
    if (status.ok()) TRINE_RETURN_IF_ERROR(CheckNoTableIndex(plan));
    if (absl::IsInvalidArgument(status)) return status;
    if (status.ok() && header.is_excerpt()) {
      return NotOffered("data",
                        "an excerpt lacks blocks as it is; only whole streams are recovered");
    }
    const bool first = !std::exchange(known_, true);
    ++streams_;
    losses_.BeginStream();
    if (!status.ok()) {
      if (!IsDamage(status)) return status;
      AddDamageHere(kNoBlock, 0, LossLog::ReasonOf(status));
      header_ = Header{};
      header_.block_bytes = format::kMaxBlockBytes;
      plans_ = PlansWithoutHeader(options_.tables);
      block_bytes_ = 0;
      BeginSearch(1);
      return true;
    }
    if (first) {
      content_ = header.content;
      model_ = static_cast<Model>(header.model);
    }
    typed_streams_ += header.content.kind != ContentKind::kBytes ? 1 : 0;
    header_ = std::move(header);
    plans_ = {std::move(plan)};
    block_bytes_ = header_.block_bytes;
    buffer_.Take(parsed->consumed);
    only_headers_ = false;
    state_ = !header_.is_compact                    ? State::kBlock
             : header_.compact_block.raw_bytes != 0 ? State::kCompact
                                                    : State::kHeader;
    return true;
  }

  absl::Status MakePlan(const Header& header, BlockPlan* plan) {
    TRINE_ASSIGN_OR_RETURN(*plan, PlanOf(header, *context_.limits, offset()));
    return FindTables(options_.tables, &plan->tables, &tables_used_);
  }

  absl::StatusOr<bool> TakeBlock() {
    BlockHead head;
    const absl::StatusOr<Parsed> parsed =
        ParseBlockHead(rest(), header_, losses_.raw_offset(), number(), offset(), &head);
    if (parsed.ok() && !parsed->complete() && !ended_) return false;
    if (parsed.ok() && parsed->complete() && !head.is_end()) {
      return TakePayload(head, parsed->consumed);
    }
    // What is said of this place comes after what is said of the blocks before it.
    if (!batch_.empty()) return RunBatch();
    if (!parsed.ok()) {
      AddDamageHere(number(), 0, LossLog::ReasonOf(parsed.status()));
      BeginSearch(0);
      return true;
    }
    if (!parsed->complete()) return CutOff(" in a block's head");
    CheckEndMark(head);
    tail_.Begin(header_, head, rest().subspan(0, parsed->consumed));
    buffer_.Take(parsed->consumed);
    state_ = header_.has_index() ? State::kIndex : State::kHeader;
    return true;
  }

  // The block whose head is `head`, of `head_bytes` in front of the payload.
  absl::StatusOr<bool> TakePayload(const BlockHead& head, size_t head_bytes) {
    const ByteRange part = losses_.NextPart(head.raw_bytes);
    const bool passed = part.length == 0 || head.raw_bytes > context_.limits->max_block_bytes;
    const bool is_here = rest().size() >= head_bytes + head.coded_bytes;
    if (!passed && !is_here && !ended_) return false;
    if ((passed || !is_here) && !batch_.empty()) return RunBatch();
    if (passed) {
      PassBlock(head, head_bytes, part.length != 0);
      return true;
    }
    if (!is_here) {
      ++losses_.report().blocks_lost;
      return CutOff(" in a block", head.raw_bytes);
    }
    DecodeBatch::Block block;
    block.head = head;
    block.number = number();
    block.offset = offset();
    block.part = part;
    buffer_.Take(head_bytes);
    block.payload_at = buffer_.position();
    buffer_.Take(static_cast<size_t>(head.coded_bytes));
    batch_.Add(std::move(block));
    losses_.PassBlock(head.raw_bytes);
    if (state_ == State::kCompact) state_ = State::kHeader;
    return batch_.IsFull(header_) ? RunBatch() : true;
  }

  // Not even the payload is kept of a block that is too long, or that is not wanted.
  void PassBlock(const BlockHead& head, size_t head_bytes, bool is_wanted) {
    if (is_wanted) {
      ++losses_.report().blocks_lost;
      AddDamageHere(number(), head.raw_bytes,
                    LossLog::ReasonOf(LimitExceeded("data", head.raw_bytes, "max_block_bytes",
                                                    context_.limits->max_block_bytes)));
      losses_.Fill(head.raw_bytes);
    }
    losses_.PassBlock(head.raw_bytes);
    buffer_.Take(head_bytes);
    skip_ = head.coded_bytes;
    state_ = State::kSkip;
  }

  // Decodes the blocks that wait. Those that are damaged are left out, or are zeros.
  absl::StatusOr<bool> RunBatch() {
    TRINE_RETURN_IF_ERROR(
        batch_.Decode(plans_, buffer_, HeldBytes(), DecodeBatch::AtDamage::kGoOn));
    const bool is_served = batch_.KeepFound(&plans_);
    if (is_served && block_bytes_ == 0) tables_used_.insert(plans_[0].tables[0].id);
    RecoverReport& report = losses_.report();
    for (DecodeBatch::Block& block : batch_.blocks()) {
      if (block.is_decoded) {
        ++report.blocks_good;
        report.raw_bytes_good += block.part.length;
        continue;
      }
      ++report.blocks_lost;
      losses_.Add({block.number, losses_.place() - losses_.raw_offset() + block.head.raw_offset,
                   block.head.raw_bytes, block.offset, LossLog::ReasonOf(block.status)});
      if (options_.skip_lost) continue;
      TRINE_RETURN_IF_ERROR(batch_.FillWithZeros(&block));
    }
    ready_ = batch_.Take();
    return true;
  }

  // Of a block that is not decoded.
  bool SkipPayload() {
    const uint64_t step = std::min<uint64_t>(skip_, rest().size());
    buffer_.Take(static_cast<size_t>(step));
    skip_ -= step;
    if (skip_ != 0) return ended_ ? CutOff(" in a block") : false;
    state_ = header_.is_compact ? State::kHeader : State::kBlock;
    return true;
  }

  // Entry by entry, then the trailer.
  absl::StatusOr<bool> TakeIndex() {
    const absl::StatusOr<LooseTail::Step> step = tail_.Take(rest(), offset());
    if (!step.ok()) return IndexIsDamaged(step.status());
    if (step->consumed == 0) return ended_ ? CutOff(" in its index") : false;
    buffer_.Take(step->consumed);
    if (step->done) state_ = State::kHeader;
    return true;
  }

  // No raw byte is lost with it; another stream may follow.
  bool IndexIsDamaged(const absl::Status& status) {
    AddDamageHere(kNoBlock, 0, LossLog::ReasonOf(status));
    BeginSearch(0);
    only_headers_ = true;
    return true;
  }

  // From `skip` bytes on: what could not be read here as it was expected may be so otherwise.
  void BeginSearch(size_t skip) {
    state_ = State::kSearch;
    only_headers_ = false;
    buffer_.Take(std::min(skip, rest().size()));
  }

  absl::StatusOr<bool> Search() {
    TRINE_ASSIGN_OR_RETURN(
        const HeadSearch::Step step,
        search_.Find(rest(), offset(), ended_,
                     {.header = header_,
                      .raw_offset = losses_.raw_offset(),
                      .block_bytes = block_bytes_,
                      .longest_block = losses_.longest_block(),
                      .most_short = block_bytes_ == 0 ? 0 : MostBytesCut(plans_[0]),
                      .only_headers = only_headers_},
                     context_.cancel));
    buffer_.Take(step.passed);
    switch (step.found) {
      case HeadSearch::Found::kNothing:
        return false;
      case HeadSearch::Found::kEnd:
        losses_.Lose(BytesToCome());
        state_ = State::kEnd;
        break;
      case HeadSearch::Found::kHeader:
        state_ = State::kHeader;
        break;
      case HeadSearch::Found::kHead:
        losses_.LoseBlocks(step.blocks_ahead, step.raw_offset - losses_.raw_offset());
        losses_.Lose(step.raw_offset - losses_.raw_offset());
        state_ = State::kBlock;
        break;
    }
    return true;
  }

  const Context context_;
  const RecoverOptions options_;
  std::set<uint64_t> tables_used_;
  absl::Status failure_;
  bool ended_ = false;
  State state_ = State::kHeader;
  InputBuffer buffer_;
  bool known_ = false;    // whether a header was read, or was lost
  uint64_t streams_ = 0;  // whose headers were read, or lost where one had to be
  uint64_t typed_streams_ = 0;
  Header header_;
  std::vector<BlockPlan> plans_{1};  // several: each has a table that may be that of a lost header
  Content content_;
  Model model_ = Model::kAuto;
  uint64_t block_bytes_ = 0;  // of the header; 0: it is lost
  LooseTail tail_;
  uint64_t skip_ = 0;  // of a payload that is not decoded
  uint64_t handed_out_ = 0;
  bool only_headers_ = false;
  HeadSearch search_;
  DecodeBatch batch_;
  Pieces ready_;    // to be handed out
  LossLog losses_;  // its zeros come after `ready_`
};

}  // namespace

std::unique_ptr<StreamRecoverer> StreamRecoverer::Create(const Context& context,
                                                         const RecoverOptions& options) {
  return std::make_unique<Recoverer>(context, options);
}

}  // namespace trine::coding
