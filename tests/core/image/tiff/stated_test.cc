// Stacks of which descriptions tell, and not each page has a directory: read whole where the pages
// follow, else said or refused.
#include "absl/strings/str_cat.h"

#include "tests/core/image/image_testing.h"
#include "tests/core/image/tiff/stacks.h"
#include "tests/core/polling.h"

namespace trine::image::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string Ome(const std::string& inner, const std::string& uuid = "urn:uuid:1") {
  return absl::StrCat(R"(<?xml version="1.0"?><!-- <Pixels SizeZ="9"/> --><OME UUID=")", uuid,
                      R"(" xmlns="x"><Image ID="Image:0">)", inner, "</Image></OME>");
}
std::string Pixels(const std::string& sizes, const std::string& inner = "<TiffData/>") {
  return absl::StrCat("<Pixels ", sizes, " SizeX=\"2\">", inner, "</Pixels>");
}

TEST(StatedPagesTest, ThatFollowAreRead) {
  const std::vector<std::string> texts = {kImageJ, "{\"shape\": [3, 1, 2], \"truncated\": true}",
                                          "{\"shape\": [3, 1, 1, 2]}", "shape=(3,1,2)"};
  for (const std::string& text : texts) {
    const std::string file = Stack(text, "abcdef");
    const auto all = Read(file);
    ASSERT_TRUE(all.ok()) << text << all.status();
    EXPECT_TRUE(Same(all->samples, U8({3, 1, 2}, {'a', 'b', 'c', 'd', 'e', 'f'}))) << text;
    EXPECT_EQ(Pages(file), 3);
    EXPECT_THAT(Said(file), IsEmpty());  // there are pages: who takes one says so
    for (int64_t page = 0; page < 3; ++page) {
      const auto one = DecodeImage(Context{}, Exact(file), {.page = page});
      ASSERT_TRUE(one.ok()) << one.status();
      const auto first = static_cast<uint8_t>('a' + 2 * page),
                 next = static_cast<uint8_t>(first + 1);
      EXPECT_TRUE(Same(*one, U8({1, 2}, {first, next})));
      EXPECT_TRUE(Same(Read(file, {.page = page})->samples, *one));
    }
    const auto beyond = DecodeImage(Context{}, Exact(file), {.page = 3});
    EXPECT_THAT(beyond, HasReason("INVALID_FIELD"));
    EXPECT_THAT(std::string(beyond.status().message()), HasSubstr("has 3 pages"));
  }
}

TEST(StatedPagesTest, ThatFollowInOtherForms) {
  // Words in the other byte order, planes apart, bits in whole bytes, colour, turned.
  const Tag words{258, kShort, 1, 16};
  const auto big = Read(Stack(kImageJ, "AaBbCcDdEeFf", 4, {words}, true));
  ASSERT_TRUE(big.ok()) << big.status();
  EXPECT_TRUE(Same(big->samples, U16({3, 1, 2}, {0x4161, 0x4262, 0x4363, 0x4464, 0x4565, 0x4666})));
  const auto bits = Read(Stack(kImageJ, "\x40\x80\xC0", 1, {{258, kShort, 1, 1}}));
  ASSERT_TRUE(bits.ok()) << bits.status();
  EXPECT_EQ(bits->form.bit_depth, 1);
  EXPECT_EQ(ByteView(bits->samples.data), Bytes("\x40\x80\xC0"));
  const std::vector<Tag> rgb = {{262, kShort, 1, 2}, {277, kShort, 1, 3}};
  const auto colour = Read(Stack("{\"shape\": [2, 1, 2, 3]}", "abcdefghijkl", 6, rgb));
  ASSERT_TRUE(colour.ok()) << colour.status();
  EXPECT_EQ(colour->samples.shape, (Shape{2, 1, 2, 3}));
  EXPECT_EQ(ByteView(colour->samples.data), Bytes("abcdefghijkl"));
  const auto turned = Read(Stack(kImageJ, "abcdef", 2, {{274, kShort, 1, 3}}));
  ASSERT_TRUE(turned.ok()) << turned.status();
  EXPECT_EQ(ByteView(turned->samples.data), Bytes("badcfe"));
  // MetaMorph's planes.
  const std::string stk = Stack("", "abcdef", 2, {{33629, kLong, 1, 3}});
  EXPECT_EQ(Pages(stk), 1);  // of one plane
  std::string planes = Stack("", "abcdef", 2, {{33629, kLong, 3, 0}});
  const auto at = static_cast<uint32_t>(planes.size());
  planes.replace(planes.find(Le(uint16_t{33629})) + 8, 4, Le(at));
  planes += std::string(12, '\0');
  const auto metamorph = Read(planes);
  ASSERT_TRUE(metamorph.ok()) << metamorph.status();
  EXPECT_EQ(ByteView(metamorph->samples.data), Bytes("abcdef"));
}

