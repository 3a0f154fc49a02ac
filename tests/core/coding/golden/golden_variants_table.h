// TABLE with totals, lanes, elements and places of its tables that the encoder does not choose.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/coding/container/checksum.h"
#include "core/coding/models/table/dictionary.h"
#include "core/coding/models/table/table_params.h"
#include "tests/core/coding/golden/golden_builder.h"

namespace trine::coding {

// Tables for streams, in both forms: to code with, and as a header holds them.
struct PlainDictionary {
  PlainTable table;
  TableRef ref;
};

// `values` ascend. One of them takes half of the total and what is left over: the one in the
// middle, so that the order of values is not that of the starts.
inline PlainDictionary MakePlainDictionary(SymbolKind kind, int bits,
                                           const std::vector<uint32_t>& values) {
  PlainDictionary out;
  out.table.bits = bits;
  const uint32_t total = uint32_t{1} << bits;
  const auto n = static_cast<uint32_t>(values.size());
  const uint32_t each = std::max(1u, total / 2 / n);
  std::string bytes;
  bytes.push_back(static_cast<char>(kind));
  bytes.push_back(static_cast<char>(bits));
  AppendVarint(n, &bytes);
  uint64_t next = 0;
  for (const uint32_t v : values) {
    AppendVarint(v - next, &bytes);
    next = uint64_t{v} + 1;
    out.table.freqs.emplace_back(v, v == values[n / 2] ? total - each * (n - 1) : each);
  }
  for (const auto& [v, freq] : out.table.freqs) AppendVarint(freq, &bytes);
  auto parsed = FrequencyDictionary::Parse(AsBytes(bytes), DefaultLimits());
  if (!parsed.ok()) return {};
  out.ref.table = std::make_shared<const FrequencyDictionary>(*std::move(parsed));
  out.ref.id = TableId(out.ref.table);
  return out;
}

// Symbols of a table by its number: every other one is the frequent one.
inline uint32_t DrawSymbol(const PlainDictionary& dictionary, Lcg& random) {
  const auto& freqs = dictionary.table.freqs;
  const uint32_t r = random.Next();
  return freqs[(r & 1) != 0 ? freqs.size() / 2 : (r >> 1) % freqs.size()].first;
}

// As the raw bytes hold it.
inline std::string RawSymbol(SymbolKind kind, size_t element_bytes, uint32_t value) {
  std::string out;
  if (kind != SymbolKind::kText) {
    for (size_t k = 0; k < element_bytes; ++k) out.push_back(static_cast<char>(value >> (8 * k)));
    return out;
  }
  const auto tail = [&](int shift) {
    out.push_back(static_cast<char>(0x80 | (value >> shift & 0x3F)));
  };
  if (value < 0x80) {
    out.push_back(static_cast<char>(value));
  } else if (value < 0x800) {
    out.push_back(static_cast<char>(0xC0 | value >> 6));
    tail(0);
  } else if (value < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | value >> 12));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xF0 | value >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
  return out;
}

template <class Coder>
void PutSymbols(const std::vector<PlainDictionary>& tables, const std::string& index,
                const std::vector<uint32_t>& values, int lanes_log2, std::string* out) {
  PlainLanes<Coder> lanes(lanes_log2, values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t t = tables.size() > 1 ? static_cast<uint8_t>(index[i]) : 0;
    lanes.Put(static_cast<int>(i % (size_t{1} << lanes_log2)), tables[t].table, values[i]);
  }
  lanes.Finish(out);
}

// A payload; `index`: its part of the table index, where there are several tables.
inline std::string PlainTablePayload(const std::vector<PlainDictionary>& tables,
                                     const std::string& index, const std::vector<uint32_t>& values,
                                     int lanes_log2) {
  std::string out(1, static_cast<char>(lanes_log2));
  AppendVarint(values.size(), &out);
  if (tables.size() > 1) AppendLE(static_cast<uint32_t>(Checksum(AsBytes(index))), &out);
  bool wide = false;
  for (const PlainDictionary& d : tables) wide = wide || d.table.bits > 14;
  if (wide) {
    PutSymbols<WideCoder>(tables, index, values, lanes_log2, &out);
  } else {
    PutSymbols<NarrowCoder>(tables, index, values, lanes_log2, &out);
  }
  return out;
}

