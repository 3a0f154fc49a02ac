// TABLE as a row of the model list.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/coding/models/model.h"

namespace trine::coding {

absl::StatusOr<Payload> EncodeTableBlock(const Context& context, const BlockPlan& plan,
                                         const RawBlock& block, BlockSymbols* symbols);
absl::Status DecodeTableBlock(const Context& context, const BlockPlan& plan,
                              const CodedBlock& block, MutableByteView raw);
// The tables. REQUIRES: they are there.
void AppendPlanTables(const BlockPlan& plan, std::string* out);
absl::Status ParsePlanTables(const HeaderParams& params, const Limits& limits, BlockPlan* plan);

}  // namespace trine::coding
