#include "core/coding/models/select_model.h"

#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/coding/models/adaptive/adaptive_model.h"
#include "core/coding/models/adaptive/drifting_model.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/container/format.h"
#include "core/coding/models/static/static_model.h"

namespace trine::coding {
namespace {

__extension__ typedef unsigned __int128 Uint128;

// Below, the models of nibbles learn faster than a table that is made anew.
constexpr size_t kMinDriftBytes = size_t{16} << 10;
// Below, a block's own pairs are not worth their tables.
constexpr size_t kMinPairsBytes = size_t{4} << 10;

// What STATIC of order 0 spends on `n` symbols taken from those that were counted, with its share
// of the table (about 9 bits a symbol). All costs here are in 2^-16 bits.
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

bool Allowed(const ModelChoice& wanted, const ModelChoice& candidate) {
  return wanted.model == Model::kAuto ||
         (wanted.model == candidate.model && wanted.order == candidate.order);
}

class Chooser {
 public:
  Chooser(const Context& context, ByteView raw, const Histogram& counts)
      : context_(context), raw_(raw), counts_(counts) {}

  absl::StatusOr<Payload> Encode(const ModelChoice& choice) const {
    if (choice.model == Model::kStatic) {
      return choice.order == 0 ? EncodeStatic(raw_, counts_, context_.cancel)
                               : EncodeStaticOrder1(raw_, counts_, context_.cancel);
    }
    if (choice.order != 0 || raw_.size() < kMinDriftBytes) {
      AdaptiveParams params = DefaultAdaptive(raw_.size(), choice.order);
      if (raw_.size() < kMinDriftBytes) {
        // Short enough to be tried as a whole.
        TRINE_ASSIGN_OR_RETURN(params, ChooseRate(TakeSample(raw_), params, context_.cancel));
      }
      return EncodeNibbles(params);
    }
    const DriftTrial drift = ChooseDrift(raw_, counts_);
    AdaptiveParams params = DefaultAdaptive(raw_.size(), 0);
    TRINE_ASSIGN_OR_RETURN(
        const uint64_t nibbles,
        CostOfSample({{drift.part.begin(), drift.part.end()}, drift.counted_from}, params,
                     context_.cancel));
    // The trial is one of a single lane, which the lanes of the block fall behind.
    if (nibbles + nibbles / 40 < drift.cost) return EncodeNibbles(params);
    return EncodeDrifting(raw_, counts_, drift.params, context_.cancel);
  }

  // The shortest of several ways of coding with one model.
  absl::StatusOr<Payload> EncodeBest(const ModelChoice& choice) const {
    TRINE_ASSIGN_OR_RETURN(Payload best, Encode(choice));
    if (choice.model == Model::kStatic) return best;
    for (int slowest : {1092, 437, 164}) {
      AdaptiveParams params = DefaultAdaptive(raw_.size(), choice.order);
      params.lanes_log2 = std::min(params.lanes_log2, 2);
      params.segment_log2 = 11;
      params.slowest = slowest;
      TRINE_ASSIGN_OR_RETURN(Payload payload, EncodeNibbles(params));
      KeepShorter(std::move(payload), &best);
    }
    return best;
  }

  static void KeepShorter(Payload payload, Payload* best) {
    if (payload.fits && (!best->fits || payload.bytes.size() < best->bytes.size())) {
      *best = std::move(payload);
    }
  }

  // Which of the models costs least, as far as can be told without coding the block.
  absl::StatusOr<ModelChoice> Estimate(Effort effort) const {
    const Sample sample = TakeSample(raw_);
    ModelChoice best;
    uint64_t best_cost = StaticCost(sample, counts_, raw_.size());
    if (raw_.size() >= kMinPairsBytes) {
      TRINE_ASSIGN_OR_RETURN(uint64_t cost, CostOfStaticOrder1(raw_, counts_, context_.cancel));
      const uint64_t counted = sample.bytes.size() - sample.begin;
      cost = static_cast<uint64_t>(Uint128{cost} * counted / raw_.size());
      if (cost < best_cost) {
        best_cost = cost;
        best = {Model::kStatic, 1};
      }
    }
    if (effort == Effort::kFast) return best;
    for (int order = 0; order <= format::kMaxOrder; ++order) {
      TRINE_ASSIGN_OR_RETURN(
          const uint64_t cost,
          CostOfSample(sample, DefaultAdaptive(raw_.size(), order), context_.cancel));
      // Much slower than STATIC: for 1 % at least.
      if (cost >= best_cost - (best.model == Model::kStatic ? best_cost / 100 : 0)) continue;
      best_cost = cost;
      best = {Model::kAdaptive, order};
    }
    return best;
  }

 private:
  absl::StatusOr<Payload> EncodeNibbles(const AdaptiveParams& params) const {
    return EncodeAdaptive(raw_, params, *context_.limits, context_.cancel);
  }

  const Context& context_;
  const ByteView raw_;
  const Histogram& counts_;
};

}  // namespace

absl::StatusOr<ChosenPayload> EncodeWithModel(const Context& context, const ModelChoice& wanted,
                                              Effort effort, ByteView raw,
                                              const Histogram& counts) {
  const Chooser chooser(context, raw, counts);
  ChosenPayload chosen{wanted, {}};
  if (effort == Effort::kBest) {
    chosen.choice = {Model::kStatic, 0};
    for (const ModelChoice& candidate :
         {ModelChoice{Model::kStatic, 0}, ModelChoice{Model::kStatic, 1},
          ModelChoice{Model::kAdaptive, 0}, ModelChoice{Model::kAdaptive, 1},
          ModelChoice{Model::kAdaptive, 2}}) {
      if (!Allowed(wanted, candidate)) continue;
      TRINE_ASSIGN_OR_RETURN(Payload payload, chooser.EncodeBest(candidate));
      const size_t before = chosen.payload.fits ? chosen.payload.bytes.size() : ~size_t{0};
      if (!payload.fits || payload.bytes.size() >= before) continue;
      chosen = {candidate, std::move(payload)};
    }
    if (!chosen.payload.fits && wanted.model != Model::kAuto) chosen.choice = wanted;
    return chosen;
  }
  if (wanted.model == Model::kAuto) {
    TRINE_ASSIGN_OR_RETURN(chosen.choice, chooser.Estimate(effort));
  }
  TRINE_ASSIGN_OR_RETURN(chosen.payload, chooser.Encode(chosen.choice));
  return chosen;
}

}  // namespace trine::coding
