// Payloads of TABLE: symbols coded with dictionaries of the caller.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/coding/models/payload.h"
#include "core/coding/models/table/dictionary.h"

namespace trine::coding {

inline constexpr int kMaxTableLanesLog2 = 5;  // that the encoder chooses

// A symbol of 1, 2 or 4 bytes.
inline uint32_t LoadElement(const uint8_t* p, size_t bytes) {
  return bytes == 1 ? *p : bytes == 2 ? LoadLE<uint16_t>(p) : LoadLE<uint32_t>(p);
}

inline void StoreElement(uint8_t* p, size_t bytes, uint32_t value) {
  if (bytes == 1) {
    *p = static_cast<uint8_t>(value);
  } else if (bytes == 2) {
    StoreLE(p, static_cast<uint16_t>(value));
  } else {
    StoreLE(p, value);
  }
}

// A dictionary as interleaved.h takes it.
struct SlotTable {
  explicit SlotTable(const FrequencyDictionary& d)
      : frequencies(d.frequencies()), bits(d.total_bits()), dictionary(&d) {}
  uint32_t Find(uint32_t slot) const { return dictionary->Find(slot); }

  const SymbolFrequency* frequencies;  // by rank
  int bits;
  const FrequencyDictionary* dictionary;
};

// DATA_LOSS unless elements of `step` bytes hold every bit that is set in a decoded value.
absl::Status CheckElements(uint32_t bits_of_values, size_t step);

// The ranks of the symbols of `raw`. INVALID_ARGUMENT naming "data" and the position (`raw_offset`
// + that in `raw`) for a symbol that the dictionary does not hold. `element_bytes`: of kIntegers.
absl::StatusOr<std::vector<uint16_t>> RanksOf(const FrequencyDictionary& dictionary, ByteView raw,
                                              size_t element_bytes, uint64_t raw_offset,
                                              const CancelToken& cancel);

absl::StatusOr<Payload> EncodeTable(const FrequencyDictionary& dictionary,
                                    const std::vector<uint16_t>& ranks, uint64_t raw_bytes,
                                    const CancelToken& cancel);

// The same for bytes that are all in the dictionary; `counts`: how often, by rank. REQUIRES:
// dictionary.is_bytes_narrow().
absl::StatusOr<Payload> EncodeTableBytes(const FrequencyDictionary& dictionary, ByteView raw,
                                         absl::Span<const uint64_t> counts,
                                         const CancelToken& cancel);

// Fills `raw`. DATA_LOSS (without block and offset) for a payload that is not one of its length.
absl::Status DecodeTable(const FrequencyDictionary& dictionary, ByteView payload,
                         size_t element_bytes, MutableByteView raw, const CancelToken& cancel);

}  // namespace trine::coding
