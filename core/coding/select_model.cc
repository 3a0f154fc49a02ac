#include "core/coding/select_model.h"

#include "core/base/error.h"
#include "core/coding/fixed_log2.h"
#include "core/coding/format.h"

namespace trine::coding {
namespace {

// What STATIC spends on the counted part of the sample with the frequencies of the whole block,
// and the part's share of the frequency table (about 9 bits a symbol).
uint64_t StaticCost(const Sample& sample, const Histogram& counts, uint64_t raw_bytes) {
  uint64_t cost = 0;
  uint32_t costs[256] = {};
  uint64_t symbols = 0;
  for (int s = 0; s < 256; ++s) {
    if (counts[s] == 0) continue;
    costs[s] = FixedLog2(raw_bytes) - FixedLog2(counts[s]);
    ++symbols;
  }
  const uint64_t counted = sample.bytes.size() - sample.begin;
  for (size_t i = sample.begin; i < sample.bytes.size(); ++i) cost += costs[sample.bytes[i]];
  return cost + ((symbols * 9) << kLog2FractionBits) * counted / raw_bytes;
}

}  // namespace

absl::StatusOr<ModelChoice> SelectModel(const Sample& sample, const Histogram& counts,
                                        uint64_t raw_bytes, const CancelToken& cancel) {
  ModelChoice best;
  uint64_t best_cost = StaticCost(sample, counts, raw_bytes);
  for (int order = 0; order <= format::kMaxOrder; ++order) {
    TRINE_ASSIGN_OR_RETURN(const uint64_t cost,
                           CostOfSample(sample, DefaultAdaptive(raw_bytes, order), cancel));
    if (cost < best_cost) {
      best_cost = cost;
      best = {Model::kAdaptive, order};
    }
  }
  return best;
}

}  // namespace trine::coding
