// Payloads of TABLE: symbols coded with dictionaries of the caller.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/coding/models/block_plan.h"
#include "core/coding/models/payload.h"
#include "core/coding/models/table/dictionary.h"

namespace trine::coding {

inline constexpr int kMaxTableLanesLog2 = 5;  // that the encoder chooses

// Elements that symbols may be: of 8 bytes only signed ones, whose values are all of 64 bits.
inline bool HoldsSymbols(const Element& element) {
  const size_t n = element.bytes;
  return n == 1 || n == 2 || n == 4 || (n == 8 && element.is_signed);
}

// REQUIRES, as below: HoldsSymbols(element).
inline int64_t LoadElement(const uint8_t* p, const Element& element) {
  switch (element.bytes) {
    case 1:
      return element.is_signed ? int64_t{static_cast<int8_t>(*p)} : int64_t{*p};
    case 2:
      return element.is_signed ? int64_t{LoadLE<int16_t>(p)} : int64_t{LoadLE<uint16_t>(p)};
    case 4:
      return element.is_signed ? int64_t{LoadLE<int32_t>(p)} : int64_t{LoadLE<uint32_t>(p)};
    default:
      return LoadLE<int64_t>(p);
  }
}

inline void StoreElement(uint8_t* p, size_t bytes, int64_t value) {
  switch (bytes) {
    case 1:
      *p = static_cast<uint8_t>(value);
      return;
    case 2:
      StoreLE(p, static_cast<uint16_t>(value));
      return;
    case 4:
      StoreLE(p, static_cast<uint32_t>(value));
      return;
    default:
      StoreLE(p, value);
  }
}

// The values that an element can have.
class ElementValues {
 public:
  explicit ElementValues(const Element& element)
      : least_(element.is_signed ? -int64_t{1} << (8 * element.bytes - 1) : 0),
        span_(~uint64_t{0} >> (64 - 8 * element.bytes)) {}

  bool Hold(int64_t value) const {
    return static_cast<uint64_t>(value) - static_cast<uint64_t>(least_) <= span_;
  }

 private:
  int64_t least_;
  uint64_t span_;
};

// A dictionary as interleaved.h takes it.
struct SlotTable {
  explicit SlotTable(const FrequencyDictionary& d)
      : frequencies(d.frequencies()), bits(d.total_bits()), dictionary(&d) {}
  uint32_t Find(uint32_t slot) const { return dictionary->Find(slot); }

  const SymbolFrequency* frequencies;  // by rank
  int bits;
  const FrequencyDictionary* dictionary;
};

// DATA_LOSS unless every decoded value was one that the elements hold.
absl::Status CheckElements(bool all_fit);

// DATA_LOSS unless HoldsSymbols(element).
absl::Status CheckSymbolElement(const Element& element);

// What the error of a symbol that is not coded says of it: that it is not there, or has the
// probability 0.
std::string_view WhyNotCoded(const FrequencyDictionary& dictionary, int64_t value);

// The ranks of the symbols of `raw`. INVALID_ARGUMENT naming "data" and the position (`raw_offset`
// + that in `raw`) for a symbol that the dictionary does not hold. `element`: of a
// dictionary of elements.
absl::StatusOr<std::vector<uint16_t>> RanksOf(const FrequencyDictionary& dictionary, ByteView raw,
                                              const Element& element, uint64_t raw_offset,
                                              const CancelToken& cancel);

absl::StatusOr<Payload> EncodeTable(const FrequencyDictionary& dictionary,
                                    const std::vector<uint16_t>& ranks, uint64_t raw_bytes,
                                    const CancelToken& cancel);

// The same for bytes that are all in the dictionary; `counts`: how often, by rank. REQUIRES:
// dictionary.is_bytes_narrow().
absl::StatusOr<Payload> EncodeTableBytes(const FrequencyDictionary& dictionary, ByteView raw,
                                         absl::Span<const uint64_t> counts,
                                         const CancelToken& cancel);

// Fills `raw`. DATA_LOSS (without block and offset) for a payload that is not one of its length. An
// element of 0 bytes is not known: the payload says how long they are, and their values are taken
// for signed ones where the dictionary's are.
absl::Status DecodeTable(const FrequencyDictionary& dictionary, ByteView payload, Element element,
                         MutableByteView raw, const CancelToken& cancel);

}  // namespace trine::coding
