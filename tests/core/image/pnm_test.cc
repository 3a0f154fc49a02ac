// PNM: literal files, and what the golden files do not say.
#include "absl/strings/str_cat.h"
#include "tests/core/image/image_testing.h"

namespace trine::image::testing {
namespace {

absl::StatusOr<Tensor> Decode(const std::string& file, const Context& context = {}) {
  return DecodeImage(context, Exact(file));
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

TEST(PnmTest, OnlyTheFirstPictureIsRead) {
  const auto picture = Decode("P5 1 1 255\nxP5 1 1 255\ny");
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, U8({1, 1}, {'x'})));
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
