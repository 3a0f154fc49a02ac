#include "core/runtime/memory_quota.h"

#include <sstream>
#include <vector>

#include "core/runtime/cgroup.h"

namespace trine {

uint64_t ParseMemoryMax(const std::string& text) {
  // Version 1 without a limit says the greatest multiple of the page size.
  constexpr uint64_t kNoLimit = uint64_t{1} << 62;
  if (text.find('-') != std::string::npos) return 0;
  std::istringstream in(text);
  uint64_t bytes = 0;
  return in >> bytes && bytes < kNoLimit ? bytes : 0;
}

uint64_t MemoryQuota() {
  std::vector<std::string> texts = ReadCgroup2("memory.max");
  if (texts.empty()) texts = ReadCgroup1("memory", "memory.limit_in_bytes");
  uint64_t least = 0;
  for (const std::string& text : texts) {
    const uint64_t here = ParseMemoryMax(text);
    if (here > 0 && (least == 0 || here < least)) least = here;
  }
  return least;
}

}  // namespace trine
