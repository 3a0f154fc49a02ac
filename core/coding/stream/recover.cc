#include "core/coding/stream/recover.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/long_array.h"
#include "core/base/strings.h"
#include "core/coding/stream/block.h"
#include "core/coding/stream/input_buffer.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/index.h"
#include "core/coding/models/table/table_params.h"
#include "core/coding/container/polled.h"
#include "core/coding/container/tail.h"
#include "core/coding/container/bytes_io.h"

namespace trine::coding {
namespace {

using format::Mode;

constexpr uint64_t kZerosAtOnce = uint64_t{1} << 20;
constexpr size_t kPollScanned = size_t{1} << 14;
// Heads that are tried in a search: so many at once, then as many as bytes are passed, so that a
// stream that looks like heads throughout costs no more than one try a byte.
constexpr uint64_t kTries = 1 << 16;
constexpr uint64_t kMaxBlocksAhead = 1024;

// Whether the work ended for another reason than the stream.
bool IsDamage(const absl::Status& status) {
  return status.code() == absl::StatusCode::kDataLoss ||
         status.code() == absl::StatusCode::kUnimplemented ||
         status.code() == absl::StatusCode::kInvalidArgument ||
         status.code() == absl::StatusCode::kResourceExhausted;
}

// The text without what the list says in fields of its own.
std::string ReasonOf(const absl::Status& status) {
  std::string_view text = ToStd(status.message());
  for (std::string_view prefix : {"corrupt stream: ", "data: "}) {
    if (text.substr(0, prefix.size()) == prefix) text.remove_prefix(prefix.size());
  }
  return std::string(text.substr(0, text.find(" (b")));
}

class Recoverer final : public StreamRecoverer {
 public:
  Recoverer(const Context& context, const RecoverOptions& options)
      : context_(context), options_(options) {}

  absl::Status Write(ByteView coded) override {
    TRINE_RETURN_IF_ERROR(failure_);
    return Keep(buffer_.Append(coded, context_.cancel));
  }

  absl::StatusOr<bool> Next(LongArray<uint8_t>* raw) override {
    *raw = {};
    TRINE_RETURN_IF_ERROR(failure_);
    while (raw->empty()) {
      if (zeros_ != 0) {
        const uint64_t n = std::min(zeros_, kZerosAtOnce);
        zeros_ -= n;
        *raw = LongArray<uint8_t>::Zeros(static_cast<size_t>(n));
        break;
      }
      absl::StatusOr<bool> more = Step(raw);
      if (!more.ok()) return Keep(more.status());
      if (!*more) break;
    }
    handed_out_ += raw->size();
    if (options_.max_output_bytes != 0 && handed_out_ > options_.max_output_bytes) {
      *raw = {};
      return Keep(
          LimitExceeded("data", handed_out_, "max_output_bytes", options_.max_output_bytes));
    }
    buffer_.DropTaken();
    return !raw->empty();
  }

  absl::Status Finish() override {
    ended_ = true;
    return failure_;
  }

  const Content* content() const override { return known_ ? &content_ : nullptr; }
  Model model() const override { return model_; }
  uint64_t blocks_decoded() const override { return report_.blocks_good; }
  const RecoverReport& report() const override { return report_; }
  uint64_t HeldBytes() const override {
    return buffer_.HeldBytes() + header_.params.capacity() + HeldTableBytes(plan_) +
           report_.damages.capacity() * sizeof(Damage);
  }

 private:
  enum class State { kHeader, kBlock, kCompact, kSkip, kSearch, kIndex, kTrailer, kDone };

  absl::Status Keep(absl::Status status) {
    failure_ = status;
    return status;
  }
  ByteView rest() const { return buffer_.rest(); }
  uint64_t offset() const { return buffer_.offset(); }

  void AddDamage(int64_t block, uint64_t raw_bytes, std::string reason) {
    ++report_.damages_total;
    report_.raw_bytes_lost += raw_bytes;
    listed_ = report_.damages.size() < RecoverReport::kMaxListed;
    if (!listed_) return;
    report_.damages.push_back(
        {block, stream_begin_ + raw_offset_, raw_bytes, offset(), std::move(reason)});
  }

  // The stretch that was lost since the last damage was found to be so long.
  void Lose(uint64_t raw_bytes) {
    report_.raw_bytes_lost += raw_bytes;
    if (listed_) report_.damages.back().raw_bytes += raw_bytes;
    Fill(raw_bytes);
  }

  void Fill(uint64_t raw_bytes) {
    raw_offset_ += raw_bytes;
    if (!options_.skip_lost && raw_bytes <= kMaxFilledBytes) zeros_ += raw_bytes;
  }

