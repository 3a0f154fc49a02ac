// Payloads of TABLE where there are several tables: an index says for each symbol which one codes
// it. The index is not in the stream, only a check of it: both sides derive it from what they know.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/coding/coding.h"
#include "core/coding/models/block_plan.h"
#include "core/coding/models/payload.h"

namespace trine::coding {

// A part of the index, for the symbols of a block.
struct TableIndex {
  ByteView tables;     // the number of each symbol's table
  uint64_t begin = 0;  // of the part in the index, for messages
};

// INVALID_ARGUMENT naming "table_index[i]" unless every number is below `tables`.
absl::Status CheckTableIndex(const TableIndex& index, size_t tables, const CancelToken& cancel);

// The functions below have in common:
// REQUIRES: all tables are there, of bytes, or of elements; `symbol` is what a symbol is, and
// HoldsSymbols(symbol).

// The ranks of the symbols of `raw`, each in its table. INVALID_ARGUMENT naming "data", position
// and table for a symbol that is not in it. REQUIRES: index as CheckTableIndex wants it, an entry
// for each symbol.
absl::StatusOr<std::vector<uint16_t>> IndexedRanksOf(const std::vector<TableRef>& tables,
                                                     const TableIndex& index, ByteView raw,
                                                     const Element& symbol, uint64_t raw_offset,
                                                     const CancelToken& cancel);

absl::StatusOr<Payload> EncodeIndexed(const std::vector<TableRef>& tables, const TableIndex& index,
                                      const std::vector<uint16_t>& ranks, uint64_t raw_bytes,
                                      const CancelToken& cancel);

// Fills `raw`. INVALID_ARGUMENT naming "table_index" for an index that is not the coded one;
// DATA_LOSS (without block and offset) for a payload that is not one of its length. Where the check
// of the index differs, `raw_checksum` tells a damaged check from a wrong index.
absl::Status DecodeIndexed(const std::vector<TableRef>& tables, const TableIndex& index,
                           ByteView payload, const Element& symbol, uint64_t raw_checksum,
                           MutableByteView raw, const CancelToken& cancel);

}  // namespace trine::coding
