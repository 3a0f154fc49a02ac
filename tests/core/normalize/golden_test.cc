// Replays tests/golden/normalize/vectors.json (made by tests/oracle/normalize_vectors.py).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include "tests/core/normalize/support.h"

namespace trine::normalize {
namespace {

using nlohmann::json;

std::vector<json> Cases() {
  std::ifstream file(TRINE_SOURCE_DIR "/tests/golden/normalize/vectors.json");
  const json cases = json::parse(file, nullptr, /*allow_exceptions=*/false);
  return cases.is_array() ? cases.get<std::vector<json>>() : std::vector<json>();
}

LrnOptions OptionsOf(const json& test) {
  LrnOptions options;
  options.preset = ParsePreset(test["preset"].get<std::string>()).value();
  options.mode = test["mode"] == "within_channel" ? Mode::kWithinChannel : Mode::kAcrossChannels;
  options.layout =
      test["layout"] == "channels_last" ? Layout::kChannelsLast : Layout::kChannelsFirst;
  options.size = test["size"].get<int64_t>();
  if (test.contains("alpha")) options.alpha = test["alpha"].get<double>();
  if (test.contains("beta")) options.beta = test["beta"].get<double>();
  if (test.contains("bias")) options.bias = test["bias"].get<double>();
  if (test["relu"].get<bool>()) options.activation = Activation::kRelu;
  return options;
}

TEST(Golden, EveryCase) {
  const std::vector<json> cases = Cases();
  ASSERT_GE(cases.size(), 70u);
  for (const json& test : cases) {
    const Shape shape = test["shape"].get<Shape>();
    const Resolved resolved = MustResolve(OptionsOf(test), shape);
    SCOPED_TRACE(test["preset"].dump() + test["mode"].dump() + test["layout"].dump() +
                 test["shape"].dump() + " n=" + test["size"].dump());
    const json& want = test["resolved"];
    EXPECT_EQ(resolved.lo, want["lo"].get<int64_t>());
    EXPECT_EQ(resolved.hi, want["hi"].get<int64_t>());
    EXPECT_DOUBLE_EQ(resolved.a, want["a"].get<double>());
    EXPECT_EQ(resolved.beta, want["beta"].get<double>());
    EXPECT_EQ(resolved.k, want["k"].get<double>());

    const auto y = test["output"].get<std::vector<double>>();
    const auto dx = test["input_gradient"].get<std::vector<double>>();
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      const Tensor in = MakeTensor(dtype, shape, test["input"].get<std::vector<double>>());
      const Tensor dy =
          MakeTensor(dtype, shape, test["output_gradient"].get<std::vector<double>>());
      const double eps = dtype == DType::kFloat32 ? 0x1p-23 : 0x1p-52;
      const std::vector<double> got = Values(RunLrn(resolved, in));
      const std::vector<double> got_gradient = Values(RunGradient(resolved, in, dy));
      ASSERT_EQ(got.size(), y.size());
      for (size_t i = 0; i < y.size(); ++i) {
        EXPECT_NEAR(got[i], y[i], 10 * eps * std::fabs(y[i]));
        EXPECT_NEAR(got_gradient[i], dx[i], 40 * eps * (1 + std::fabs(dx[i])));
      }
    }
  }
}

}  // namespace
}  // namespace trine::normalize
