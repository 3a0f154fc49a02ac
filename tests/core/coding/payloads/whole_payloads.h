// Sound payloads of every model and form, with what decodes them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/coding/models/adaptive/adaptive_model.h"
#include "core/coding/models/static/static_model.h"
#include "core/coding/models/table/indexed_table.h"
#include "core/coding/models/table/table_model.h"
#include "core/coding/models/table/table_params.h"
#include "tests/core/coding/payloads/table_writer.h"

namespace trine::coding {

// A sound payload of `raw`, and what decodes it.
struct WholePayload {
  std::string name, raw, bytes;
  size_t word_bytes = 2;
  std::function<absl::Status(ByteView, MutableByteView)> decode;
};

// Of all 256 bytes, narrow or wide.
inline TablePtr WholeTable(bool wide) {
  std::vector<uint64_t> numbers(513);
  numbers[0] = 256;
  for (size_t i = 0; i < 256; ++i) numbers[257 + i] = wide ? 128 : 64;
  if (wide) numbers[257 + ' '] += 32768;
  return ParseTable(1, wide ? 16 : 14, numbers).value();
}

// Of every model and form, `n` bytes in the given lanes.
inline std::vector<WholePayload> WholePayloads(size_t n, int lanes_log2) {
  std::vector<WholePayload> out;
  const std::string raw = Words(n, 1);
  for (const int bits : {8, 12, 14}) {
    std::vector<uint32_t> freqs(256);
    for (const char c : Words(3000, 1)) freqs[static_cast<uint8_t>(c)] = 5;
    uint32_t sum = 0;
    for (const uint32_t f : freqs) sum += f;
    freqs[' '] += (1u << bits) - sum;
    out.push_back({"static-0 of " + std::to_string(bits), raw,
                   WriteStatic(raw, lanes_log2, bits, freqs), 2,
                   [](ByteView in, MutableByteView to) { return DecodeStatic(in, to, {}); }});
  }
  PairTables pairs = SomePairTables();
  pairs.tables[9] = {0, {}, 1};  // all have one: what is cut off decodes as something
  const std::string chain = pairs.Message(n, lanes_log2, 1);
  out.push_back(
      {"static-1", chain, pairs.Payload(chain, lanes_log2), 2, [](ByteView in, MutableByteView to) {
         return DecodeStaticOrder1(in, to, DefaultLimits(), {});
       }});
  for (const int order : {0, 1, 2}) {
    AdaptiveForm form;
    form.order = order;
    form.lanes_log2 = lanes_log2;
    out.push_back({"adaptive-" + std::to_string(order), raw, form.Payload(raw), 2,
                   [order](ByteView in, MutableByteView to) {
                     return DecodeAdaptive(in, order, to, DefaultLimits(), {});
                   }});
  }
  out.push_back(
      {"drifting", raw, WriteDrifting(raw, lanes_log2, {}), 2, [](ByteView in, MutableByteView to) {
         return DecodeAdaptive(in, 0, to, DefaultLimits(), {});
       }});
  static const TablePtr narrow = WholeTable(false), wide = WholeTable(true);
  const auto table = [](TablePtr t) {
    return [t](ByteView in, MutableByteView to) { return DecodeTable(*t, in, Element{}, to, {}); };
  };
  out.push_back({"table narrow", raw, WriteTable<NarrowCoder>({narrow}, "", raw, 1, lanes_log2), 2,
                 table(narrow)});
  out.push_back(
      {"table wide", raw, WriteTable<WideCoder>({wide}, "", raw, 1, lanes_log2), 4, table(wide)});
  std::string index;
  for (size_t i = 0; i < raw.size(); ++i) index.push_back(static_cast<char>(i % 3 == 0));
  const auto several = [index](TablePtr a, TablePtr b) {
    return [a, b, index](ByteView in, MutableByteView to) {
      return DecodeIndexed({{a->id(), false, a}, {b->id(), false, b}}, {AsBytes(index)}, in,
                           Element{}, 0, to, {});
    };
  };
  out.push_back({"tables narrow", raw,
                 WriteTable<NarrowCoder>({narrow, narrow}, index, raw, 1, lanes_log2), 2,
                 several(narrow, narrow)});
  out.push_back({"tables wide", raw,
                 WriteTable<WideCoder>({narrow, wide}, index, raw, 1, lanes_log2), 4,
                 several(narrow, wide)});
  // Symbols of more bytes than one; the last may be cut to what `n` has room for.
  static const TablePtr text =
      ParseTable(2, 8, {4, 'a', 0xE9 - 'a' - 1, 0x20AC - 0xEA, 0x1F3B5 - 0x20AD, 100, 50, 56, 50})
          .value();
  static const std::string kText[] = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8E\xB5"};
  static const uint32_t kScalars[] = {'a', 0xE9, 0x20AC, 0x1F3B5};
  Lcg random(8);
  std::string characters;
  std::vector<uint32_t> scalars;
  while (characters.size() < n) {
    const size_t k = std::min<size_t>(random.Next() % 4, n - characters.size() - 1);
    characters += kText[k];
    scalars.push_back(kScalars[k]);
  }
  out.push_back({"table of text", characters,
                 WriteSymbols<NarrowCoder>({text}, "", scalars, lanes_log2), 2, table(text)});
  static const TablePtr integers = ParseTable(3, 14, {3, 7, 300, 65000, 4000, 12383, 1}).value();
  for (const size_t step : {2u, 4u}) {
    std::string elements;
    for (size_t i = 0; i < std::max<size_t>(n / step, 1); ++i) {
      const uint32_t value = random.Next() % 3 == 0 ? 7 : 308;
      for (size_t k = 0; k < step; ++k) elements.push_back(static_cast<char>(value >> (8 * k)));
    }
    out.push_back({"table of " + std::to_string(step) + " bytes", elements,
                   WriteTable<NarrowCoder>({integers}, "", elements, step, lanes_log2), 2,
                   [step](ByteView in, MutableByteView to) {
                     return DecodeTable(*integers, in, Element{step}, to, {});
                   }});
  }
  return out;
}

}  // namespace trine::coding