TEST(StatedPagesTest, ThatAreMissingAreSaid) {
  struct Case {
    std::string file, text;
  };
  std::string colours(6, 'x');
  for (const Case& c : std::vector<Case>{
           {Stack(kImageJ, "ab"),
            "(ImageJ) tells of a stack of 3 pictures, of which the file holds 1"},
           {Tiff({{2, 1, "ab", {}, kImageJ}, {2, 1, "cd"}}), "of which the file holds 2"},
           // Counts that no number holds.
           {Stack("ImageJ=1\nimages=99999999999999999999\n", "ab"),
            "of a stack of 9223372036854775807 or more pictures, of which the file holds 1"},
           {Stack("{\"shape\": [99999999999999999999, 1, 2]}", "ab"),
            "of a stack of 9223372036854775807 or more pictures, of which the file holds 1"},
           {Stack(Ome(Pixels(R"(SizeZ="99999999999999999999" SizeC="1" SizeT="1")")), "ab"),
            "of a stack of 9223372036854775807 or more pictures, of which the file holds 1"},
           // A mark of UTF-8 before the text.
           {Stack("\xEF\xBB\xBF" + Ome(Pixels(R"(SizeZ="2" SizeC="1" SizeT="1")")), "ab"),
            "(OME-XML) tells of a stack of 2 pictures"},
           {Stack("\xEF\xBB\xBF" + kImageJ, "ab"), "(ImageJ) tells of a stack of 3 pictures"},
           // Without the number of all.
           {Stack("ImageJ=1.53t\nchannels=2\nslices=3\nframes=4\nhyperstack=true", "ab"),
            "(ImageJ) tells of a stack of 24 pictures"},
           {Stack("ImageJ=1.53t\nslices=5\n", "ab"), "(ImageJ) tells of a stack of 5 pictures"},
           // Compressed pages do not follow.
           {Stack(kImageJ, "\1abcde", 3, {{259, kShort, 1, 32773}}), "stack of 3"},
           // The strip is not the page.
           {Stack(kImageJ, "abcdefgh", 4), "stack of 3"},
           {Stack(Ome(Pixels(R"(SizeZ="2" SizeC="3" SizeT='4')")), "abcdef"),
            "(OME-XML) tells of a stack of 24 pictures, of which the file holds 1"},
           {Stack(Ome(Pixels(R"(SizeZ="1" SizeC="1" SizeT="1")") +
                      Pixels(R"(SizeZ="2" SizeC="1" SizeT="1")")),
                  "ab"),
            "stack of 3"},
           {Stack("<ome:OME xmlns:ome=\"x\"><ome:Pixels SizeZ = \"5\" SizeC=\"1\" "
                  "SizeT=\"1\"/></ome:OME>",
                  "ab"),
            "stack of 5"},
       }) {
    EXPECT_THAT(Said(c.file), Contains(HasSubstr(c.text))) << c.text;
    const auto all = Read(c.file);
    EXPECT_THAT(all, HasReason("INVALID_FIELD"));
    EXPECT_EQ(GetErrorDetail(all.status())->field, "page");
    EXPECT_THAT(std::string(all.status().message()), HasSubstr(c.text));
    const auto one = Read(c.file, {.page = 0});
    ASSERT_TRUE(one.ok()) << one.status();
    EXPECT_THAT(one->warnings, Contains(HasSubstr(c.text)));
    std::vector<std::string> of_numbers;
    EXPECT_TRUE(DecodeImage({}, Exact(c.file), {.indices = true, .warnings = &of_numbers}).ok());
    EXPECT_THAT(of_numbers, Contains(HasSubstr(c.text)));
  }
}

// What is in other files is said, and the pages of this one are kept.
TEST(StatedPagesTest, InOtherFiles) {
  const auto file = [](const std::string& uuid) {
    return Stack(
        Ome(Pixels(R"(SizeZ="2" SizeC="1" SizeT="1")",
                   "<TiffData IFD=\"0\"><UUID FileName=\"a\"> urn:uuid:1 </UUID></TiffData>"
                   "<TiffData IFD=\"0\"><UUID FileName=\"b\">urn:uuid:2</UUID></TiffData>"),
            uuid),
        "ab");
  };
  for (const char* uuid : {"urn:uuid:1", "urn:uuid:2", ""}) {
    const auto all = Read(file(uuid));
    ASSERT_TRUE(all.ok()) << all.status();
    EXPECT_EQ(all->samples.shape, (Shape{1, 2}));
    const auto said = HasSubstr("stack of 2 pictures, of which the file holds 1; others are said");
    EXPECT_THAT(all->warnings, Contains(said));
    EXPECT_THAT(Said(file(uuid)), Contains(said));
  }
}

