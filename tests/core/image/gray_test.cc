// Gray from colour against the formulas written out, and channels.
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/runtime/thread_pool.h"
#include "tests/core/image/image_testing.h"

namespace trine::image::testing {
namespace {

double Sample(const Tensor& t, size_t i) {
  switch (t.dtype) {
    case DType::kUint8:
      return t.data[i];
    case DType::kUint16:
      return LoadLE<uint16_t>(t.data.data() + 2 * i);
    case DType::kFloat64:
      return LoadLE<double>(t.data.data() + 8 * i);
    default:
      return LoadLE<float>(t.data.data() + 4 * i);
  }
}

// The formulas of GrayWeights, in double and integers, for the samples' values.
double Expected(double r, double g, double b, GrayWeights weights, DType dtype) {
  const bool is_float = dtype == DType::kFloat32;
  const double scale = is_float ? 1 : (dtype == DType::kUint8 ? 255 : 65535);
  switch (weights) {
    case GrayWeights::kBt709:
      return 0.2125 * (r / scale) + 0.7154 * (g / scale) + 0.0721 * (b / scale);
    case GrayWeights::kMean:
      return is_float ? (r + g + b) / 3 : std::round((r + g + b) / 3);
    case GrayWeights::kOpencvBt601:
      return is_float ? 0.299 * r + 0.587 * g + 0.114 * b
                      : std::floor((9798 * r + 19235 * g + 3735 * b + 16384) / 32768);
    case GrayWeights::kMatlabYiq: {
      const double exact = 0.298936021293776 * r + 0.587043074451121 * g + 0.114020904255103 * b;
      return is_float ? exact : std::floor(exact + 0.5);
    }
    default: {
      const double exact = (299 * r + 587 * g + 114 * b) / 1000;
      return is_float ? exact : std::floor(exact + 0.5);
    }
  }
}

class GrayTest : public ::testing::TestWithParam<std::tuple<GrayWeights, DType>> {};

TEST_P(GrayTest, FollowsTheFormula) {
  const auto [weights, dtype] = GetParam();
  Tensor colour = Noise(dtype, {301, 257, 3});
  if (dtype == DType::kFloat32) {
    for (size_t i = 0; i < colour.data.size() / 4; ++i) {
      StoreLE(colour.data.data() + 4 * i, static_cast<float>(colour.data[4 * i]) / 64.0f);
    }
  }
  const auto gray = ToGray(Context{}, colour.view(), weights);
  ASSERT_TRUE(gray.ok()) << gray.status();
  EXPECT_EQ(gray->shape, (Shape{301, 257}));
  const bool scaled = weights == GrayWeights::kBt709 && dtype != DType::kFloat32;
  EXPECT_EQ(gray->dtype, scaled ? DType::kFloat64 : dtype);
  for (size_t i = 0; i < 301 * 257; ++i) {
    const double expected = Expected(Sample(colour, 3 * i), Sample(colour, 3 * i + 1),
                                     Sample(colour, 3 * i + 2), weights, dtype);
    const double tolerance = scaled                           ? 0x1p-49
                             : gray->dtype == DType::kFloat32 ? 1e-6 * (1 + expected)
                                                              : 0;
    ASSERT_NEAR(Sample(*gray, i), expected, tolerance) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, GrayTest,
    ::testing::Combine(::testing::Values(GrayWeights::kBt601, GrayWeights::kBt709,
                                         GrayWeights::kMean, GrayWeights::kOpencvBt601,
                                         GrayWeights::kMatlabYiq),
                       ::testing::Values(DType::kUint8, DType::kUint16, DType::kFloat32)));

// cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) of OpenCV 4.6.0, where it differs from the exact formula.
TEST(GrayOpencvTest, RecordedValues) {
  const Tensor narrow = U8({1, 8, 3}, {102, 8,   222, 54,  203, 221, 19,  89,  84,  225, 175, 57,
                                       111, 215, 229, 168, 173, 94,  218, 103, 104, 29,  195, 126});
  const auto narrow_gray = ToGray(Context{}, narrow.view(), GrayWeights::kOpencvBt601);
  ASSERT_TRUE(narrow_gray.ok());
  EXPECT_TRUE(Same(*narrow_gray, U8({1, 8}, {60, 160, 67, 177, 185, 163, 138, 137})));
  const Tensor wide = U16({1, 8, 3}, {6324,  9051,  42366, 54680, 49920, 35587, 36786, 34058,
                                      21407, 9080,  13474, 24074, 65136, 37982, 15876, 1742,
                                      24292, 40776, 762,   46822, 63554, 3938,  46119, 40152});
  const auto wide_gray = ToGray(Context{}, wide.view(), GrayWeights::kOpencvBt601);
  ASSERT_TRUE(wide_gray.ok());
  EXPECT_TRUE(
      Same(*wide_gray, U16({1, 8}, {12033, 49710, 33432, 13368, 43582, 19428, 34957, 32826})));
  // The bits of float32 values, for a machine with fused multiply-add.
  const std::vector<uint32_t> in = {0x4298DB6E, 0x4298DB6E, 0x42024925, 0x3FC92492,
                                    0x42BE0000, 0x42580000, 0x42149249, 0x42924925,
                                    0x42580000, 0x42D20000, 0x42AC9249, 0x43086DB7};
  const std::vector<uint32_t> out = {0x428EDB94, 0x4279903C, 0x4270C94A, 0x42C331F5};
  Tensor real = Tensor::Zeros(DType::kFloat32, {1, 4, 3});
  std::memcpy(real.data.data(), in.data(), real.data.size());
  const auto gray = ToGray(Context{}, real.view(), GrayWeights::kOpencvBt601);
  ASSERT_TRUE(gray.ok());
  EXPECT_EQ(std::memcmp(gray->data.data(), out.data(), gray->data.size()), 0);
}

TEST(GrayLimitsTest, ExtremesDoNotOverflow) {
  const Tensor white = U16({1, 1, 3}, {65535, 65535, 65535});
  for (const GrayWeights weights : {GrayWeights::kBt601, GrayWeights::kMean,
                                    GrayWeights::kOpencvBt601, GrayWeights::kMatlabYiq}) {
    const auto gray = ToGray(Context{}, white.view(), weights);
    ASSERT_TRUE(gray.ok()) << gray.status();
    EXPECT_TRUE(Same(*gray, U16({1, 1}, {65535})));
  }
}

// One pixel of colour to its gray.
template <typename T, typename Gray = T>
Gray GrayOf(DType dtype, std::array<T, 3> rgb, GrayWeights weights, DType expected) {
  Tensor picture = Tensor::Zeros(dtype, {1, 1, 3});
  std::memcpy(picture.data.data(), rgb.data(), sizeof(rgb));
  const auto gray = ToGray(Context{}, picture.view(), weights);
  EXPECT_TRUE(gray.ok()) << gray.status();
  EXPECT_EQ(gray->dtype, expected);
  EXPECT_EQ(GrayDType(dtype, weights), expected);
  return gray.ok() ? LoadLE<Gray>(gray->data.data()) : Gray{};
}

TEST(GrayTypesTest, SignedAndWideIntegersAndOtherFloats) {
  constexpr GrayWeights k601 = GrayWeights::kBt601, kMean = GrayWeights::kMean;
  // -7.27 and -7.5: to the nearest, ties up.
  EXPECT_EQ(GrayOf<int8_t>(DType::kInt8, {-10, -5, -12}, k601, DType::kInt8), -7);
  EXPECT_EQ(GrayOf<int16_t>(DType::kInt16, {-10, -5, -7}, kMean, DType::kInt16), -7);
  EXPECT_EQ(GrayOf<int16_t>(DType::kInt16, {-32768, -32768, -32768}, k601, DType::kInt16), -32768);
  EXPECT_EQ(GrayOf<uint32_t>(DType::kUint32, {4000000000u, 4000000000u, 4000000000u}, k601,
                             DType::kUint32),
            4000000000u);
  EXPECT_EQ(GrayOf<int32_t>(DType::kInt32, {-3, 0, 0}, kMean, DType::kInt32), -1);
  // Where MATLAB's weights and 299, 587, 114 differ: 19.5021 and 19.499.
  EXPECT_EQ(GrayOf<uint8_t>(DType::kUint8, {0, 7, 135}, GrayWeights::kMatlabYiq, DType::kUint8),
            20);
  EXPECT_EQ(GrayOf<uint8_t>(DType::kUint8, {0, 7, 135}, k601, DType::kUint8), 19);
  EXPECT_EQ(GrayOf<int32_t>(DType::kInt32, {-9, -9, -9}, GrayWeights::kOpencvBt601, DType::kInt32),
            -9);
  EXPECT_DOUBLE_EQ(GrayOf<double>(DType::kFloat64, {1e300, 0, -1e300}, k601, DType::kFloat64),
                   0.185e300);
  EXPECT_DOUBLE_EQ(GrayOf<double>(DType::kFloat64, {1, 2, 3}, GrayWeights::kBt709, DType::kFloat64),
                   0.2125 + 2 * 0.7154 + 3 * 0.0721);
  // scikit-image 0.26's rgb2gray: rounded in another order the latter three are others.
  const auto of_bytes = [](std::array<uint8_t, 3> rgb) {
    return GrayOf<uint8_t, double>(DType::kUint8, rgb, GrayWeights::kBt709, DType::kFloat64);
  };
  EXPECT_EQ(of_bytes({183, 255, 4}), 0.8690309803921569);
  EXPECT_EQ(of_bytes({249, 45, 229}), 0.39849568627450976);
  EXPECT_EQ(of_bytes({231, 69, 92}), 0.4120913725490196);
  EXPECT_EQ((GrayOf<uint16_t, double>(DType::kUint16, {41026, 47642, 65049}, GrayWeights::kBt709,
                                      DType::kFloat64)),
            0.7246684168764783);
  EXPECT_EQ((GrayOf<float>(DType::kFloat32, {0.160784319f, 0.980392158f, 0.0823529437f},
                           GrayWeights::kBt709, DType::kFloat32)),
            0.741476834f);
  // 1, 2 and -3 as float16.
  const float half =
      GrayOf<uint16_t, float>(DType::kFloat16, {0x3C00, 0x4000, 0xC200}, kMean, DType::kFloat32);
  EXPECT_EQ(half, 0);
}

TEST(GrayShapeTest, GrayComesBackAsItIs) {
  for (const DType dtype : {DType::kUint8, DType::kInt32, DType::kFloat64}) {
    for (const Shape& shape : {Shape{5, 7}, Shape{5, 7, 1}}) {
      const Tensor picture = Noise(dtype, shape);
      const auto gray = ToGray(Context{}, picture.view(), GrayWeights::kBt709);
      ASSERT_TRUE(gray.ok()) << gray.status();
      EXPECT_EQ(gray->shape, (Shape{5, 7}));
      EXPECT_EQ(gray->dtype, dtype);
      EXPECT_EQ(gray->data, picture.data);
    }
  }
}

TEST(GrayShapeTest, RefusesWhatIsNoPicture) {
  for (const Shape& shape :
       {Shape{}, Shape{3}, Shape{5, 7, 2}, Shape{5, 7, 4}, Shape{1, 5, 7, 3}}) {
    const Tensor picture = Noise(DType::kUint8, shape);
    EXPECT_THAT(ToGray(Context{}, picture.view(), GrayWeights::kBt601), HasReason("INVALID_FIELD"));
  }
  for (const auto& [dtype, weights] : {std::pair{DType::kInt64, GrayWeights::kBt601},
                                       {DType::kBool, GrayWeights::kMean},
                                       {DType::kInt32, GrayWeights::kBt709}}) {
    const Tensor wrong = Noise(dtype, {5, 7, 3});
    EXPECT_THAT(ToGray(Context{}, wrong.view(), weights),
                HasCode(absl::StatusCode::kUnimplemented));
  }
  const Tensor right = Noise(DType::kUint8, {5, 7, 3});
  EXPECT_THAT(ToGray(Context{}, right.view(), static_cast<GrayWeights>(9)),
              HasReason("INVALID_FIELD"));
  TensorView cut = right.view();
  cut.data.remove_suffix(1);
  EXPECT_THAT(ToGray(Context{}, cut, GrayWeights::kBt601), HasReason("INVALID_FIELD"));
}

TEST(GrayShapeTest, EmptyPictures) {
  const Tensor empty = Noise(DType::kUint8, {0, 7, 3});
  const auto gray = ToGray(Context{}, empty.view(), GrayWeights::kBt601);
  ASSERT_TRUE(gray.ok()) << gray.status();
  EXPECT_EQ(gray->shape, (Shape{0, 7}));
}

TEST(GrayThreadsTest, SameOnAnyNumberOfThreads) {
  const Tensor colour = Noise(DType::kUint16, {700, 611, 3});
  const auto alone = ToGray(Context{}, colour.view(), GrayWeights::kBt709);
  ThreadPool pool(5);
  Context context;
  context.pool = &pool;
  const auto together = ToGray(context, colour.view(), GrayWeights::kBt709);
  ASSERT_TRUE(alone.ok() && together.ok());
  EXPECT_TRUE(Same(*alone, *together));
}

TEST(ChannelTest, TakesOneChannel) {
  for (const DType dtype : {DType::kUint8, DType::kFloat16, DType::kInt32, DType::kFloat64}) {
    const size_t size = DTypeSize(dtype);
    const Tensor picture = Noise(dtype, {6, 5, 4});
    for (int64_t c = 0; c < 4; ++c) {
      const auto channel = ExtractChannel(Context{}, picture.view(), c);
      ASSERT_TRUE(channel.ok()) << channel.status();
      EXPECT_EQ(channel->shape, (Shape{6, 5}));
      for (size_t i = 0; i < 30; ++i) {
        for (size_t b = 0; b < size; ++b) {
          ASSERT_EQ(channel->data[i * size + b],
                    picture.data[(4 * i + static_cast<size_t>(c)) * size + b]);
        }
      }
    }
    for (const int64_t c : {int64_t{-1}, int64_t{4}, INT64_MAX, INT64_MIN}) {
      EXPECT_THAT(ExtractChannel(Context{}, picture.view(), c), HasReason("INVALID_FIELD"));
    }
  }
  const Tensor gray = Noise(DType::kUint8, {6, 5});
  EXPECT_TRUE(ExtractChannel(Context{}, gray.view(), 0).ok());
  EXPECT_THAT(ExtractChannel(Context{}, gray.view(), 1), HasReason("INVALID_FIELD"));
}

TEST(GrayCancelTest, StopsWhenCancelled) {
  CancelSource source;
  source.Cancel();
  Context context;
  context.cancel = source.token();
  const Tensor colour = Noise(DType::kUint8, {5, 7, 3});
  EXPECT_THAT(ToGray(context, colour.view(), GrayWeights::kBt601), HasReason("CANCELLED"));
  EXPECT_THAT(ExtractChannel(context, colour.view(), 0), HasReason("CANCELLED"));
}

}  // namespace
}  // namespace trine::image::testing
