// Encode and back: every model, block size and cut into pieces gives the same stream and the same
// bytes; tables of any form are refused or work.
#include "core/coding/container/bytes_io.h"
#include "tests/fuzz/coding/coding_fuzz.h"

namespace trine::coding {
namespace {

ProbabilityTable TableFrom(ByteReader& in) {
  ProbabilityTable table;
  table.kind = static_cast<SymbolKind>(1 + in.Byte() % 3);
  const int form = in.Byte() % 3;
  const int n = 1 + in.Byte() % 40;
  for (int i = 0; i < n; ++i) {
    const uint32_t value = in.Byte() % 16 == 0 ? in.Fixed<uint32_t>() : static_cast<uint32_t>(i);
    if (table.kind == SymbolKind::kText) {
      const ByteView text = in.Take(1 + in.Byte() % 4);
      table.text.push_back(std::string(text.begin(), text.end()));
    } else {
      table.integers.push_back(value);
    }
    if (form == 0) table.counts.push_back(in.Fixed<uint16_t>());
    if (form == 1) table.weights.push_back((1 + in.Byte() % 2) / (1.5 * n));
    if (form == 2) {
      const ByteView text = in.Take(in.Byte() % 8);
      table.probabilities.push_back(text.empty() ? "1/" + std::to_string(n)
                                                 : std::string(text.begin(), text.end()));
    }
  }
  return table;
}

void TestOne(ByteReader& in) {
  const Context context = FuzzContext();
  EncodeOptions options;
  options.model = static_cast<Model>(1 + in.Byte() % 4);
  if (options.model == Model::kAdaptive) options.order = in.Byte() % 3;
  options.block_bytes = 256 + in.Fixed<uint16_t>() % 3000;
  if (options.model == Model::kTable) options.table = TableFrom(in);
  const size_t piece = 1 + in.Byte();
  const int repeats = 1 + in.Byte() % 16;
  const ByteView rest = in.Take(in.left());
  std::string raw;
  for (int i = 0; i < repeats && raw.size() < 5000; ++i) raw.append(rest.begin(), rest.end());
  EncodeStats stats;
  const auto coded = Encode(context, {}, ViewOf(raw), options, &stats);
  if (!coded.ok()) {
    Require(options.model == Model::kTable);
    return;
  }
  Require(stats.coded_bytes == coded->size());
  Require(stats.model_bits + stats.side_bits + stats.container_bits == 8 * coded->size());
  auto encoder = StreamEncoder::Create(context, {}, options);
  Require(encoder.ok());
  std::string streamed;
  for (ByteView left = ViewOf(raw); !left.empty();) {
    const size_t step = std::min(piece, left.size());
    Require((*encoder)->Write(left.subspan(0, step), &streamed).ok());
    left.remove_prefix(step);
  }
  Require((*encoder)->Finish(&streamed, nullptr).ok());
  Require(streamed == *coded);
  const auto decoded = Decode(context, ViewOf(*coded));
  Require(decoded.ok() && ByteView(decoded->data) == ViewOf(raw));
}

}  // namespace
}  // namespace trine::coding

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return trine::coding::WithReader(trine::coding::TestOne, data, size);
}
