// Which model codes a block, and with which parameters: by trial coding, as far as the effort
// setting allows.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/coding.h"
#include "core/coding/models/histogram.h"
#include "core/coding/models/payload.h"
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

// Codes `raw` with `wanted`; model kAuto: with one of the models of bytes.
//   kFast      no trial but for AUTO, which chooses among the orders of the fast models;
//   kBalanced  AUTO estimates every model's cost on a sample;
//   kBest      every model that is allowed codes the whole block, some with several parameters,
//              and the shortest payload is kept.
// Costs that tie go to the faster model. AUTO passes over models whose tables would exceed
// limits.max_model_bytes in the encoder or in a decoder of the same limits; RESOURCE_EXHAUSTED for
// one that was asked for by name. `counts` are those of `raw`, at least two above 0. REQUIRES:
// wanted.model is AUTO or a model of bytes, and has the order.
absl::StatusOr<ChosenPayload> EncodeWithModel(const Context& context, const ModelChoice& wanted,
                                              Effort effort, ByteView raw, const Histogram& counts);

}  // namespace trine::coding