// What a stream of tables codes: a block for each number of lanes.
struct TableBlocks {
  std::vector<PlainDictionary> tables;
  std::vector<int> lanes_log2;
  size_t symbols = 0;  // of the first block; each later one has one more
  std::optional<DType> dtype;
  bool by_id = false;
};

// Adds a stream of such blocks to the variant.
inline void AppendTableStream(const TableBlocks& blocks, uint64_t seed, GoldenVariant* variant) {
  Lcg random(seed);
  const SymbolKind kind = blocks.tables[0].ref.table->kind();
  const size_t element_bytes = blocks.dtype.has_value() ? DTypeSize(*blocks.dtype) : 1;
  std::vector<std::string> payloads, raws;
  size_t symbols = 0;
  for (size_t b = 0; b < blocks.lanes_log2.size(); ++b) {
    std::vector<uint32_t> values;
    std::string raw, index;
    for (size_t i = 0; i < blocks.symbols + b; ++i) {
      const size_t t = random.Next() % blocks.tables.size();
      if (blocks.tables.size() > 1) index.push_back(static_cast<char>(t));
      values.push_back(DrawSymbol(blocks.tables[t], random));
      raw += RawSymbol(kind, element_bytes, values.back());
    }
    payloads.push_back(PlainTablePayload(blocks.tables, index, values, blocks.lanes_log2[b]));
    raws.push_back(raw);
    variant->table_index += index;
    symbols += values.size();
  }
  Header header = PlainHeader(Model::kTable);
  std::vector<TableRef> refs;
  for (const PlainDictionary& d : blocks.tables) {
    refs.push_back(d.ref);
    refs.back().by_id = blocks.by_id;
    if (blocks.by_id) variant->tables.push_back(d.ref.table);
  }
  AppendTableParams(refs, &header.params);
  if (blocks.dtype.has_value()) {
    header.content.kind = ContentKind::kTensor;
    header.content.dtype = *blocks.dtype;
    header.content.shape = {static_cast<int64_t>(symbols)};
    header.raw_bytes = symbols * element_bytes;
  }
  StreamBuilder stream(header);
  std::string all;
  for (size_t b = 0; b < raws.size(); ++b) {
    stream.AddModel(Model::kTable, blocks.tables.size() > 1 ? format::kIndexedTables : 0,
                    payloads[b], raws[b]);
    all += raws[b];
  }
  variant->Append(stream.Finish(), all);
}

inline std::vector<uint32_t> ValuesFrom(uint32_t first, uint32_t step, uint32_t n) {
  std::vector<uint32_t> values;
  for (uint32_t i = 0; i < n; ++i) values.push_back(first + i * step);
  return values;
}

