// Published results on the pictures of the folder that TRINE_TEST_DATA names.
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/image/image.h"
#include "core/segment/metrics.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

class Published : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("TRINE_TEST_DATA");
    if (folder == nullptr) GTEST_SKIP() << "TRINE_TEST_DATA is not set";
    folder_ = folder;
  }

  Tensor Read(const std::string& name) const {
    std::ifstream in(folder_ + "/" + name, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_FALSE(bytes.empty()) << name;
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    auto picture = image::DecodeImage(Context{}, ByteView(data, bytes.size()));
    EXPECT_TRUE(picture.ok()) << name << " " << picture.status();
    return picture.ok() ? *std::move(picture) : Tensor{};
  }

  Grid<uint8_t> Gray(const std::string& name) const {
    const Tensor picture = Read("images/skimage/" + name + ".png");
    EXPECT_EQ(picture.shape.size(), 2u) << name;
    return GridOf<uint8_t>(picture);
  }

 private:
  std::string folder_;
};

std::vector<double> Thresholds(const Grid<uint8_t>& gray, const Step& step,
                               Profile profile = Profile::kExact) {
  const auto result = RunSteps(gray, {step}, profile);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? result->threshold->thresholds : std::vector<double>{};
}

TEST_F(Published, OtsuAndMultiOtsuInRationalArithmetic) {
  struct Row {
    std::string name;
    std::vector<double> otsu, three, four, five;
  };
  const std::vector<Row> rows = {{"camera", {102}, {87, 176}, {69, 134, 180}, {46, 100, 145, 182}},
                                 {"coins", {107}, {77, 139}, {63, 107, 156}, {58, 95, 134, 173}},
                                 {"moon", {87}, {86, 141}, {60, 102, 142}, {56, 97, 114, 148}},
                                 {"page", {157}, {114, 186}, {93, 150, 199}, {71, 119, 161, 203}},
                                 {"text", {109}, {90, 129}, {79, 115, 136}, {71, 104, 125, 140}},
                                 {"cell", {122}, {50, 123}, {50, 108, 173}, {40, 62, 109, 173}}};
  for (const Row& row : rows) {
    const Grid<uint8_t> gray = Gray(row.name);
    EXPECT_THAT(Thresholds(gray, OtsuStep{}), ElementsAreArray(row.otsu)) << row.name;
    EXPECT_THAT(Thresholds(gray, MultiOtsuStep{2}), ElementsAreArray(row.otsu)) << row.name;
    EXPECT_THAT(Thresholds(gray, MultiOtsuStep{3}), ElementsAreArray(row.three)) << row.name;
    EXPECT_THAT(Thresholds(gray, MultiOtsuStep{4}), ElementsAreArray(row.four)) << row.name;
    EXPECT_THAT(Thresholds(gray, MultiOtsuStep{5}), ElementsAreArray(row.five)) << row.name;
    for (const Profile profile :
         {Profile::kOpencv, Profile::kSkimage, Profile::kImagej, Profile::kMatlab})
      EXPECT_THAT(Thresholds(gray, OtsuStep{}, profile), ElementsAreArray(row.otsu)) << row.name;
  }
}

TEST_F(Published, ATieIsBrokenAsEachLibraryDoes) {
  const Grid<uint8_t> gray = Gray("microaneurysms");
  EXPECT_THAT(Thresholds(gray, OtsuStep{}), ElementsAre(93));
  EXPECT_THAT(Thresholds(gray, OtsuStep{}, Profile::kOpencv), ElementsAre(93));
  EXPECT_THAT(Thresholds(gray, OtsuStep{}, Profile::kSkimage), ElementsAre(93));
  EXPECT_THAT(Thresholds(gray, OtsuStep{}, Profile::kImagej), ElementsAre(94));
  EXPECT_THAT(Thresholds(gray, OtsuStep{}, Profile::kMatlab), ElementsAre(93.5));
  const auto result = RunSteps(gray, {OtsuStep{}});
  EXPECT_EQ(result->threshold->plateau_low, 93);
  EXPECT_EQ(result->threshold->plateau_high, 94);
}

