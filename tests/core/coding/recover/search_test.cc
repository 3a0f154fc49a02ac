// The search for where a damaged stream goes on: its budget of work, and that it does not depend on
// the pieces in which the stream comes.
#include <gtest/gtest.h>

#include <string>

#include "core/coding/container/bytes_io.h"
#include "core/coding/container/format.h"
#include "core/coding/container/header.h"
#include "core/coding/stream/head_search.h"
#include "tests/core/coding/recover/recover_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

// Of a header whose fields take as much as they may: a try of it checksums 1 MiB.
std::string Magic() {
  std::string out(format::kMagic.begin(), format::kMagic.end());
  out += std::string("\x01\x00\x00", 3);
  AppendVarint(format::kMaxHeaderFields, &out);
  return out;
}

std::string Repeated(const std::string& unit, size_t bytes) {
  std::string out;
  out.reserve(bytes + unit.size());
  while (out.size() < bytes) out += unit;
  return out;
}

uint64_t Budget(const std::string& coded) {
  return HeadSearch::kBurstBytes + HeadSearch::kBytesAByte * coded.size();
}

TEST(Search, CraftedHeadersStayWithinTheBudget) {
  const std::string coded = Repeated(Magic(), 64 * kMiB);
  for (const size_t piece : {coded.size(), size_t{2} * kMiB}) {
    const Recovered got = Recover(coded, piece);
    EXPECT_TRUE(got.status.ok()) << got.status;
    EXPECT_EQ(got.raw, "");
    EXPECT_GT(got.search_checked_bytes, 10 * kMiB);
    EXPECT_LE(got.search_checked_bytes, Budget(coded));
    // What only looks like a header is not told of.
    EXPECT_LE(got.report.damages_total, 2u);
  }
}

// Each of these is a sound header of a stream that no reader takes, and holds the next.
TEST(Search, HeadersInHeadersStayWithinTheBudget) {
  std::string coded;
  for (int i = 0; i < 2000; ++i) {
    Header header;
    header.model = static_cast<uint8_t>(Model::kAdaptive);
    header.params = std::string(1, 1) + coded;  // ADAPTIVE takes one byte
    header.block_bytes = 1000;
    coded.clear();
    AppendHeader(header, &coded);
  }
  const Recovered got = Recover(coded, coded.size());
  EXPECT_TRUE(got.status.ok()) << got.status;
  EXPECT_GT(got.search_checked_bytes, coded.size());
  EXPECT_LE(got.search_checked_bytes, Budget(coded));
}

TEST(Search, CraftedHeadsStayWithinTheBudget) {
  // Mode, model, variant, raw, coded and side length of a block, and no more.
  const std::string heads = Repeated(std::string("\x03\x03\x02\x05\x03\x01", 6), 4 * kMiB);
  const std::string coded = Coded(Words(2 * kBlock, 1)).substr(0, 200) + heads;
  const Recovered got = Recover(coded, coded.size());
  EXPECT_TRUE(got.status.ok()) << got.status;
  EXPECT_GT(got.search_checked_bytes, 3 * kMiB);
  EXPECT_LE(got.search_checked_bytes, Budget(coded));
}

// After all that, what is sound is found.
TEST(Search, ASoundStreamIsFoundAfterCraftedHeaders) {
  const std::string raw = Words(10 * kBlock, 2);
  for (const size_t piece : {size_t{5000}, size_t{100} * kMiB}) {
    const Recovered got = Recover(Repeated(Magic(), 3 * kMiB) + Coded(raw), piece);
    EXPECT_TRUE(got.status.ok()) << got.status;
    EXPECT_TRUE(got.raw == raw) << piece;
  }
}

TEST(Search, AHeaderThatComesInPiecesIsFound) {
  const std::string raw = Skewed(300, 3);
  EncodeOptions options;
  options.model = Model::kTable;
  options.table = ByteTable();
  const auto compact = Encode({}, {}, AsBytes(raw), options);
  ASSERT_TRUE(compact.ok());
  ASSERT_EQ(compact->substr(0, 3),
            std::string(format::kCompactMagic.begin(), format::kCompactMagic.end()));
  for (const size_t piece : {size_t{1}, size_t{13}, size_t{97}, size_t{1} << 20}) {
    const Recovered got = Recover("damaged" + *compact, piece);
    EXPECT_TRUE(got.status.ok()) << got.status;
    EXPECT_TRUE(got.raw == raw) << piece;
  }
}

}  // namespace
}  // namespace trine::coding