inline void AddTableVariants(std::vector<GoldenVariant>* variants) {
  const auto bytes = [](int bits, const std::vector<uint32_t>& values) {
    return MakePlainDictionary(SymbolKind::kBytes, bits, values);
  };
  const auto integers = [](int bits, const std::vector<uint32_t>& values) {
    return MakePlainDictionary(SymbolKind::kIntegers, bits, values);
  };
  {
    // Streams one after the other: elements of every size, narrow and wide, all numbers of lanes.
    GoldenVariant v{"variant-table-elements", "", "", {}, ""};
    AppendTableStream({{integers(8, ValuesFrom(3, 2, 5))}, {0, 1, 2}, 101, DType::kUint8}, 21, &v);
    AppendTableStream({{integers(14, ValuesFrom(0, 1, 256))}, {3}, 203, DType::kUint8}, 22, &v);
    AppendTableStream({{integers(15, ValuesFrom(9, 31, 40))}, {4, 6}, 602, DType::kUint16}, 23, &v);
    AppendTableStream({{integers(11, ValuesFrom(7, 0x2468ACE, 100))}, {1, 5}, 240, DType::kUint32},
                      24, &v);
    AppendTableStream(
        {{integers(24, {0, 1, 70000, 0x7FFFFFFF, 0xFFFFFFFF})}, {0, 2, 6}, 261, DType::kUint32}, 25,
        &v);
    AppendTableStream({{bytes(8, ValuesFrom(0, 2, 100))}, {4}, 301, {}}, 26, &v);
    AppendTableStream({{bytes(13, {'a', 'b', 'd'})}, {0, 1, 2, 3, 4}, 130, {}}, 27, &v);
    AppendTableStream({{bytes(16, {0, 10, 200, 255})}, {1, 3, 5}, 420, {}}, 28, &v);
    variants->push_back(std::move(v));
  }
  {
    // Text whose characters take 1 to 4 bytes, in all numbers of lanes; the last stream is wide.
    GoldenVariant v{"variant-table-text", "", "", {}, ""};
    const std::vector<uint32_t> characters = {'a',    'z',    0x7F,   0x80,    0x7FF,   0x800,
                                              0xD7FF, 0xE000, 0xFFFF, 0x1F3B5, 0x10FFFF};
    const auto text = [&](int bits) {
      return MakePlainDictionary(SymbolKind::kText, bits, characters);
    };
    AppendTableStream({{text(10)}, {0, 1, 2, 3, 4, 5, 6}, 151, {}}, 31, &v);
    AppendTableStream({{text(18)}, {0, 3, 6}, 270, {}}, 32, &v);
    variants->push_back(std::move(v));
  }
  {
    // One symbol, which is certain: lanes without words.
    GoldenVariant v{"variant-table-certain", "", "", {}, ""};
    AppendTableStream({{bytes(8, {'!'})}, {0, 3}, 90, {}}, 41, &v);
    AppendTableStream({{bytes(24, {0})}, {0, 1}, 90, {}}, 42, &v);
    AppendTableStream({{integers(14, {0xFFFFFFFF})}, {2}, 33, DType::kUint32}, 43, &v);
    AppendTableStream({{MakePlainDictionary(SymbolKind::kText, 15, {0x20AC})}, {1}, 33, {}}, 44,
                      &v);
    variants->push_back(std::move(v));
  }
  {
    // Several tables, in streams one after the other, and so are their table indices: by
    // value and by id, narrow ones, and narrow and wide ones mixed, among streams without an index.
    GoldenVariant v{"variant-tables-behind", "", "", {}, ""};
    AppendTableStream(
        {{bytes(8, {'a', 'b', 'c'}), bytes(12, ValuesFrom(32, 1, 90))}, {0, 3}, 300, {}, true}, 51,
        &v);
    AppendTableStream({{bytes(9, {'1', '2'})}, {1}, 100, {}}, 52, &v);
    AppendTableStream({{integers(14, ValuesFrom(100, 3, 50)), integers(15, {5, 300, 65535}),
                        integers(8, {0x1234})},
                       {0, 1, 2},
                       300,
                       DType::kUint16},
                      53, &v);
    const auto empty = Encode({}, {}, AsBytes(std::string()), {});
    if (empty.ok()) v.Append(*empty, "");
    AppendTableStream({{integers(24, ValuesFrom(0, 99, 40)), integers(10, {7, 1u << 31})},
                       {4, 5, 6},
                       310,
                       DType::kUint32,
                       true},
                      54, &v);
    AppendTableStream(
        {{bytes(20, {1, 2, 4}), bytes(8, {8}), bytes(14, ValuesFrom(0, 1, 256))}, {6}, 1200, {}},
        55, &v);
    variants->push_back(std::move(v));
  }
}

}  // namespace trine::coding
