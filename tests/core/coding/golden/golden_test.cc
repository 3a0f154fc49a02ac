// The committed golden streams: decoded to what they always meant, and encoded to the same bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <set>
#include <sstream>

#include "core/coding/coder/nibble_model.h"
#include "core/coding/container/checksum.h"
#include "core/coding/models/table/dictionary.h"
#include "tests/core/coding/golden/golden_cases.h"
#include "tests/core/coding/golden/golden_files.h"
#include "tests/core/coding/golden/golden_variants.h"

namespace trine::coding {
namespace {

const std::filesystem::path kFolder = TRINE_GOLDEN_CODING;

TEST(Golden, EveryStreamDecodes) {
  const std::vector<GoldenFile> files = ReadGoldenFiles(kFolder);
  EXPECT_GE(files.size(), GoldenCases().size() + GoldenVariants().size());
  for (const GoldenFile& file : files) {
    SCOPED_TRACE(file.name());
    const auto raw = DecodeAll(file);
    ASSERT_TRUE(raw.ok()) << raw.status();
    EXPECT_EQ(HashLine(AsBytes(*raw)), file.hash_line());
  }
}

TEST(Golden, TheEncoderStillGivesTheSameBytes) {
  std::set<std::string> modes;
  for (const GoldenCase& c : GoldenCases()) {
    SCOPED_TRACE(c.name);
    const auto coded = Encode({}, c.content, AsBytes(c.raw), c.encode_options());
    ASSERT_TRUE(coded.ok()) << coded.status();
    EXPECT_TRUE(*coded == ReadFile(kFolder / (c.name + ".trn")));
    const auto decoded = Decode({}, AsBytes(*coded), c.decode_options());
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(AsString(decoded->data) == c.raw);
    EXPECT_EQ(decoded->content.kind, c.content.kind);
    if (c.content.kind != ContentKind::kBytes) {
      EXPECT_EQ(decoded->content.shape, c.content.shape);
    }
    EXPECT_TRUE(decoded->content.form == c.content.form);
    const auto info = Inspect({}, AsBytes(*coded));
    ASSERT_TRUE(info.ok());
    for (const BlockInfo& block : info->blocks) modes.insert(block.mode);
  }
  EXPECT_EQ(modes, (std::set<std::string>{"stored", "constant", "static", "static-1", "adaptive-0",
                                          "adaptive-1", "adaptive-2", "table"}));
}

// The bytes of the next block of code after `from` in a page, which moves on: two hex digits a
// byte, two spaces in front of a line's remark.
std::string BytesOfCode(const std::string& page, size_t* from) {
  const size_t begin = page.find("```\n", *from) + 4;
  const size_t end = page.find("```", begin);
  *from = end + 3;
  std::istringstream lines(page.substr(begin, end - begin));
  std::string bytes, line;
  while (std::getline(lines, line)) {
    line.erase(0, line.find_first_not_of(' '));
    std::istringstream words(line.substr(0, line.find("  ")));
    std::string word;
    while (words >> word) bytes.push_back(static_cast<char>(std::stoi(word, nullptr, 16)));
  }
  return bytes;
}

// A lane that is decoded by FORMAT.md's steps and says what it does, as the page's tables do.
class TracedLane {
 public:
  TracedLane(const std::string& bytes, size_t at) : bytes_(bytes), at_(at + 4) {
    code = LoadLE<uint32_t>(AsBytes(bytes).data() + at);
  }
  // The end of the table's row of this step: from "code, range before" on, with `more` after it.
  std::string Take(uint32_t offset, uint32_t width, const std::string& more = "") {
    char row[200];
    const uint32_t code_before = code, range_before = range;
    code -= offset;
    range = width;
    std::string word;
    if (range >> 16 == 0) {
      char hex[8];
      const auto next = LoadLE<uint16_t>(AsBytes(bytes_).data() + at_);
      std::snprintf(hex, sizeof(hex), " %04X", static_cast<unsigned>(next));
      word = hex;
      code = code << 16 | next;
      range <<= 16;
      at_ += 2;
    }
    std::snprintf(row, sizeof(row), " | %08X %08X |%s %08X %08X |%s | %08X %08X |\n", code_before,
                  range_before, more.c_str(), offset, width, word.c_str(), code, range);
    return row;
  }
  size_t at() const { return at_; }

