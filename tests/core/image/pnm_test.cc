// PNM: literal files, and what the golden files do not say.
#include "absl/strings/str_cat.h"
#include "tests/core/image/image_testing.h"

namespace trine::image::testing {
namespace {

using ::testing::ElementsAre, ::testing::EndsWith, ::testing::HasSubstr, ::testing::IsEmpty;

absl::StatusOr<Tensor> Decode(const std::string& file, const Context& context = {}) {
  return DecodeImage(context, Exact(file));
}

// A label map: black is 0 and white 1, in PBM the other way round than in its bits.
TEST(PnmTest, NumbersOfBits) {
  const std::string pam =
      "P7\nWIDTH 3\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n";
  for (const std::string& file :
       {std::string("P1 3 1 101"), std::string("P4 3 1\n\xA0"), pam + std::string("\0\1\0", 3)}) {
    const auto numbers = DecodeImage({}, Exact(file), {.indices = true});
    ASSERT_TRUE(numbers.ok()) << numbers.status();
    EXPECT_TRUE(Same(*numbers, U8({1, 3}, {0, 1, 0}))) << file;
    EXPECT_TRUE(Same(*DecodeImage({}, Exact(file)), U8({1, 3}, {0, 255, 0}))) << file;
  }
}

TEST(PnmTest, CommentsAreNotKept) {
  const std::string pam = "P7\n#c\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\nx";
  for (const std::string& file :
       {std::string("P5\n#c\n1 1\n255\nx"), std::string("P2 1 1 255 #c\n7"), pam}) {
    const auto picture = ReadPicture(Context{}, Exact(file));
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_THAT(picture->warnings, ElementsAre("not kept: a comment"));
  }
  const auto both = ReadPicture(Context{}, Exact("P5 #c\n1 1 9\n\7"));
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_THAT(both->warnings, ElementsAre("not kept: the maxval of 9 (samples keep their values), "
                                          "a comment"));
  const auto none = ReadPicture(Context{}, Exact("P5 1 1 255\nx"));
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_THAT(none->warnings, IsEmpty());
}

TEST(PnmTest, LiteralPictures) {
  const std::vector<std::pair<std::string, Tensor>> cases = {
      {"P1 2 2 1 0 01", U8({2, 2}, {0, 255, 255, 0})},
      {"P2\n2 1 9\n0 9", U8({1, 2}, {0, 9})},
      {"P2 1 1 300 256", U16({1, 1}, {256})},
      {"P3 1 1 255 1 2 3", U8({1, 1, 3}, {1, 2, 3})},
      {std::string("P4 3 2\n\xA0\x40", 9), U8({2, 3}, {0, 255, 0, 255, 0, 255})},
      {"P5 2 1 255\nab", U8({1, 2}, {'a', 'b'})},
      {std::string("P5 1 2 256 \0\1\1\0", 15), U16({2, 1}, {1, 256})},
      {"P6 1 1 255\nabc", U8({1, 1, 3}, {'a', 'b', 'c'})},
      {"P2 1 1 255 007", U8({1, 1}, {7})},
  };
  for (const auto& [file, expected] : cases) {
    const auto picture = Decode(file);
    ASSERT_TRUE(picture.ok()) << file << ": " << picture.status();
    EXPECT_TRUE(Same(*picture, expected)) << file;
  }
}

TEST(PnmTest, Comments) {
  for (const std::string file :
       {"P5#a\n1#b\r1 # c # d\n255\nx", "P5\n#\n#\n1 1 255#e\nx", "P5 1 1 #f\n255 x"}) {
    const auto picture = Decode(file);
    ASSERT_TRUE(picture.ok()) << file << ": " << picture.status();
    EXPECT_TRUE(Same(*picture, U8({1, 1}, {'x'}))) << file;
  }
}

TEST(PnmTest, RawRasterMayBeginWithWhiteSpaceOrHash) {
  const auto picture = Decode("P5 2 1 255\n #");
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, U8({1, 2}, {' ', '#'})));
}

TEST(PnmTest, WhatFollowsTheFirstPictureIsSaid) {
  for (const std::string file : {"P5 1 1 255\nxP5 1 1 255\ny", "P2 1 1 255 120 P2 1 1 255 3",
                                 "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\nxP7\n"}) {
    std::vector<std::string> warnings;
    const auto picture = DecodeImage(Context{}, Exact(file), {.warnings = &warnings});
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_TRUE(Same(*picture, U8({1, 1}, {'x'})));
    EXPECT_THAT(warnings, ElementsAre(HasSubstr("behind"))) << file;
    warnings.clear();
    // An end of line is nothing.
    EXPECT_TRUE(DecodeImage(Context{}, Exact("P5 1 1 255\nx\n"), {.warnings = &warnings}).ok());
    EXPECT_THAT(warnings, IsEmpty());
  }
}

