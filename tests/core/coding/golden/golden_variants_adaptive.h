// ADAPTIVE with parameters that the encoder does not choose.
#pragma once

#include <string>
#include <vector>

#include "core/coding/coder/nibble_coder.h"
#include "core/coding/models/adaptive/adaptive_model.h"
#include "core/coding/models/adaptive/drifting_model.h"
#include "tests/core/coding/golden/golden_builder.h"
#include "tests/core/coding/golden/golden_variants_static.h"

namespace trine::coding {

// A drifting table's payload. `alphabet`: has every byte of `raw`, and at least two.
inline std::string PlainDrifting(const std::string& raw, const std::string& alphabet,
                                 int lanes_log2, const DriftParams& params) {
  const Histogram counts = CountsOf(alphabet);
  std::array<bool, 256> present;
  std::vector<uint8_t> symbols;
  for (size_t s = 0; s < 256; ++s) {
    present[s] = counts[s] != 0;
    if (present[s]) symbols.push_back(static_cast<uint8_t>(s));
  }
  std::string out;
  out.push_back(static_cast<char>(lanes_log2 + 16 * kDriftForm));
  out.push_back(static_cast<char>(params.piece_log2 + 16 * params.fast_shift));
  out.push_back(static_cast<char>(params.slow_shift + 16 * params.fast_share));
  out.push_back(static_cast<char>(format::kParamsCheckSeed ^ out[0] ^ out[1] ^ out[2]));
  NibbleEncoder coder(0, 64);
  CodeAlphabet(coder, symbols);
  coder.Finish(&out);
  DriftingTable drifting(params, present);
  PlainLanes<NarrowCoder> lanes(lanes_log2, raw.size());
  for (size_t i = 0; i < raw.size();) {
    PlainTable table{DriftingTable::kBits, {}};
    for (const uint8_t s : symbols) table.freqs.emplace_back(s, drifting.freqs()[s]);
    const size_t end = std::min(raw.size(), i + drifting.piece());
    const size_t begin = i;
    for (; i < end; ++i) {
      lanes.Put(static_cast<int>(i % (size_t{1} << lanes_log2)), table,
                static_cast<uint8_t>(raw[i]));
    }
    drifting.Learn(reinterpret_cast<const uint8_t*>(raw.data()) + begin, end - begin);
  }
  lanes.Finish(&out);
  return out;
}

inline bool AddAdaptiveVariants(std::vector<GoldenVariant>* variants) {
  const std::string text = GoldenText(6000);
  const std::string skewed = GoldenSkewed(9000);
  {
    // The numbers of lanes that variant-adaptive lacks, and segments from the shortest to ones
    // longer than their block.
    StreamBuilder stream(PlainHeader(Model::kAdaptive));
    std::string all;
    for (const int order : {0, 1, 2}) {
      for (const int lanes_log2 : {1, 2, 4, 5}) {
        AdaptiveParams params;
        params.order = order;
        params.lanes_log2 = lanes_log2;
        params.segment_log2 = lanes_log2 == 1 ? 0 : lanes_log2 == 2 ? 12 : lanes_log2 + order;
        params.slowest = 33 << (2 * order + lanes_log2 / 4);
        params.slots_log2 = lanes_log2 == 1 ? 16 : 9 + lanes_log2;
        const std::string raw =
            text.substr(static_cast<size_t>(lanes_log2) * 77, 900 + static_cast<size_t>(order));
        const auto payload = EncodeAdaptive(AsBytes(raw), params, DefaultLimits(), {});
        if (!payload.ok() || !payload->fits) return false;
        stream.AddModel(Model::kAdaptive, order, payload->bytes, raw);
        all += raw;
      }
    }
    variants->push_back({"variant-adaptive-lanes", stream.Finish(), all, {}, {}});
  }
  {
    // Drifting tables: each parameter at its ends and between, every number of lanes; symbols that
    // the alphabet holds and the block does not.
    StreamBuilder stream(PlainHeader(Model::kAdaptive));
    std::string all;
    const auto add = [&](const std::string& raw, const std::string& alphabet, int lanes_log2,
                         const DriftParams& params) {
      stream.AddModel(Model::kAdaptive, 0, PlainDrifting(raw, alphabet, lanes_log2, params), raw);
      all += raw;
    };
    std::string bytes;
    for (int b = 0; b < 256; ++b) bytes.push_back(static_cast<char>(b));
    add(text.substr(0, 1000), text, 0, {6, 9, 0, 0});
    add(text.substr(1000, 999), text, 1, {6, 1, 7, 15});
    add(skewed.substr(0, 3001), bytes, 2, {8, 7, 2, 4});
    add(skewed.substr(2000, 3002), skewed, 3, {11, 4, 1, 15});
    add(text.substr(2000, 1500), text + "~", 4, {9, 6, 3, 1});
    add(text.substr(2500, 1300), bytes, 5, {7, 8, 6, 10});
    add(text.substr(3000, 1601), text, 6, {13, 2, 5, 7});
    // Whole pieces of the longest kind come after 2^14 symbols only.
    std::string coins(40000, 'h');
    Lcg random(8);
    for (size_t i = 0; i < coins.size(); ++i) {
      if (random.Next() % (i < 25000 ? 64 : 24) == 0) coins[i] = 't';
    }
    add(coins, coins, 5, {14, 1, 4, 6});
    add(coins.substr(0, 63), coins, 0, {10, 5, 1, 8});  // less than the first piece
    variants->push_back({"variant-adaptive-drifting", stream.Finish(), all, {}, {}});
  }
  return true;
}

}  // namespace trine::coding
