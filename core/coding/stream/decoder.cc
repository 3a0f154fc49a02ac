// Decode: a stream whose bytes have all come.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/long_array.h"
#include "core/base/strings.h"
#include "core/coding/coding.h"
#include "core/coding/container/index.h"
#include "core/coding/models/table/table_params.h"
#include "core/coding/stream/batch.h"
#include "core/coding/stream/block.h"
#include "core/coding/stream/layout.h"
#include "core/runtime/thread_pool.h"

namespace trine::coding {
namespace {

// The layout by way of the index, without touching the blocks; nullopt where `coded` is not one
// stream with an index (then the walk finds out what it is).
absl::StatusOr<std::optional<Layout>> ReadIndexed(const Context& context, ByteView coded) {
  std::optional<Layout> none;
  Layout layout;
  layout.streams.resize(1);
  StreamLayout& stream = layout.streams[0];
  const absl::StatusOr<Parsed> parsed = ParseHeader(coded, 0, &stream.header);
  if (!parsed.ok() || !parsed->complete() || stream.header.is_excerpt() ||
      !stream.header.has_index() || coded.size() < parsed->consumed + format::kTrailerBytes) {
    return none;
  }
  stream.header_bytes = parsed->consumed;
  const uint64_t body = coded.size() - format::kTrailerBytes;
  const absl::StatusOr<Trailer> trailer = ParseTrailer(coded.subspan(body), body);
  if (!trailer.ok() || trailer->tail_bytes > body - stream.header_bytes) return none;
  const uint64_t tail_at = body - trailer->tail_bytes;
  if (!ReadIndexedBlocks(context, coded.subspan(tail_at), tail_at, &layout).ok()) return none;
  uint64_t end = stream.header_bytes;
  if (!layout.blocks.empty()) {
    end = layout.blocks.back().coded_offset + layout.blocks.back().coded_bytes;
  }
  // Otherwise this is the index of the last of several streams.
  if (end != tail_at || stream.header.raw_bytes.value_or(layout.raw_bytes) != layout.raw_bytes) {
    return none;
  }
  TRINE_ASSIGN_OR_RETURN(stream.plan, PlanOf(stream.header, *context.limits, 0));
  stream.index_bytes = coded.size() - tail_at;
  layout.coded_bytes = coded.size();
  return std::optional<Layout>(std::move(layout));
}

// Decodes block `i` of the layout; the part of it that lies in `range` goes to `out`, which is the
// range's buffer.
absl::Status DecodePart(const Context& context, ByteView coded, const Layout& layout, size_t i,
                        const ByteRange& range, MutableByteView out) {
  const BlockRef& ref = layout.blocks[i];
  BlockHead head;
  TRINE_ASSIGN_OR_RETURN(const Parsed parsed, ReadHead(coded, layout, i, &head));
  const ByteView payload = coded.subspan(static_cast<size_t>(ref.at) + parsed.consumed,
                                         static_cast<size_t>(head.coded_bytes));
  const BlockPlan& plan = layout.streams[ref.stream].plan;
  const uint64_t begin = std::max(ref.raw_offset, range.offset);
  const uint64_t end = std::min(ref.raw_offset + ref.raw_bytes, range.offset + range.length);
  const MutableByteView to =
      out.subspan(static_cast<size_t>(begin - range.offset), static_cast<size_t>(end - begin));
  return DecodeBlockPart(context, plan, head, payload, layout.NumberOf(i), ref.coded_offset,
                         {begin - ref.raw_offset, end - begin}, to);
}

// Finds the tables that the streams name by id, and gives those with several tables their parts of
// the index.
absl::Status GiveTables(const DecodeOptions& options, Layout* layout, std::set<uint64_t>* used) {
  ByteView index = options.table_index;
  uint64_t wanted = 0;
  for (size_t s = 0; s < layout->streams.size(); ++s) {
    BlockPlan& plan = layout->streams[s].plan;
    TRINE_RETURN_IF_ERROR(FindTables(options.tables, &plan.tables, used));
    if (plan.tables.size() < 2) continue;
    const uint64_t end =
        s + 1 < layout->streams.size() ? layout->streams[s + 1].raw_begin : layout->raw_bytes;
    const uint64_t symbols = (end - layout->streams[s].raw_begin) / SymbolBytes(plan);
    wanted += symbols;
    plan.table_index =
        index.subspan(0, static_cast<size_t>(std::min<uint64_t>(symbols, index.size())));
    index.remove_prefix(plan.table_index.size());
  }
  if (wanted == options.table_index.size()) return absl::OkStatus();
  return InvalidField("table_index", ToStd(absl::StrCat(options.table_index.size(), " bytes")),
                      wanted == 0 ? "must be absent: no symbol of the stream has several tables"
                                  : absl::StrCat("must have a byte for each of the ", wanted,
                                                 " symbols that have several tables"));
}

absl::Status CheckBlocks(const Context& context, const Layout& layout, const BlockSpan& span) {
  for (size_t i = span.first; i < span.last; ++i) {
    const BlockRef& block = layout.blocks[i];
    if (block.raw_bytes > context.limits->max_block_bytes) {
      return LimitExceeded("data", block.raw_bytes, "max_block_bytes",
                           context.limits->max_block_bytes);
    }
    if (block.at == BlockRef::kAbsent) {
      return InvalidField("range", ToStd(absl::StrCat("block ", layout.NumberOf(i))),
                          "the excerpt must hold every block of the range");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Decoded> Decode(const Context& context, ByteView coded,
                               const DecodeOptions& options) {
  std::optional<Layout> found;
  if (options.range.has_value()) {
    TRINE_ASSIGN_OR_RETURN(found, ReadIndexed(context, coded));
  }
  if (!found.has_value()) {
    TRINE_ASSIGN_OR_RETURN(found, ListBlocks(context, coded));
  }
  Decoded decoded;
  TRINE_RETURN_IF_ERROR(GiveTables(options, &*found, &decoded.tables_used));
  const Layout& layout = *found;
  const ByteRange range = options.range.value_or(ByteRange{0, layout.raw_bytes});
  TRINE_RETURN_IF_ERROR(CheckRange(range, layout.raw_bytes));
  const uint64_t max_output =
      options.max_output_bytes != 0 ? options.max_output_bytes : context.limits->max_output_bytes;
  if (range.length > max_output) {
    return LimitExceeded("data", range.length, options.max_output_name, max_output);
  }
  const BlockSpan span = BlocksOf(layout.blocks, range);
  TRINE_RETURN_IF_ERROR(CheckBlocks(context, layout, span));
  TRINE_RETURN_IF_ERROR(context.ReserveResult(range.length));

  decoded.content = layout.content();
  decoded.raw_bytes = layout.raw_bytes;
  decoded.blocks_total = layout.blocks.size();
  decoded.model = static_cast<Model>(layout.streams[0].header.model);
  decoded.streams = layout.streams.size();
  decoded.typed_streams = static_cast<uint64_t>(std::count_if(
      layout.streams.begin(), layout.streams.end(),
      [](const auto& stream) { return stream.header.content.kind != ContentKind::kBytes; }));
  TRINE_RETURN_IF_ERROR(context.ReserveResult(range.length));
  // Every block's head is verified by now, and its payload is there. The blocks fill it, or fail.
  decoded.data = LongArray<uint8_t>::ForOverwrite(static_cast<size_t>(range.length));
  const auto decode_some = [&](size_t begin, size_t end) {
    for (size_t i = span.first + begin; i < span.first + end; ++i) {
      TRINE_RETURN_IF_ERROR(
          DecodePart(context, coded, layout, i, range, absl::MakeSpan(decoded.data)));
    }
    return absl::OkStatus();
  };
  const size_t blocks = span.last - span.first;
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, blocks, BlocksPerTask(range.length, blocks), decode_some));
  decoded.blocks_decoded = blocks;
  return decoded;
}

}  // namespace trine::coding
