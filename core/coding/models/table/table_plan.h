// The tables of EncodeOptions, checked against each other and against what they are to code.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "core/coding/coding.h"
#include "core/coding/models/table/table_params.h"
#include "core/runtime/context.h"

namespace trine::coding {

// The tables as a header holds them; none for other models than TABLE. Errors name
// "options.<field>", or "table_index" where there is an index for less than two tables: its length
// and entries are still to be compared.
absl::StatusOr<std::vector<TableRef>> PlanTables(const Context& context, const Content& content,
                                                 const EncodeOptions& options);

}  // namespace trine::coding
