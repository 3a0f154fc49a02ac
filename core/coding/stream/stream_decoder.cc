// StreamDecoder: the same streams as Decode, in pieces and in bounded memory.
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/long_array.h"
#include "core/base/strings.h"
#include "core/coding/coding.h"
#include "core/coding/container/index.h"
#include "core/coding/container/input_buffer.h"
#include "core/coding/container/tail.h"
#include "core/coding/models/table/table_params.h"
#include "core/coding/stream/block.h"
#include "core/coding/stream/decode_batch.h"
#include "core/coding/stream/layout.h"

namespace trine::coding {
namespace {

class Decoder final : public StreamDecoder {
 public:
  Decoder(const Context& context, const DecodeOptions& options)
      : context_(context),
        range_(options.range),
        max_output_(options.max_output_bytes),
        tables_(options.tables),
        batch_(context) {}

  absl::Status Write(ByteView coded) override {
    TRINE_RETURN_IF_ERROR(BeginCall());
    if (ended_) return Finished();
    return Keep(buffer_.Append(coded, context_.cancel));
  }

  absl::StatusOr<bool> Next(LongArray<uint8_t>* raw) override {
    *raw = {};
    if (ready_.empty()) {
      TRINE_RETURN_IF_ERROR(BeginCall());
      failure_ = Advance();
      // Blocks that came whole before the fault are handed out before it is told.
      if (!failure_.ok()) {
        if (absl::Status status = RunBatch(); !status.ok()) failure_ = std::move(status);
        if (ready_.empty()) return failure_;
      }
    }
    if (batch_.empty()) buffer_.DropTaken();
    if (ready_.empty()) return false;
    *raw = ready_.TakeFirst();
    return true;
  }

  absl::Status Finish() override {
    TRINE_RETURN_IF_ERROR(BeginCall());
    if (ended_) return Finished();
    ended_ = true;
    return absl::OkStatus();
  }

  const Content* content() const override { return streams_ > 0 ? &content_ : nullptr; }
  uint64_t streams() const override { return streams_; }
  uint64_t typed_streams() const override { return typed_streams_; }
  Model model() const override { return model_; }
  uint64_t blocks_decoded() const override { return blocks_decoded_; }
  const std::set<uint64_t>& tables_used() const override { return tables_used_; }
  uint64_t HeldBytes() const override {
    return buffer_.HeldBytes() + ready_.bytes() + batch_.HeldBytes() + header_.params.capacity() +
           HeldTableBytes(plan_) + tail_.HeldBytes();
  }

 private:
  enum class State { kHeader, kBlock, kCompact, kSkip, kTail };

  static absl::Status Finished() {
    return MakeError(absl::StatusCode::kFailedPrecondition, {.reason = "STREAM_FINISHED"},
                     "the stream was finished");
  }
  // A stream that has failed stays failed, with the same error.
  const absl::Status& BeginCall() const { return failure_; }
  absl::Status Keep(absl::Status status) {
    failure_ = status;
    return status;
  }
  uint64_t offset() const { return buffer_.offset(); }
  ByteView rest() const { return buffer_.rest(); }
  // The number of the block and the offset for messages; none in an excerpt, whose own mean nothing
  // in the stream.
  int64_t number() const {
    return state_ != State::kBlock || header_.is_excerpt() ? -1 : static_cast<int64_t>(blocks_);
  }
  uint64_t place() const { return header_.is_excerpt() ? kNoOffset : offset(); }
  absl::Status CorruptHere(std::string_view text) const { return Corrupt(number(), place(), text); }

  // Takes parts off the buffer until one is not complete, or until there are bytes to hand out.
  absl::Status Advance() {
    while (ready_.empty()) {
      absl::StatusOr<bool> step = state_ == State::kHeader    ? TakeHeader()
                                  : state_ == State::kBlock   ? TakeBlock()
                                  : state_ == State::kCompact ? TakeCompact()
                                  : state_ == State::kSkip    ? SkipPayload()
                                                              : TakeTail();
      TRINE_ASSIGN_OR_RETURN(const bool more, std::move(step));
      if (!more) break;
    }
    return ended_ && ready_.empty() ? CheckEnd() : absl::OkStatus();
  }

  absl::Status CheckEnd() const {
    if (state_ != State::kHeader || !rest().empty() || streams_ == 0) {
      return CorruptHere("the stream is cut off");
    }
    if (!range_.has_value()) return absl::OkStatus();
    TRINE_RETURN_IF_ERROR(CheckRange(*range_, raw_offset_));
    if (emitted_ == range_->length) return absl::OkStatus();
    return InvalidField("range", ToStd(absl::StrCat(emitted_, " bytes of it")),
                        "the excerpt must hold every block of the range");
  }

