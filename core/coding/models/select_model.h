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
//   kFast      no trial: AUTO chooses among the orders of the fast models by their counts;
//   kBalanced  AUTO: short blocks are coded by every model. Of long ones a sample is, and those
//              models code the block that may then be the shortest;
//   kBest      AUTO looks further, and models that come near the shortest payload code the block
//              with several parameters.
// The shortest payload is kept, but for a fast model's that is hardly longer (kBest: no longer).
// AUTO passes over models whose tables would exceed limits.max_model_bytes in the encoder or in a
// decoder of the same limits; RESOURCE_EXHAUSTED for one that was asked for by name. `counts` are
// those of `raw`, at least two above 0. REQUIRES: wanted.model is AUTO or a model of bytes, and has
// the order.
absl::StatusOr<ChosenPayload> EncodeWithModel(const Context& context, const ModelChoice& wanted,
                                              Effort effort, ByteView raw, const Histogram& counts);

}  // namespace trine::coding
