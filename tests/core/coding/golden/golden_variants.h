// Golden streams that no call of Encode writes today: what the format allows beyond that. The files
// of golden_variants_*.h hold more of them, by theme.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "core/coding/models/adaptive/adaptive_model.h"
#include "core/coding/models/table/indexed_table.h"
#include "core/coding/models/table/table_params.h"
#include "tests/core/coding/golden/golden_builder.h"
#include "tests/core/coding/golden/golden_variants_adaptive.h"
#include "tests/core/coding/golden/golden_variants_container.h"
#include "tests/core/coding/golden/golden_variants_static.h"
#include "tests/core/coding/golden/golden_variants_table.h"

namespace trine::coding {

// Empty where one could not be made.
inline std::vector<GoldenVariant> GoldenVariants() {
  std::vector<GoldenVariant> variants;
  const std::string text = GoldenText(6000);
  // Every parameter of ADAPTIVE at another value than the encoder chooses.
  {
    StreamBuilder stream(PlainHeader(Model::kAdaptive));
    std::string all;
    for (int order : {0, 1, 2}) {
      for (int lanes_log2 : {0, 3, 6}) {
        AdaptiveParams params;
        params.order = order;
        params.lanes_log2 = lanes_log2;
        params.segment_log2 = lanes_log2 * 2;
        params.slowest = lanes_log2 == 0 ? 16384 : lanes_log2 == 3 ? 32 : 845;
        params.slots_log2 = 8 + lanes_log2;
        const std::string raw = text.substr(0, 2000 + static_cast<size_t>(lanes_log2) * 333);
        const auto payload = EncodeAdaptive(AsBytes(raw), params, DefaultLimits(), {});
        if (!payload.ok() || !payload->fits) return {};
        stream.Add(format::Mode::kModel, static_cast<uint8_t>(Model::kAdaptive),
                   static_cast<uint8_t>(order), payload->bytes, raw);
        all += raw;
      }
    }
    variants.push_back({"variant-adaptive", stream.Finish(), all, {}, {}});
  }
  // A minor version to come, with a field after the known ones and a flag that may be ignored; no
  // index; a period of constants that the encoder does not look for.
  {
    Header header = PlainHeader();
    header.minor = 7;
    header.flags = format::kFlagNoIndex | 0x40;
    std::string made;
    AppendHeader(header, &made);
    // fields: length at byte 11, then as written; one more byte.
    std::string with_more = made.substr(0, made.size() - format::kChecksumBytes) + "?";
    ++with_more[format::kFixedHeaderBytes];
    AppendLE(Checksum(AsBytes(with_more)), &with_more);
    StreamBuilder stream(header);
    stream.Add(format::Mode::kConstant, 0, 0, "abc", "abcabcabcab");
    stream.Add(format::Mode::kStored, 0, 0, "stored", "stored");
    const std::string coded = stream.Finish();
    variants.push_back(
        {"variant-minor-7", with_more + coded.substr(made.size()), "abcabcabcabstored", {}, {}});
  }
  // Two streams, one after the other.
  {
    EncodeOptions options;
    options.block_bytes = 1000;
    const auto a = Encode({}, {}, AsBytes(text), options);
    options.model = Model::kAdaptive;
    const auto b = Encode({}, {}, AsBytes(text.substr(0, 999)), options);
    if (!a.ok() || !b.ok()) return {};
    variants.push_back({"variant-two-streams", *a + *b, text + text.substr(0, 999)});
    // And compact ones among others, one of them empty.
    const auto c = Encode({}, {}, AsBytes("short"), {});
    const auto d = Encode({}, {}, AsBytes(""), {});
    if (!c.ok() || !d.ok()) return {};
    variants.push_back({"variant-compact-among-others", *c + *a + *d + *b + *c,
                        "short" + text + text.substr(0, 999) + "short"});
    // An excerpt: raw bytes 1000 to 2999.
    const auto excerpt = MakeExcerpt(
        {}, a->size(),
        [&](uint64_t at, MutableByteView out) {
          std::memcpy(out.data(), a->data() + at, out.size());
          return absl::OkStatus();
        },
        ByteRange{1500, 1000});
    if (!excerpt.ok()) return {};
    variants.push_back({"variant-excerpt", *excerpt, text.substr(1000, 2000), {}, {}});
  }
  // Tables by value and by id in one header, one of them twice; a stored and a constant block
  // between those that look at the table index.
  {
    GoldenCase c;
    AddIndexedBytes(3000, &c);
    const TablePtr& by_id = c.options.tables[1];
    const std::vector<TableRef> tables = {
        {TableId(c.options.tables[0]), false, c.options.tables[0]},
        {TableId(by_id), true, by_id},
        {TableId(c.options.tables[2]), false, c.options.tables[2]},
        {TableId(by_id), true, by_id}};
    for (size_t i = 0; i < c.table_index.size(); i += 2) {
      if (c.table_index[i] == 1) c.table_index[i] = 3;
    }
    Header header = PlainHeader(Model::kTable);
    AppendTableParams(tables, &header.params);
    StreamBuilder stream(header);
    size_t at = 0;
    for (const size_t bytes : {1100u, 250u, 50u, 1600u}) {
      const std::string raw = bytes == 250 ? std::string(250, '(') : c.raw.substr(at, bytes);
      c.raw.replace(at, bytes, raw);
      if (bytes == 50) {
        stream.Add(format::Mode::kStored, 0, 0, raw, raw);
      } else if (bytes == 250) {
        stream.Add(format::Mode::kConstant, 0, 0, "(", raw);
      } else {
        const TableIndex index{AsBytes(c.table_index).subspan(at, bytes), at};
        const auto ranks = IndexedRanksOf(tables, index, AsBytes(raw), Element{}, at, {});
        if (!ranks.ok()) return {};
        const auto payload = EncodeIndexed(tables, index, *ranks, bytes, {});
        if (!payload.ok() || !payload->fits) return {};
        stream.Add(format::Mode::kModel, static_cast<uint8_t>(Model::kTable),
                   format::kIndexedTables, payload->bytes, raw);
      }
      at += bytes;
    }
    variants.push_back({"variant-tables", stream.Finish(), c.raw, {by_id}, c.table_index});
  }
  AddStaticVariants(&variants);
  AddTableVariants(&variants);
  if (!AddAdaptiveVariants(&variants) || !AddCompactVariants(&variants) ||
      !AddContainerVariants(&variants)) {
    return {};
  }
  return variants;
}

}  // namespace trine::coding
