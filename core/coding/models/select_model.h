// Which model codes a block, and with which parameters: by trial, as long as the effort allows.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/coding.h"
#include "core/coding/models/static/frequencies.h"
#include "core/coding/coder/lane_count.h"
#include "core/runtime/context.h"

namespace trine::coding {

struct ModelChoice {
  Model model = Model::kStatic;
  int order = 0;
};

struct ChosenPayload {
  ModelChoice choice;
  Payload payload;
};

// Codes `raw` with `wanted`; model kAuto: with one of STATIC and ADAPTIVE.
//   kFast      no trial but for AUTO, which chooses among the orders of STATIC by their entropies;
//   kBalanced  AUTO estimates every model's cost on a sample;
//   kBest      every model that is allowed codes the whole block, some with several parameters,
//              and the shortest payload is kept.
// Costs that tie go to the faster model. `counts` are those of `raw`, at least two above 0.
absl::StatusOr<ChosenPayload> EncodeWithModel(const Context& context, const ModelChoice& wanted,
                                              Effort effort, ByteView raw, const Histogram& counts);

}  // namespace trine::coding