  absl::StatusOr<bool> TakeHeader() {
    // The blocks of the stream before, of another plan.
    TRINE_RETURN_IF_ERROR(RunBatch());
    if (!ready_.empty()) return true;
    if (rest().empty()) return false;
    Header header;
    const absl::StatusOr<Parsed> parsed = ParseHeader(rest(), offset(), &header);
    if (!parsed.ok() && streams_ > 0 && parsed.status().code() == absl::StatusCode::kDataLoss) {
      return CorruptHere("unexpected bytes after the end of the stream");
    }
    TRINE_RETURN_IF_ERROR(parsed.status());
    if (!parsed->complete()) return false;
    if (streams_ > 0 && (header.is_excerpt() || header_.is_excerpt())) {
      return CorruptHere("an excerpt is next to another stream");
    }
    if (header.is_excerpt() && !header.has_index()) return CorruptHere("the excerpt has no index");
    TRINE_ASSIGN_OR_RETURN(plan_, PlanOf(header, *context_.limits, offset()));
    TRINE_RETURN_IF_ERROR(FindTables(tables_, &plan_.tables, &tables_used_));
    header_ = std::move(header);
    if (streams_ == 0) content_ = header_.content;
    if (streams_ == 0) model_ = static_cast<Model>(header_.model);
    ++streams_;
    typed_streams_ += header_.content.kind != ContentKind::kBytes ? 1 : 0;
    buffer_.Take(parsed->consumed);
    stream_begin_ = raw_offset_;
    blocks_ = 0;
    tail_ = TailParser(header_);
    state_ = header_.is_compact ? State::kCompact : State::kBlock;
    return true;
  }

  // The block of a compact stream, whose payload ends the stream.
  absl::StatusOr<bool> TakeCompact() {
    const BlockHead& head = header_.compact_block;
    state_ = State::kHeader;
    if (head.raw_bytes == 0) return true;
    TRINE_RETURN_IF_ERROR(CheckNoTableIndex(plan_));
    const ByteRange here{stream_begin_, head.raw_bytes};
    state_ = State::kCompact;
    if (!Wanted(here)) {
      raw_offset_ += head.raw_bytes;
      skip_ = head.coded_bytes;
      state_ = State::kSkip;
      return true;
    }
    TRINE_RETURN_IF_ERROR(CheckLimits(head));
    if (rest().size() < head.coded_bytes) return false;
    TRINE_RETURN_IF_ERROR(CheckNoGap(here));
    AddToBatch(head, 0, offset());
    ++blocks_;
    raw_offset_ += head.raw_bytes;
    if (raw_offset_ > format::kMaxStreamBytes) return CorruptHere("the raw length is out of range");
    state_ = State::kHeader;
    // The last stream ends without a mark: now, not when the next header comes.
    TRINE_RETURN_IF_ERROR(RunBatch());
    return true;
  }

  absl::StatusOr<bool> TakeBlock() {
    BlockHead head;
    TRINE_ASSIGN_OR_RETURN(
        const Parsed parsed,
        ParseBlockHead(rest(), header_, raw_offset_ - stream_begin_, number(), place(), &head));
    if (!parsed.complete()) return false;
    if (head.is_end()) {
      if (!batch_.empty()) return RanBatch();
      return BeginTail(head);
    }
    TRINE_RETURN_IF_ERROR(CheckNoTableIndex(plan_));
    if (head.raw_offset < raw_offset_ - stream_begin_) {
      return CorruptHere("the blocks of the excerpt are not in order");
    }
    const ByteRange here{stream_begin_ + head.raw_offset, head.raw_bytes};
    if (!Wanted(here)) {
      // The input is kept as long as blocks wait, and much of it may be skipped here.
      if (!batch_.empty()) return RanBatch();
      TRINE_RETURN_IF_ERROR(TakeHead(head, parsed.consumed));
      skip_ = head.coded_bytes;
      state_ = State::kSkip;
      return true;
    }
    TRINE_RETURN_IF_ERROR(CheckLimits(head));
    TRINE_RETURN_IF_ERROR(CheckNoGap(here));
    if (rest().size() < parsed.consumed + head.coded_bytes) return false;
    const int64_t number_here = number();
    const uint64_t offset_here = place();
    TRINE_RETURN_IF_ERROR(TakeHead(head, parsed.consumed));
    AddToBatch(head, number_here, offset_here);
    if (batch_.IsFull(header_)) TRINE_RETURN_IF_ERROR(RunBatch());
    return true;
  }

  absl::Status TakeHead(const BlockHead& head, size_t head_bytes) {
    TRINE_RETURN_IF_ERROR(tail_.AddBlock(head));
    ++blocks_;
    buffer_.Take(head_bytes);
    raw_offset_ = stream_begin_ + head.raw_offset + head.raw_bytes;
    if (raw_offset_ > format::kMaxStreamBytes) return CorruptHere("the raw length is out of range");
    return absl::OkStatus();
  }

  bool Wanted(const ByteRange& block) const { return PartOf(block, range_).length != 0; }

