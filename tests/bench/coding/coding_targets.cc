#include "tests/bench/coding/coding_targets.h"

#include <hwy/targets.h>

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "core/coding/coder/order0_kernels.h"
#include "tests/bench/coding/coding_measure.h"

namespace trine::bench {
namespace {

// Highway's emulation stands for plain code, as does SSE2, on which the kernels run it too.
#ifdef HWY_SSE2
constexpr int64_t kScalar = HWY_EMU128 | HWY_SCALAR | HWY_SSE2;
#else
constexpr int64_t kScalar = HWY_EMU128 | HWY_SCALAR;
#endif

std::string NameOf(int64_t target) {
  if ((target & kScalar) != 0) return "scalar";
  return std::string(absl::AsciiStrToLower(hwy::TargetName(target)));
}

// One bit each; the lowest bit is Highway's best.
std::vector<int64_t> Targets() {
  static const int64_t all =
      hwy::SupportedTargets() & coding::StaticKernelTargets();  // before one is forced
  std::vector<int64_t> out;
  for (int64_t left = all; left != 0; left &= left - 1) out.push_back(left & -left);
  return out;
}

}  // namespace

std::vector<std::string> ForcibleTargets() {
  std::vector<std::string> out;
  for (const int64_t target : Targets()) out.push_back(NameOf(target));
  return out;
}

void ForceTarget(std::string_view name) {
  const std::vector<int64_t> targets = Targets();
  int64_t chosen = 0;  // which makes Highway look for itself
  for (const int64_t target : targets)
    if (NameOf(target) == name) chosen = target;
  if (chosen == 0 && !name.empty()) Die("no target " + std::string(name));
  hwy::SetSupportedTargetsForTest(chosen);
}

}  // namespace trine::bench
