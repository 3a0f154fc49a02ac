// What an encoder is asked for, checked, before it allocates anything.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/limits.h"
#include "core/coding/coding.h"
#include "core/coding/models/block_plan.h"
#include "core/runtime/context.h"

namespace trine::coding {

// INVALID_ARGUMENT naming "tensor.kind", "tensor.dtype" or "tensor.shape", of a picture the part
// that does not fit (CheckPictureForm).
absl::Status ValidateContent(const Content& content, const Limits& limits);

// Raw bytes of a block. INVALID_ARGUMENT naming "options.block_bytes".
absl::StatusOr<uint64_t> BlockBytesOf(const EncodeOptions& options, const Limits& limits);

// INVALID_ARGUMENT naming the option that is wrong. REQUIRES: ValidateContent took the content.
absl::StatusOr<BlockPlan> MakePlan(const Context& context, const Content& content,
                                   const EncodeOptions& options);

}  // namespace trine::coding