// scikit-image's own assertions on the astronaut's bytes, all three channels together.
TEST_F(Published, TheAstronautsBytes) {
  const Tensor picture = Read("images/skimage/astronaut.png");
  ASSERT_EQ(picture.shape.size(), 3u);
  Grid<uint8_t> bytes(static_cast<int>(picture.shape[0]), static_cast<int>(picture.shape[1]) * 3);
  bytes.cells.assign(picture.data.begin(), picture.data.end());
  EXPECT_THAT(Thresholds(bytes, OtsuStep{}, Profile::kSkimage), ElementsAre(110));
  EXPECT_THAT(Thresholds(bytes, MultiOtsuStep{3}, Profile::kSkimage), ElementsAre(58, 149));
}

// Doxa's results for one page, byte for byte; its gray is (11 R + 16 G + 5 B) / 32, rounded down.
TEST_F(Published, DoxasPage) {
  const Tensor colour = Read("doxa/source.ppm");
  ASSERT_EQ(colour.shape.size(), 3u);
  Grid<uint8_t> gray(static_cast<int>(colour.shape[0]), static_cast<int>(colour.shape[1]));
  for (size_t i = 0; i < gray.cells.size(); ++i) {
    const uint8_t* rgb = colour.data.data() + 3 * i;
    gray.cells[i] = static_cast<uint8_t>((11 * rgb[0] + 16 * rgb[1] + 5 * rgb[2]) / 32);
  }
  const auto otsu = RunSteps(gray, {OtsuStep{}});
  EXPECT_EQ(otsu->mask->data, Read("doxa/Otsu.pbm").data);
  LocalThresholdStep sauvola;
  sauvola.window = 27;
  sauvola.k = 0.1;
  const auto local = RunSteps(gray, {sauvola});
  EXPECT_EQ(local->mask->data, Read("doxa/Sauvola.pbm").data);
}

// The foreground where ink is dark.
Mask Dark(const Tensor& picture) {
  Mask ink = GridOf<uint8_t>(picture);
  for (uint8_t& value : ink.cells) value = value < 128 ? 255 : 0;
  return ink;
}

TensorView ViewOf(const Mask& mask) {
  return {DType::kUint8, {mask.height, mask.width}, mask.cells};
}

TEST_F(Published, MetricsOfAResultOfDoxa) {
  const Mask mask = Dark(Read("doxa/Sauvola.pbm")), truth = Dark(Read("doxa/GroundTruth.pbm"));
  const auto metrics = CompareMasks(Context(), ViewOf(mask), ViewOf(truth));
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_NEAR(metrics->f_measure, 93.2046650, 1e-6);
  EXPECT_NEAR(metrics->psnr, 16.3292138, 1e-6);
}

TEST_F(Published, DocumentFindsTheInkOfDibco) {
  double sum = 0;
  int pages = 0;
  for (const auto& [year, count] : {std::pair{"2010", 10}, {"2012", 14}}) {
    for (int page = 1; page <= count; page += kSanitized ? 7 : 1) {
      const std::string name =
          std::string("dibco/DIBCO") + year + (page < 10 ? "_H0" : "_H") + std::to_string(page);
      Tensor source = Read(name + "_source.png");
      if (source.shape.size() == 3)
        source = *image::ToGray(Context(), source.view(), image::GrayWeights::kBt601);
      const auto result = RunSteps(GridOf<uint8_t>(source), {DocumentStep{}});
      ASSERT_TRUE(result.ok()) << result.status();
      const Mask truth = Dark(Read(name + "_target.png"));
      const auto metrics = CompareMasks(Context(), result->mask->view(), ViewOf(truth));
      ASSERT_TRUE(metrics.ok()) << metrics.status();
      EXPECT_GT(metrics->f_measure, 86) << name;
      sum += metrics->f_measure;
      ++pages;
    }
  }
  if (!kSanitized) {
    EXPECT_GT(sum / pages, 92.5);
  }
}

}  // namespace
}  // namespace trine::segment
