// ADAPTIVE as a row of the model list.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "core/coding/models/model.h"

namespace trine::coding {

std::unique_ptr<BlockModel> MakeAdaptiveModel(const Context& context, ByteView raw,
                                              const Histogram& counts);
absl::Status DecodeAdaptiveBlock(const Context& context, const BlockPlan& plan,
                                 const CodedBlock& block, MutableByteView raw);
// The order.
void AppendAdaptiveParams(const BlockPlan& plan, std::string* out);
absl::Status ParseAdaptiveParams(const HeaderParams& params, const Limits& limits, BlockPlan* plan);

}  // namespace trine::coding
