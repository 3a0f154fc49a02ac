// All four operations poll at least once in kElementsAPoll elements, and at least every 10 ms.
#include "tests/core/polling.h"

#include <string>
#include <vector>

#include "core/normalize/lrn.h"

namespace trine::normalize {
namespace {

// A few nanoseconds each, up to some tens for powers.
constexpr uint64_t kElementsAPoll = 1 << 18;

TEST(Polling, Lrn) {
  const Shape shape{2, 32, 200, 200};
  std::vector<float> x(size_t{2} * 32 * 200 * 200);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 1000) / 500 - 1;
  std::vector<float> y(x.size());
  const size_t bytes = x.size() * sizeof(float);
  const TensorView in{DType::kFloat32, shape, {reinterpret_cast<uint8_t*>(x.data()), bytes}};
  const MutableTensorView out{
      DType::kFloat32, shape, {reinterpret_cast<uint8_t*>(y.data()), bytes}};
  for (const Mode mode : {Mode::kAcrossChannels, Mode::kWithinChannel}) {
    for (const double beta : {0.75, 0.6}) {
      LrnOptions options;
      options.mode = mode;
      options.beta = beta;
      const auto resolved = Resolve(options, shape);
      ASSERT_TRUE(resolved.ok()) << resolved.status();
      const std::string name = std::string(mode == Mode::kAcrossChannels ? "across" : "within") +
                               ", beta " + std::to_string(beta);
      ExpectPolls("forward " + name, x.size(), kElementsAPoll,
                  [&](const Context& context) { return Lrn(context, *resolved, in, out); });
      ExpectPolls("gradient " + name, x.size(), kElementsAPoll, [&](const Context& context) {
        return LrnGradient(context, *resolved, in, in, out);
      });
    }
  }
}

}  // namespace
}  // namespace trine::normalize