TEST(StatedPagesTest, ThatAreThereAreNoNews) {
  const Page next{2, 1, "cd"};
  const auto file = [&](const std::string& text, const std::vector<Page>& others = {}) {
    std::vector<Page> pages = {{2, 1, "ab", {}, text}};
    pages.insert(pages.end(), others.begin(), others.end());
    return Tiff(pages);
  };
  for (const std::string& whole : {file(kImageJ, {next, next}),
                                   file(kImageJ, {next, next, next}),
                                   file(Ome(Pixels(R"(SizeZ="1" SizeC="1" SizeT="2")")), {next}),
                                   file("{\"shape\": [2, 1, 2]}", {next}),
                                   file("{\"shape\": [1, 2]}"),
                                   file("{\"shape\": [3, 7]}"),
                                   file("{\"shape\": [0]}"),
                                   file("{\"shape\": [\"a\"]}"),
                                   file("{\"shape\": ["),
                                   file("{\"shape\": 3}"),
                                   file("{}"),
                                   file("{\"shape\": []}"),
                                   file("{\"shape\": [99999999999999999999, 0]}"),
                                   file("ImageJ=1\nimages=2.0\nslices=5", {next}),
                                   file("ImageJ=1\nimages=1\nslices=5"),
                                   file("ImageJ=1\nslices=1\nframes=2", {next}),
                                   file("shape=(2,)"),
                                   file("shape="),
                                   file("ImageJ=1\nimages=1"),
                                   file("ImageJ=1"),
                                   file("ImageJ="),
                                   file("images=3\n"),
                                   file("<OME"),
                                   file("<OME>"),
                                   file("<"),
                                   file("<OME><Pixels SizeZ=\"3"),
                                   file("<x><Pixels SizeZ=\"3\" SizeC=\"1\" SizeT=\"1\"/></x>"),
                                   file("<OME><!-- <Pixels SizeZ=\"3\" SizeC=\"1\" SizeT=\"1\"/>"),
                                   file(std::string("a\0b", 3))}) {
    EXPECT_THAT(Said(whole), IsEmpty()) << whole;
    const auto all = Read(whole);
    EXPECT_TRUE(all.ok()) << all.status() << whole;
  }
}

// A number that is none is said, and what else is told counts.
TEST(StatedPagesTest, NumbersThatCannotBeRead) {
  struct Case {
    std::string text, by, said;
    bool stack = false;
  };
  for (const Case& c : std::vector<Case>{
           {"ImageJ=1\nimages=x", "ImageJ", "images is 'x'"},
           {"ImageJ=1\nimages=\nslices=3\n", "ImageJ", "images is ''", true},
           {"ImageJ=1\nimages=-1\n", "ImageJ", "images is '-1'"},
           {"ImageJ=1\nslices=2.5\n", "ImageJ", "slices is '2.5'"},
           {"ImageJ=1\nimages=" + std::string(100, 'x'), "ImageJ", "images is no number"},
           {"ImageJ=1\nimages=\x1B[0m", "ImageJ", "images is no number"},
           {Ome(Pixels(R"(SizeZ="x" SizeC="1" SizeT="1")")), "OME-XML", "SizeZ is 'x'"},
           {Ome(Pixels(R"(SizeZ="1" SizeC="1" SizeT="0")")), "OME-XML", "SizeT is '0'"},
           {Ome(Pixels(R"(SizeZ="3" SizeC="2 " SizeT="-3")")), "OME-XML", "SizeT is '-3'", true},
           {Ome(Pixels(R"(SizeZ="1" SizeT="1")")), "OME-XML", "SizeC is missing"},
           {"<OME><Pixels SizeZ=>", "OME-XML", "SizeZ is missing"},
       }) {
    const std::string said = absl::StrCat("its description (", c.by,
                                          ") does not tell how many pictures there are: ", c.said);
    const std::string file = Stack(c.text, "ab");
    EXPECT_THAT(Said(file), Contains(said));
    EXPECT_EQ(Said(file).size(), c.stack ? 2u : 1u);
    const auto all = Read(file);
    EXPECT_EQ(all.ok(), !c.stack) << all.status();
    const auto one = Read(file, {.page = 0});
    ASSERT_TRUE(one.ok()) << one.status();
    EXPECT_THAT(one->warnings, Contains(said));
    EXPECT_THAT(all.ok() ? all->warnings : one->warnings, Contains(said));
  }
}

