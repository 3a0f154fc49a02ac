#include "core/coding/models/adaptive/adaptive_cost.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/coder/lane_count.h"
#include "core/coding/models/adaptive/adaptive_kernels.h"

namespace trine::coding {
namespace {

// Models of a rate that is tried, and what they would spend [2^-16 bits]. Models are in the order
// in which their contexts are first met: a sample meets few of order 2's contexts, and the block's
// own table of them (megabytes) would take longer to clear than the sample to learn.
template <int kOrder>
class Trial {
 public:
  Trial(const AdaptiveParams& params, size_t sample_bytes)
      : slowest_(static_cast<uint32_t>(params.slowest)), shift_(32 - params.slots_log2) {
    if constexpr (kOrder < 2) {
      models_.resize(kOrder == 0 ? 1 : 256);
      for (ByteModel& model : models_) model.SetUp();
    } else {
      const size_t contexts = size_t{1} << params.slots_log2;
      number_.assign(contexts, kUnmet);
      models_.reserve(std::min(contexts, sample_bytes));
    }
  }

  // Learns `byte`, which follows `history`; returns what it costs.
  uint32_t Code(uint32_t history, uint32_t byte) {
    ByteModel& model = ModelAfter(history);
    return Code(model.high, byte >> 4) + Code(model.low[byte >> 4], byte & 15);
  }

  uint64_t cost = 0;

 private:
  static constexpr uint32_t kUnmet = ~0u;

  ByteModel& ModelAfter(uint32_t history) {
    if constexpr (kOrder == 0) return models_[0];
    if constexpr (kOrder == 1) return models_[history & 0xFF];
    uint32_t& number = number_[Order2Slot(history, shift_)];
    if (number == kUnmet) {
      number = static_cast<uint32_t>(models_.size());
      models_.emplace_back().SetUp();
    }
    return models_[number];
  }

  uint32_t Code(NibbleModel& model, uint32_t symbol) {
    static const std::array<uint32_t, 4096> kCosts = [] {
      std::array<uint32_t, 4096> costs;
      for (uint32_t i = 0; i < costs.size(); ++i) {
        // The middle of the bin, doubled.
        costs[i] = (17u << kLog2FractionBits) - FixedLog2(i * 32 + 16);
      }
      return costs;
    }();
    const uint32_t width = model.End(symbol) - model.Start(symbol);
    Update(model, symbol, slowest_);
    return kCosts[width >> 4];
  }

  const uint32_t slowest_;
  const int shift_;  // order 2
  std::vector<ByteModel> models_;
  std::vector<uint32_t> number_;  // order 2: of each context's model
};

// What models with each of the rates would spend on the counted part of the sample, in their order,
// after they learned from the part before it. All rates side by side: each trial waits for its own
// models only. But models of order 2 take much memory: one trial at a time.
template <int kOrder>
absl::StatusOr<std::vector<uint64_t>> CostsOfOrder(const Sample& sample,
                                                   const AdaptiveParams& params,
                                                   std::initializer_list<int> rates,
                                                   const CancelToken& cancel) {
  const size_t at_once = kOrder == 2 ? 1 : rates.size();
  std::vector<uint64_t> costs;
  while (costs.size() < rates.size()) {
    std::vector<Trial<kOrder>> trials;
    for (size_t i = 0; i < at_once; ++i) {
      AdaptiveParams tried = params;
      tried.slowest = rates.begin()[costs.size() + i];
      trials.emplace_back(tried, sample.bytes.size());
    }
    uint32_t history = 0;
    for (size_t i = 0; i < sample.bytes.size(); ++i) {
      if (i % kPollSymbols == 0) TRINE_RETURN_IF_ERROR(cancel.Check());
      for (Trial<kOrder>& trial : trials) {
        const uint32_t cost = trial.Code(history, sample.bytes[i]);
        if (i >= sample.begin) trial.cost += cost;
      }
      history = history << 8 | sample.bytes[i];
    }
    for (const Trial<kOrder>& trial : trials) costs.push_back(trial.cost);
  }
  return costs;
}

absl::StatusOr<std::vector<uint64_t>> CostsOfSample(const Sample& sample,
                                                    const AdaptiveParams& params,
                                                    std::initializer_list<int> rates,
                                                    const Limits& limits,
                                                    const CancelToken& cancel) {
  TRINE_RETURN_IF_ERROR(CheckModelBytes(params, limits));
  const auto costs = params.order == 0   ? CostsOfOrder<0>
                     : params.order == 1 ? CostsOfOrder<1>
                                         : CostsOfOrder<2>;
  return costs(sample, params, rates, cancel);
}

}  // namespace

absl::StatusOr<uint64_t> CostOfSample(const Sample& sample, const AdaptiveParams& params,
                                      const Limits& limits, const CancelToken& cancel) {
  TRINE_ASSIGN_OR_RETURN(const std::vector<uint64_t> costs,
                         CostsOfSample(sample, params, {params.slowest}, limits, cancel));
  return costs[0];
}

absl::StatusOr<AdaptiveParams> ChooseRate(const Sample& sample, const AdaptiveParams& params,
                                          const Limits& limits, const CancelToken& cancel) {
  AdaptiveParams best = params;
  // Counts hardly reach a limit there, and the trials' models would cost more than the block.
  if (sample.bytes.size() < kMinRateBytes) return best;
  static constexpr std::initializer_list<int> kRates = {1092, 437, 164, 94};
  TRINE_ASSIGN_OR_RETURN(const std::vector<uint64_t> costs,
                         CostsOfSample(sample, params, kRates, limits, cancel));
  const auto least = std::min_element(costs.begin(), costs.end()) - costs.begin();
  best.slowest = kRates.begin()[least];
  return best;
}

}  // namespace trine::coding
