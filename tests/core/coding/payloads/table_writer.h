// Payloads and dictionaries of TABLE written as FORMAT.md says, like those of payload_writer.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "core/coding/models/table/dictionary.h"
#include "tests/core/coding/payloads/payload_writer.h"

namespace trine::coding {

// TABLE, of one table (then `index` is not used) or several.
template <class Coder>
std::string WriteSymbols(const std::vector<TablePtr>& tables, const std::string& index,
                         const std::vector<uint32_t>& values, int lanes_log2) {
  RangeEncoder<Coder> coder(1 << lanes_log2, values.size() + 1);
  for (size_t i = 0; i < values.size(); ++i) {
    const FrequencyDictionary& table =
        *tables[tables.size() == 1 ? 0 : static_cast<uint8_t>(index[i])];
    const SymbolFrequency part = table.frequencies()[table.Rank(values[i])];
    WritePart(coder, static_cast<int>(i & ((1u << lanes_log2) - 1)), table.total_bits(), part.start,
              part.freq);
  }
  std::string head(1, static_cast<char>(lanes_log2));
  AppendVarint(values.size(), &head);
  if (tables.size() > 1) AppendLE(static_cast<uint32_t>(Checksum(AsBytes(index))), &head);
  return head + LanesOf(coder);
}
// The same of raw elements of `step` bytes.
template <class Coder>
std::string WriteTable(const std::vector<TablePtr>& tables, const std::string& index,
                       const std::string& raw, size_t step, int lanes_log2) {
  std::vector<uint32_t> values;
  for (size_t i = 0; i < raw.size(); i += step) {
    uint32_t value = 0;
    for (size_t k = step; k-- > 0;) value = value << 8 | static_cast<uint8_t>(raw[i + k]);
    values.push_back(value);
  }
  return WriteSymbols<Coder>(tables, index, values, lanes_log2);
}

// A dictionary from its bytes: kind, B, n, steps, frequencies.
inline std::string DictionaryBytes(int kind, int bits, const std::vector<uint64_t>& numbers) {
  std::string out{static_cast<char>(kind), static_cast<char>(bits)};
  for (const uint64_t n : numbers) AppendVarint(n, &out);
  return out;
}
inline absl::StatusOr<TablePtr> ParseTable(int kind, int bits,
                                           const std::vector<uint64_t>& numbers) {
  auto parsed =
      FrequencyDictionary::Parse(AsBytes(DictionaryBytes(kind, bits, numbers)), DefaultLimits());
  if (!parsed.ok()) return parsed.status();
  return std::make_shared<const FrequencyDictionary>(*std::move(parsed));
}

}  // namespace trine::coding
