// MakeExcerpt over arbitrary bytes: it reads inside the file only, and what it makes is a stream
// that inspects and decodes like the one it was cut from, where that is a valid stream.
#include <cstring>

#include "core/coding/varint.h"
#include "tests/fuzz/coding_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace trine;          // NOLINT: an entry point
  using namespace trine::coding;  // NOLINT
  if (size < 8) return 0;
  const ByteView coded(data + 8, size - 8);
  const ByteRange range{LoadLE<uint32_t>(data) % 100000, LoadLE<uint32_t>(data + 4) % 5000};
  const Context context = FuzzContext();
  const auto read = [&](uint64_t at, MutableByteView out) {
    Require(at <= coded.size() && out.size() <= coded.size() - at);
    std::memcpy(out.data(), coded.data() + at, out.size());
    return absl::OkStatus();
  };
  const auto info = Inspect(context, coded);
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
  return 0;
}
