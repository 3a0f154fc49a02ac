// The pages of TIFF files as one picture.
#include <algorithm>

#include "tests/core/image/image_testing.h"
#include "tests/core/image/tiff/directories.h"
#include "tests/core/polling.h"

namespace trine::image::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<Picture> Read(const std::string& file, const ReadOptions& options = {},
                             const Context& context = {}) {
  return ReadPicture(context, Exact(file), options);
}

std::string Message(const absl::StatusOr<Picture>& picture) {
  return std::string(picture.status().message());
}

TEST(PagesTest, AreStacked) {
  const std::string file = ReadGolden("pages.tif");
  const auto all = Read(file);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->samples.shape.size(), 3u);
  EXPECT_EQ(all->samples.shape[0], 3);
  std::string stacked;
  for (int64_t page = 0; page < 3; ++page) {
    const auto alone = DecodeImage(Context{}, Exact(file), {.page = page});
    ASSERT_TRUE(alone.ok());
    stacked.append(alone->data.begin(), alone->data.end());
    const auto whole = Read(file, {.page = page});
    ASSERT_TRUE(whole.ok());
    EXPECT_TRUE(Same(whole->samples, *alone));
  }
  EXPECT_TRUE(Bytes(stacked) == ByteView(all->samples.data));
  EXPECT_THAT(Read(file, {.page = 3}), HasReason("INVALID_FIELD"));
  EXPECT_THAT(Read(file, {.page = -1}), HasReason("INVALID_FIELD"));
}

TEST(PagesTest, OneIsNoStack) {
  const auto one = Read(Tiff({{2, 1, "ab"}}));
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->samples.shape, (Shape{1, 2}));
}

TEST(PagesTest, ThatDifferNeedAChoice) {
  const Page first{2, 1, "ab"};
  const std::vector<std::pair<Page, std::string>> others = {
      {{1, 2, "ab"}, "uint8 2x1"},
      {{2, 1, "abcd", {{258, kShort, 1, 16}}}, "uint16 1x2"},
      {{2, 1, "a", {{258, kShort, 1, 4}}}, "gray of 4 bits"},
      {{2, 1, "ab", {{274, kShort, 1, 6}}}, "uint8 2x1"},
      {{1, 1, "ab", {{277, kShort, 1, 2}, {338, kShort, 1, 2}}}, "gray-alpha"},
  };
  for (const auto& [other, text] : others) {
    const std::string file = Tiff({first, first, other});
    const auto all = Read(file);
    EXPECT_THAT(all, HasReason("INVALID_FIELD"));
    EXPECT_EQ(GetErrorDetail(all.status())->field, "page");
    EXPECT_THAT(Message(all), HasSubstr("page 0 (uint8 1x2, gray of 8 bits) and page 2"));
    EXPECT_THAT(Message(all), HasSubstr(text));
    for (int64_t page = 0; page < 3; ++page) EXPECT_TRUE(Read(file, {.page = page}).ok()) << text;
  }
}

