// Inspect and MakeExcerpt over arbitrary bytes: it reads inside the file only, and what it makes is
// a stream that inspects and decodes like the one it was cut from, where that is a valid stream;
// and what Inspect tells adds up. The checksums in the input are mended first, at the fuzzer's
// choice.
#include <cstring>

#include "core/coding/container/bytes_io.h"
#include "tests/core/coding/hostile/mend_checksums.h"
#include "tests/fuzz/coding/coding_fuzz.h"

namespace trine::coding {
namespace {

void CheckSums(const StreamInfo& info) {
  Require(info.model_bytes + info.side_bytes + info.container_bytes == info.coded_bytes);
  uint64_t raw_bytes = 0;
  for (const BlockInfo& block : info.blocks) {
    Require(block.raw_offset == raw_bytes);
    Require(block.side_bytes <= block.payload_bytes && block.payload_bytes <= block.coded_bytes);
    raw_bytes += block.raw_bytes;
  }
  Require(raw_bytes == info.raw_bytes);
  uint64_t blocks = 0;
  for (const ModeInfo& mode : info.modes) blocks += mode.blocks;
  Require(blocks == info.blocks.size());
}

}  // namespace
}  // namespace trine::coding

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace trine;          // NOLINT: an entry point
  using namespace trine::coding;  // NOLINT
  if (size < 8) return 0;
  const ByteView given(data + 8, size - 8);
  const std::string mended = data[7] % 4 != 0 ? MendChecksums(given) : "";
  const ByteView coded = mended.empty() ? given : ViewOf(mended);
  const ByteRange range{LoadLE<uint32_t>(data) % 100000, LoadLE<uint32_t>(data + 4) % 5000};
  const Context context = FuzzContext();
  const auto read = [&](uint64_t at, MutableByteView out) {
    Require(at <= coded.size() && out.size() <= coded.size() - at);
    std::memcpy(out.data(), coded.data() + at, out.size());
    return absl::OkStatus();
  };
  const auto info = Inspect(context, coded);
  if (info.ok()) CheckSums(*info);
  for (const std::optional<ByteRange>& wanted :
       {std::optional<ByteRange>(range), std::optional<ByteRange>()}) {
    const auto excerpt = MakeExcerpt(context, coded.size(), read, wanted);
    if (!excerpt.ok()) continue;
    const auto seen = Inspect(context, ViewOf(*excerpt));
    Require(seen.ok() && (seen->is_excerpt || seen->is_compact));
    if (info.ok()) Require(seen->raw_bytes == info->raw_bytes);
    if (!wanted.has_value()) continue;
    DecodeOptions options;
    options.range = wanted;
    const auto from_excerpt = Decode(context, ViewOf(*excerpt), options);
    const auto from_stream = Decode(context, coded, options);
    Require(from_excerpt.ok() == from_stream.ok());
    if (from_stream.ok()) Require(from_excerpt->data == from_stream->data);
  }
  // Whatever its end looks like, what is read of a stream that decodes is the same.
  const auto salvaged = SalvageExcerpt(context, coded.size(), read, range);
  if (!salvaged.ok()) return 0;
  DecodeOptions options;
  options.range = range;
  const auto from_salvaged = Decode(context, ViewOf(salvaged->bytes), options);
  const auto from_stream = Decode(context, coded, options);
  if (from_stream.ok()) Require(from_salvaged.ok() && from_salvaged->data == from_stream->data);
  return 0;
}