  uint32_t code;
  uint32_t range = ~0u;

 private:
  const std::string& bytes_;
  size_t at_;
};

void ExpectOnPage(const std::string& page, const std::string& text) {
  EXPECT_NE(page.find(text), std::string::npos) << text;
}

// The example of STATIC: decodes it by the page's rules, and finds the steps that the page shows.
void CheckStaticExample(const std::string& page, const std::string& payload,
                        const std::string& raw) {
  TracedLane table(payload, 1);
  std::array<NibbleModel, 16> models;
  models.fill(kUniformNibble);
  std::array<uint32_t, 256> freqs{};
  uint32_t left = 256, context = 0;
  for (uint32_t value = 0; left > 0 && value < 256; ++value) {
    NibbleModel& model = models[context];
    const auto end_of = [&](uint32_t s) {
      return static_cast<uint32_t>((uint64_t{table.range} * model.End(s)) >> 16);
    };
    uint32_t n = 0;
    while (table.code >= end_of(n)) ++n;
    const uint32_t offset = n == 0 ? 0 : end_of(n - 1);
    const std::string row = "| " + std::to_string(value) + " | nibble " + std::to_string(n) +
                            " by models[" + std::to_string(context) + "]" +
                            table.Take(offset, end_of(n) - offset);
    if (value == 0 || n != 0) ExpectOnPage(page, row);
    const NibbleModel before = model;
    scalar::Update(model, n, 2048);
    if (context == 8) {  // the update that is shown
      EXPECT_EQ(before.cdf, kUniformNibble.cdf);
      EXPECT_EQ(n, 5u);
      std::string numbers = "cdf[1..15] =";
      for (size_t i = 1; i < 16; ++i) numbers += " " + std::to_string(model.cdf[i]);
      ExpectOnPage(page, numbers + "\n");
      ExpectOnPage(page, "16384) >> 15) = 20480 - 8188 = " + std::to_string(model.cdf[5]) + "\n");
      ExpectOnPage(page, "16384) >> 15) = 24576 + 16376 = " + std::to_string(model.cdf[6]) + "\n");
      ExpectOnPage(page, "16384) >> 15) = 26214 - 10588 = " + std::to_string(model.cdf[0]) + "\n");
    }
    freqs[value] = n == 0 ? 0 : 1u << (n - 1);
    if (n > 1) {
      const uint32_t r = table.range >> (n - 1);
      const uint32_t v = table.code / r;
      ExpectOnPage(page, "| | " + std::to_string(n - 1) + " bits: " + std::to_string(v) +
                             table.Take(r * v, r));
      freqs[value] += v;
    }
    left -= freqs[value];
    context = n;
  }
  EXPECT_EQ(left, 0u);
  EXPECT_EQ(table.code, 0u);
  EXPECT_EQ(freqs['a'], 232u);
  EXPECT_EQ(freqs['b'], 16u);
  EXPECT_EQ(freqs['c'], 8u);

  TracedLane lane(payload, table.at());
  std::string decoded;
  for (size_t i = 0; i < raw.size(); ++i) {
    const uint32_t r = lane.range >> 8;
    const uint32_t slot = std::min(lane.code / r, 255u);
    const char symbol = slot < 16 ? 'b' : slot < 24 ? 'c' : 'a';
    const uint32_t offset = symbol == 'b' ? 0 : symbol == 'c' ? r * 16 : r * 24;
    const uint32_t width = symbol == 'a' ? lane.range - offset : r * (symbol == 'b' ? 16 : 8);
    char more[40];
    std::snprintf(more, sizeof(more), " %08X | %u |", r, slot);
    const size_t at_before = lane.at();
    const std::string row =
        "| " + std::to_string(i) + ", " + symbol + lane.Take(offset, width, more);
    if (i == 0 || lane.at() != at_before) ExpectOnPage(page, row);
    decoded.push_back(symbol);
  }
  EXPECT_EQ(decoded, raw);
  EXPECT_EQ(lane.code, 0u);
  EXPECT_EQ(lane.at(), payload.size());
}

// The worked examples of FORMAT.md, byte for byte.
TEST(Golden, TheSpecificationsExamplesAreTrue) {
  const std::string page = ReadFile(TRINE_FORMAT_MD);
  for (const std::string& text : {std::string(), std::string("abab")}) {
    char vector[60];
    std::snprintf(vector, sizeof(vector), "xxh3(\"%s\") = %016llX", text.c_str(),
                  static_cast<unsigned long long>(Checksum(AsBytes(text))));
    ExpectOnPage(page, vector);
  }
  size_t at = page.find("## Examples");
  ASSERT_NE(at, std::string::npos);
  const auto coded = Encode({}, {}, AsBytes("abab"), {});
  ASSERT_TRUE(coded.ok());
  EXPECT_EQ(testing::PrintToString(BytesOfCode(page, &at)), testing::PrintToString(*coded));
  Header header = PlainHeader();
  header.block_bytes = 256;
  StreamBuilder stream(header);
  stream.Add(format::Mode::kConstant, 0, 0, "ab", "abab");
  const std::string whole = stream.Finish();
  EXPECT_EQ(testing::PrintToString(BytesOfCode(page, &at)), testing::PrintToString(whole));
  const auto decoded = Decode({}, AsBytes(whole));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(AsString(decoded->data), "abab");

  const std::string skewed = "aaaaabaaaaaaaacaaaaaabaaaaaaaaaa";
  ExpectOnPage(page, "The 32 bytes `" + skewed + "`");
  const std::string example = BytesOfCode(page, &at);
  EncodeOptions options;
  options.model = Model::kStatic;
  const auto by_static = Encode({}, {}, AsBytes(skewed), options);
  ASSERT_TRUE(by_static.ok());
  EXPECT_EQ(testing::PrintToString(example), testing::PrintToString(*by_static));
  const auto again = Decode({}, AsBytes(example));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(AsString(again->data), skewed);
  ASSERT_GT(example.size(), 15u);
  CheckStaticExample(page, example.substr(example.size() - 15), skewed);
}

TEST(Golden, VariantsAreWhatTheBuilderMakes) {
  const auto variants = GoldenVariants();
  EXPECT_EQ(variants.size(), 22u);
  for (const GoldenVariant& v : variants) {
    EXPECT_TRUE(v.coded == ReadFile(kFolder / (v.name + ".trn"))) << v.name;
    EXPECT_EQ(HashLine(AsBytes(v.raw)), ReadFile(kFolder / (v.name + ".xxh3"))) << v.name;
  }
}

// What the variants of contents hold, stream by stream.
void ExpectGivenBack(const std::vector<GoldenContent>& contents, const std::string& name) {
  std::string whole;
  for (const GoldenContent& c : contents) {
    const auto decoded = Decode({}, AsBytes(c.coded));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(AsString(decoded->data) == c.raw);
    EXPECT_EQ(decoded->content.kind, c.content.kind);
    EXPECT_EQ(decoded->content.dtype, c.content.dtype);
    EXPECT_EQ(decoded->content.shape, c.content.shape);
    EXPECT_TRUE(decoded->content.form == c.content.form);
    const auto info = Inspect({}, AsBytes(c.coded));
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_TRUE(info->content.form == c.content.form);
    whole += c.coded;
  }
  EXPECT_TRUE(whole == ReadFile(kFolder / name));
}

TEST(Golden, ContentsAreGivenBack) {
  ExpectGivenBack(GoldenContents(), "variant-contents.trn");
  ExpectGivenBack(GoldenPictures(), "variant-pictures.trn");
}

// The case that is for narrow and wide tables side by side has them.
TEST(Golden, TablesAreMixed) {
  for (const GoldenCase& c : GoldenCases()) {
    if (c.name != "tables-mixed") continue;
    ASSERT_EQ(c.options.tables.size(), 2u);
    EXPECT_TRUE(c.options.tables[0]->wide());
    EXPECT_FALSE(c.options.tables[1]->wide());
    return;
  }
  FAIL() << "no such case";
}

}  // namespace
}  // namespace trine::coding