// Planes of colour are one page for each channel of so many samples.
TEST(StatedPagesTest, ChannelsOfSeveralSamples) {
  const std::vector<Tag> rgb = {{262, kShort, 1, 2}, {277, kShort, 1, 3}};
  const auto said = [&](const std::string& pixels) {
    return Said(Stack(Ome(pixels), "abcdef", 6, rgb));
  };
  const std::string sizes = R"(SizeZ="1" SizeC="3" SizeT="1")";
  EXPECT_THAT(said(Pixels(sizes, R"(<Channel ID="c" SamplesPerPixel="3"/>)")), IsEmpty());
  EXPECT_THAT(said(Pixels(sizes, "<Channel/>")), IsEmpty());
  EXPECT_THAT(said(Pixels(sizes)), IsEmpty());
  EXPECT_THAT(said(Pixels(sizes, "<Channel/><Channel/><Channel/>")), Contains(HasSubstr("of 3 ")));
  EXPECT_THAT(
      said(Pixels(R"(SizeZ="1" SizeC="6" SizeT="1")",
                  R"(<Channel SamplesPerPixel="3"/><Channel SamplesPerPixel="3"></Channel>)")),
      Contains(HasSubstr("of 2 ")));
  EXPECT_THAT(Said(Stack("ImageJ=1\nchannels=3\n", "abcdef", 6, rgb)), IsEmpty());
  EXPECT_THAT(Said(Stack("ImageJ=1\nchannels=3\nslices=2", "abcdef", 6, rgb)),
              Contains(HasSubstr("of 2 ")));
}

// A tool that keeps the description of the one page that it took keeps more behind the page.
TEST(StatedPagesTest, WhatLiesBehindThePageMayBeAnother) {
  // The description, of a page at the file's beginning.
  EXPECT_THAT(Said(Stack(kImageJ, "ab")), Contains(HasSubstr("holds 1")));
  // The directory alone.
  std::string file = Stack("", "ab", 2, {{33629, kLong, 3, 0}});
  EXPECT_EQ(Pages(file), 1);
  // A directory that is pointed to.
  const std::string pointed = Stack(kImageJ, "abcdef", 2, {{34665, kLong, 1, 11}});
  EXPECT_EQ(Pages(pointed), 1);
  EXPECT_EQ(Pages(Stack(kImageJ, "abcdef", 2, {{34665, kLong, 1, 9}})), 3);
}

TEST(StatedPagesTest, AreNoSlicesOfAVolume) {
  const std::string file = Stack("{\"shape\": [3, 1, 2]}", "abcdef", 2, {{32997, kLong, 1, 3}});
  EXPECT_EQ(Pages(file), 1);
  EXPECT_THAT(Read(file), HasCode(absl::StatusCode::kUnimplemented));
}

TEST(StatedPagesTest, AreBounded) {
  // A directory for each of very many small pages would be read again.
  const int64_t many = 70000;
  const std::string text = absl::StrCat("ImageJ=1\nimages=", many, "\n");
  const std::string file = Stack(text, std::string(2 * many, 'x'));
  EXPECT_EQ(Pages(file), 1);
  EXPECT_THAT(Read(file), HasReason("INVALID_FIELD"));
  const std::string large(30000, 'x');
  const std::string fine = Tiff({{100, 100, large, {}, kImageJ, 10000}});
  EXPECT_TRUE(Read(fine, {.max_bytes = 30000}).ok());
  EXPECT_THAT(Read(fine, {.max_bytes = 29999}), HasReason("LIMIT_EXCEEDED"));
  Account account;
  Context context;
  context.memory = &account;
  ASSERT_TRUE(Read(fine, {}, context).ok());
  EXPECT_EQ(account.most, 30000u + 2 * 10000);
  for (const char* number : {"99999999999999999999", "999999999999999999"}) {
    const std::string claims = Stack(absl::StrCat("ImageJ=1\nimages=", number), "abcdef");
    EXPECT_EQ(Pages(claims), 3) << number;
  }
  const std::string ome =
      Stack(Ome(Pixels(R"(SizeZ="999999999" SizeC="999999999" SizeT="999999999")")), "ab");
  EXPECT_THAT(Said(ome), Contains(HasSubstr("9223372036854775807")));
}

TEST(StatedPagesTest, Polls) {
  std::string ome = "<OME>";
  while (ome.size() < 4'000'000) ome += "<Channel SamplesPerPixel=\"3\"/>";
  const std::string file = Stack(ome, "ab");
  ExpectPolls("read a description", 4'000'000, 65536,
              [&](const Context& context) { return DecodeImage(context, Bytes(file)).status(); });
}

}  // namespace
}  // namespace trine::image::testing
