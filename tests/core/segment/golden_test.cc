// What OpenCV 4.6, scikit-image 0.19 and 0.26, doxa and ImageJ answered for pictures made by rule;
// see tests/golden/segment/make_golden.py for the format of a line.
#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>

#include "core/segment/pipeline.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

struct Case {
  std::string operation, dtype, rule;
  uint32_t levels = 0;
  int height = 0, width = 0;
  uint64_t seed = 0;
  std::vector<double> parameters;
  std::vector<std::string> answer;
};

std::vector<Case> Cases(const std::string& file) {
  std::ifstream in(std::string(TRINE_GOLDEN_DIR) + "/" + file);
  EXPECT_TRUE(in.good()) << file;
  std::vector<Case> cases;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    Case c;
    words >> c.operation >> c.dtype >> c.rule >> c.levels >> c.height >> c.width >> c.seed;
    std::string word;
    while (words >> word && word != "=") c.parameters.push_back(std::stod(word));
    while (words >> word) c.answer.push_back(word);
    cases.push_back(c);
  }
  return cases;
}

template <typename T>
Grid<T> PictureByRule(const Case& c) {
  Grid<T> grid(c.height, c.width);
  uint64_t state = c.seed;
  for (int y = 0; y < c.height; ++y) {
    for (int x = 0; x < c.width; ++x) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const uint32_t r = static_cast<uint32_t>(state >> 33);
      uint32_t v = 0;
      if (c.rule == "noise") {
        v = r % c.levels;
      } else if (c.rule == "blocks") {
        v = static_cast<uint32_t>((x / 7 + y / 5) % 3) * (c.levels / 4) + r % (c.levels / 5 + 1);
      } else if (c.rule == "ramp") {
        v = (static_cast<uint32_t>(x) * c.levels / static_cast<uint32_t>(c.width) +
             r % (c.levels / 8 + 1)) %
            c.levels;
      } else {
        v = r % 100 < c.levels ? 255 : 0;
      }
      if constexpr (std::is_floating_point_v<T>) {
        grid.at(y, x) = static_cast<float>(v) / static_cast<float>(std::max(c.levels - 1, 1u));
      } else {
        grid.at(y, x) = static_cast<T>(v);
      }
    }
  }
  return grid;
}

std::string Fnv(ByteView bytes) {
  uint64_t hash = 14695981039346656037u;
  for (const uint8_t byte : bytes) hash = (hash ^ byte) * 1099511628211u;
  char text[17];
  std::snprintf(text, sizeof(text), "%016" PRIx64, hash);
  return text;
}

std::string FnvOfContours(const ContourList& contours) {
  std::vector<int64_t> numbers;
  for (const Contour& c : contours) {
    numbers.insert(numbers.end(),
                   {c.next, c.previous, c.child, c.parent, static_cast<int64_t>(c.points.size())});
    for (const Point& p : c.points) numbers.insert(numbers.end(), {p.x, p.y});
  }
  std::vector<uint8_t> bytes(numbers.size() * 4);
  for (size_t i = 0; i < numbers.size(); ++i)
    StoreLE(bytes.data() + 4 * i, static_cast<int32_t>(numbers[i]));
  return Fnv(bytes);
}

// The method of that name; 0: there is none.
AutoMethod MethodOf(const std::string& operation) {
  const absl::Span<const std::string_view> methods = NamesOf(AutoMethod{});
  const auto found = std::find(methods.begin(), methods.end(), operation);
  return found == methods.end() ? AutoMethod{0}
                                : static_cast<AutoMethod>(found - methods.begin() + 1);
}

bool FindsThresholds(const std::string& operation) {
  return operation == "otsu" || operation == "multi_otsu" || MethodOf(operation) != AutoMethod{0};
}

