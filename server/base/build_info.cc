#include "server/base/build_info.h"

#include <hwy/targets.h>

#include "absl/strings/str_cat.h"

namespace trine::server {

std::string Version() { return TRINE_VERSION; }

std::string Build() {
#if defined(__clang__)
  const char* compiler = "clang";
#else
  const char* compiler = "gcc";
#endif
  // __VERSION__ is "12.2.0", or with Clang a sentence.
  return absl::StrCat(compiler, " ", __VERSION__, ", ", TRINE_BUILD_TYPE);
}

std::string SimdTarget() {
  // A lower bit is a better target.
  const int64_t targets = hwy::SupportedTargets();
  return hwy::TargetName(targets & -targets);
}

}  // namespace trine::server