  absl::Status CheckLimits(const BlockHead& head) {
    if (head.raw_bytes > context_.limits->max_block_bytes) {
      return LimitExceeded("data", head.raw_bytes, "max_block_bytes",
                           context_.limits->max_block_bytes);
    }
    if (range_.has_value()) {
      if (max_output_ != 0 && range_->length > max_output_) {
        return LimitExceeded("data", range_->length, "max_output_bytes", max_output_);
      }
      return absl::OkStatus();
    }
    const uint64_t total = stream_begin_ + head.raw_offset + head.raw_bytes;
    if (max_output_ != 0 && total > max_output_) {
      return LimitExceeded("data", total, "max_output_bytes", max_output_);
    }
    if (head.raw_offset != raw_offset_ - stream_begin_) {
      return InvalidField("range", "absent", "the excerpt must hold every block of the range");
    }
    return absl::OkStatus();
  }

  // An excerpt that lacks a block of the range must not pass its neighbour's bytes for it.
  absl::Status CheckNoGap(const ByteRange& block) {
    if (!range_.has_value()) return absl::OkStatus();
    if (block.offset > std::max(wanted_at_, range_->offset)) {
      return InvalidField("range", ToStd(absl::StrCat("block at ", wanted_at_)),
                          "the excerpt must hold every block of the range");
    }
    wanted_at_ = block.offset + block.length;
    return absl::OkStatus();
  }

  absl::StatusOr<bool> SkipPayload() {
    const size_t step = static_cast<size_t>(std::min<uint64_t>(skip_, rest().size()));
    buffer_.Take(step);
    skip_ -= step;
    if (skip_ != 0) return false;
    state_ = header_.is_compact ? State::kHeader : State::kBlock;
    return true;
  }

  absl::StatusOr<bool> BeginTail(const BlockHead& end) {
    if (!header_.is_excerpt() && end.block_count != blocks_) {
      return CorruptHere("the number of blocks in the end mark differs");
    }
    if (header_.raw_bytes.value_or(end.raw_offset) != end.raw_offset) {
      return CorruptHere("the header states another raw length than the end mark");
    }
    if (header_.is_excerpt() && !range_.has_value() &&
        end.raw_offset != raw_offset_ - stream_begin_) {
      return InvalidField("range", "absent", "the excerpt must hold every block of the range");
    }
    raw_offset_ = stream_begin_ + end.raw_offset;
    state_ = State::kTail;
    return true;
  }

  absl::StatusOr<bool> TakeTail() {
    TRINE_ASSIGN_OR_RETURN(const TailParser::Step step, tail_.Take(rest(), place()));
    buffer_.Take(step.consumed);
    if (!step.done) return false;
    state_ = State::kHeader;
    return true;
  }

  // The block whose payload comes next in the buffer.
  void AddToBatch(const BlockHead& head, int64_t number, uint64_t offset) {
    const ByteRange part = PartOf({stream_begin_ + head.raw_offset, head.raw_bytes}, range_);
    batch_.Add({.head = head,
                .payload_at = buffer_.position(),
                .number = number,
                .offset = offset,
                .part = part});
    buffer_.Take(static_cast<size_t>(head.coded_bytes));
    emitted_ += part.length;
  }

  // Decodes the blocks that wait. Those before the first that is damaged are handed out.
  absl::Status RunBatch() {
    if (batch_.empty()) return absl::OkStatus();
    absl::Status status =
        batch_.Decode({&plan_, 1}, buffer_, HeldBytes(), DecodeBatch::AtDamage::kStop);
    if (!status.ok() && !IsDamage(status)) {
      batch_.Take();
      return status;
    }
    for (const DecodeBatch::Block& block : batch_.blocks()) blocks_decoded_ += block.is_decoded;
    ready_ = batch_.Take();
    return status;
  }
  absl::StatusOr<bool> RanBatch() {
    TRINE_RETURN_IF_ERROR(RunBatch());
    return true;
  }

  const Context context_;
  const std::optional<ByteRange> range_;
  const uint64_t max_output_;
  const std::vector<TablePtr> tables_;
  std::set<uint64_t> tables_used_;
  absl::Status failure_;
  bool ended_ = false;  // Finish was called
  State state_ = State::kHeader;
  InputBuffer buffer_;
  uint64_t streams_ = 0, typed_streams_ = 0;
  Header header_;
  BlockPlan plan_;
  Content content_;
  Model model_ = Model::kAuto;
  uint64_t stream_begin_ = 0;  // raw bytes of the streams before this one
  uint64_t raw_offset_ = 0;    // raw bytes up to here, whether wanted or not
  uint64_t blocks_ = 0;        // heads taken of this stream
  uint64_t skip_ = 0;
  TailParser tail_{Header{}};
  DecodeBatch batch_;
  Pieces ready_;  // to be handed out
  uint64_t blocks_decoded_ = 0;
  uint64_t emitted_ = 0;
  uint64_t wanted_at_ = 0;  // raw offset after the last block that was wanted
};

}  // namespace

absl::StatusOr<std::unique_ptr<StreamDecoder>> StreamDecoder::Create(const Context& context,
                                                                     const DecodeOptions& options) {
  if (!options.table_index.empty()) {
    return NotOffered("table_index", "an index of tables is given to Decode only");
  }
  return std::make_unique<Decoder>(context, options);
}

}  // namespace trine::coding
