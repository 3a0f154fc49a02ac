#include "core/coding/models/select_model.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/coding/models/model_list.h"

namespace trine::coding {
namespace {

// Orders that are tried: 0 where a model has none.
int LastOrder(const ModelRow& row) { return std::max(row.max_order, 0); }

// Which of the models costs least, as far as can be told without coding the block.
absl::StatusOr<ChosenPayload> EncodeCheapest(const Context& context, Effort effort, ByteView raw,
                                             const Histogram& counts) {
  const Sample sample = TakeSample(raw);
  const ModelRow* best_row = nullptr;
  std::unique_ptr<BlockModel> best_model;  // keeps what its trials found out
  int best_order = 0;
  uint64_t best_cost = 0;
  for (const ModelRow& row : ModelList()) {
    if (row.make == nullptr || (effort == Effort::kFast && row.speed != Speed::kFast)) continue;
    std::unique_ptr<BlockModel> model = row.make(context, raw, counts);
    bool is_best = false;
    for (int order = 0; order <= LastOrder(row); ++order) {
      TRINE_ASSIGN_OR_RETURN(const bool fits, model->Fits(order));
      if (!fits) continue;
      TRINE_ASSIGN_OR_RETURN(const std::optional<uint64_t> cost, model->Cost(order, sample));
      if (!cost.has_value()) continue;
      if (best_row != nullptr) {
        const uint64_t to_save = row.speed > best_row->speed ? best_cost / 100 : 0;
        if (*cost >= best_cost - to_save) continue;
      }
      best_row = &row;
      best_order = order;
      best_cost = *cost;
      is_best = true;
    }
    if (is_best) best_model = std::move(model);
  }
  ChosenPayload chosen{{best_row->id, best_order}, {}};
  TRINE_ASSIGN_OR_RETURN(chosen.payload, best_model->Encode(best_order));
  return chosen;
}

// The shortest of all that is allowed.
absl::StatusOr<ChosenPayload> EncodeShortest(const Context& context, const ModelChoice& wanted,
                                             ByteView raw, const Histogram& counts) {
  const bool any = wanted.model == Model::kAuto;
  ChosenPayload chosen{any ? ModelChoice{} : wanted, {}};
  for (const ModelRow& row : ModelList()) {
    if (row.make == nullptr || (!any && row.id != wanted.model)) continue;
    const std::unique_ptr<BlockModel> model = row.make(context, raw, counts);
    for (int order = 0; order <= LastOrder(row); ++order) {
      if (!any && order != wanted.order) continue;
      if (any) {
        TRINE_ASSIGN_OR_RETURN(const bool fits, model->Fits(order));
        if (!fits) continue;
      }
      TRINE_ASSIGN_OR_RETURN(Payload payload, model->EncodeBest(order));
      if (!payload.fits) continue;
      if (chosen.payload.fits && payload.bytes.size() >= chosen.payload.bytes.size()) continue;
      chosen = {{row.id, order}, std::move(payload)};
    }
  }
  return chosen;
}

}  // namespace

absl::StatusOr<ChosenPayload> EncodeWithModel(const Context& context, const ModelChoice& wanted,
                                              Effort effort, ByteView raw,
                                              const Histogram& counts) {
  if (effort == Effort::kBest) return EncodeShortest(context, wanted, raw, counts);
  if (wanted.model == Model::kAuto) return EncodeCheapest(context, effort, raw, counts);
  ChosenPayload chosen{wanted, {}};
  const std::unique_ptr<BlockModel> model = FindModel(wanted.model)->make(context, raw, counts);
  TRINE_ASSIGN_OR_RETURN(chosen.payload, model->Encode(wanted.order));
  return chosen;
}

}  // namespace trine::coding
