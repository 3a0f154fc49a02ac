// The golden streams: inputs made by rule, coded with every model and option. The committed files
// are decoded for ever; that the encoder still gives the same bytes is checked too, and may change
// by intent only (then coding_golden_make writes them anew, under new names if the old ones are of
// an older format).
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "core/coding/coding.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {

struct GoldenCase {
  std::string name;
  Content content;
  std::string raw;
  EncodeOptions options;  // without `table_index`
  std::string table_index;

  EncodeOptions encode_options() const {
    EncodeOptions out = options;
    out.table_index = AsBytes(table_index);
    return out;
  }
  DecodeOptions decode_options() const {
    DecodeOptions out;
    if (options.tables_by_id) out.tables = options.tables;
    out.table_index = AsBytes(table_index);
    return out;
  }
};

// 16-bit noise of a fixed linear congruential generator (Knuth, MMIX): no library may change it.
class Lcg {
 public:
  explicit Lcg(uint64_t seed) : state_(seed) {}
  uint32_t Next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state_ >> 33);
  }

 private:
  uint64_t state_;
};

inline std::string GoldenText(size_t n) {
  static const char* const kWords[] = {"a ", "range ", "coder ", "narrows ", "the ", "interval. "};
  Lcg random(1);
  std::string out;
  while (out.size() < n) out += kWords[random.Next() % 6];
  out.resize(n);
  return out;
}

inline std::string GoldenSkewed(size_t n) {
  Lcg random(2);
  std::string out;
  while (out.size() < n) {
    const uint32_t r = random.Next();
    out.push_back(static_cast<char>((r & 0xFF) * ((r >> 8) & 0xFF) / 512));
  }
  return out;
}

inline std::string GoldenNoise(size_t n) {
  Lcg random(3);
  std::string out;
  while (out.size() < n) out.push_back(static_cast<char>(random.Next() >> 8));
  return out;
}

// Bytes about `center`, the less probable the farther away: 2^-(distance / 2^spread).
inline ProbabilityTable PeakTable(uint32_t center, uint32_t spread) {
  ProbabilityTable table;
  table.kind = SymbolKind::kBytes;
  for (uint32_t b = 0; b < 256; ++b) {
    const uint32_t distance = b > center ? b - center : center - b;
    table.integers.push_back(b);
    table.counts.push_back(300 + (uint64_t{1} << 20 >> std::min(distance >> spread, 20u)));
  }
  return table;
}

// Three of them, of differing totals, and a message that each codes a third of.
inline void AddIndexedBytes(size_t n, GoldenCase* c) {
  const uint32_t spreads[] = {0, 2, 5};
  for (const uint32_t spread : spreads) {
    c->options.tables.push_back(MakeTable(PeakTable(40 + 60 * spread / 2, spread), {}).value());
  }
  Lcg random(6);
  for (size_t i = 0; i < n; ++i) {
    const uint32_t t = random.Next() % 3;
    const uint32_t noise = random.Next();
    const uint32_t away = (noise & 7) * (noise >> 3 & 7) / 8 << spreads[t];
    c->table_index.push_back(static_cast<char>(t));
    c->raw.push_back(static_cast<char>(40 + 60 * spreads[t] / 2 + away % 100));
  }
}

// Two tables of three integers, by id, the first one of `counts` of 300, 7 and 65535; a message
// with no 7 of the first one.
inline void AddIndexedIntegers(const std::vector<uint64_t>& counts, uint64_t seed, GoldenCase* c) {
  for (const std::vector<uint64_t>& of : {counts, {9000000, 9000000, 4500000}}) {
    ProbabilityTable table;
    table.kind = SymbolKind::kIntegers;
    table.integers = {300, 7, 65535};
    table.counts = of;
    c->options.tables.push_back(MakeTable(table, {}).value());
  }
  c->options.tables_by_id = true;
  Lcg random(seed);
  for (int i = 0; i < 1500; ++i) {
    const uint32_t r = random.Next();
    const uint32_t t = (r >> 4) % 2;
    const uint32_t v = (r & 3) == 0 ? 65535 : (r & 3) == 1 && t == 1 ? 7 : 300;
    c->table_index.push_back(static_cast<char>(t));
    c->raw.push_back(static_cast<char>(v & 0xFF));
    c->raw.push_back(static_cast<char>(v >> 8));
  }
  c->content.kind = ContentKind::kTensor;
  c->content.dtype = DType::kUint16;
  c->content.shape = {1500};
}

