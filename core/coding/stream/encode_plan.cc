#include "core/coding/stream/encode_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/coding/container/header.h"
#include "core/coding/models/table/table_plan.h"

namespace trine::coding {

absl::Status ValidateContent(const Content& content, const Limits& limits) {
  if (content.kind == ContentKind::kBytes) return absl::OkStatus();
  if (content.kind != ContentKind::kTensor && content.kind != ContentKind::kImage &&
      content.kind != ContentKind::kBits) {
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
  plan.element_bytes = ElementBytes(content);
  if (ModelName(options.model) == "unknown") {
    return InvalidField("options.model", static_cast<int64_t>(options.model),
                        "must be auto, static, adaptive or table");
  }
  if (options.model == Model::kAdaptive) plan.order = 1;
  if (options.order.has_value()) {
    if (options.model != Model::kAdaptive && options.model != Model::kStatic) {
      return InvalidField("options.order", int64_t{*options.order},
                          "must be absent unless the model is static or adaptive");
    }
    const int max = options.model == Model::kStatic ? format::kMaxStaticOrder : format::kMaxOrder;
    if (*options.order < 0 || *options.order > max) {
      return InvalidField("options.order", int64_t{*options.order},
                          absl::StrCat("must be 0 to ", max));
    }
    plan.order = *options.order;
  }
  TRINE_ASSIGN_OR_RETURN(plan.tables, PlanTables(context, content, options));
  plan.table_index = options.table_index;
  TRINE_RETURN_IF_ERROR(CheckTableIndex({options.table_index}, plan.tables.size(), context.cancel));
  return plan;
}

}  // namespace trine::coding