// The step of an operation that changes the gray picture.
std::optional<Step> FilterOf(const Case& c) {
  const std::vector<double>& p = c.parameters;
  const auto radius = static_cast<int64_t>(p.empty() ? 0 : p[0]);
  if (c.operation == "gaussian") return SmoothStep{SmoothMethod::kGaussian, p[0], 0};
  if (c.operation == "median") return SmoothStep{SmoothMethod::kMedian, {}, radius};
  if (c.operation == "mean") return SmoothStep{SmoothMethod::kMean, {}, radius};
  if (c.operation == "top_hat")
    return BackgroundStep{BackgroundMethod::kTopHat, radius, 0, p[1] != 0};
  if (c.operation == "rolling_ball")
    return BackgroundStep{BackgroundMethod::kRollingBall, radius, 0, p[1] != 0};
  if (c.operation == "equalize") return EqualizeStep{radius, p[1]};
  if (c.operation == "stretch") return StretchStep{p[0], p[1]};
  return std::nullopt;
}

// What the step leaves of the picture.
template <typename T>
std::string FnvOfFiltered(const Case& c, const Step& step, Profile profile) {
  const Grid<T> grid = PictureByRule<T>(c);
  const Unaligned<T> pixels(grid);
  Inputs inputs;
  inputs.gray = pixels.view();
  const Options options{profile, false, {step}};
  EXPECT_TRUE(Validate(inputs, options, Limits()).ok());
  const Context context;
  const Picture picture{c.height, c.width, inputs.gray.dtype, inputs.gray.data.data(), nullptr};
  State state(context, inputs, options, picture);
  EXPECT_TRUE(step.spec().run(state, step.parameters()).ok());
  return Fnv({state.gray.data, grid.cells.size() * DTypeSize(state.gray.dtype)});
}

// The operation's steps and whether the answer is that of `invert`.
std::vector<Step> StepsOf(const Case& c, bool& invert) {
  invert = false;
  const std::vector<double>& p = c.parameters;
  const auto connectivity = [&] { return p[0] == 4 ? Connectivity::k4 : Connectivity::k8; };
  if (c.operation == "otsu") return {OtsuStep{}};
  if (c.operation == "multi_otsu") return {MultiOtsuStep{static_cast<int>(p[0])}};
  if (c.operation == "components") return {MaskStep(), ComponentsStep{connectivity()}};
  if (c.operation == "fill_holes") return {MaskStep(), FillHolesStep{connectivity()}};
  if (c.operation == "contours") return {MaskStep(), ContoursStep{}};
  if (const AutoMethod method = MethodOf(c.operation); method != AutoMethod{0})
    return {AutoThresholdStep{method, {}}};
  if (c.operation == "edges") return {EdgesStep{p[0], p[1]}};
  invert = p[2] != 0;
  if (c.operation == "hysteresis") return {HysteresisStep{p[0], p[1]}};
  LocalThresholdStep step;
  step.window = static_cast<int64_t>(p[0]);
  invert = p[2] != 0;
  const auto names = NamesOf(LocalMethod());
  const auto found = std::find(names.begin(), names.end(), c.operation);
  EXPECT_NE(found, names.end()) << c.operation;
  step.method = static_cast<LocalMethod>(1 + (found - names.begin()));
  if (c.operation == "mean" || c.operation == "gaussian") {
    step.offset = p[1];
  } else {
    step.k = p[1];
  }
  return {step};
}

absl::StatusOr<Result> Answer(const Case& c, Profile profile) {
  bool invert = false;
  const std::vector<Step> steps = StepsOf(c, invert);
  if (c.dtype == "uint8") return RunSteps(PictureByRule<uint8_t>(c), steps, profile, invert);
  if (c.dtype == "uint16") return RunSteps(PictureByRule<uint16_t>(c), steps, profile, invert);
  return RunSteps(PictureByRule<float>(c), steps, profile, invert);
}

