#include "core/coding/models/adaptive/adaptive_block.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/container/format.h"
#include "core/coding/models/adaptive/adaptive_cost.h"
#include "core/coding/models/adaptive/adaptive_model.h"
#include "core/coding/models/adaptive/drifting_model.h"

namespace trine::coding {
namespace {

// Below, the models of nibbles learn faster than a table that is made anew.
constexpr size_t kMinDriftBytes = size_t{16} << 10;

class AdaptiveModel final : public BlockModel {
 public:
  AdaptiveModel(const Context& context, ByteView raw, const Histogram& counts)
      : context_(context), raw_(raw), counts_(counts) {}

  absl::StatusOr<bool> Fits(int order) override {
    return ModelBytes(ParamsOf(order)) <= context_.limits->max_model_bytes;
  }

  absl::StatusOr<std::optional<uint64_t>> CostOnSample(int order, const Sample& sample) override {
    const AdaptiveParams params = ParamsOf(order);
    if (!sample.is_whole()) {
      TRINE_ASSIGN_OR_RETURN(const LearnedCost cost, CostOfLanes(sample, params));
      return std::optional(order == 0 ? cost.counted : CostWhenLearned(cost));
    }
    if (!TriesRates()) {
      // Lanes without context take less time than the choice that Encode makes.
      if (order != 0 || raw_.size() < kMinDriftBytes) return std::optional<uint64_t>();
      TRINE_ASSIGN_OR_RETURN(const LearnedCost cost, CostOfLanes(sample, params));
      return std::optional(cost.counted);
    }
    TRINE_ASSIGN_OR_RETURN(const uint64_t cost, CostOf(sample, params));
    return std::optional(cost);
  }

  absl::StatusOr<Payload> Encode(int order) override {
    AdaptiveParams params = ParamsOf(order);
    if (raw_.size() < kMinDriftBytes) {
      // Short enough to be tried as a whole.
      TRINE_ASSIGN_OR_RETURN(
          params, ChooseRate(TakeSample(raw_), params, *context_.limits, context_.cancel));
      return EncodeNibbles(params);
    }
    if (order != 0) return EncodeNibbles(params);
    const DriftTrial drift = ChooseDrift(raw_, counts_);
    TRINE_ASSIGN_OR_RETURN(
        const uint64_t nibbles,
        CostOf({{drift.part.begin(), drift.part.end()}, drift.counted_from}, params));
    // The trial is one of a single lane; the lanes of the block cost more.
    if (nibbles + nibbles / 40 < drift.cost) return EncodeNibbles(params);
    return EncodeDrifting(raw_, counts_, drift.params, context_.cancel);
  }

  absl::StatusOr<Payload> EncodeOtherWays(int order) override {
    Payload best;
    TRINE_ASSIGN_OR_RETURN(const bool is_noise, IsNoise(order));
    if (is_noise) return best;
    for (int slowest : {1092, 437, 164}) {
      AdaptiveParams params = ParamsOf(order);
      params.lanes_log2 = std::min(params.lanes_log2, 2);
      params.segment_log2 = 11;
      params.slowest = slowest;
      TRINE_ASSIGN_OR_RETURN(Payload payload, EncodeNibbles(params));
      if (IsShorter(payload, best)) best = std::move(payload);
    }
    return best;
  }

 private:
  AdaptiveParams ParamsOf(int order) const { return DefaultAdaptive(raw_.size(), order); }

  // Whether Encode codes the block once for each of some rates, on one lane.
  bool TriesRates() const { return raw_.size() < kMinDriftBytes && raw_.size() >= kMinRateBytes; }

  // A block teaches contexts more than a sample of it does: what they gained on half of the sample
  // they gain half as much again.
  static uint64_t CostWhenLearned(const LearnedCost& cost) {
    const uint64_t gained = cost.taught - std::min(cost.taught, cost.counted);
    return cost.counted - std::min(gained / 2, cost.counted / 10);
  }

  // Whether the model would spend more on a sample than it takes.
  absl::StatusOr<bool> IsNoise(int order) const {
    const Sample sample = TakeSample(raw_);
    TRINE_ASSIGN_OR_RETURN(const LearnedCost cost, CostOfLanes(sample, ParamsOf(order)));
    return cost.counted > sample.CostOfNoise();
  }

  absl::StatusOr<LearnedCost> CostOfLanes(const Sample& sample,
                                          const AdaptiveParams& params) const {
    return coding::CostOfLanes(sample, params, *context_.limits, context_.cancel);
  }

  absl::StatusOr<uint64_t> CostOf(const Sample& sample, const AdaptiveParams& params) const {
    return CostOfSample(sample, params, *context_.limits, context_.cancel);
  }

  absl::StatusOr<Payload> EncodeNibbles(const AdaptiveParams& params) const {
    return EncodeAdaptive(raw_, params, *context_.limits, context_.cancel);
  }

  const Context& context_;
  const ByteView raw_;
  const Histogram& counts_;
};

}  // namespace

std::unique_ptr<BlockModel> MakeAdaptiveModel(const Context& context, ByteView raw,
                                              const Histogram& counts) {
  return std::make_unique<AdaptiveModel>(context, raw, counts);
}

absl::Status DecodeAdaptiveBlock(const Context& context, const BlockPlan& /*plan*/,
                                 const CodedBlock& block, MutableByteView raw) {
  return DecodeAdaptive(block.payload, block.variant, raw, *context.limits, context.cancel);
}

void AppendAdaptiveParams(const BlockPlan& plan, std::string* out) {
  out->push_back(static_cast<char>(plan.order));
}

absl::Status ParseAdaptiveParams(const HeaderParams& params, const Limits& /*limits*/,
                                 BlockPlan* plan) {
  // Another order than those known is a model to come, which only its blocks' decoder refuses.
  if (params.bytes.empty()) return Corrupt("the header's model has no order");
  plan->order = params.bytes[0];
  if (plan->order <= format::kMaxOrder && params.bytes.size() != 1) {
    return Corrupt("the header's model has parameters that it does not take");
  }
  return absl::OkStatus();
}

}  // namespace trine::coding
