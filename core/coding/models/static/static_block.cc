#include "core/coding/models/static/static_block.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/error.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/models/static/order1_table.h"
#include "core/coding/models/static/static_model.h"

namespace trine::coding {
namespace {

__extension__ typedef unsigned __int128 Uint128;

// Below, a block's own pairs are not worth their tables.
constexpr size_t kMinPairsBytes = size_t{4} << 10;

class StaticModel final : public BlockModel {
 public:
  StaticModel(const Context& context, ByteView raw, const Histogram& counts)
      : context_(context), raw_(raw), counts_(counts) {}

  absl::StatusOr<bool> Fits(int order) override {
    const uint64_t limit = context_.limits->max_model_bytes;
    if (order == 0 || kMostOrder1Slots * sizeof(uint32_t) <= limit) return true;
    TRINE_RETURN_IF_ERROR(CountOnce());
    return CountSlots(pairs_->counts, counts_) * sizeof(uint32_t) <= limit;
  }

  absl::StatusOr<std::optional<KnownCost>> CostByCounts(int order) override {
    if (order == 0) return std::optional(CostOfOrder0());
    if (raw_.size() < kMinPairsBytes) return std::optional<KnownCost>();
    if (cost_of_order1_.has_value()) return cost_of_order1_;
    TRINE_RETURN_IF_ERROR(CountOnce());
    TRINE_ASSIGN_OR_RETURN(cost_of_order1_,
                           CostOfStaticOrder1(raw_, counts_, &*pairs_, context_.cancel));
    return cost_of_order1_;
  }

  // The sample is as much cheaper than its share of the block as it is for order 0.
  absl::StatusOr<std::optional<uint64_t>> CostOnSample(int order, const Sample& sample) override {
    const uint64_t order0 = CostOfOrder0(sample);
    if (order == 0) return std::optional(order0);
    TRINE_ASSIGN_OR_RETURN(const std::optional<KnownCost> cost, CostByCounts(order));
    if (!cost.has_value()) return std::optional<uint64_t>();
    const uint64_t of_block = std::max<uint64_t>(CostOfOrder0().likely, 1);
    return std::optional(static_cast<uint64_t>(Uint128{cost->likely} * order0 / of_block));
  }

  absl::StatusOr<Payload> Encode(int order) override {
    if (order == 0) return EncodeStatic(raw_, counts_, context_.cancel);
    TRINE_RETURN_IF_ERROR(CountOnce());
    return EncodeStaticOrder1(raw_, counts_, *pairs_, context_.cancel);
  }

 private:
  absl::Status CountOnce() {
    if (pairs_.has_value()) return absl::OkStatus();
    pairs_.emplace(raw_.size());
    absl::Status status = pairs_->Count(raw_, context_.cancel);
    if (!status.ok()) pairs_.reset();
    return status;
  }

  // By symbol, what the counts of the whole block say [2^-16 bits].
  std::array<uint32_t, 256> SymbolCosts() const {
    std::array<uint32_t, 256> costs{};
    for (size_t s = 0; s < 256; ++s) {
      if (counts_[s] != 0) costs[s] = FixedLog2(raw_.size()) - FixedLog2(counts_[s]);
    }
    return costs;
  }

  // An entry in the table takes about 9 bits.
  uint64_t TableCost() const {
    const auto symbols =
        static_cast<uint64_t>(256 - std::count(counts_.begin(), counts_.end(), uint64_t{0}));
    return (symbols * 9) << kLog2FractionBits;
  }

  KnownCost CostOfOrder0() const {
    const std::array<uint32_t, 256> costs = SymbolCosts();
    KnownCost cost;
    for (size_t s = 0; s < 256; ++s) cost.least += counts_[s] * costs[s];
    cost.likely = cost.least + TableCost();
    return cost;
  }

  uint64_t CostOfOrder0(const Sample& sample) const {
    const std::array<uint32_t, 256> costs = SymbolCosts();
    uint64_t cost = 0;
    for (size_t i = sample.begin; i < sample.bytes.size(); ++i) cost += costs[sample.bytes[i]];
    return cost + TableCost() * sample.counted() / raw_.size();
  }

  const Context& context_;
  const ByteView raw_;
  const Histogram& counts_;
  std::optional<Order1Pairs> pairs_;
  std::optional<KnownCost> cost_of_order1_;
};

}  // namespace

std::unique_ptr<BlockModel> MakeStaticModel(const Context& context, ByteView raw,
                                            const Histogram& counts) {
  return std::make_unique<StaticModel>(context, raw, counts);
}

absl::Status DecodeStaticBlock(const Context& context, const BlockPlan& /*plan*/,
                               const CodedBlock& block, MutableByteView raw) {
  return block.variant == 0
             ? DecodeStatic(block.payload, raw, context.cancel)
             : DecodeStaticOrder1(block.payload, raw, *context.limits, context.cancel);
}

absl::Status ParseStaticParams(const HeaderParams& params, const Limits& /*limits*/,
                               BlockPlan* /*plan*/) {
  if (params.bytes.empty() || params.minor != 0) return absl::OkStatus();
  return Corrupt("the header's model has parameters that it does not take");
}

}  // namespace trine::coding
