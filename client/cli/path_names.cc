#include "client/cli/path_names.h"

namespace trine::cli {

std::string DisplayName(const std::string& path) { return path == "-" ? "stdin" : path; }

std::string BaseName(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace trine::cli