std::string Pam(const std::string& width, const std::string& height, const std::string& depth,
                const std::string& maxval, const std::string& type, const std::string& raster) {
  return "P7\nWIDTH " + width + "\nHEIGHT " + height + "\n# a comment\nDEPTH " + depth +
         "\n\nMAXVAL  " + maxval + "\n" + (type.empty() ? "" : "TUPLTYPE " + type + "\n") +
         "ENDHDR\n" + raster;
}

TEST(PamTest, OnlyAlphaThatIsClearIsSaid) {
  for (const auto& [maxval, raster, clear] :
       std::vector<std::tuple<std::string, std::string, bool>>{{"99", "acbc", false},
                                                               {"99", "acbb", true},
                                                               {"25443", "abcc00cc", false},
                                                               {"25443", "abcc00cb", true}}) {
    // A maxval of 99 is "c", one of 25443 "cc".
    std::vector<std::string> said;
    const std::string type = "GRAYSCALE_ALPHA";
    const auto picture = DecodeImage(Context{}, Exact(Pam("2", "1", "2", maxval, type, raster)),
                                     {.warnings = &said});
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_EQ(said.size(), clear ? 1u : 0u) << raster;
  }
}

TEST(PamTest, LiteralPictures) {
  const std::vector<std::pair<std::string, Tensor>> cases = {
      {Pam("2", "1", "1", "255", "GRAYSCALE", "ab"), U8({1, 2}, {'a', 'b'})},
      {Pam("2", "1", "1", "255", "", "ab"), U8({1, 2}, {'a', 'b'})},
      {Pam("2", "1", "1", "99", "", "ab"), U8({1, 2}, {'a', 'b'})},
      {Pam("2", "1", "1", "1", "BLACKANDWHITE", std::string("\0\1", 2)), U8({1, 2}, {0, 255})},
      {Pam("2", "1", "1", "1", "GRAYSCALE", std::string("\0\1", 2)), U8({1, 2}, {0, 1})},
      {Pam("1", "2", "2", "255", "GRAYSCALE_ALPHA", "aAbB"), U8({2, 1}, {'a', 'b'})},
      {Pam("1", "1", "3", "255", "RGB", "abc"), U8({1, 1, 3}, {'a', 'b', 'c'})},
      {Pam("1", "1", "4", "255", "RGB_ALPHA", "abcA"), U8({1, 1, 3}, {'a', 'b', 'c'})},
      {Pam("2", "1", "1", "1000", "GRAYSCALE", std::string("\1\2\0\3", 4)), U16({1, 2}, {258, 3})},
      {Pam("1", "1", "2", "65535", "GRAYSCALE_ALPHA", "abAB"), U16({1, 1}, {0x6162})},
  };
  for (const auto& [file, expected] : cases) {
    const auto picture = Decode(file);
    ASSERT_TRUE(picture.ok()) << file << ": " << picture.status();
    EXPECT_TRUE(Same(*picture, expected)) << file;
  }
}

TEST(PamTest, AlphaAndBitsAreKeptWhereThePictureIs) {
  const auto alpha = ReadPicture(Context{}, Exact(Pam("1", "1", "4", "255", "RGB_ALPHA", "abcA")));
  ASSERT_TRUE(alpha.ok()) << alpha.status();
  EXPECT_EQ(alpha->form.color, PictureColor::kRgba);
  EXPECT_TRUE(Same(alpha->samples, U8({1, 1, 4}, {'a', 'b', 'c', 'A'})));
  const auto bits = ReadPicture(
      Context{}, Exact(Pam("3", "1", "1", "1", "BLACKANDWHITE", std::string("\1\0\1", 3))));
  ASSERT_TRUE(bits.ok()) << bits.status();
  EXPECT_EQ(bits->form.bit_depth, 1);
  EXPECT_EQ(bits->samples.data[0], 0xA0);
}

