// Headers, heads and compact streams of every kind of content, and what surrounds blocks.
#pragma once

#include <string>
#include <vector>

#include "core/coding/container/checksum.h"
#include "core/coding/models/adaptive/adaptive_model.h"
#include "tests/core/coding/golden/golden_builder.h"
#include "tests/core/coding/golden/golden_variants_static.h"
#include "tests/core/coding/golden/golden_variants_table.h"

namespace trine::coding {

struct GoldenContent {
  Content content;
  std::string coded;
  std::string raw;
};

// A stored stream of noise of that content, compact or in full.
inline GoldenContent StoredContent(const Content& content, bool compact) {
  GoldenContent c{content, "", ""};
  const uint64_t bytes = *ContentBytes(c.content);
  c.raw = GoldenNoise(static_cast<size_t>(bytes));
  if (compact) {
    BlockHead block;
    block.raw_bytes = block.coded_bytes = bytes;
    block.checksum = Checksum(AsBytes(c.raw));
    Header header;
    header.content = c.content;
    AppendCompact(header, block, &c.coded);
    c.coded += c.raw;
    return c;
  }
  Header header = PlainHeader();
  header.content = c.content;
  header.raw_bytes = bytes;
  StreamBuilder stream(header);
  if (bytes != 0) stream.Add(format::Mode::kStored, 0, 0, c.raw, c.raw);
  c.coded = stream.Finish();
  return c;
}

// A stream for each dtype and each rank, compact and in full.
inline std::vector<GoldenContent> GoldenContents() {
  std::vector<GoldenContent> out;
  const auto add = [&](ContentKind kind, DType dtype, Shape shape) {
    out.push_back(StoredContent({kind, dtype, std::move(shape)}, out.size() % 2 == 0));
  };
  for (int dtype = kMinDType; dtype <= kMaxDType; ++dtype) {
    Shape shape;
    for (int k = 0; k < dtype % 9; ++k)
      shape.push_back(k % 3 == 1 ? 2 : k % 3 == 2 ? 1 : 3 - k / 3);
    add(ContentKind::kTensor, static_cast<DType>(dtype), shape);
  }
  // Rank 0 and 8 in the other form each; nothing at all.
  add(ContentKind::kTensor, DType::kInt16, {});
  add(ContentKind::kTensor, DType::kFloat64, {});
  add(ContentKind::kTensor, DType::kUint8, {1, 2, 1, 2, 1, 1, 3, 1});
  add(ContentKind::kTensor, DType::kBfloat16, {1, 2, 1, 1, 1, 1, 3, 1});
  add(ContentKind::kTensor, DType::kFloat32, {3, 0, 5});
  add(ContentKind::kTensor, DType::kFloat32, {int64_t{1} << 40, 0, int64_t{1} << 61});
  add(ContentKind::kImage, DType::kUint8, {3, 5});
  add(ContentKind::kImage, DType::kUint16, {2, 3, 4});
  add(ContentKind::kBits, DType::kUint8, {3, 17});
  add(ContentKind::kBits, DType::kBool, {2, 8});
  add(ContentKind::kBits, DType::kUint8, {0, 9});
  add(ContentKind::kBits, DType::kUint8, {9, 0});
  return out;
}

// A stream for each colour of a picture with each depth and table that it may have, both forms of
// stream, with pages and without.
inline std::vector<GoldenContent> GoldenPictures() {
  std::vector<GoldenContent> out;
  const auto add = [&](PictureColor color, DType dtype, int depth, int entry_bytes,
                       size_t entries) {
    const std::string table = GoldenNoise(entries * static_cast<size_t>(entry_bytes));
    for (const bool stack : {false, true}) {
      Shape shape = {3, 5};
      if (stack) shape.insert(shape.begin(), 2);
      if (PictureChannels(color) > 1) shape.push_back(PictureChannels(color));
      const PictureForm form = {color, depth, entry_bytes, table};
      out.push_back(StoredContent({ContentKind::kPicture, dtype, std::move(shape), form},
                                  (out.size() + out.size() / 2) % 2 == 0));
    }
  };
  for (int color = kMinPictureColor; color <= kMaxPictureColor; ++color) {
    const auto c = static_cast<PictureColor>(color);
    if (c == PictureColor::kPalette) continue;
    for (int depth = 1; depth <= 16; ++depth) {
      add(c, depth <= 8 ? DType::kUint8 : DType::kUint16, depth, 0, 0);
    }
    add(c, DType::kInt8, 8, 0, 0);
    add(c, DType::kFloat16, 16, 0, 0);
    add(c, DType::kFloat32, 32, 0, 0);
    add(c, DType::kInt64, 64, 0, 0);
  }
  for (const int depth : {1, 4, 16}) {
    const DType dtype = depth <= 8 ? DType::kUint8 : DType::kUint16;
    add(PictureColor::kGray, dtype, depth, 2, 1);
    add(PictureColor::kRgb, dtype, depth, 6, 1);
  }
  for (const int depth : {1, 2, 3, 4, 8}) {
    for (const int entry_bytes : {3, 4, 6}) {
      add(PictureColor::kPalette, DType::kUint8, depth, entry_bytes, 1);
      add(PictureColor::kPalette, DType::kUint8, depth, entry_bytes, size_t{1} << depth);
    }
  }
  return out;
}

// Compact streams one after the other, of every model that Encode writes so.
inline bool AddCompactVariants(std::vector<GoldenVariant>* variants) {
  const std::string text = GoldenText(3000);
  GoldenVariant models{"variant-compact-models", "", "", {}, ""};
  GoldenVariant tables{"variant-compact-tables", "", "", {}, ""};
  const auto add = [](GoldenVariant* to, const Content& content, const std::string& raw,
                      const EncodeOptions& options, const std::string& mode) {
    const auto coded = Encode({}, content, AsBytes(raw), options);
    if (!coded.ok()) return false;
    const auto info = Inspect({}, AsBytes(*coded));
    if (!info.ok() || !info->is_compact || info->blocks[0].mode != mode) return false;
    to->Append(*coded, raw);
    to->table_index += AsString(options.table_index);
    return true;
  };
  for (const auto& [model, order, mode] : {std::tuple{Model::kStatic, 0, "static"},
                                           {Model::kStatic, 1, "static-1"},
                                           {Model::kAdaptive, 0, "adaptive-0"},
                                           {Model::kAdaptive, 1, "adaptive-1"},
                                           {Model::kAdaptive, 2, "adaptive-2"}}) {
    EncodeOptions options;
    options.model = model;
    options.order = order;
    const Content image{ContentKind::kImage, DType::kUint8, {20, 15, 3}};
    const Content bits{ContentKind::kBits, DType::kUint8, {75, 96}};
    const Content tensor{ContentKind::kTensor, DType::kInt16, {2, 225}};
    if (!add(&models, {}, text.substr(0, 1700), options, mode)) return false;
    for (const Content& content : {image, bits, tensor}) {
      if (!add(&models, content, text.substr(100, 900), options, mode)) return false;
    }
  }
  // By value, by id, and several, with the table index in two parts.
  for (const bool by_id : {false, true}) {
    EncodeOptions one;
    one.model = Model::kTable;
    ProbabilityTable table;
    table.kind = SymbolKind::kBytes;
    const Histogram counts = CountsOf(text);
    for (uint64_t b = 0; b < 256; ++b) {
      if (counts[b] == 0) continue;
      table.integers.push_back(b);
      table.counts.push_back(counts[b] + (by_id ? 5 : 0));
    }
    one.tables_by_id = by_id;
    one.tables = {MakeTable(table, {}).value()};
    if (!add(&tables, {}, text.substr(0, 800), one, "table")) return false;
    GoldenCase several;
    AddIndexedBytes(by_id ? 700 : 900, &several);
    several.options.model = Model::kTable;
    several.options.tables_by_id = by_id;
    const EncodeOptions options = several.encode_options();
    if (!add(&tables, {}, several.raw, options, "table")) return false;
    if (!by_id) continue;
    tables.tables = options.tables;
    tables.tables.push_back(one.tables[0]);
  }
  GoldenVariant contents{"variant-contents", "", "", {}, ""};
  for (const GoldenContent& c : GoldenContents()) contents.Append(c.coded, c.raw);
  variants->push_back(std::move(models));
  variants->push_back(std::move(tables));
  variants->push_back(std::move(contents));
  GoldenVariant pictures{"variant-pictures", "", "", {}, ""};
  for (const GoldenContent& c : GoldenPictures()) pictures.Append(c.coded, c.raw);
  variants->push_back(std::move(pictures));
  return true;
}

inline bool AddContainerVariants(std::vector<GoldenVariant>* variants) {
  const std::string text = GoldenText(9000);
  {
    // Streams of no bytes in full: with their length and without, without an index.
    GoldenVariant v{"variant-empty", "", "", {}, ""};
    Header header = PlainHeader(Model::kAdaptive);
    v.Append(StreamBuilder(header).Finish(), "");
    header.raw_bytes = 0;
    v.Append(StreamBuilder(header).Finish(), "");
    header.flags = format::kFlagNoIndex;
    v.Append(StreamBuilder(header).Finish(), "");
    variants->push_back(std::move(v));
  }
  {
    // All periods, each repeated not at all, in part and often.
    StreamBuilder stream(PlainHeader());
    const std::string noise = GoldenNoise(16);
    std::string all;
    for (size_t period = 1; period <= 16; ++period) {
      for (const size_t n : {period, period + 1, 5 * period + 3, 300 + period}) {
        std::string raw;
        while (raw.size() < n) raw += noise.substr(0, period);
        raw.resize(n);
        stream.Add(format::Mode::kConstant, 0, 0, noise.substr(0, period), raw);
        all += raw;
      }
    }
    variants->push_back({"variant-constants", stream.Finish(), all, {}, {}});
  }
  {
    // Blocks of all models in one stream of tables: without an index, and an excerpt of it with
    // gaps, at its front too.
    const PlainDictionary table =
        MakePlainDictionary(SymbolKind::kBytes, 12, ValuesFrom('a', 2, 13));
    Header header = PlainHeader(Model::kTable);
    AppendTableParams({table.ref}, &header.params);
    Header no_index = header;
    no_index.flags = format::kFlagNoIndex;
    StreamBuilder whole(header), without(no_index);
    std::string all;
    std::vector<std::string> raws;
    Lcg random(61);
    const auto add = [&](format::Mode mode, Model model, int variant, const std::string& payload,
                         const std::string& raw) {
      const bool modelled = mode == format::Mode::kModel;
      for (StreamBuilder* stream : {&whole, &without}) {
        stream->Add(mode, modelled ? static_cast<uint8_t>(model) : 0, static_cast<uint8_t>(variant),
                    payload, raw);
      }
      raws.push_back(raw);
      all += raw;
    };
    for (int round = 0; round < 2; ++round) {
      const auto at = static_cast<size_t>(round) * 1000;
      std::vector<uint32_t> values;
      std::string symbols;
      for (int i = 0; i < 200; ++i) {
        values.push_back(DrawSymbol(table, random));
        symbols.push_back(static_cast<char>(values.back()));
      }
      add(format::Mode::kModel, Model::kTable, 0, PlainTablePayload({table}, "", values, round),
          symbols);
      const std::string order0 = text.substr(at, 700), order1 = text.substr(at + 700, 1100);
      add(format::Mode::kModel, Model::kStatic, 0, PlainStatic(order0, order0, 2, 10), order0);
      add(format::Mode::kConstant, Model::kStatic, 0, "xyz", "xyzxyzxyzxy");
      add(format::Mode::kModel, Model::kStatic, 1,
          PlainStaticPairs(order1, 1, PairTotals::kFitted, ""), order1);
      add(format::Mode::kStored, Model::kStatic, 0, "stored", "stored");
      AdaptiveParams params;
      params.order = round + 1;
      const std::string learned = text.substr(at + 2000, 900);
      const auto adaptive = EncodeAdaptive(AsBytes(learned), params, DefaultLimits(), {});
      if (!adaptive.ok() || !adaptive->fits) return false;
      add(format::Mode::kModel, Model::kAdaptive, params.order, adaptive->bytes, learned);
    }
    variants->push_back({"variant-no-index", without.Finish(), all, {}, {}});
    const std::vector<size_t> kept = {1, 2, 3, 6, 7, 11};
    std::string of_kept;
    for (const size_t number : kept) of_kept += raws[number];
    variants->push_back({"variant-excerpt-gaps", whole.Excerpt(kept), of_kept, {}, {}});
  }
  return true;
}

}  // namespace trine::coding