// 1000 of `values`, the middle ones the most frequent, as elements of `dtype`.
inline void AddSigned(const std::vector<int64_t>& values, DType dtype, uint64_t seed,
                      GoldenCase* c) {
  ProbabilityTable table;
  table.kind = SymbolKind::kSigned;
  table.signed_integers = values;
  const size_t n = values.size();
  for (size_t i = 0; i < n; ++i) table.counts.push_back(1 + std::min(i, n - 1 - i));
  Lcg random(seed);
  for (int i = 0; i < 1000; ++i) {
    const size_t at = (random.Next() % n + random.Next() % n) / 2;
    for (size_t b = 0; b < DTypeSize(dtype); ++b) {
      c->raw.push_back(static_cast<char>(static_cast<uint64_t>(values[at]) >> (8 * b)));
    }
  }
  c->content.kind = ContentKind::kTensor;
  c->content.dtype = dtype;
  c->content.shape = {1000};
  c->options.table = std::move(table);
}

inline std::vector<GoldenCase> GoldenCases() {
  std::vector<GoldenCase> cases;
  const auto add = [&](std::string name, std::string raw, Model model,
                       std::optional<int> order = {}, uint64_t block_bytes = 0) -> GoldenCase& {
    cases.push_back({std::move(name), {}, std::move(raw), {}, {}});
    cases.back().options.model = model;
    cases.back().options.order = order;
    cases.back().options.block_bytes = block_bytes;
    return cases.back();
  };
  add("empty", "", Model::kAuto);
  add("stored-1-byte", "x", Model::kStatic);
  add("compact-adaptive", GoldenText(900), Model::kAdaptive, 2);
  add("compact-static", GoldenSkewed(4096), Model::kStatic);
  add("compact-constant", "ababababab", Model::kAuto);
  add("constant-1", std::string(3000, 'z'), Model::kAuto);
  std::string eight;
  while (eight.size() < 2003) eight += "12345678";
  add("constant-8", eight.substr(0, 2003), Model::kAdaptive);
  add("stored-noise", GoldenNoise(1200), Model::kAdaptive, 2, 512);
  add("static-small", GoldenSkewed(700), Model::kStatic);
  add("static-blocks", GoldenText(5000), Model::kStatic, {}, 1500);
  add("static-lanes", GoldenSkewed(150000), Model::kStatic);
  // So skewed that totals of 2^14 pay.
  std::string rare = std::string(60000, 'a');
  for (size_t i = 0; i < rare.size(); i += 977) rare[i] = static_cast<char>('b' + i % 20);
  add("static-fine", rare, Model::kStatic);
  // Pairs: contexts with one symbol, with few and with many; a rest after the lanes' stretches.
  add("static-1-small", GoldenText(1501), Model::kStatic, 1);
  add("static-1-lanes", GoldenText(40000) + GoldenSkewed(50003) + std::string(3000, '\0'),
      Model::kStatic, 1);
  add("adaptive-0-drifting", GoldenText(20000) + GoldenSkewed(20001), Model::kAdaptive, 0);
  for (int order : {0, 1, 2}) {
    const std::string suffix = std::to_string(order);
    add("adaptive-" + suffix + "-small", GoldenText(500), Model::kAdaptive, order);
    add("adaptive-" + suffix + "-lanes", GoldenText(14000) + GoldenSkewed(6001), Model::kAdaptive,
        order);
  }
  add("auto-blocks", GoldenText(9000) + GoldenNoise(3000) + GoldenSkewed(9000), Model::kAuto, {},
      3000);
  {
    GoldenCase& c = add("table-bytes", GoldenSkewed(9000), Model::kTable);
    c.options.table = ByteTable();
  }
  {
    GoldenCase& c = add("table-text", "", Model::kTable, {}, 300);
    ProbabilityTable table;
    table.text = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8E\xB5", " "};
    table.probabilities = {"0.5", "1/8", "1.25e-1", "0.0625", "0.1875"};
    Lcg random(4);
    for (int i = 0; i < 700; ++i) c.raw += table.text[std::min<uint32_t>(random.Next() % 9, 4)];
    c.options.table = std::move(table);
  }
  {
    // Probabilities that need the wide coder.
    GoldenCase& c = add("table-integers", "", Model::kTable);
    ProbabilityTable table;
    table.kind = SymbolKind::kIntegers;
    Lcg random(5);
    for (uint32_t v = 0; v < 4200; ++v) {
      table.integers.push_back(v * 15 + v % 7);
      table.weights.push_back(v == 0 ? 0.5 : 0.5 / 4199);
    }
    for (int i = 0; i < 3000; ++i) {
      const uint32_t r = random.Next();
      const uint64_t v = (r & 1) != 0 ? 0 : table.integers[(r >> 1) % 4200];
      c.raw.push_back(static_cast<char>(v & 0xFF));
      c.raw.push_back(static_cast<char>(v >> 8));
    }
    c.content.kind = ContentKind::kTensor;
    c.content.dtype = DType::kUint16;
    c.content.shape = {30, 100};
    c.options.table = std::move(table);
  }
  AddSigned({-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5}, DType::kInt16, 10,
            &add("table-signed", "", Model::kTable, {}, 1500));
  AddSigned({std::numeric_limits<int64_t>::min(), -(int64_t{1} << 40), -1, 0, 300, int64_t{1} << 33,
             std::numeric_limits<int64_t>::max()},
            DType::kInt64, 11, &add("table-signed-long", "", Model::kTable));
  {
    GoldenCase& c = add("table-by-id", GoldenText(4000), Model::kTable, {}, 1500);
    c.options.tables = {MakeTable(PeakTable('i', 1), {}).value()};
    c.options.tables_by_id = true;
  }
  AddIndexedBytes(20000, &add("tables-bytes", "", Model::kTable, {}, 8000));
  {
    // The rare 7 of the first one has a frequency of 1 of 2^12; the stream names them by their ids.
    GoldenCase& c = add("tables-integers", "", Model::kTable, {}, 1001);
    AddIndexedIntegers({9000000, 1, 4500000}, 7, &c);
  }
  {
    // 300 is so much the likeliest that the first table's total is 2^24, which is wide; so all
    // lanes are, also where the second, narrow one codes.
    AddIndexedIntegers({uint64_t{1} << 40, 1, 1}, 9, &add("tables-mixed", "", Model::kTable));
  }
  {
    GoldenCase& c = add("tensor-float", GoldenText(240), Model::kAdaptive, 0);
    c.content.kind = ContentKind::kTensor;
    c.content.dtype = DType::kFloat32;
    c.content.shape = {2, 5, 6};
  }
  {
    GoldenCase& c = add("image-rgb", GoldenSkewed(20 * 30 * 3), Model::kAuto);
    c.content.kind = ContentKind::kImage;
    c.content.shape = {20, 30, 3};
  }
  {
    GoldenCase& c = add("bits", GoldenSkewed(17 * 5), Model::kStatic);
    c.content.kind = ContentKind::kBits;
    c.content.shape = {17, 37};
  }
  {
    // Three pages of numbers of a palette with alpha.
    GoldenCase& c = add("picture-palette", "", Model::kAuto);
    for (const char s : GoldenSkewed(3 * 11 * 14)) c.raw.push_back(static_cast<char>(s & 3));
    c.content.kind = ContentKind::kPicture;
    c.content.shape = {3, 11, 14};
    c.content.form = {PictureColor::kPalette, 2, 4, GoldenNoise(16)};
  }
  {
    GoldenCase& c = add("picture-rgba", GoldenSkewed(9 * 13 * 4 * 2), Model::kAdaptive, 1);
    c.content.kind = ContentKind::kPicture;
    c.content.dtype = DType::kUint16;
    c.content.shape = {9, 13, 4};
    c.content.form = {PictureColor::kRgba, 16, 0, ""};
  }
  return cases;
}

}  // namespace trine::coding
