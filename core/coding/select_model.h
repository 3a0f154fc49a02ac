// AUTO: which model for a block, by trial on a sample of it.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/coding/adaptive_model.h"
#include "core/coding/coding.h"
#include "core/coding/frequencies.h"

namespace trine::coding {

struct ModelChoice {
  Model model = Model::kStatic;
  int order = 0;
};

// The smaller of STATIC and ADAPTIVE of order 0, 1 and 2 as the sample sees them; STATIC where they
// tie, since it is the fastest. `counts` are those of the whole block.
absl::StatusOr<ModelChoice> SelectModel(const Sample& sample, const Histogram& counts,
                                        uint64_t raw_bytes, const CancelToken& cancel);

}  // namespace trine::coding
