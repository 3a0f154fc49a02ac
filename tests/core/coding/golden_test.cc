// The committed golden streams: decoded to what they always meant, and encoded to the same bytes.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "core/coding/container.h"
#include "core/coding/table_params.h"
#include "tests/core/coding/golden_cases.h"
#include "tests/core/coding/golden_variants.h"

namespace trine::coding {
namespace {

const std::filesystem::path kFolder = TRINE_GOLDEN_CODING;

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The tables beside a stream that names them by id; none where there is no such file.
std::vector<TablePtr> ReadTables(const std::filesystem::path& path) {
  std::vector<TablePtr> tables;
  const std::string bytes = ReadFile(path);
  if (bytes.empty()) return tables;
  const auto refs = ParseTableParams(AsBytes(bytes), {});
  EXPECT_TRUE(refs.ok()) << refs.status();
  if (refs.ok()) {
    for (const TableRef& ref : *refs) tables.push_back(ref.table);
  }
  return tables;
}

std::string HashLine(ByteView raw) {
  std::ostringstream line;
  line << raw.size() << ' ' << std::hex;
  line.width(16);
  line.fill('0');
  line << Checksum(raw) << '\n';
  return line.str();
}

TEST(Golden, EveryStreamDecodes) {
  int streams = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".trn") continue;
    SCOPED_TRACE(entry.path().filename());
    ++streams;
    const std::string coded = ReadFile(entry.path());
    DecodeOptions options;
    const auto info = Inspect({}, AsBytes(coded));
    ASSERT_TRUE(info.ok()) << info.status();
    options.tables = ReadTables(std::filesystem::path(entry.path()).replace_extension(".tables"));
    const std::string index =
        ReadFile(std::filesystem::path(entry.path()).replace_extension(".index"));
    options.table_index = AsBytes(index);
    if (info->is_excerpt) options.range = ByteRange{1000, 2000};
    const auto decoded = Decode({}, AsBytes(coded), options);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(HashLine(decoded->data),
              ReadFile(std::filesystem::path(entry.path()).replace_extension(".xxh3")));
  }
  EXPECT_GE(streams, 33);
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
  EXPECT_EQ(variants.size(), 6u);
  for (const GoldenVariant& v : variants) {
    EXPECT_TRUE(v.coded == ReadFile(kFolder / (v.name + ".trn"))) << v.name;
    EXPECT_EQ(HashLine(AsBytes(v.raw)), ReadFile(kFolder / (v.name + ".xxh3"))) << v.name;
  }
}

}  // namespace
}  // namespace trine::coding