// Samples of a type that PAM does not define may be anything: what they were taken for is said.
TEST(PamTest, TupleTypesOfOthers) {
  struct Case {
    std::string depth, type, raster, said;  // empty: nothing
  };
  for (const Case& c : std::vector<Case>{
           {"1", "", "a", ""},
           {"4", "", "abcd", ""},
           {"3", "RGB", "abc", ""},
           {"1", "BLACKANDWHITE", "\1", ""},
           {"3", "HSV", "abc", "its TUPLTYPE HSV is none of PAM's, and was taken as RGB (DEPTH 3)"},
           {"1", "DEPTHMAP", "a",
            "its TUPLTYPE DEPTHMAP is none of PAM's, and was taken as gray (DEPTH 1)"},
           {"3", "GRAYSCALE", "abc",
            "its TUPLTYPE GRAYSCALE is one of another DEPTH, and was taken as RGB (DEPTH 3)"},
           {"2", "RGB_ALPHA", "ab",
            "its TUPLTYPE RGB_ALPHA is one of another DEPTH, and was taken as gray and alpha "
            "(DEPTH 2)"},
           {"1", "\x01", "a",
            "its TUPLTYPE (unprintable) is none of PAM's, and was taken as gray (DEPTH 1)"},
       }) {
    const std::string file = Pam("1", "1", c.depth, "255", c.type, c.raster);
    std::vector<std::string> warnings;
    ASSERT_TRUE(DecodeImage(Context{}, Exact(file), {.warnings = &warnings}).ok()) << file;
    std::erase(warnings, "its transparency was left out");
    const auto whole = ReadPicture(Context{}, Exact(file));
    ASSERT_TRUE(whole.ok()) << whole.status();
    const std::vector<std::string> expected(c.said.empty() ? 0 : 1, c.said);
    EXPECT_EQ(warnings, expected) << file;
    EXPECT_EQ(std::count(whole->warnings.begin(), whole->warnings.end(), c.said),
              c.said.empty() ? 0 : 1)
        << file;
  }
  // With a fourth sample it is no alpha.
  for (const auto& [depth, raster] : {std::pair{"2", "ab"}, {"4", "abcd"}}) {
    const auto refused = Decode(Pam("1", "1", depth, "255", "HSV", raster));
    EXPECT_THAT(refused, HasReason("NOT_OFFERED"));
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr("and type HSV"));
  }
}

TEST(PamTest, BrokenFiles) {
  for (const std::string& file :
       {std::string("P7\n"), std::string("P7\nENDHDR\n"), std::string("P7\nWIDTH 1\nENDHDR\nx"),
        Pam("0", "1", "1", "255", "", "x"), Pam("1", "1", "1", "0", "", "x"),
        Pam("1", "1", "1", "65536", "", "xx"), Pam("-1", "1", "1", "255", "", "x"),
        Pam("1", "1", "1", "255", "", ""), Pam("1", "1", "1", "99", "", "d"),
        Pam("1", "1", "3", "255", "", "ab"), Pam("1 1", "1", "1", "255", "", "x"),
        Pam("1\nWIDTH 1", "1", "1", "255", "", "x"), Pam("1\nCOLOR 1", "1", "1", "255", "", "x"),
        Pam("4294967296", "1", "1", "255", "", "x")}) {
    EXPECT_THAT(Decode(file), HasReason("CORRUPT_IMAGE")) << file;
  }
  EXPECT_THAT(Decode(Pam("1", "1", "4", "255", "CMYK", "abcd")), HasReason("NOT_OFFERED"));
  EXPECT_THAT(Decode(Pam("1", "1", "5", "255", "", "abcde")), HasReason("NOT_OFFERED"));
  EXPECT_THAT(Decode(Pam("99999", "99999", "1", "255", "", "x")), HasReason("LIMIT_EXCEEDED"));
}

TEST(PamTest, WhatTheHeaderLacksIsNamed) {
  const auto said = [](const std::string& lines) {
    return std::string(Decode("P7\n" + lines + "ENDHDR\nx").status().message());
  };
  const std::string width = "WIDTH 1\n", height = "HEIGHT 1\n", depth = "DEPTH 1\n";
  EXPECT_THAT(said(width + height + depth), EndsWith("the PAM header has no MAXVAL"));
  EXPECT_THAT(said(height + depth + "MAXVAL 255\n"), EndsWith("the PAM header has no WIDTH"));
  EXPECT_THAT(said(width + "MAXVAL 255\n"), EndsWith("the PAM header has no HEIGHT, DEPTH"));
  EXPECT_THAT(said(""), EndsWith("the PAM header has no WIDTH, HEIGHT, DEPTH, MAXVAL"));
  EXPECT_THAT(std::string(Decode("P5 x").status().message()), EndsWith("no valid width"));
  EXPECT_THAT(std::string(Decode("P5 1 x").status().message()), EndsWith("no valid height"));
  EXPECT_THAT(said(width + height + depth + "MAXVAL 65536\n"),
              EndsWith("the PAM header's MAXVAL is 65536, above 65535"));
}

Tensor F32(Shape shape, const std::vector<float>& values) {
  Tensor t = Tensor::Zeros(DType::kFloat32, std::move(shape));
  for (size_t i = 0; i < values.size(); ++i) StoreLE(t.data.data() + 4 * i, values[i]);
  return t;
}