TEST(PagesTest, ErrorsSayWhichOfThem) {
  const auto all = Read(Tiff({{2, 1, "ab"}, {2, 1, "ab", {{259, kShort, 1, 34892}}}}));
  EXPECT_THAT(all, HasCode(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(Message(all), HasSubstr("page 1: TIFF's compression 34892"));
}

TEST(PagesTest, AreTurnedEach) {
  const auto all = Read(Tiff({{2, 1, "ab"}, {2, 1, "cd", {{274, kShort, 1, 3}}}}));
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_TRUE(Same(all->samples, U8({2, 1, 2}, {'a', 'b', 'd', 'c'})));
  EXPECT_THAT(all->warnings, ElementsAre(HasSubstr("page 1 and others turned")));
}

TEST(PagesTest, OfBitsStayPacked) {
  const std::vector<Tag> bit = {{258, kShort, 1, 1}};
  const std::vector<Tag> white = {{258, kShort, 1, 1}, {262, kShort, 1, 0}};
  const auto all = Read(Tiff({{9, 2, "\xAA\x80\x55\x7F", bit}, {9, 2, "\xAA\x80\x55\x7F", white}}));
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->form.bit_depth, 1);
  EXPECT_EQ(all->samples.shape, (Shape{2, 2, 9}));
  const std::vector<uint8_t> expected = {0xAA, 0x80, 0x55, 0x00, 0x55, 0x00, 0xAA, 0x80};
  EXPECT_TRUE(ByteView(all->samples.data) == ByteView(expected));
}

TEST(PagesTest, AlphaAndOtherSamples) {
  const auto of = [](uint32_t photometric, uint32_t samples, uint32_t kind, uint32_t kinds = 1) {
    return Tiff(
        {{1,
          1,
          "abcd",
          {{262, kShort, 1, photometric}, {277, kShort, 1, samples}, {338, kShort, kinds, kind}}}});
  };
  const auto color = [](const absl::StatusOr<Picture>& p) {
    return p.ok() ? PictureColorName(p->form.color) : "refused";
  };
  EXPECT_EQ(color(Read(of(1, 2, 2))), "gray-alpha");
  EXPECT_EQ(color(Read(of(1, 2, 1))), "gray-premultiplied");
  EXPECT_EQ(color(Read(of(2, 4, 2))), "rgba");
  EXPECT_EQ(color(Read(of(2, 4, 1))), "rgb-premultiplied");
  for (const std::string& file : {of(1, 2, 0), of(2, 4, 0), of(1, 3, 0x20002, 2)}) {
    const auto refused = Read(file);
    EXPECT_THAT(refused, HasCode(absl::StatusCode::kUnimplemented));
    EXPECT_THAT(Message(refused), HasSubstr(" a pixel beside its colours that "));
  }
  // Where 0 is white, alpha is not inverted.
  const auto inverted = Read(of(0, 2, 2));
  ASSERT_TRUE(inverted.ok());
  EXPECT_TRUE(Same(inverted->samples, U8({1, 1, 2}, {255 - 'a', 'b'})));
}

// A volume in one directory (SGI's tags) has its further slices where no page is.
TEST(PagesTest, NoVolumes) {
  // Depth of tiles is one of files that have tiles.
  const std::vector<Tag> tiles = {
      {322, kLong, 1, 16}, {323, kLong, 1, 16}, {324, kLong, 1, 8}, {325, kLong, 1, 256}};
  const auto of = [&](uint32_t tag, uint32_t value) {
    std::vector<Tag> more = tag == 32998 ? tiles : std::vector<Tag>();
    more.push_back({static_cast<uint16_t>(tag), kLong, 1, value});
    return Tiff({{2, 1, std::string(256, 'a'), more}});
  };
  for (const uint32_t value : {0u, 1u}) EXPECT_TRUE(Read(of(32997, value)).ok()) << value;
  EXPECT_TRUE(Read(of(32998, 1)).ok());
  for (const auto& [tag, name] : {std::pair{32997u, "ImageDepth"}, {32998u, "TileDepth"}}) {
    const std::string file = of(tag, 2);
    for (const auto& status : {Read(file).status(), Read(file, {.page = 0}).status(),
                               DecodeImage(Context{}, Exact(file)).status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
      EXPECT_THAT(std::string(status.message()),
                  HasSubstr(std::string(name) + " (tag " + std::to_string(tag) + ") is 2"));
    }
  }
}

TEST(PagesTest, AreBoundedTogether) {
  const std::string file = Tiff(std::vector<Page>(10, Page{100, 100, std::string(10000, 'x')}));
  EXPECT_TRUE(Read(file, {.max_bytes = 100000}).ok());
  EXPECT_THAT(Read(file, {.max_bytes = 99999}), HasReason("LIMIT_EXCEEDED"));
  Limits limits;
  limits.max_elements = 99999;
  Context context;
  context.limits = &limits;
  EXPECT_THAT(Read(file, {}, context), HasReason("LIMIT_EXCEEDED"));
}

class Account : public MemoryAccount {
 public:
  absl::Status Reserve(uint64_t bytes) override {
    most = std::max(most, bytes);
    return bytes <= limit ? absl::OkStatus() : absl::ResourceExhaustedError("full");
  }
  absl::Status ReserveResult(uint64_t bytes) override { return Reserve(bytes); }
  uint64_t limit = UINT64_MAX;
  uint64_t most = 0;
};

TEST(PagesTest, AreReservedBeforeTheyAreThere) {
  const std::string file = Tiff(std::vector<Page>(10, Page{100, 100, std::string(10000, 'x')}));
  Account account;
  Context context;
  context.memory = &account;
  const auto beside = [](const Shape& shape, DType) -> uint64_t {
    return shape == Shape{10, 100, 100} ? 5000 : 0;
  };
  ASSERT_TRUE(Read(file, {.beside = beside}, context).ok());
  // All pages, one on its way, turned or packed, and what the caller needs.
  EXPECT_EQ(account.most, 100000u + 2 * 10000 + 5000);
  account.limit = 100000;
  EXPECT_FALSE(Read(file, {.beside = beside}, context).ok());
}

TEST(PagesTest, Poll) {
  const std::string file = Tiff(std::vector<Page>(30, Page{1000, 100, std::string(100000, 'x')}));
  ExpectPolls("read pages", 3'000'000, 65536, [&](const Context& context) {
    return ReadPicture(context, Bytes(file), {}).status();
  });
}

// Pages may share their bytes, but not so that a small file means endless work.
TEST(PagesTest, ThatClaimTheFileManyTimes) {
  std::vector<Page> pages(200, Page{1, 1, "x"});
  pages[0].raster = std::string(100000, 'x');
  pages[0].more = {{279, kLong, 1, 1}};
  for (Page& page : pages) page.more = {{273, kLong, 1, 8}, {279, kLong, 1, 100000}};
  EXPECT_THAT(Read(Tiff(pages)), HasReason("CORRUPT_IMAGE"));
  EXPECT_TRUE(Read(Tiff({pages.begin(), pages.begin() + 10})).ok());
}

}  // namespace
}  // namespace trine::image::testing
