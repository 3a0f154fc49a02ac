#include "core/coding/stream/encode_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/picture_check.h"
#include "core/base/strings.h"
#include "core/coding/container/header.h"
#include "core/coding/models/model_list.h"
#include "core/coding/models/table/indexed_table.h"
#include "core/coding/models/table/table_plan.h"

namespace trine::coding {

absl::Status ValidateContent(const Content& content, const Limits& limits) {
  if (content.kind == ContentKind::kBytes) return absl::OkStatus();
  if (content.kind < ContentKind::kBytes || content.kind > ContentKind::kPicture) {
    return InvalidField("tensor.kind", static_cast<int64_t>(content.kind), "is not known");
  }
  const int dtype = static_cast<int>(content.dtype);
  if (dtype < kMinDType || dtype > kMaxDType) {
    return InvalidField("tensor.dtype", int64_t{dtype}, "is not known");
  }
  if (content.shape.size() > format::kMaxRank) {
    return InvalidField("tensor.shape", static_cast<int64_t>(content.shape.size()),
                        "must have rank 8 at most");
  }
  TRINE_RETURN_IF_ERROR(CountElements(content.shape, limits, "tensor.shape").status());
  if (content.kind == ContentKind::kPicture) {
    TRINE_RETURN_IF_ERROR(CheckPictureForm(content.form, content.dtype, content.shape, "picture"));
  }
  if (!ContentBytes(content).has_value()) {
    return InvalidField("tensor.shape", ShapeToString(content.shape),
                        content.kind == ContentKind::kBits ? "packed bits have shape [H,W]"
                                                           : "an image has shape [H,W] or [H,W,C]");
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> BlockBytesOf(const EncodeOptions& options, const Limits& limits) {
  const uint64_t most = std::min(limits.max_block_bytes, format::kMaxBlockBytes);
  const uint64_t block_bytes =
      options.block_bytes != 0 ? options.block_bytes : std::min(kDefaultBlockBytes, most);
  if (block_bytes >= kMinBlockBytes && block_bytes <= most) return block_bytes;
  return InvalidField("options.block_bytes", ToStd(absl::StrCat(block_bytes)),
                      absl::StrCat("must be ", kMinBlockBytes, " to ", most));
}

absl::StatusOr<BlockPlan> MakePlan(const Context& context, const Content& content,
                                   const EncodeOptions& options) {
  BlockPlan plan;
  plan.model = options.model;
  plan.effort = options.effort;
  if (options.effort < Effort::kFast || options.effort > Effort::kBest) {
    return InvalidField("options.effort", static_cast<int64_t>(options.effort),
                        "must be fast, balanced or best");
  }
  plan.element = ElementOf(content);
  const ModelRow* const row = FindModel(options.model);
  if (row == nullptr) {
    return InvalidField("options.model", static_cast<int64_t>(options.model),
                        "must be " + ModelNames());
  }
  if (!row->takes(options.effort)) {
    return InvalidField("options.effort", options.effort == Effort::kFast ? "fast" : "best",
                        absl::StrCat("must be ", EffortNames(*row), " for the model ",
                                     ToAbsl(row->name), ": another changes nothing"));
  }
  plan.order = options.order.value_or(row->default_order);
  if (options.order.has_value() && !row->has_orders()) {
    return InvalidField("options.order", int64_t{plan.order},
                        "must be absent unless the model is " + NamesOfModelsWithOrders());
  }
  if (row->has_orders() && (plan.order < 0 || plan.order > row->max_order)) {
    return InvalidField("options.order", int64_t{plan.order},
                        absl::StrCat("must be 0 to ", row->max_order));
  }
  TRINE_ASSIGN_OR_RETURN(plan.tables, PlanTables(context, content, options));
  plan.table_index = options.table_index;
  TRINE_RETURN_IF_ERROR(CheckTableIndex({options.table_index}, plan.tables.size(), context.cancel));
  return plan;
}

}  // namespace trine::coding
