#include "client/cli/spelling.h"

#include <algorithm>

namespace trine::cli {

std::string Dashed(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

}  // namespace trine::cli