void ExpectAnswers(const std::string& file, Profile profile, size_t at_least) {
  const std::vector<Case> cases = Cases(file);
  EXPECT_GE(cases.size(), at_least);
  for (const Case& c : cases) {
    const auto result = Answer(c, profile);
    const bool none = c.answer[0] == "none";
    ASSERT_EQ(result.ok(), !none) << c.operation << " seed " << c.seed << result.status();
    if (none) continue;
    bool right = true;
    if (FindsThresholds(c.operation)) {
      right = result->threshold->thresholds.size() == c.answer.size();
      // numpy's logarithms of float32 depend on the machine.
      const double error = c.operation == "li" && c.dtype == "float32" ? 1e-6 : 0;
      for (size_t i = 0; right && i < c.answer.size(); ++i) {
        const double want = std::stod(c.answer[i]);
        right = std::fabs(result->threshold->thresholds[i] - want) <= error * std::fabs(want);
      }
    } else if (c.operation == "contours") {
      right = FnvOfContours(result->contours) == c.answer[0];
    } else if (c.operation == "components") {
      right = Fnv(result->labels->data) == c.answer[0];
    } else {
      right = Fnv(result->mask->data) == c.answer[0];
    }
    EXPECT_TRUE(right) << c.operation << " " << c.dtype << " " << c.rule << " " << c.levels << " "
                       << c.height << "x" << c.width << " seed " << c.seed << " "
                       << testing::PrintToString(c.parameters);
  }
}

void ExpectFiltered(const std::string& file, Profile profile, size_t at_least) {
  const std::vector<Case> cases = Cases(file);
  EXPECT_GE(cases.size(), at_least);
  for (const Case& c : cases) {
    const std::optional<Step> step = FilterOf(c);
    ASSERT_TRUE(step) << c.operation;
    const std::string got = c.dtype == "uint8"     ? FnvOfFiltered<uint8_t>(c, *step, profile)
                            : c.dtype == "uint16"  ? FnvOfFiltered<uint16_t>(c, *step, profile)
                            : c.dtype == "float64" ? FnvOfFiltered<double>(c, *step, profile)
                                                   : FnvOfFiltered<float>(c, *step, profile);
    EXPECT_EQ(got, c.answer[0]) << c.operation << " " << c.dtype << " " << c.rule << " " << c.levels
                                << " " << c.height << "x" << c.width << " seed " << c.seed << " "
                                << testing::PrintToString(c.parameters);
  }
}

TEST(Golden, SkimageFilters) {
  ExpectFiltered("scikit-image-0.26.0-filters.txt", Profile::kSkimage, 970);
}
TEST(Golden, ImagejFilters) { ExpectFiltered("imagej-1.52i-filters.txt", Profile::kImagej, 612); }
// OpenCV 4.6 answers alike.
TEST(Golden, OpencvFilters) { ExpectFiltered("opencv-5.0.0-filters.txt", Profile::kOpencv, 500); }
TEST(Golden, OpencvEdges) { ExpectAnswers("opencv-5.0.0-edges.txt", Profile::kOpencv, 100); }
TEST(Golden, OpencvTriangle) { ExpectAnswers("opencv-5.0.0-triangle.txt", Profile::kOpencv, 30); }
TEST(Golden, Opencv) { ExpectAnswers("opencv-4.6.0.txt", Profile::kOpencv, 250); }
TEST(Golden, Skimage026) { ExpectAnswers("scikit-image-0.26.0.txt", Profile::kSkimage, 600); }
TEST(Golden, Imagej) { ExpectAnswers("imagej-1.53t.txt", Profile::kImagej, 400); }
TEST(Golden, Skimage) { ExpectAnswers("scikit-image-0.19.3.txt", Profile::kSkimage, 400); }
TEST(Golden, SkimageDeviations) {
  ExpectAnswers("scikit-image-0.26.0-local.txt", Profile::kSkimage, 400);
}
TEST(Golden, Doxa) { ExpectAnswers("doxa-0.9.2.txt", Profile::kExact, 200); }

}  // namespace
}  // namespace trine::segment
