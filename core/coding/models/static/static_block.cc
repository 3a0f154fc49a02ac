#include "core/coding/models/static/static_block.h"

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

  absl::StatusOr<std::optional<uint64_t>> Cost(int order, const Sample& sample) override {
    if (order == 0) return std::optional(CostOfOrder0(sample));
    if (raw_.size() < kMinPairsBytes) return std::optional<uint64_t>();
    TRINE_RETURN_IF_ERROR(CountOnce());
    TRINE_ASSIGN_OR_RETURN(const uint64_t cost,
                           CostOfStaticOrder1(raw_, counts_, &*pairs_, context_.cancel));
    return std::optional(static_cast<uint64_t>(Uint128{cost} * sample.counted() / raw_.size()));
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

  // Symbols cost what the counts of the whole block say; with their share of the table, about
  // 9 bits a symbol.
  uint64_t CostOfOrder0(const Sample& sample) const {
    uint64_t cost = 0;
    uint32_t costs[256] = {};
    uint64_t symbols = 0;
    for (int s = 0; s < 256; ++s) {
      if (counts_[s] == 0) continue;
      costs[s] = FixedLog2(raw_.size()) - FixedLog2(counts_[s]);
      ++symbols;
    }
    for (size_t i = sample.begin; i < sample.bytes.size(); ++i) cost += costs[sample.bytes[i]];
    return cost + ((symbols * 9) << kLog2FractionBits) * sample.counted() / raw_.size();
  }

  const Context& context_;
  const ByteView raw_;
  const Histogram& counts_;
  std::optional<Order1Pairs> pairs_;
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