TEST(PfmTest, LiteralPictures) {
  const std::string little = Le(1.5f) + Le(-2.0f), big = Be(1.5f) + Be(-2.0f);
  const std::vector<std::pair<std::string, Tensor>> cases = {
      {"Pf\n2 1\n-1.0\n" + little, F32({1, 2}, {1.5f, -2.0f})},
      {"Pf\n2 1\n1\n" + big, F32({1, 2}, {1.5f, -2.0f})},
      {"Pf 1 2 -1e0\n" + little, F32({2, 1}, {-2.0f, 1.5f})},  // the bottom row comes first
      {"PF\n1 1\n-1\n" + little + Le(3.0f), F32({1, 1, 3}, {1.5f, -2.0f, 3.0f})},
  };
  for (const auto& [file, expected] : cases) {
    std::vector<std::string> warnings;
    const auto picture = DecodeImage(Context{}, Exact(file), {.warnings = &warnings});
    ASSERT_TRUE(picture.ok()) << file << ": " << picture.status();
    EXPECT_TRUE(Same(*picture, expected)) << file;
    EXPECT_THAT(warnings, IsEmpty());
  }
}

TEST(PfmTest, AScaleIsNotAppliedButSaid) {
  std::vector<std::string> warnings;
  const auto picture =
      DecodeImage(Context{}, Exact("Pf\n1 1\n-2.5\n" + Le(1.5f)), {.warnings = &warnings});
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, F32({1, 1}, {1.5f})));
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("2.5")));
}

TEST(PfmTest, BrokenFiles) {
  for (const std::string file :
       {"Pf\n", "Pf\n1 1\n", "Pf\n1 1\n-1", "Pf\n1 1\n-1\nabc", "Pf\n1 1\n0\nabcd",
        "Pf\n1 1\nnan\nabcd", "Pf\n1 1\ninf\nabcd", "Pf\nx 1\n1\nabcd", "Pf\n0 1\n1\nabcd",
        "Pf\n-1 1\n1\nabcd", "PF\n1 1\n1\nabcdabcd", "Pf\n# 1\n1 1\n1\nabcd"}) {
    EXPECT_THAT(Decode(file), HasReason("CORRUPT_IMAGE")) << file;
  }
  EXPECT_THAT(std::string(Decode("Pf\n1 1\n1\nabc").status().message()),
              HasSubstr("the PFM raster needs at least 4 bytes and has 3"));
  EXPECT_THAT(Decode("Pf\n99999 99999\n1\nabcd"), HasReason("LIMIT_EXCEEDED"));
}

TEST(PnmTest, BrokenFiles) {
  for (const std::string file : {"P5",
                                 "P5 ",
                                 "P5 1",
                                 "P5 1 1",
                                 "P5 1 1 255",
                                 "P5 1 1 255\n",
                                 "P5 -1 1 255\nx",
                                 "P5 0 1 255\nx",
                                 "P5 1 0 255\nx",
                                 "P5 1 1 0\nx",
                                 "P5 1 1 65536\nxx",
                                 "P5 1 1 255#x",
                                 "P5 1 1 255x",
                                 "P5 x 1 255\nx",
                                 "P5 1 1 9\nx",
                                 "P2 1 1 9 10",
                                 "P2 2 1 9 1",
                                 "P2 1 1 9 x",
                                 "P2 1 1 9 -1",
                                 "P1 1 1 2",
                                 "P1 2 1 1",
                                 "P3 1 1 9 1 2",
                                 "P4 9 1\nx",
                                 "P5 99999999999999999999 1 255\nx",
                                 "P5 4294967296 1 255\nx"}) {
    EXPECT_THAT(Decode(file), HasReason("CORRUPT_IMAGE")) << file;
  }
}

TEST(PnmTest, ClaimsBeyondTheLimits) {
  for (const char kind : {'1', '2', '3', '4', '5', '6'}) {
    const std::string magic = std::string("P") + kind;
    const std::string maxval = kind == '1' || kind == '4' ? "\n" : " 255\n";
    for (const std::string size : {" 4294967295 4294967295", " 999999 999999", " 4294967295 1"}) {
      EXPECT_THAT(Decode(absl::StrCat(magic, size, maxval, "xx")), HasReason("LIMIT_EXCEEDED"));
    }
    EXPECT_THAT(Decode(absl::StrCat(magic, " 16000 16000", maxval, "11")),
                HasReason("CORRUPT_IMAGE"));
  }
}

}  // namespace
}  // namespace trine::image::testing
