// The models' decoders on arbitrary payloads: a payload that decodes is the one that the bytes it
// decodes to have with the same parameters.
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "core/coding/models/adaptive/adaptive_model.h"
#include "core/coding/models/adaptive/drifting_model.h"
#include "core/coding/models/static/static_model.h"
#include "core/coding/models/table/indexed_table.h"
#include "core/coding/models/table/table_model.h"
#include "tests/fuzz/coding/coding_fuzz.h"

namespace trine::coding {
namespace {

// Two tables, whose index follows from `seed`; its check is put right, to get past it. What decodes
// is what those bytes are coded to.
void TestIndexed(const FrequencyDictionary& dictionary, ByteReader& in, Element symbol,
                 MutableByteView raw) {
  const auto other = FrequencyDictionary::Parse(in.Take(in.Fixed<uint16_t>() % 512), FuzzLimits());
  if (!other.ok() || other->kind() != dictionary.kind()) return;
  if (other->kind() == SymbolKind::kText) return;
  if (other->kind() == SymbolKind::kBytes) symbol = {};
  if (raw.size() % symbol.bytes != 0) return;
  std::vector<TableRef> tables;
  for (const FrequencyDictionary* d : {&dictionary, &*other}) {
    tables.push_back({d->id(), false, std::make_shared<const FrequencyDictionary>(*d)});
  }
  uint64_t seed = in.Byte();
  std::string numbers(raw.size() / symbol.bytes, '\0');
  for (char& number : numbers) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    number = static_cast<char>(seed >> 40 & 1);
  }
  const TableIndex index{ViewOf(numbers)};
  std::string head(1, static_cast<char>(in.Byte()));
  AppendVarint(numbers.size(), &head);
  AppendLE(static_cast<uint32_t>(Checksum(ViewOf(numbers))), &head);
  const ByteView lanes = in.Take(in.left());
  const std::string payload = head + std::string(lanes.begin(), lanes.end());
  if (!DecodeIndexed(tables, index, ViewOf(payload), symbol, 0, raw, {}).ok()) return;
  const auto ranks = IndexedRanksOf(tables, index, raw, symbol, 0, {});
  Require(ranks.ok());
  const auto again = EncodeIndexed(tables, index, *ranks, raw.size(), {});
  Require(again.ok());
  // The encoder chooses its own number of lanes.
  if (again->fits && again->bytes[0] == payload[0]) Require(again->bytes == payload);
}

void TestOne(ByteReader& in) {
  const uint8_t what = in.Byte() % 7;
  const uint64_t raw_bytes = 1 + in.Fixed<uint16_t>() % 4096;
  std::string raw(raw_bytes, '\0');
  const MutableByteView out(reinterpret_cast<uint8_t*>(raw.data()), raw.size());
  if (what == 4) {
    const uint8_t element = in.Byte();
    const ByteView params = in.Take(in.Fixed<uint16_t>() % 512);
    const auto dictionary = FrequencyDictionary::Parse(params, FuzzLimits());
    if (!dictionary.ok()) return;
    std::string again;
    dictionary->AppendBytes(&again);
    Require(ViewOf(again) == params);
    if (element >= 128) {
      const bool is_signed = (element & 64) != 0;
      TestIndexed(*dictionary, in, {size_t{1} << element % (is_signed ? 4 : 3), is_signed}, out);
      return;
    }
    const ByteView payload = in.Take(in.left());
    (void)DecodeTable(*dictionary, payload, {size_t{1} << element % 4, (element & 64) != 0}, out,
                      {});
    return;
  }
  if (what == 3) {
    (void)DecodeStatic(in.Take(in.left()), out, {});
    return;
  }
  if (what == 5) {
    (void)DecodeStaticOrder1(in.Take(in.left()), out, FuzzLimits(), {});
    return;
  }
  // The check byte of the parameters is put right, to get past it.
  ByteView rest = in.Take(in.left());
  std::string payload(rest.begin(), rest.end());
  const size_t params = what == 6 ? 3 : what == 2 ? 5 : 4;
  if (payload.size() > params) {
    uint8_t check = format::kParamsCheckSeed;
    for (size_t i = 0; i < params; ++i) check ^= static_cast<uint8_t>(payload[i]);
    payload[params] = static_cast<char>(check);
  }
  if (what == 6) {
    (void)DecodeDrifting(ViewOf(payload), out, {});
    return;
  }
  if (!DecodeAdaptive(ViewOf(payload), what, out, FuzzLimits(), {}).ok()) return;
  if (what == 0 && payload[0] >> 4 != 0) return;  // a drifting table
  AdaptiveParams p;
  p.order = what;
  p.lanes_log2 = payload[0];
  p.segment_log2 = payload[1];
  p.slowest = static_cast<uint8_t>(payload[2]) | static_cast<uint8_t>(payload[3]) << 8;
  if (what == 2) p.slots_log2 = payload[4];
  const auto again = EncodeAdaptive(ViewOf(raw), p, FuzzLimits(), {});
  Require(again.ok());
  if (again->fits) Require(again->bytes == payload);
}

}  // namespace
}  // namespace trine::coding

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return trine::coding::WithReader(trine::coding::TestOne, data, size);
}
