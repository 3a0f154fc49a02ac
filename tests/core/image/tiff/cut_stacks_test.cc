// Stacks that end too early, and files of several of them.
#include "absl/strings/str_cat.h"
#include "tests/core/image/tiff/stacks.h"

namespace trine::image::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The file ends before the stack does: whole pages are pages.
TEST(CutStacksTest, HoldTheirWholePages) {
  // The directory first, as ImageJ writes it.
  const auto cut = [](size_t bytes) {
    std::string file = Stack("ImageJ=1.53t\nimages=4\n", "ab");
    const auto at = static_cast<uint32_t>(file.size());
    file.replace(file.find(Le(uint16_t{273})) + 8, 4, Le(at));
    return file + std::string("abcdefgh").substr(0, bytes);
  };
  EXPECT_THAT(Said(cut(8)), IsEmpty());
  ASSERT_TRUE(Read(cut(8)).ok());
  for (size_t bytes = 2; bytes < 8; ++bytes) {
    const auto there = static_cast<int64_t>(bytes / 2);
    const std::string file = cut(bytes);
    EXPECT_EQ(Pages(file), there);
    const std::string text =
        absl::StrCat("tells of a stack of 4 pictures, of which the file holds ", there);
    const auto all = Read(file);
    EXPECT_THAT(all, HasReason("INVALID_FIELD"));
    EXPECT_THAT(std::string(all.status().message()), HasSubstr(text));
    for (int64_t page = 0; page < there; ++page) {
      std::vector<std::string> warnings;
      const auto one = DecodeImage(Context{}, Exact(file), {.page = page, .warnings = &warnings});
      ASSERT_TRUE(one.ok()) << one.status();
      const auto first = static_cast<uint8_t>('a' + 2 * page);
      EXPECT_TRUE(Same(*one, U8({1, 2}, {first, static_cast<uint8_t>(first + 1)})));
      EXPECT_THAT(warnings, ElementsAre(HasSubstr(text)));
      const auto whole = Read(file, {.page = page});
      ASSERT_TRUE(whole.ok()) << whole.status();
      EXPECT_THAT(whole->warnings, Contains(HasSubstr(text)));
    }
    const auto beyond = DecodeImage(Context{}, Exact(file), {.page = there});
    EXPECT_THAT(beyond, HasReason("INVALID_FIELD"));
  }
  EXPECT_FALSE(DecodeImage(Context{}, Exact(cut(1))).ok());
  // The directory behind the pages.
  const std::string file = Stack("{\"shape\": [4, 1, 2]}", "abcdef");
  EXPECT_EQ(Pages(file), 3);
  EXPECT_THAT(Said(file), ElementsAre(HasSubstr("(tifffile) tells of a stack of 4 pictures, of "
                                                "which the file holds 3")));
  EXPECT_EQ(ByteView(Read(file, {.page = 2})->samples.data), Bytes("ef"));
}

// ImageJ writes the other directories behind the pages: a file that is cut has lost them.
TEST(CutStacksTest, WithoutTheirOtherDirectories) {
  std::string whole = Tiff({{2, 1, "ab", {}, "ImageJ=1.53t\nimages=4\n"}});
  const auto at = static_cast<uint32_t>(whole.size());
  whole.replace(whole.find(Le(uint16_t{273})) + 8, 4, Le(at));
  whole.replace(whole.size() - 4, 4, Le(at + 8));  // the next directory
  const std::string broken =
      "the TIFF's directories lead out of the file; pages were taken from behind the first's data";
  for (int64_t there = 4; there > 1; --there) {
    const std::string file =
        whole + std::string("abcdefgh").substr(0, static_cast<size_t>(2 * there));
    EXPECT_EQ(Pages(file), there);
    std::vector<::testing::Matcher<std::string>> expected = {broken};
    if (there < 4)
      expected.emplace_back(HasSubstr(absl::StrCat("of which the file holds ", there)));
    EXPECT_THAT(Said(file), ::testing::ElementsAreArray(expected));
    const auto last = Read(file, {.page = there - 1});
    ASSERT_TRUE(last.ok()) << last.status();
    EXPECT_EQ(last->samples.data[1], 'a' + 2 * there - 1);
    EXPECT_THAT(Read(file, {.page = there}), HasReason("INVALID_FIELD"));
    const auto all = Read(file);
    ASSERT_EQ(all.ok(), there == 4) << all.status();
    if (there < 4) {
      EXPECT_THAT(all, HasReason("INVALID_FIELD"));
      continue;
    }
    EXPECT_EQ(ByteView(all->samples.data), Bytes("abcdefgh"));
    EXPECT_THAT(all->warnings, Contains(broken));
  }
  // Nothing behind the first page.
  const std::string one = whole + "ab";
  EXPECT_EQ(Pages(one), -1);
  EXPECT_THAT(Read(one), HasReason("CORRUPT_IMAGE"));
  EXPECT_THAT(Said(one), ElementsAre("the TIFF's directories lead out of the file",
                                     HasSubstr("of which the file holds 1")));
  // No word of a stack.
  std::string plain = Tiff({{2, 1, "ab"}});
  plain.replace(plain.size() - 4, 4, Le(uint32_t{1000}));
  EXPECT_THAT(Read(plain + "cdef"), HasReason("CORRUPT_IMAGE"));
}

// tifffile's files of several arrays: the first page of each has its shape.
TEST(CutStacksTest, OfOneSeriesAmongSeveral) {
  const Page next{2, 1, "xy"};
  const auto first = [](const std::string& shape) {
    return Page{2, 1, "ab", {}, "{\"shape\": [" + shape + "]}"};
  };
  for (const std::string& whole :
       {Tiff({first("2, 1, 2"), next, first("3, 1, 2"), next, next}),
        Tiff({first("1, 2"), first("1, 1, 2"), first("2, 1, 2"), next}),
        Tiff({first("1, 2"), {2, 1, "cd", {}, "{\"shape\": \"round\"}"}})}) {
    EXPECT_THAT(Said(whole), IsEmpty());
    EXPECT_TRUE(Read(whole).ok());
  }
  struct Case {
    std::string file, text;
  };
  for (
      const Case& c : std::vector<Case>{
          {Tiff({first("1, 2"), first("3, 1, 2")}),
           "the description of page 1 (tifffile) tells of a stack of 3 pictures, of which the file "
           "holds 1"},
          {Tiff({first("2, 1, 2"), next, first("3, 1, 2"), next}),
           "the description of page 2 (tifffile) tells of a stack of 3 pictures, of which the file "
           "holds 2"},
          {Tiff({first("2, 1, 2"), first("1, 2")}),
           "its description (tifffile) tells of a stack of 2 pictures, of which the file holds 1"},
          {Tiff({first("3, 1, 2"), first("7, 2, 2"), first("1, 1, 2")}, true),
           "its description (tifffile) tells of a stack of 3 pictures, of which the file holds 1; "
           "so it is with 1 more stack"},
      }) {
    EXPECT_THAT(Said(c.file), ElementsAre(c.text));
    const auto all = Read(c.file);
    EXPECT_THAT(all, HasReason("INVALID_FIELD"));
    EXPECT_THAT(std::string(all.status().message()), HasSubstr(c.text));
    EXPECT_TRUE(Read(c.file, {.page = 1}).ok());
  }
}

}  // namespace
}  // namespace trine::image::testing
