// Replays lrn/vectors.json of the folder that TRINE_TEST_DATA names: outputs and gradients that
// other frameworks gave.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include <nlohmann/json.hpp>

#include "tests/core/normalize/support.h"

namespace trine::normalize {
namespace {

using nlohmann::json;

LrnOptions OptionsOf(const json& test) {
  LrnOptions options;
  options.preset = ParsePreset(test["preset"].get<std::string>()).value();
  options.mode = test["mode"] == "within" ? Mode::kWithinChannel : Mode::kAcrossChannels;
  // NCW, NCHW, NCDHW or NHWC.
  options.layout = test["layout"].get<std::string>().back() == 'C' ? Layout::kChannelsLast
                                                                   : Layout::kChannelsFirst;
  const json& given = test["params"];
  if (given.contains("size")) options.size = given["size"].get<int64_t>();
  if (given.contains("depth_radius")) options.depth_radius = given["depth_radius"].get<int64_t>();
  if (given.contains("alpha")) options.alpha = given["alpha"].get<double>();
  if (given.contains("beta")) options.beta = given["beta"].get<double>();
  if (given.contains("bias")) options.bias = given["bias"].get<double>();
  return options;
}

void ExpectNear(const Tensor& got, const std::vector<double>& want, double abs_tol) {
  const std::vector<double> values = Values(got);
  ASSERT_EQ(values.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_NEAR(values[i], want[i], abs_tol * std::max(1.0, std::fabs(want[i]))) << "element " << i;
}

TEST(Vectors, EveryCase) {
  const char* folder = std::getenv("TRINE_TEST_DATA");
  if (folder == nullptr) GTEST_SKIP() << "TRINE_TEST_DATA is not set";
  std::ifstream file(std::string(folder) + "/lrn/vectors.json");
  const json cases = json::parse(file, nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(cases.is_array());
  EXPECT_EQ(cases.size(), 16u);
  int gradients = 0;
  for (const json& test : cases) {
    SCOPED_TRACE(test["name"].get<std::string>());
    const Shape shape = test["shape"].get<Shape>();
    const Resolved resolved = MustResolve(OptionsOf(test), shape);
    const auto input = test["input"].get<std::vector<double>>();
    const double tolerance = test["abs_tol"].get<double>();
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      const Tensor in = MakeTensor(dtype, shape, input);
      ExpectNear(RunLrn(resolved, in), test["output"].get<std::vector<double>>(), tolerance);
      if (!test.contains("grad_input")) continue;
      ++gradients;
      const Tensor dy = MakeTensor(dtype, shape, test["grad_output"].get<std::vector<double>>());
      ExpectNear(RunGradient(resolved, in, dy), test["grad_input"].get<std::vector<double>>(),
                 tolerance);
    }
  }
  EXPECT_EQ(gradients, 2 * 6);
}

}  // namespace
}  // namespace trine::normalize
