// Pictures that other software wrote, whole, cut at every length and with every byte changed.
#include <algorithm>

#include "core/runtime/thread_pool.h"
#include "tests/core/image/image_testing.h"

namespace trine::image::testing {
namespace {

bool IsNpy(const std::string& name) { return name.find(".array") != std::string::npos; }

absl::StatusOr<Tensor> Decode(const std::string& name, ByteView bytes, const Context& context = {},
                              std::vector<std::string>* warnings = nullptr) {
  return IsNpy(name) ? DecodeNpy(context, bytes)
                     : DecodeImage(context, bytes, {.warnings = warnings});
}

// What the chunk said of the picture, such as its orientation, is lost, and that was told.
bool LeavesAChunkOut(const std::vector<std::string>& warnings) {
  return std::any_of(warnings.begin(), warnings.end(), [](const std::string& warning) {
    return warning.find("chunks whose checksum is wrong") != std::string::npos;
  });
}

class GoldenTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    file_ = ReadGolden(GetParam());
    auto expected = DecodeNpy(Context{}, Bytes(ReadGolden(GetParam() + ".npy")));
    ASSERT_TRUE(expected.ok()) << expected.status();
    expected_ = *std::move(expected);
  }

  // Damage may go unnoticed only where it changes nothing or, without a checksum, only values:
  // never a message that names a library's own text or nothing at all.
  static void ExpectUsefulError(const absl::Status& status) {
    EXPECT_FALSE(Reason(status).empty()) << status;
    EXPECT_GT(status.message().size(), 10u);
    EXPECT_EQ(status.message().find("libpng"), std::string::npos);
  }

  std::string file_;
  Tensor expected_;
};

TEST_P(GoldenTest, Decodes) {
  const auto picture = Decode(GetParam(), Exact(file_));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_EQ(Describe(*picture), Describe(expected_));
  EXPECT_TRUE(Same(*picture, expected_));
}

TEST_P(GoldenTest, DecodesFromAnUnalignedAddress) {
  const std::vector<uint8_t> shifted = Exact("x" + file_);
  const auto picture = Decode(GetParam(), ByteView(shifted).subspan(1));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, expected_));
}

TEST_P(GoldenTest, CutAtAnyLengthIsAnErrorOrWhole) {
  for (size_t length = 0; length < file_.size(); ++length) {
    const auto picture = Decode(GetParam(), Exact(file_.substr(0, length)));
    if (picture.ok()) {
      // The end held nothing of the picture, or digits of the last of a list of numbers in text.
      const bool is_plain = file_[0] == 'P' && file_[1] >= '2' && file_[1] <= '3';
      if (is_plain && length + 6 > file_.size()) continue;
      EXPECT_TRUE(Same(*picture, expected_)) << "cut at " << length << " of " << file_.size();
    } else {
      EXPECT_EQ(Reason(picture.status()), "CORRUPT_IMAGE") << length << ": " << picture.status();
      ExpectUsefulError(picture.status());
    }
  }
}

TEST_P(GoldenTest, AnyByteChangedIsSafe) {
  Limits limits;
  limits.max_output_bytes = 1 << 20;  // claims of large pictures are not what this is about
  Context context;
  context.limits = &limits;
  const bool has_checksums = file_.substr(1, 3) == "PNG";
  for (size_t i = 0; i < file_.size(); ++i) {
    for (const uint8_t mask : {0x01, 0x80, 0xFF}) {
      std::vector<uint8_t> changed = Exact(file_);
      changed[i] ^= mask;
      std::vector<std::string> warnings;
      const auto picture = Decode(GetParam(), changed, context, &warnings);
      if (!picture.ok()) {
        ExpectUsefulError(picture.status());
      } else if (has_checksums && !LeavesAChunkOut(warnings)) {
        EXPECT_TRUE(Same(*picture, expected_)) << "byte " << i << " of " << file_.size();
      } else {
        EXPECT_LE(picture->data.size(), limits.max_output_bytes);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenTest, ::testing::ValuesIn(GoldenNames()),
                         [](const auto& file) {
                           std::string name = file.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(GoldenFilesTest, DecodeAtTheSameTimeOnManyThreads) {
  const std::vector<std::string> names = GoldenNames();
  ThreadPool pool(8);
  Context context;
  context.pool = &pool;
  // Whole and cut: the libraries' error handling must not be shared by threads either.
  const absl::Status status =
      ParallelFor(context, 8 * names.size(), 1, [&](size_t begin, size_t) -> absl::Status {
        const std::string& name = names[begin % names.size()];
        const std::string file = ReadGolden(name);
        const auto picture = Decode(name, Exact(file));
        const auto cut = Decode(name, Exact(file.substr(0, file.size() / 2)));
        const auto expected = DecodeNpy(Context{}, Bytes(ReadGolden(name + ".npy")));
        // A TIFF of several pages still has its first.
        const bool right = picture.ok() && expected.ok() && Same(*picture, *expected) &&
                           (!cut.ok() || Same(*cut, *expected));
        return right ? absl::OkStatus() : absl::InternalError(name);
      });
  EXPECT_TRUE(status.ok()) << status;
}

TEST(GoldenFilesTest, CoverEveryFormat) {
  std::vector<int> count(7);
  for (const std::string& name : GoldenNames()) {
    const auto format = RecognizeFormat(Bytes(ReadGolden(name)));
    ASSERT_TRUE(format.has_value()) << name;
    ++count[static_cast<size_t>(*format)];
  }
  for (size_t format = 1; format < count.size(); ++format) EXPECT_GE(count[format], 10) << format;
}

}  // namespace
}  // namespace trine::image::testing
