// Tables that the parts of a longer exchange share: each is made once and found again by its id.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancel.h"
#include "core/base/limits.h"
#include "core/coding/table.h"

namespace trine::coding {

// Holds at most limits.max_tables tables of limits.max_table_symbols symbols in sum. Serves one
// thread at a time.
class TableStore {
 public:
  // The table, remembered from now on; one that is there already takes no room. Errors as those of
  // MakeTable; RESOURCE_EXHAUSTED naming "table" where there is no room.
  absl::StatusOr<TablePtr> Add(const ProbabilityTable& table, const Limits& limits,
                               const CancelToken& cancel = {});
  // Null for an id that is not known.
  TablePtr Find(uint64_t id) const;
  const std::vector<TablePtr>& tables() const { return tables_; }
  uint64_t HeldBytes() const;  // memory of the tables

 private:
  std::vector<TablePtr> tables_;
  uint64_t symbols_ = 0;
};

}  // namespace trine::coding
