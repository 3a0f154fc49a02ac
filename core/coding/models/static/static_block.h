// STATIC as a row of the model list.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "core/coding/models/model.h"

namespace trine::coding {

std::unique_ptr<BlockModel> MakeStaticModel(const Context& context, ByteView raw,
                                            const Histogram& counts);
absl::Status DecodeStaticBlock(const Context& context, const BlockPlan& plan,
                               const CodedBlock& block, MutableByteView raw);
absl::Status ParseStaticParams(const HeaderParams& params, const Limits& limits, BlockPlan* plan);

}  // namespace trine::coding