  // The end of what there is; says what is missing: all that the content's shape takes, else
  // `lost_bytes`, which are not filled.
  bool CutOff(std::string_view where, uint64_t lost_bytes = 0) {
    const uint64_t to_come = BytesToCome();
    AddDamage(state_ == State::kBlock ? static_cast<int64_t>(blocks_) : -1,
              to_come == 0 ? lost_bytes : 0, absl::StrCat("the stream is cut off", ToAbsl(where)));
    Lose(to_come);
    state_ = State::kDone;
    return true;
  }

  // Raw bytes between what came and what the content's shape takes; 0 where it has none, and behind
  // the end mark.
  uint64_t BytesToCome() const {
    if (state_ == State::kIndex || state_ == State::kTrailer || only_headers_) return 0;
    const uint64_t raw_bytes = ContentBytes(header_.content).value_or(0);
    return raw_bytes > raw_offset_ ? raw_bytes - raw_offset_ : 0;
  }

  // Holds an end mark against what came before it, as far as that is known.
  void CheckEndMark(const BlockHead& end) {
    if (report_.damages_total != 0) return;
    if (header_.raw_bytes.value_or(end.raw_offset) != end.raw_offset) {
      AddDamage(-1, 0, "the header states another raw length than the end mark");
    } else if (end.block_count != blocks_) {
      AddDamage(-1, 0, "the number of blocks in the end mark differs");
    }
  }

  absl::StatusOr<bool> Step(LongArray<uint8_t>* raw) {
    TRINE_RETURN_IF_ERROR(context_.cancel.Check());
    switch (state_) {
      case State::kHeader:
        return TakeHeader();
      case State::kBlock:
        return TakeBlock(raw);
      case State::kCompact:
        return TakePayload(header_.compact_block, 0, raw);
      case State::kSkip:
        return SkipPayload();
      case State::kSearch:
        return Search();
      case State::kIndex:
        return TakeEntry();
      case State::kTrailer:
        return TakeTrailer();
      case State::kDone:
        break;
    }
    return false;
  }

  // ---- a stream whose parts are sound ----------------------------------------------------------

  absl::StatusOr<bool> TakeHeader() {
    if (rest().empty() && (!ended_ || known_)) return false;
    Header header;
    absl::StatusOr<Parsed> parsed = ParseHeader(rest(), offset(), &header);
    if (parsed.ok() && !parsed->complete()) {
      if (!ended_) return false;
      known_ = true;
      header_ = Header{};
      return CutOff(" in its header");
    }
    absl::Status status = parsed.status();
    BlockPlan plan;
    if (status.ok()) {
      absl::StatusOr<BlockPlan> made = PlanOf(header, *context_.limits, offset());
      status = made.status();
      if (made.ok()) {
        plan = *std::move(made);
        status = FindTables(options_.tables, &plan.tables);
        if (absl::IsInvalidArgument(status)) return status;  // the caller can give it
      }
    }
    if (status.ok() && header.is_excerpt()) {
      return NotOffered("data",
                        "an excerpt lacks blocks as it is; only whole streams are recovered");
    }
    const bool first = !std::exchange(known_, true);
    stream_begin_ += raw_offset_;
    raw_offset_ = 0;
    blocks_ = 0;
    if (!status.ok()) {
      if (!IsDamage(status)) return status;
      AddDamage(-1, 0, ReasonOf(status));
      header_ = Header{};
      header_.block_bytes = format::kMaxBlockBytes;
      plan_ = BlockPlan{};
      block_bytes_known_ = false;
      BeginSearch(1);
      return true;
    }
    if (first) {
      content_ = header.content;
      model_ = static_cast<Model>(header.model);
    }
    if (!first && content_.kind != ContentKind::kBytes) content_ = Content{};
    header_ = std::move(header);
    plan_ = std::move(plan);
    block_bytes_known_ = true;
    buffer_.Take(parsed->consumed);
    only_headers_ = false;
    state_ = !header_.is_compact                    ? State::kBlock
             : header_.compact_block.raw_bytes != 0 ? State::kCompact
                                                    : State::kHeader;
    return true;
  }

  absl::StatusOr<bool> TakeBlock(LongArray<uint8_t>* raw) {
    BlockHead head;
    const absl::StatusOr<Parsed> parsed = ParseBlockHead(
        rest(), header_, raw_offset_, static_cast<int64_t>(blocks_), offset(), &head);
    if (!parsed.ok()) {
      AddDamage(static_cast<int64_t>(blocks_), 0, ReasonOf(parsed.status()));
      BeginSearch(0);
      return true;
    }
    if (!parsed->complete()) return ended_ ? CutOff(" in a block's head") : false;
    if (!head.is_end()) return TakePayload(head, parsed->consumed, raw);
    CheckEndMark(head);
    tail_ = RunningChecksum();
    tail_bytes_ = 0;
    TakeOfTail(parsed->consumed);
    entries_left_ = head.block_count;
    state_ = header_.has_index() ? State::kIndex : State::kHeader;
    return true;
  }

