// The models' decoders on arbitrary payloads: a payload that decodes is the one that the bytes it
// decodes to have with the same parameters.
#include "core/coding/adaptive_model.h"
#include "core/coding/drifting_model.h"
#include "core/coding/static_model.h"
#include "core/coding/table_model.h"
#include "core/coding/varint.h"
#include "tests/fuzz/coding_fuzz.h"

namespace trine::coding {
namespace {

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
    dictionary->AppendParams(&again);
    Require(ViewOf(again) == params);
    const ByteView payload = in.Take(in.left());
    (void)DecodeTable(*dictionary, payload, size_t{1} << element % 4, out, {});
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
  trine::coding::ByteReader in(trine::ByteView(data, size));
  trine::coding::TestOne(in);
  return 0;
}
