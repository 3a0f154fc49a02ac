// The committed golden streams: decoded to what they always meant, and encoded to the same bytes.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "core/coding/container.h"
#include "core/coding/dictionary.h"
#include "tests/core/coding/golden_cases.h"
#include "tests/core/coding/golden_files.h"
#include "tests/core/coding/golden_variants.h"

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
    const auto info = Inspect({}, AsBytes(*coded));
    ASSERT_TRUE(info.ok());
    for (const BlockInfo& block : info->blocks) modes.insert(block.mode);
  }
  EXPECT_EQ(modes, (std::set<std::string>{"stored", "constant", "static", "static-1", "adaptive-0",
                                          "adaptive-1", "adaptive-2", "table"}));
}

// The bytes of the next block of code behind `from` in a page, which moves on: two hex digits a
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

// The worked examples of FORMAT.md, byte for byte.
TEST(Golden, TheSpecificationsExamplesAreTrue) {
  const std::string page = ReadFile(TRINE_FORMAT_MD);
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
}

TEST(Golden, VariantsAreWhatTheBuilderMakes) {
  const auto variants = GoldenVariants();
  EXPECT_EQ(variants.size(), 21u);
  for (const GoldenVariant& v : variants) {
    EXPECT_TRUE(v.coded == ReadFile(kFolder / (v.name + ".trn"))) << v.name;
    EXPECT_EQ(HashLine(AsBytes(v.raw)), ReadFile(kFolder / (v.name + ".xxh3"))) << v.name;
  }
}

// What variant-contents holds, stream by stream.
TEST(Golden, ContentsAreGivenBack) {
  std::string whole;
  for (const GoldenContent& c : GoldenContents()) {
    const auto decoded = Decode({}, AsBytes(c.coded));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(AsString(decoded->data) == c.raw);
    EXPECT_EQ(decoded->content.kind, c.content.kind);
    EXPECT_EQ(decoded->content.dtype, c.content.dtype);
    EXPECT_EQ(decoded->content.shape, c.content.shape);
    whole += c.coded;
  }
  EXPECT_TRUE(whole == ReadFile(kFolder / "variant-contents.trn"));
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