  void TakeOfTail(size_t bytes) {
    tail_.Add(rest().subspan(0, bytes));
    tail_bytes_ += bytes;
    buffer_.Take(bytes);
  }

  // The block whose head is `head`, of `head_bytes` in front of the payload.
  absl::StatusOr<bool> TakePayload(const BlockHead& head, size_t head_bytes,
                                   LongArray<uint8_t>* raw) {
    const bool compact = state_ == State::kCompact;
    if (head.raw_bytes > context_.limits->max_block_bytes) {
      // Not even its payload is kept.
      ++report_.blocks_lost;
      AddDamage(static_cast<int64_t>(blocks_), head.raw_bytes,
                ReasonOf(LimitExceeded("data", head.raw_bytes, "max_block_bytes",
                                       context_.limits->max_block_bytes)));
      Fill(head.raw_bytes);
      ++blocks_;
      buffer_.Take(head_bytes);
      skip_ = head.coded_bytes;
      state_ = State::kSkip;
      return true;
    }
    if (rest().size() < head_bytes + head.coded_bytes) {
      if (!ended_) return false;
      ++report_.blocks_lost;
      return CutOff(" in a block", head.raw_bytes);
    }
    const ByteView payload = rest().subspan(head_bytes, static_cast<size_t>(head.coded_bytes));
    const auto number = static_cast<int64_t>(blocks_);
    auto bytes = LongArray<uint8_t>::ForOverwrite(static_cast<size_t>(head.raw_bytes));
    absl::Status status;
    // Several tables code by an index, which is not here; what was stored without them is.
    if (head.mode == Mode::kModel) status = CheckNoTableIndex(plan_);
    if (status.ok()) {
      status = DecodeBlock(context_, plan_, head, payload, number, offset(), absl::MakeSpan(bytes));
    }
    if (status.ok()) {
      *raw = std::move(bytes);
      ++report_.blocks_good;
      report_.raw_bytes_good += head.raw_bytes;
      raw_offset_ += head.raw_bytes;
    } else if (IsDamage(status)) {
      ++report_.blocks_lost;
      AddDamage(number, head.raw_bytes, ReasonOf(status));
      Fill(head.raw_bytes);
    } else {
      return status;
    }
    ++blocks_;
    buffer_.Take(head_bytes + static_cast<size_t>(head.coded_bytes));
    state_ = compact ? State::kHeader : State::kBlock;
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

  absl::StatusOr<bool> TakeEntry() {
    if (entries_left_ == 0) {
      state_ = State::kTrailer;
      return true;
    }
    IndexEntry entry;
    const absl::StatusOr<Parsed> parsed =
        ParseIndexEntry(rest(), header_.block_bytes, -1, offset(), &entry);
    if (parsed.ok() && !parsed->complete()) return ended_ ? CutOff(" in its index") : false;
    if (!parsed.ok()) return IndexIsDamaged(parsed.status());
    TakeOfTail(parsed->consumed);
    --entries_left_;
    return true;
  }

  absl::StatusOr<bool> TakeTrailer() {
    if (rest().size() < format::kTrailerBytes) return ended_ ? CutOff(" in its index") : false;
    const absl::StatusOr<Trailer> trailer =
        ParseTrailer(rest().subspan(0, format::kTrailerBytes), offset());
    if (!trailer.ok()) return IndexIsDamaged(trailer.status());
    if (trailer->tail_bytes != tail_bytes_ || trailer->checksum != tail_.Value()) {
      AddDamage(-1, 0, "the checksum of the index differs");
    }
    buffer_.Take(format::kTrailerBytes);
    state_ = State::kHeader;
    return true;
  }

  // No raw byte is lost with it; another stream may follow.
  bool IndexIsDamaged(const absl::Status& status) {
    AddDamage(-1, 0, ReasonOf(status));
    BeginSearch(0);
    only_headers_ = true;
    return true;
  }

  // ---- a search for where the stream goes on ---------------------------------------------------

  // From `skip` bytes on: what could not be read here as it was expected may be so otherwise.
  void BeginSearch(size_t skip) {
    state_ = State::kSearch;
    only_headers_ = false;
    tries_ = kTries;
    buffer_.Take(std::min(skip, rest().size()));
  }

  absl::StatusOr<bool> Search() {
    for (size_t passed = 0;; ++passed, buffer_.Take(1), ++tries_) {
      if (passed % kPollScanned == 0) TRINE_RETURN_IF_ERROR(context_.cancel.Check());
      const ByteView in = rest();
      if (in.empty() || (in.size() < format::kMaxBlockHead && !ended_)) {
        if (!ended_) return false;
        Lose(BytesToCome());
        state_ = State::kDone;
        return true;
      }
      if (FindHeader(in)) return true;
      if (!only_headers_ && FindBlock(in)) return true;
    }
  }

  bool FindHeader(ByteView in) {
    if (in[0] != format::kMagic[0] || in.size() < format::kCompactMagic.size()) return false;
    const bool compact =
        std::equal(format::kCompactMagic.begin(), format::kCompactMagic.end(), in.begin());
    if (!compact && (in.size() < format::kMagic.size() ||
                     !std::equal(format::kMagic.begin(), format::kMagic.end(), in.begin()))) {
      return false;
    }
    Header header;
    const absl::StatusOr<Parsed> parsed = ParseHeader(in, offset(), &header);
    // A longer header than what is at hand is believed by its magic.
    if (!parsed.ok() || (!parsed->complete() && compact)) return false;
    state_ = State::kHeader;
    return true;
  }

  // A sound head of this stream, a whole number of blocks on from where it was lost.
  bool FindBlock(ByteView in) {
    if (in[0] > static_cast<uint8_t>(Mode::kModel)) return false;
    ByteReader reader(in.subspan(1, std::min(in.size(), format::kMaxBlockHead) - 1));
    if (in[0] == static_cast<uint8_t>(Mode::kEnd)) {
      const uint64_t raw_bytes = reader.Varint();
      if (reader.failed() || raw_bytes < raw_offset_ || !TryHead(in, raw_bytes)) return false;
      Lose(raw_bytes - raw_offset_);
      return true;
    }
    const uint8_t model = reader.Byte();
    const uint8_t variant = reader.Byte();
    const uint64_t raw = reader.Varint();
    const uint64_t coded = reader.Varint();
    if (reader.failed() || raw < 1 || raw > header_.block_bytes || coded > raw) return false;
    if (in[0] != static_cast<uint8_t>(Mode::kModel) && (model != 0 || variant != 0)) return false;
    const uint64_t ahead = block_bytes_known_ ? kMaxBlocksAhead : 0;
    for (uint64_t k = 0; k <= ahead && tries_ > 0; ++k) {
      const uint64_t raw_offset = raw_offset_ + k * header_.block_bytes;
      if (!TryHead(in, raw_offset)) continue;
      blocks_ += k;
      report_.blocks_lost += k;
      Lose(raw_offset - raw_offset_);
      return true;
    }
    return false;
  }

  // Whether a head for `raw_offset` begins `in`; then the stream goes on there.
  bool TryHead(ByteView in, uint64_t raw_offset) {
    if (tries_ == 0) return false;
    --tries_;
    BlockHead head;
    const TriedHead tried = TryBlockHead(in, header_, raw_offset, &head);
    if (!tried.wrong.empty() || !tried.parsed.complete()) return false;
    state_ = State::kBlock;
    return true;
  }

  const Context context_;
  const RecoverOptions options_;
  absl::Status failure_;
  bool ended_ = false;
  State state_ = State::kHeader;
  InputBuffer buffer_;
  bool known_ = false;  // whether a header was read, or was lost
  Header header_;
  BlockPlan plan_;
  Content content_;
  Model model_ = Model::kAuto;
  bool block_bytes_known_ = false;
  uint64_t stream_begin_ = 0;  // raw bytes of the streams before this one
  uint64_t raw_offset_ = 0;    // of the next block in its stream
  uint64_t blocks_ = 0;        // of this stream
  uint64_t entries_left_ = 0;
  RunningChecksum tail_;  // of end mark and index
  uint64_t tail_bytes_ = 0;
  uint64_t zeros_ = 0;  // to be handed out
  uint64_t skip_ = 0;   // of a payload that is not decoded
  uint64_t handed_out_ = 0;
  bool only_headers_ = false;
  bool listed_ = false;  // whether the last damage is in the list
  uint64_t tries_ = 0;
  RecoverReport report_;
};

}  // namespace

std::unique_ptr<StreamRecoverer> StreamRecoverer::Create(const Context& context,
                                                         const RecoverOptions& options) {
  return std::make_unique<Recoverer>(context, options);
}

}  // namespace trine::coding
